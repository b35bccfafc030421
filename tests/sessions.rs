//! Sessions: the cookie, values, ends, and requests at the same time, over the store in memory and one of a user's own.

mod both;

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use vernal::test::{Answer, Client, ClientBuilder};
use vernal::websocket::{Accept, WebSocket, WebSocketRequest};
use vernal::{
    BoxFuture, Error, FilterContext, MemoryStore, Next, Request, Response, Result, SameSite, Saved, Session,
    SessionChanges, SessionConfig, SessionId, SessionRecord, SessionStore, error_message, request_filter,
    request_map, websocket_handler,
};

#[request_map("/plain", app = "sessions")]
fn plain() -> &'static str {
    "plain"
}

#[request_map("/plain/async", app = "sessions")]
async fn plain_async() -> &'static str {
    "plain"
}

#[request_map("/plain/blocking", app = "sessions", blocking)]
fn plain_blocking() -> &'static str {
    "plain"
}

#[request_map("/count", app = "sessions")]
async fn count(session: Session) -> Result<String> {
    let n: u64 = session.get("n").unwrap_or(0) + 1;
    session.set("n", n)?;
    Ok(n.to_string())
}

#[request_map("/facts", app = "sessions")]
async fn facts(session: Session) -> Value {
    json!({
        "id": session.id(), "new": session.is_new(), "names": session.names(), "valid": session.is_valid(),
        "age": SystemTime::now().duration_since(session.created()).unwrap_or_default().as_secs(),
        "in_order": session.created() <= session.last_accessed(), "kept": session.max_inactive().as_secs(),
    })
}

#[request_map("/peek", app = "sessions")]
async fn peek(session: Option<Session>) -> String {
    session.map_or("none".to_owned(), |session| session.names().join(","))
}

#[request_map("/by-request", app = "sessions")]
async fn by_request(req: &Request, begin: Option<bool>) -> Result<String> {
    if begin == Some(true) {
        let (one, other) = (req.session().await?, req.session().await?);
        assert_eq!(one.id(), other.id());
    }
    Ok(req.existing_session().await?.map_or("none".to_owned(), |session| session.is_new().to_string()))
}

#[request_map("/set/{name}", app = "sessions")]
async fn set(session: Session, name: &str, value: &str) -> Result<&'static str> {
    session.set(name, value)?;
    Ok("set")
}

#[request_map("/remove/{name}", app = "sessions")]
async fn remove(session: Session, name: &str) -> String {
    session.remove(name).to_string()
}

#[request_map("/typed", app = "sessions")]
async fn typed(session: Session) -> Result<Value> {
    session.set("map", BTreeMap::from([("a", 1)]))?;
    let map: Option<HashMap<String, u8>> = session.get("map");
    Ok(json!([map, session.get::<u8>("map"), session.get::<u8>("absent"), session.get::<Value>("map")]))
}

#[request_map("/unwritable", app = "sessions")]
async fn unwritable(session: Session) -> Result {
    session.set("map", HashMap::from([((1, 2), 3)]))
}

#[request_map("/short", app = "sessions")]
async fn short(session: Session) {
    session.set_max_inactive(Duration::from_secs(1));
}

#[request_map("/rotate", app = "sessions")]
async fn rotate(session: Session) -> Result<String> {
    session.rotate()?;
    session.rotate()?;
    session.set("rotated", true)?;
    Ok(session.id())
}

#[request_map("/logout", app = "sessions")]
async fn logout(session: Session) -> Result<Value> {
    session.invalidate().await?;
    session.invalidate().await?;
    let refused = session.set("n", 1).expect_err("it has ended").status().as_u16();
    Ok(json!([session.is_valid(), session.names(), refused, session.rotate().is_err()]))
}

#[request_map("/logout/anew", app = "sessions")]
async fn logout_anew(req: &Request) -> Result<String> {
    req.session().await?.invalidate().await?;
    let fresh = req.session().await?;
    fresh.set("fresh", true)?;
    Ok(fresh.id())
}

#[request_map("/fail", app = "sessions")]
async fn fail(session: Session) -> Result<()> {
    session.set("before", "the failure")?;
    Err(Error::new(418, "Teapot"))
}

#[request_map("/panic", app = "sessions")]
async fn panic(session: Session) -> Result<()> {
    session.set("before", "the panic")?;
    panic!("on purpose")
}

#[request_map("/update", app = "sessions")]
async fn update(session: Session) -> Result<String> {
    tokio::task::yield_now().await;
    Ok(session
        .update("hits", |hits: &mut u64| {
            *hits += 1;
            *hits
        })
        .await?
        .to_string())
}

#[request_map("/update/wrong", app = "sessions")]
async fn update_wrong(session: Session) -> Result<u16> {
    session.set("text", "no number")?;
    session.update("text", |_: &mut u64| ()).await?;
    Ok(200)
}

#[request_map("/pieces", app = "sessions")]
async fn pieces(req: &Request, res: &mut Response) -> Result {
    let session = req.session().await?;
    session.set("early", 1)?;
    res.write_bytes("one ").await?;
    session.set("late", 2)?;
    res.write_bytes("two").await
}

#[request_map("/pieces/too-late", app = "sessions")]
async fn pieces_too_late(req: &Request, res: &mut Response) -> Result {
    res.write_bytes("one ").await?;
    let refused = req.session().await.expect_err("its cookie cannot be sent");
    res.write_bytes(refused.status().as_str()).await
}

/// Looks at the session around the handler.
#[request_filter("/filtered/**", app = "sessions")]
async fn signed_in(cx: &mut FilterContext<'_>, next: Next<'_>) -> Result {
    let Some(user) = cx.request.session().await?.get::<String>("user") else {
        cx.response.redirect("/login");
        return Ok(());
    };
    next.run(cx).await;
    cx.request.session().await?.set("seen", user)?;
    Ok(())
}

#[request_map("/filtered/page", app = "sessions")]
fn page() -> &'static str {
    "page"
}

#[error_message("404", app = "sessions")]
async fn not_found(req: &Request) -> Result<String> {
    Ok(format!("not found, {:?}", req.existing_session().await?.map(|session| session.names())))
}

#[websocket_handler("/ws", app = "sessions")]
async fn ws(mut ws: WebSocket, session: Session) -> Result {
    session.set("ws", "opened")?;
    while let Some(message) = ws.next().await {
        session.set("said", message.as_text().unwrap_or(""))?;
        session.save().await?;
        ws.send("saved").await?;
        session.reload().await?;
    }
    Ok(())
}

#[request_map("/ws/by-hand", app = "sessions", method = "GET")]
async fn ws_by_hand(ws: WebSocketRequest, session: Session) -> Result {
    session.set("ws", "by hand")?;
    let ws = ws.accept_with(Accept::new().header("x-by", "hand")).await?;
    ws.send("open").await
}

const APP: &str = "sessions";

fn builder() -> ClientBuilder {
    Client::builder().app(APP).show_errors(true)
}

fn client() -> Client {
    builder().build()
}

/// The cookie that an answer sets, as a whole.
fn set_cookie(answer: &Answer) -> Option<&str> {
    let mut cookies = answer.headers().get_all("set-cookie");
    let first = cookies.next();
    assert_eq!(cookies.next(), None, "the cookie is set once:\n{answer}");
    first
}

/// The id that an answer's cookie tells.
#[track_caller]
fn id_of(answer: &Answer) -> String {
    let cookie = set_cookie(answer).unwrap_or_else(|| panic!("no cookie is set:\n{answer}"));
    let (id, _) =
        cookie.strip_prefix("vernal_session=").and_then(|rest| rest.split_once(';')).expect("a session's");
    id.to_owned()
}

async fn get(client: &Client, path: &str, id: &str) -> Answer {
    // As it is: some ids here are no cookies.
    client.get(path).header("cookie", format!("vernal_session={id}")).await
}

#[tokio::test]
async fn a_session_begins_with_its_use_and_goes_on() {
    let client = client();
    let first = client.get("/count").await;
    first.assert_status(200).assert_text("1");
    let id = id_of(&first);
    assert_eq!(id.len(), 32, "192 bits");
    let cookie = set_cookie(&first).expect("there is one");
    for part in ["; Path=/; Max-Age=1800; Expires=", " GMT; SameSite=Lax; HttpOnly"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "it came without TLS: {cookie}");
    for n in 2..5 {
        let next = get(&client, "/count", &id).await;
        next.assert_text(&n.to_string());
        assert_eq!(id_of(&next), id, "the expiry moves");
    }
    client.get("/count").await.assert_text("1");
}

#[tokio::test]
async fn no_use_no_cookie_but_a_valid_one_is_kept_alive() {
    let client = client();
    for path in
        ["/plain", "/plain/async", "/plain/blocking", "/peek", "/by-request", "/nowhere", "/pieces/too-late"]
    {
        client.get(path).await.assert_no_header("set-cookie");
        // Nobody can know an id before there is a session.
        get(&client, path, "abcdefghijklmnopqrstuvwxyz012345").await.assert_no_header("set-cookie");
    }
    let id = id_of(&client.get("/count").await);
    for path in ["/plain", "/plain/async", "/plain/blocking", "/peek", "/by-request", "/nowhere"] {
        client.get(path).await.assert_no_header("set-cookie");
        assert_eq!(id_of(&get(&client, path, &id).await), id, "{path}");
        get(&client, path, "abcdefghijklmnopqrstuvwxyz012345").await.assert_no_header("set-cookie");
    }
    client.get("/plain").cookie("other", &id).await.assert_no_header("set-cookie");
    client.get("/plain").cookie("other", "vernal_session").await.assert_no_header("set-cookie");
    get(&client, "/nowhere", &id).await.assert_status(404).assert_text("not found, Some([\"n\"])");
}

#[tokio::test]
async fn a_session_tells_about_itself() {
    let client = client();
    let first = client.get("/facts").await;
    let id = id_of(&first);
    let facts = |new: bool| json!({ "id": id, "new": new, "names": [], "valid": true, "age": 0, "in_order": true, "kept": 1800 });
    first.assert_json(facts(true));
    get(&client, "/facts", &id).await.assert_json(facts(false));
}

#[tokio::test]
async fn values_are_typed_named_and_removed() {
    let client = client();
    let first = client.get("/typed").await;
    first.assert_json(json!([{ "a": 1 }, null, null, { "a": 1 }]));
    let id = id_of(&first);
    get(&client, "/set/b", &id).await.assert_status(400);
    client.get("/set/b").query("value", "x").cookie("vernal_session", &id).await.assert_text("set");
    get(&client, "/peek", &id).await.assert_text("b,map");
    get(&client, "/remove/map", &id).await.assert_text("true");
    get(&client, "/remove/map", &id).await.assert_text("false");
    get(&client, "/peek", &id).await.assert_text("b");
    get(&client, "/unwritable", &id)
        .await
        .assert_status(500)
        .assert_contains("`map` cannot be written as JSON");
}

#[tokio::test]
async fn an_argument_that_is_optional_begins_nothing() {
    let client = client();
    client.get("/peek").await.assert_text("none").assert_no_header("set-cookie");
    client.get("/by-request").await.assert_text("none").assert_no_header("set-cookie");
    let first = client.get("/by-request").query("begin", true).await;
    first.assert_text("true");
    get(&client, "/by-request", &id_of(&first)).await.assert_text("false");
}

#[tokio::test(start_paused = true)]
async fn a_session_lasts_as_long_as_it_is_used() {
    let client = client();
    let id = id_of(&client.get("/count").await);
    for path in ["/count", "/peek", "/plain"] {
        tokio::time::advance(Duration::from_secs(1_799)).await;
        assert_eq!(id_of(&get(&client, path, &id).await), id);
    }
    tokio::time::advance(Duration::from_secs(1_800)).await;
    let late = get(&client, "/count", &id).await;
    late.assert_text("1");
    let id = id_of(&late);
    let short = get(&client, "/short", &id).await;
    assert!(set_cookie(&short).is_some_and(|cookie| cookie.contains("Max-Age=1;")), "{short}");
    get(&client, "/count", &id).await.assert_text("2");
    tokio::time::advance(Duration::from_secs(1)).await;
    get(&client, "/count", &id).await.assert_text("1");
}

#[tokio::test]
async fn unknown_ids_are_never_taken_over() {
    let client = client();
    id_of(&client.get("/count").await);
    let huge = "a".repeat(6_000);
    let planted =
        ["deadbeef", "", "abcdefghijklmnopqrstuvwxyz012345", "../../etc/passwd", "\"", "%00", &huge];
    for id in planted {
        let answer = get(&client, "/count", id).await;
        answer.assert_status(200).assert_text("1");
        assert_ne!(id_of(&answer), id);
        get(&client, "/peek", id).await.assert_text("none").assert_no_header("set-cookie");
    }
}

#[tokio::test]
async fn a_cookie_that_is_no_text_does_not_hide_the_sessions() {
    let client = client();
    let id = id_of(&client.get("/count").await);
    let own = format!("vernal_session={id}").into_bytes();
    let table: [(&str, &[&[u8]]); 5] = [
        ("behind it", &[b"b=caf\xe9; ", &own]),
        ("before it", &[&own, b"; \xff"]),
        ("its name", &[b"caf\xe9=1;", &own]),
        ("around it", &[b"\xff;", &own, b";\xff"]),
        ("of the same name", &[b"vernal_session=\xff; ", &own]),
    ];
    for (number, (name, parts)) in table.into_iter().enumerate() {
        let answer = client.get("/count").header("cookie", &parts.concat()[..]).await;
        assert_eq!(answer.text(), (number + 2).to_string(), "{name}");
    }
    let lines = client.get("/count").header("cookie", &b"\xff"[..]).header("cookie", &own[..]).await;
    lines.assert_text("7");
}

#[tokio::test]
async fn the_first_known_of_a_few_repeated_cookies_counts() {
    let client = client();
    let id = id_of(&client.get("/count").await);
    let unknown = |last: char| format!("abcdefghijklmnopqrstuvwxyz01234{last}");
    for (before, expected) in [(0, "2"), (1, "3"), (3, "4"), (4, "1"), (150, "1")] {
        let mut request = client.get("/count");
        for number in 0..before {
            request = request.cookie("vernal_session", &unknown(char::from(b'a' + number % 26)));
        }
        request.cookie("vernal_session", &id).await.assert_text(expected);
    }
    // What has not the form of an id is not even counted.
    let request = (0..100).fold(client.get("/count"), |request, _| request.cookie("vernal_session", "x"));
    request.cookie("vernal_session", &id).await.assert_text("5");
}

#[tokio::test]
async fn a_rotated_session_has_a_new_id_only() {
    let client = client();
    let id = id_of(&client.get("/count").await);
    let rotated = get(&client, "/rotate", &id).await;
    let fresh = id_of(&rotated);
    rotated.assert_text(&fresh);
    assert_ne!(fresh, id);
    get(&client, "/peek", &id).await.assert_text("none").assert_no_header("set-cookie");
    get(&client, "/peek", &fresh).await.assert_text("n,rotated");
    let new = client.get("/rotate").await;
    get(&client, "/peek", &id_of(&new)).await.assert_text("rotated");
}

#[tokio::test]
async fn an_invalidated_session_is_forgotten_on_both_sides() {
    let client = client();
    let id = id_of(&client.get("/count").await);
    let out = get(&client, "/logout", &id).await;
    out.assert_json(json!([false, [], 500, true]));
    let cookie = set_cookie(&out).expect("the browser is told");
    assert!(
        cookie.starts_with("vernal_session=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        "{cookie}"
    );
    get(&client, "/peek", &id).await.assert_text("none");
    // There is nothing to tell of one that began here.
    client.get("/logout").await.assert_status(200).assert_no_header("set-cookie");
    let id = id_of(&client.get("/count").await);
    let anew = get(&client, "/logout/anew", &id).await;
    let fresh = id_of(&anew);
    anew.assert_text(&fresh);
    get(&client, "/peek", &id).await.assert_text("none");
    get(&client, "/peek", &fresh).await.assert_text("fresh");
}

#[tokio::test]
async fn changes_stay_though_the_handler_fails() {
    let client = client();
    for (path, status) in [("/fail", 418), ("/panic", 500)] {
        let answer = client.get(path).await;
        answer.assert_status(status);
        get(&client, "/peek", &id_of(&answer)).await.assert_text("before");
    }
}

#[tokio::test]
async fn filters_see_the_session_of_the_handler() {
    let client = client();
    let turned_away = client.get("/filtered/page").await;
    turned_away.assert_status(302).assert_header("location", "/login");
    let id = id_of(&turned_away);
    client.get("/set/user").query("value", "ann").cookie("vernal_session", &id).await.assert_status(200);
    let page = get(&client, "/filtered/page", &id).await;
    page.assert_text("page");
    assert_eq!(id_of(&page), id);
    get(&client, "/peek", &id).await.assert_text("seen,user");
}

#[tokio::test]
async fn an_answer_in_pieces_is_announced_with_its_head_and_written_to_its_end() {
    let client = client();
    let answer = client.get("/pieces").await;
    answer.assert_text("one two");
    get(&client, "/peek", &id_of(&answer)).await.assert_text("early,late");
    client.get("/pieces/too-late").await.assert_text("one 500").assert_no_header("set-cookie");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_at_the_same_time_lose_nothing() {
    for client in [client(), builder().sessions(Map::default()).build()] {
        let id = id_of(&client.get("/facts").await);
        let requests: Vec<_> = (0..100)
            .map(|_| tokio::spawn(client.get("/update").cookie("vernal_session", &id).into_future()))
            .collect();
        let mut seen = Vec::new();
        for request in requests {
            seen.push(request.await.expect("it ran").text().parse::<u64>().expect("a number"));
        }
        seen.sort_unstable();
        assert_eq!(seen, (1..=100).collect::<Vec<_>>());
        get(&client, "/update/wrong", &id).await.assert_status(500).assert_contains("`text` is no `u64`");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_different_values_do_not_undo_each_other() {
    for client in [client(), builder().sessions(Map::default()).build()] {
        let id = id_of(&client.get("/facts").await);
        let requests: Vec<_> = (10..60)
            .map(|number| {
                let request = client.get(&format!("/set/v{number}")).query("value", number);
                tokio::spawn(request.cookie("vernal_session", &id).into_future())
            })
            .collect();
        for request in requests {
            request.await.expect("it ran").assert_status(200);
        }
        let names: Vec<_> = (10..60).map(|number| format!("v{number}")).collect();
        get(&client, "/peek", &id).await.assert_text(&names.join(","));
    }
}

#[tokio::test]
async fn the_number_kept_is_bounded() {
    let client = builder().sessions(MemoryStore::new().capacity(2)).build();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(id_of(&client.get("/count").await));
    }
    get(&client, "/peek", &ids[0]).await.assert_text("none");
    get(&client, "/count", &ids[1]).await.assert_text("2");
    get(&client, "/count", &ids[2]).await.assert_text("2");
}

#[tokio::test]
async fn a_session_can_only_grow_so_far() {
    let client = builder().session_config(SessionConfig::new().max_size(20)).build();
    // Its name, and its value with the quotes.
    let fits = client.get("/set/n").query("value", "x".repeat(17)).await;
    fits.assert_status(200);
    let id = id_of(&fits);
    let over = client.get("/set/n").query("value", "x".repeat(18)).cookie("vernal_session", &id).await;
    over.assert_status(500).assert_contains("21 bytes, 20 at most (SessionConfig::max_size)");
    client.get("/set/m").query("value", "").cookie("vernal_session", &id).await.assert_status(500);
    get(&client, "/update", &id).await.assert_status(500).assert_contains("SessionConfig::max_size");
}

#[tokio::test]
async fn the_cookie_is_as_it_was_set_up() {
    let config =
        SessionConfig::new().cookie_name("sid").path("/x").domain("a.example").same_site(SameSite::Strict);
    let config = config.secure(true).max_inactive(Duration::from_secs(60)).refresh_unused(false);
    let client = builder().session_config(config).build();
    let first = client.get("/count").await;
    let cookie = set_cookie(&first).expect("there is one");
    assert!(
        cookie.starts_with("sid=") && cookie.contains("; Path=/x; Domain=a.example; Max-Age=60; "),
        "{cookie}"
    );
    assert!(cookie.ends_with("; SameSite=Strict; HttpOnly; Secure"), "{cookie}");
    let id = &cookie["sid=".len()..][..32];
    client.get("/count").cookie("sid", id).await.assert_text("2");
    client.get("/plain").cookie("sid", id).await.assert_no_header("set-cookie");
}

#[tokio::test]
async fn settings_that_cannot_be_are_an_error_at_start() {
    let config = SessionConfig::new().cookie_name("__Host-s");
    let error = vernal::App::from_registry(vernal::Config::new().app(APP).session_config(config));
    let error = error.expect_err("browsers would drop it");
    assert!(error.explain_text().contains("SessionConfig::secure"), "{error}");
    // What depends on the request cannot be told at start.
    let client = builder().session_config(SessionConfig::new().same_site(SameSite::None)).build();
    client.get("/count").await.assert_status(500).assert_contains("`SameSite::None`");
}

#[tokio::test]
async fn a_websocket_takes_part() {
    let client = client();
    let id = id_of(&client.get("/count").await);
    let mut ws = client.websocket("/ws").header("cookie", format!("vernal_session={id}")).await;
    ws.send("hi").await.expect("it is open");
    ws.expect_text("saved").await;
    get(&client, "/peek", &id).await.assert_text("n,said,ws");
    get(&client, "/remove/said", &id).await.assert_text("true");
    ws.send("again").await.expect("it is open");
    ws.expect_text("saved").await;
    get(&client, "/peek", &id).await.assert_text("n,said,ws");
}

#[tokio::test]
async fn a_handshake_announces_its_session() {
    let client = client();
    // The short form accepts before its handler runs, so what that sets is for `save`.
    for (path, names) in [("/ws", ""), ("/ws/by-hand", "ws")] {
        let ask = format!(
            "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        let answer = client.raw(ask).await;
        let (head, _) = answer.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let (_, cookie) =
            head.split_once("set-cookie: vernal_session=").unwrap_or_else(|| panic!("{path}: {head}"));
        get(&client, "/peek", &cookie[..32]).await.assert_text(names);
    }
}

#[tokio::test]
async fn requests_without_a_connection_have_sessions_too() {
    let app = vernal::App::from_registry(vernal::Config::new().app(APP)).expect("an application");
    for (path, names) in [("/count", "n"), ("/pieces", "early,late")] {
        let answer = app.handle(Request::get(path)).await;
        let cookie =
            answer.headers.get("set-cookie").unwrap_or_else(|| panic!("{path}: {answer:?}")).to_owned();
        let (cookie, _) = cookie.split_once(';').expect("it has attributes");
        let peek = app.handle(Request::get("/peek").header("cookie", cookie)).await;
        assert_eq!(peek.body_bytes(), names.as_bytes(), "{path}");
    }
}

/// A store of a user's own: a map, that can fail.
#[derive(Default)]
struct Map {
    records: Mutex<HashMap<SessionId, SessionRecord>>,
    is_down: &'static Down,
}

#[derive(Default)]
struct Down {
    loading: AtomicBool,
    saving: AtomicBool,
}

impl Default for &'static Down {
    fn default() -> &'static Down {
        Box::leak(Box::default())
    }
}

fn judge(is_down: &AtomicBool) -> Result {
    if is_down.load(Ordering::SeqCst) { Err(Error::unavailable("the map is down")) } else { Ok(()) }
}

impl SessionStore for Map {
    fn load<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result<Option<SessionRecord>>> {
        Box::pin(async {
            judge(&self.is_down.loading)?;
            tokio::task::yield_now().await;
            Ok(self
                .records
                .lock()
                .expect("no panic")
                .get(id)
                .filter(|it| !it.is_expired(SystemTime::now()))
                .cloned())
        })
    }

    fn save<'s>(&'s self, id: &'s SessionId, changes: &'s SessionChanges) -> BoxFuture<'s, Result<Saved>> {
        Box::pin(async {
            judge(&self.is_down.saving)?;
            tokio::task::yield_now().await;
            let mut records = self.records.lock().expect("no panic");
            let mut record = records.get(id).cloned();
            let saved = SessionRecord::save(&mut record, changes);
            if let (Saved::Kept(_), Some(record)) = (saved, record) {
                records.insert(*id, record);
            }
            Ok(saved)
        })
    }

    fn remove<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result> {
        Box::pin(async {
            self.records.lock().expect("no panic").remove(id);
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_store_of_ones_own_serves_two_servers() {
    let map: &'static Map = Box::leak(Box::default());
    struct Shared(&'static Map);
    impl SessionStore for Shared {
        fn load<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result<Option<SessionRecord>>> {
            self.0.load(id)
        }
        fn save<'s>(
            &'s self,
            id: &'s SessionId,
            changes: &'s SessionChanges,
        ) -> BoxFuture<'s, Result<Saved>> {
            self.0.save(id, changes)
        }
        fn remove<'s>(&'s self, id: &'s SessionId) -> BoxFuture<'s, Result> {
            self.0.remove(id)
        }
    }
    let (one, other) = (builder().sessions(Shared(map)).build(), builder().sessions(Shared(map)).build());
    let id = id_of(&one.get("/count").await);
    // The other server has seen no session yet.
    assert_eq!(id_of(&get(&other, "/plain", &id).await), id);
    get(&other, "/count", &id).await.assert_text("2");
    let fresh = id_of(&get(&one, "/rotate", &id).await);
    get(&other, "/peek", &id).await.assert_text("none");
    get(&other, "/peek", &fresh).await.assert_text("n,rotated");
    assert!(
        set_cookie(&get(&other, "/logout", &fresh).await).is_some_and(|cookie| cookie.contains("Max-Age=0"))
    );
    get(&one, "/peek", &fresh).await.assert_text("none");
}

#[tokio::test]
async fn a_store_that_fails_is_the_answer_where_the_session_matters() {
    let map = Map::default();
    let down = map.is_down;
    let client = builder().sessions(map).build();
    let id = id_of(&client.get("/count").await);
    let table = [
        (&down.loading, "/count", 503),
        (&down.loading, "/peek", 503),
        (&down.loading, "/filtered/page", 503),
        (&down.loading, "/plain", 200),
        (&down.saving, "/count", 503),
        (&down.saving, "/peek", 503),
        (&down.saving, "/pieces", 503),
        (&down.saving, "/update", 503),
        (&down.saving, "/filtered/page", 503),
        (&down.saving, "/plain", 200),
    ];
    for (is_down, path, status) in table {
        is_down.store(true, Ordering::SeqCst);
        let answer = get(&client, path, &id).await;
        answer.assert_status(status);
        if status == 503 {
            answer.assert_contains("the map is down");
        }
        is_down.store(false, Ordering::SeqCst);
    }
    get(&client, "/count", &id).await.assert_text("2");
    down.saving.store(true, Ordering::SeqCst);
    client.get("/count").await.assert_status(503).assert_no_header("set-cookie");
}

/// A late request does not bring back what a logout has ended.
#[tokio::test]
async fn a_session_that_ended_meanwhile_stays_ended() {
    let client = builder().state(tokio::sync::Barrier::new(2)).app("meanwhile").build();
    let id = id_of(&client.get("/begin").await);
    let slow = tokio::spawn(client.get("/slow").cookie("vernal_session", &id).into_future());
    get(&client, "/end", &id).await.assert_status(200);
    let slow = slow.await.expect("it ran");
    slow.assert_status(200).assert_text("409").assert_no_header("set-cookie");
    get(&client, "/there", &id).await.assert_text("false");
}

#[request_map("/begin", app = "meanwhile")]
async fn begin(_session: Session) {}

#[request_map("/there", app = "meanwhile")]
async fn there(session: Option<Session>) -> String {
    session.is_some().to_string()
}

#[request_map("/slow", app = "meanwhile")]
async fn slow(session: Session, gate: vernal::State<&tokio::sync::Barrier>) -> Result<String> {
    gate.wait().await;
    gate.wait().await;
    session.set("late", true)?;
    Ok(session.save().await.expect_err("it has ended").status().as_str().to_owned())
}

#[request_map("/end", app = "meanwhile")]
async fn end(session: Session, gate: vernal::State<&tokio::sync::Barrier>) -> Result {
    gate.wait().await;
    session.invalidate().await?;
    gate.wait().await;
    Ok(())
}

#[request_map("/shared/{kind}", app = "sessions")]
fn shared(kind: &str, value: &str) -> vernal::Headers {
    vernal::Headers::from([(if kind == "etag" { "etag" } else { "cache-control" }, value)])
}

#[request_map("/cached", app = "sessions")]
async fn cached(session: Session) -> Result<vernal::Headers> {
    session.set("n", 1)?;
    Ok(vernal::Headers::from([("cache-control", "public, max-age=60")]))
}

#[tokio::test]
async fn no_cache_that_is_shared_gets_a_cookie() {
    let client = client();
    let begun = client.get("/cached").await;
    begun.assert_header("cache-control", "private, max-age=60");
    let id = id_of(&begun);
    let table = [
        ("/plain", true),
        ("/shared/cache?value=private", true),
        ("/shared/cache?value=no-store", true),
        ("/shared/cache?value=public", false),
        ("/shared/cache?value=max-age%3D60", false),
        ("/shared/etag?value=%22x%22", false),
    ];
    for (path, expected) in table {
        let answer = client.get(path).cookie("vernal_session", &id).await;
        answer.assert_status(200);
        assert_eq!(answer.header("set-cookie").is_some(), expected, "{path}: {answer}");
        if expected {
            let control = answer.header("cache-control").unwrap_or_default();
            assert!(control == "private" || control == "no-store", "{path}: {answer}");
        }
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
