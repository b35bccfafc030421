//! Views: pages made of templates, which lie in `examples/templates` and are read anew while you edit them.
//!
//! ```console
//! $ cargo run --example views --features templates
//! $ curl localhost:9090/
//! <!doctype html>
//! <title>Books</title>
//! <ul>
//!   <li>Moby Dick, 635 pages</li>
//!   <li>War &amp; Peace, 1,225 pages</li>
//! </ul>
//! $ curl localhost:9090/nope
//! <!doctype html>
//! <title>404</title>
//! <p>Nothing is mapped to GET &#x2f;nope.</p>
//! $ curl localhost:9090/mail -d 'name=Ann <3'
//! Dear Ann <3,
//! there are 2 books for you.
//! ```

use serde::Serialize;
use vernal::minijinja::context;
use vernal::{Result, State, Templates, View, error_message, request_map, server};

#[derive(Serialize)]
struct Book {
    title: &'static str,
    pages: u32,
}

const BOOKS: [Book; 2] =
    [Book { title: "Moby Dick", pages: 635 }, Book { title: "War & Peace", pages: 1225 }];

#[derive(Serialize)]
struct Shelf {
    books: &'static [Book],
}

/// The model is anything that serialises. What is in it is escaped, since this is HTML.
#[request_map("/")]
fn index() -> View {
    View::new("books.html", Shelf { books: &BOOKS })
}

/// Error pages too: the path in `explain` is the peer's, and is escaped.
#[error_message]
fn sorry(code: u16, explain: &str) -> View {
    View::new("error.html", context! { code, explain })
}

/// A text for somewhere else. Nothing is escaped in a `.txt`.
#[request_map("/mail", method = "POST")]
fn mail(State(templates): State<&Templates>, name: &str) -> Result<String> {
    templates.render("mail.txt", context! { name, count => BOOKS.len() })
}

/// A filter for the templates: `{{ 1225|thousands }}`.
fn thousands(number: u32) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}

fn main() -> Result {
    let templates = Templates::dir("examples/templates")
        .environment(|environment| environment.add_filter("thousands", thousands));
    server::new().templates(templates).start()
}
