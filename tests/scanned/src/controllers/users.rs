//! A file of the folder.

use vernal::request_map;

pub(crate) const NAME: &str = "users";

#[request_map("/users", app = "scanned")]
fn users() -> &'static str {
    super::nested::deeper::keys::shown(crate::controllers::users::NAME)
}
