//! Controllers in files that no `mod` line names: `scan!` finds them while compiling, and what it cannot know of is told when
//! a server starts. Alone in its process, since a subscriber is for all of it.

mod said;

use tracing::Level;
use vernal::server;
use vernal::test::Client;

use crate::said::Said;

vernal::scan!(scanned);

#[tokio::test]
async fn files_of_a_folder_are_served() {
    assert_eq!(scanned::users(), "users");
    let client = Client::builder().app("scanned").build();
    for name in ["users", "keys", "type", "admin", "doors", "cart"] {
        client.get(&format!("/{name}")).await.assert_status(200).assert_text(name);
    }
    client.get("/forgotten").await.assert_status(404);
}

#[cfg(debug_assertions)]
#[test]
fn a_file_that_no_mod_line_names_is_told_at_start() {
    let said = Said::default();
    let subscriber = tracing::subscriber::set_default(said.clone());
    drop(server::new().app("scanned").host("127.0.0.1").port(0).bind().expect("a free port"));
    drop(subscriber);
    let expected = "src/controllers/admin/forgotten.rs is not compiled: no `mod` line names it. Write `mod forgotten;` in \
                    src/controllers/admin/mod.rs";
    let warnings = said.take_if(|line| line.level <= Level::WARN);
    assert_eq!(warnings.iter().map(|line| &*line.text).collect::<Vec<_>>(), [expected]);
}
