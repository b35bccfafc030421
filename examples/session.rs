//! Sessions: a counter for each browser, and who is logged in.
//!
//! ```console
//! $ cargo run --example session
//! $ curl localhost:9090/count
//! 1
//! $ curl localhost:9090/me
//! nobody
//! $ curl -i -d name=ann localhost:9090/login
//! HTTP/1.1 303 See Other
//! ...
//! ```
//!
//! Without its cookie `curl` is somebody new each time; `curl -c jar -b jar localhost:9090/count` counts on.

use std::time::Duration;

use vernal::{
    FilterContext, Next, Redirect, Result, Session, SessionConfig, request_filter, request_map, server,
};

#[request_map("/count")]
async fn count(session: Session) -> Result<String> {
    // In one step, so that two tabs at the same time count two.
    let n = session
        .update("n", |n: &mut u64| {
            *n += 1;
            *n
        })
        .await?;
    Ok(format!("{n}\n"))
}

/// Only looks: whoever has no session gets none.
#[request_map("/me")]
async fn me(session: Option<Session>) -> String {
    let user: Option<String> = session.and_then(|session| session.get("user"));
    format!("{}\n", user.as_deref().unwrap_or("nobody"))
}

#[request_map("/login", method = "POST")]
async fn login(session: Session, name: String) -> Result<Redirect> {
    // Here a password would be checked. The new id is worth nothing to who planted or saw the old one.
    session.rotate()?;
    session.set("user", name)?;
    Ok(Redirect::see_other("/members"))
}

#[request_map("/logout", method = "POST")]
async fn logout(session: Option<Session>) -> Result<Redirect> {
    if let Some(session) = session {
        session.invalidate().await?;
    }
    Ok(Redirect::see_other("/me"))
}

#[request_filter("/members/**")]
async fn signed_in(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    let session = cx.request.existing_session().await?;
    if session.is_none_or(|session| session.get::<String>("user").is_none()) {
        cx.response.redirect("/me");
        return Ok(());
    }
    next.run(cx).await;
    Ok(())
}

#[request_map("/members")]
async fn members(session: Session) -> String {
    format!("welcome, {}\n", session.get::<String>("user").unwrap_or_default())
}

fn main() -> vernal::Result {
    let hour = Duration::from_secs(3_600);
    server::new().session_config(SessionConfig::new().cookie_name("lesson").max_inactive(hour)).start()
}
