//! What keeps strangers out, a line each: cross-origin rules, careful fields, forged forms, logins and limits of rate.
//!
//! ```console
//! $ cargo run --example security
//! $ curl -i localhost:9090/api/jobs -H 'Origin: https://app.example.com' -H 'Authorization: Bearer t0ken'
//! HTTP/1.1 200 OK
//! ...
//! x-content-type-options: nosniff
//! ...
//! access-control-allow-origin: https://app.example.com
//! ...
//! cron has no jobs
//! $ curl localhost:9090/api/jobs
//! {"code":401,"message":"Unauthorized","explain":"A token is needed here."}
//! $ curl localhost:9090/transfer -d 'to=mallory' -H 'Sec-Fetch-Site: cross-site'
//! {"code":403,"message":"Forbidden","explain":"A page made the browser send this (Sec-Fetch-Site: cross-site), and this site takes such requests from its own pages only (`Csrf::trust` names others)."}
//! $ curl localhost:9090/transfer -d 'to=bob'
//! sent to bob
//! $ curl localhost:9090/admin/hello -u root:secret
//! Hello, root.
//! $ curl -i localhost:9090/admin/hello -u root:guess
//! HTTP/1.1 401 Unauthorized
//! ...
//! www-authenticate: Basic realm="admin", charset="UTF-8"
//! ...
//! {"code":401,"message":"Unauthorized","explain":"Name or password is wrong."}
//! $ curl -i localhost:9090/admin/hello -u root:another
//! HTTP/1.1 429 Too Many Requests
//! ...
//! retry-after: 30
//! ...
//! {"code":429,"message":"Too Many Requests","explain":"That was too often; ask again in 30 seconds."}
//! ```

use std::time::Duration;

use vernal::security::{
    BasicAuth, BearerAuth, Cors, Csrf, Identity, RateLimit, SecurityHeaders, UserName, constant_time_eq,
};
use vernal::{request_map, server};

/// Who calls the interface for programs: whatever a token is looked up to be.
#[derive(Clone)]
struct Program {
    name: &'static str,
}

async fn program_of(token: String) -> Option<Program> {
    constant_time_eq(token, "t0ken").then_some(Program { name: "cron" })
}

#[request_map("/api/jobs")]
fn jobs(Identity(program): Identity<&Program>) -> String {
    format!("{} has no jobs", program.name)
}

#[request_map("/transfer", method = "POST")]
fn transfer(to: &str) -> String {
    format!("sent to {to}")
}

#[request_map("/admin/hello")]
fn hello(Identity(user): Identity<&UserName>) -> String {
    format!("Hello, {user}.")
}

fn main() -> vernal::Result {
    let minute = Duration::from_secs(60);
    let login = BasicAuth::new("admin", |user, password| async move {
        user == "root" && constant_time_eq(password, "secret")
    });
    // In this order: a preflight has no credentials, and refusals by the others need the fields too.
    server::new()
        .filter("/api/**", Cors::new().origins(["https://app.example.com"]).headers(["authorization"]))
        .filter("/**", SecurityHeaders::new())
        .filter("/**", Csrf::new())
        .filter("/admin/**", RateLimit::new(2, minute).name("login"))
        .filter("/admin/**", login)
        .filter("/api/**", BearerAuth::new(program_of))
        .start()
}
