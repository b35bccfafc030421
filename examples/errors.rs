//! Errors: `?` with a status, with words of one's own, and pages for them.
//!
//! ```console
//! $ cargo run --example errors
//! $ curl localhost:9090/books/1
//! Moby Dick, 635 pages
//! $ curl localhost:9090/books/3
//! no book has the number 3 (404 Not Found at /books/3)
//! $ curl localhost:9090/books/2
//! {"sorry":"The server failed to answer this request."}
//! $ curl 'localhost:9090/lend/1?days=90'
//! {"code":422,"message":"Too Long","explain":"the longest loan is 30 days, not 90"}
//! $ curl 'localhost:9090/lend/1?days=90' -H 'Accept: text/html'
//! <!doctype html><html><head><title>422 Too Long</title></head><body><h1>422 Too Long</h1><p>the longest loan is 30 days, not 90</p></body></html>
//! $ curl 'localhost:9090/lend/1?days=soon' -H 'Accept: application/problem+json'
//! {"code":400,"detail":"Parameter[days] should be an integer from 0 to 4294967295, not `soon`.","errors":[{"expected":"an integer from 0 to 4294967295","got":"soon","parameter":"days","source":"Parameter"}],"status":400,"title":"Bad Request"}
//! $ curl localhost:9090/panic
//! {"sorry":"The server failed to answer this request."}
//! $ curl -i localhost:9090/closed
//! HTTP/1.1 503 Service Unavailable
//! ...
//! retry-after: 3600
//! ...
//! ```

use serde_json::{Value, json};
use vernal::{Error, OrStatus, Request, Result, error_message, request_map, server};

const BOOKS: [(u32, &str, &str); 2] = [(1, "Moby Dick", "635"), (2, "Ulysses", "many")];

/// `or_404` gives absence a status. An error that has none, as that of `parse`, is a 500 whose text is logged and
/// not sent.
#[request_map("/books/{number}")]
fn book(number: u32) -> Result<String> {
    let book = BOOKS.iter().find(|book| book.0 == number);
    let (_, title, pages) = book.or_404(format!("no book has the number {number}"))?;
    let pages: u32 = pages.parse()?;
    Ok(format!("{title}, {pages} pages"))
}

/// An error may carry a reason phrase and an explanation.
#[request_map("/lend/{number}")]
fn lend(number: u32, days: u32) -> Result<String> {
    if days > 30 {
        return Err(Error::new(422, "Too Long").explain(format!("the longest loan is 30 days, not {days}")));
    }
    Ok(format!("book {number} is yours for {days} days"))
}

/// A panic is a 500, and the server goes on.
#[request_map("/panic")]
fn panic() {
    panic!("as it was asked to");
}

/// Any error type will do; one that is a [`vernal::Error`] inside keeps its status.
#[request_map("/closed")]
fn closed() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Err(Error::unavailable("we open at nine").header("retry-after", "3600").into())
}

/// A page for one status. The status stays the error's.
#[error_message("404")]
fn not_found(code: u16, message: &str, explain: &str, req: &Request) -> String {
    format!("{explain} ({code} {message} at {})", req.path())
}

/// A page for a range. `explain` is what may be shown: here the server keeps the texts of unknown errors to itself.
#[error_message("50x")]
fn broken(explain: &str) -> Value {
    json!({ "sorry": explain })
}

fn main() -> Result {
    // In debug builds the texts of unknown errors are shown unless told otherwise.
    server::new().show_errors(false).start()
}
