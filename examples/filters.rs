//! Filters look at requests before, and at answers after, the handlers.
//!
//! ```console
//! $ cargo run --example filters
//! $ curl -i localhost:9090/
//! HTTP/1.1 200 OK
//! ...
//! x-content-type-options: nosniff
//! ...
//! Welcome.
//! $ curl -i localhost:9090/admin/users
//! HTTP/1.1 302 Found
//! ...
//! location: /
//! ...
//! $ curl localhost:9090/admin/users -H 'Authorization: Bearer guest'
//! {"code":403,"message":"Forbidden","explain":"guest may not see this"}
//! $ curl -i localhost:9090/admin/users -H 'Authorization: Bearer root'
//! HTTP/1.1 200 OK
//! ...
//! x-content-type-options: nosniff
//! ...
//! cache-control: private
//! ...
//! Hello, root: there are 3 users.
//! $ curl -i localhost:9090/admin/broken -H 'Authorization: Bearer root'
//! HTTP/1.1 503 Service Unavailable
//! ...
//! x-content-type-options: nosniff
//! ...
//! cache-control: private
//! ...
//! $ curl localhost:9090/count
//! 6
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use vernal::{
    Error, FilterContext, Header, Next, OrStatus, Result, State, request_filter, request_map, server,
};

#[derive(Default)]
struct Requests(AtomicU64);

/// Without `next` a filter comes before the handler, and the chain goes on by itself. Lower orders run first.
#[request_filter("/**", order = 1)]
fn first(cx: &mut FilterContext<'_>, State(requests): State<&Requests>) {
    requests.0.fetch_add(1, Ordering::Relaxed);
    cx.response.headers.insert("x-content-type-options", "nosniff");
}

/// With `next` a filter decides: it answers early, fails with `?`, or runs the rest and looks at the answer. Errors
/// are answers by then, so the field is on error pages too.
#[request_filter("/admin/**", order = 2)]
async fn signed_in(cx: &mut FilterContext<'_>, next: Next<'_>, State(root): State<&Root>) -> Result {
    let Some(field) = cx.request.header("authorization") else {
        cx.response.redirect("/");
        return Ok(());
    };
    let name = field.strip_prefix("Bearer ").or_status(401)?;
    if name != root.0 {
        return Err(Error::forbidden(format!("{name} may not see this")));
    }
    let name = name.to_owned();
    cx.request.headers.insert("x-user", name);
    next.run(cx).await;
    cx.response.headers.insert("cache-control", "private");
    Ok(())
}

struct Root(&'static str);

#[request_map("/")]
fn index() -> &'static str {
    "Welcome."
}

/// Sees what the filter put into the request.
#[request_map("/admin/users")]
fn users(x_user: Header<&str>) -> String {
    format!("Hello, {x_user}: there are 3 users.")
}

#[request_map("/admin/broken")]
fn broken() -> Result {
    Err(Error::unavailable("under repair"))
}

#[request_map("/count")]
fn count(State(requests): State<&Requests>) -> String {
    requests.0.load(Ordering::Relaxed).to_string()
}

fn main() -> Result {
    server::new().state(Requests::default()).state(Root("root")).start()
}
