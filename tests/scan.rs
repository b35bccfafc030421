//! Controllers in files that no `mod` line names: `scan!` finds them while compiling, and what it cannot know of is told when
//! a server starts. Alone in its process, since a subscriber is for all of it.

use std::fmt::{self, Write};
use std::sync::Mutex;

use vernal::server;
use vernal::test::Client;

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

/// Keeps what is said of warnings.
struct Warnings;

static SAID: Mutex<String> = Mutex::new(String::new());

impl tracing::field::Visit for Warnings {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn fmt::Debug) {
        writeln!(SAID.lock().expect("no panic"), "{value:?}").expect("a text");
    }
}

impl tracing::Subscriber for Warnings {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Warnings);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[cfg(debug_assertions)]
#[test]
fn a_file_that_no_mod_line_names_is_told_at_start() {
    let subscriber = tracing::subscriber::set_default(Warnings);
    drop(server::new().app("scanned").host("127.0.0.1").port(0).bind().expect("a free port"));
    drop(subscriber);
    let said = SAID.lock().expect("no panic");
    let expected = "src/controllers/admin/forgotten.rs is not compiled: no `mod` line names it. Write `mod forgotten;` in \
                    src/controllers/admin/mod.rs\n";
    assert_eq!(*said, expected);
}
