//! `crate = path` says where the framework is found.

use vernal::{controller, error_message, model_binding, request_filter, request_map, websocket_handler};

mod facade {
    pub use vernal;
}

#[request_map("/quoted", crate = "facade::vernal")]
fn quoted() {}

#[request_map("/hyphens", crate = "my-facade")]
fn hyphens() {}

#[request_map("/twice", crate = facade::vernal, crate = facade::vernal)]
fn twice() {}

#[request_map("/one", crate = facade::vernal)]
#[request_map("/two", crate = facade::vernal)]
fn on_both() {}

#[request_filter("/**", crate)]
fn without_a_value() {}

#[error_message("404", crate(facade::vernal))]
fn in_parentheses() {}

#[model_binding(crate = facade::vernal())]
fn no_path() -> vernal::Result<String> {
    Ok(String::new())
}

#[request_map("/nowhere", crate = no_such_facade::vernal)]
fn nowhere() {}

#[websocket_handler("/not/it", crate = facade)]
async fn not_it(_: vernal::websocket::WebSocket) {}

#[derive(Default)]
struct Shop;

#[controller("/shop", crate = facade::vernal)]
impl Shop {
    #[request_map("/buy", crate = facade::vernal)]
    fn buy(&self) {}
}

#[derive(Default)]
struct Users;

#[controller("/users")]
#[request_map(krate = facade::vernal)]
impl Users {
    #[request_map]
    fn all(&self) {}
}

fn main() {}
