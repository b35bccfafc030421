//! What a real browser makes of the security filters: Chromium with pages of two sites. It says where its requests come
//! from, asks before it sends, hides what it may not show, and runs no script without its nonce.

#[expect(dead_code, reason = "other tests fill in forms and open windows")]
mod webdriver;

use std::net::SocketAddr;

use tokio::runtime::Runtime;
use vernal::security::{Cors, CspNonce, Csrf, CsrfToken, SecurityHeaders};
use vernal::server::{self, Handle};
use vernal::{Error, Result, State, request_map};

use crate::webdriver::Browser;

/// Where the other server is.
struct Other(String);

/// Asks the other server in several ways, and writes down what it may see.
#[request_map("/", app = "pages")]
fn page(State(other): State<&Other>) -> String {
    let Other(other) = other;
    format!(
        r#"<!doctype html><html><body><form id="forged" method="post" action="{other}/forms/transfer"><button>Send</button></form>
        <script>
          const ask = async (id, path, options) => {{
            let seen;
            try {{
              const answer = await fetch("{other}" + path, options);
              seen = `${{answer.status}} ${{await answer.text()}} ${{answer.headers.get("x-total")}}`;
            }} catch (error) {{ seen = "hidden"; }}
            const line = document.createElement("p");
            line.id = id;
            line.textContent = seen;
            document.body.append(line);
          }};
          const json = {{ "content-type": "application/json" }};
          ask("simple", "/api/number");
          ask("failed", "/api/fails");
          ask("missing", "/api/nowhere");
          ask("asked", "/api/number", {{ method: "PUT", headers: json, body: "1" }});
          ask("method", "/api/number", {{ method: "DELETE" }});
          ask("field", "/api/number", {{ headers: {{ "x-other": "1" }} }});
          ask("closed", "/closed");
        </script></body></html>"#
    )
}

#[request_map("/api/number", app = "other")]
fn number() -> (vernal::Headers, &'static str) {
    (vernal::Headers::from([("x-total", "7")]), "42")
}

#[request_map("/api/fails", app = "other")]
fn fails() -> Result {
    Err(Error::new(503, "Broken").explain("under repair"))
}

#[request_map("/closed", app = "other")]
fn closed() -> &'static str {
    "closed"
}

#[request_map("/forms/transfer", method = "GET", app = "other")]
fn form(token: CsrfToken, nonce: CspNonce<'_>) -> String {
    let field = token.field();
    format!(
        r#"<!doctype html><html><body><form method="post">{field}<button>Send</button></form>
        <form method="post" enctype="multipart/form-data">{field}<button id="parts">Send</button></form>
        <script nonce="{nonce}">document.body.append(Object.assign(document.createElement("p"), {{ id: "ours" }}))</script>
        <script>document.body.append(Object.assign(document.createElement("p"), {{ id: "foreign" }}))</script>
        </body></html>"#
    )
}

#[request_map("/forms/transfer", method = "POST", app = "other")]
fn transfer() -> &'static str {
    "<html><p id=\"done\">sent</p></html>"
}

fn start(runtime: &Runtime, server: server::Server) -> (SocketAddr, Handle) {
    let bound =
        server.host("127.0.0.1").port(0).threads(1).handle_signals(false).bind().expect("a free port");
    let (address, handle) = (bound.local_addr(), bound.handle());
    runtime.spawn(bound.serve());
    (address, handle)
}

#[test]
fn a_browser_keeps_to_what_the_filters_say() {
    let runtime = Runtime::new().expect("a runtime");
    let cors = Cors::new()
        .origin_if(|origin| origin.starts_with("http://localhost:"))
        .methods(["PUT"])
        .headers(["content-type"])
        .expose(["x-total"]);
    let policy = "default-src 'self'; script-src 'nonce-{nonce}'; base-uri 'none'";
    let other = server::new()
        .app("other")
        .filter("/api/**", cors)
        .filter("/forms/**", SecurityHeaders::new().content_security_policy(policy))
        .filter("/forms/**", Csrf::new().tokens());
    let (other, other_handle) = start(&runtime, other);
    // Another host is another site, where another port is only another origin.
    let pages = server::new().app("pages").state(Other(format!("http://127.0.0.1:{}", other.port())));
    let (pages, pages_handle) = start(&runtime, pages);

    let browser = Browser::start();
    let window = browser.window();
    window.open(&format!("http://localhost:{}/", pages.port()));
    let table = [
        ("simple", "200 42 7"),
        ("failed", "503 {\"code\":503,\"message\":\"Broken\",\"explain\":\"under repair\"} null"),
        (
            "missing",
            "404 {\"code\":404,\"message\":\"Not Found\",\"explain\":\"Nothing is mapped to GET /api/nowhere.\"} null",
        ),
        ("asked", "200 42 7"),
        ("method", "hidden"),
        ("field", "hidden"),
        ("closed", "hidden"),
    ];
    for (id, seen) in table {
        window.expect(&format!("//p[@id='{id}' and .='{seen}']"));
    }
    window.click("//form[@id='forged']/button");
    window.expect("//*[contains(., 'made the browser send this (Sec-Fetch-Site: cross-site)')]");

    for button in ["//form[1]/button", "//button[@id='parts']"] {
        window.open(&format!("http://127.0.0.1:{}/forms/transfer", other.port()));
        window.expect("//p[@id='ours']");
        assert_eq!(window.count("//p[@id='foreign']"), 0, "a script without a nonce ran");
        window.click(button);
        window.expect("//p[@id='done']");
    }
    drop(browser);
    other_handle.stop();
    pages_handle.stop();
}
