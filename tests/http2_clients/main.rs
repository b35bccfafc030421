//! HTTP/2 with clients that others wrote, over real sockets: one table for all of them, on TLS ports and plain ones; a browser
//! that holds a page, events and a WebSocket on one connection; and proxies that speak it to the server.
//!
//! Go's client is ignored unless it is asked for: `.ci/interop` installs it.

mod app;
#[path = "../authority/mod.rs"]
mod authority;
mod browser;
mod drivers;
#[expect(dead_code, reason = "the other suite builds crates")]
#[path = "../interop/install.rs"]
mod install;
#[path = "../installed/mod.rs"]
mod installed;
mod programs;
mod proxies;
#[path = "../proxy/mod.rs"]
mod proxy;
mod table;
#[expect(dead_code, reason = "other tests fill in forms and open windows")]
#[path = "../webdriver/mod.rs"]
mod webdriver;

use tokio::task::spawn_blocking;

use crate::app::Serving;
use crate::drivers::{Driver, command_of};
use crate::programs::{Curl, Nghttp, loaded};
use crate::table::{Asks, Client, DRIVEN, GO, PROGRAMS, judge};

/// Puts a client to the table over TLS and, where it can, with prior knowledge on a plain port; then a request is on its way when the
/// server stops.
async fn put(client: &'static Client, make: impl Fn(&Serving) -> Box<dyn Asks>) -> Vec<String> {
    let mut problems = Vec::new();
    for scheme in client.schemes {
        let serving = Serving::start(scheme).await;
        let mut asking = make(&serving);
        let (mut asking, mut told) = spawn_blocking(move || {
            let told = judge(client, scheme, &mut *asking);
            (asking, told)
        })
        .await
        .expect("no panic");
        problems.append(&mut told);
        // The server goes on until the answer has gone out.
        let step = serde_json::json!({ "method": "GET", "path": "/waits" });
        let mut waiting = spawn_blocking(move || asking.row(&[step]));
        let seen = tokio::select! {
            biased;
            seen = &mut waiting => {
                serving.stop().await;
                seen
            }
            () = serving.waiting.began.notified() => serving.stops_within(waiting).await,
        };
        let seen = seen.expect("no panic");
        if seen[0]["status"] != 200 || seen[0]["body"] != "waited" {
            problems.push(format!("{} over {scheme}, a stop while it waits: {}", client.name, seen[0]));
        }
    }
    problems
}

fn all_is_well(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_packages() {
    let mut problems = Vec::new();
    for client in DRIVEN {
        let command = spawn_blocking(|| command_of(client.name)).await.expect("packages");
        let make = |serving: &Serving| -> Box<dyn Asks> {
            Box::new(Driver::start(command.clone(), &serving.base(), &serving.authority.ca()))
        };
        problems.extend(put(client, make).await);
    }
    all_is_well(problems);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "`.ci/interop` installs Go"]
async fn the_client_of_go() {
    let command = spawn_blocking(|| command_of(GO.name)).await.expect("a program");
    let make = |serving: &Serving| -> Box<dyn Asks> {
        Box::new(Driver::start(command.clone(), &serving.base(), &serving.authority.ca()))
    };
    all_is_well(put(&GO, make).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_are_programs() {
    let [curl, nghttp] = PROGRAMS;
    let mut problems = put(curl, |serving| Box::new(Curl::new(serving))).await;
    problems.extend(put(nghttp, |serving| Box::new(Nghttp::new(serving))).await);
    all_is_well(problems);
}

/// Many streams of few connections, with bodies and without.
#[tokio::test(flavor = "multi_thread")]
async fn h2load_gets_all_its_answers() {
    for scheme in ["https", "http"] {
        let serving = Serving::start(scheme).await;
        for (path, upload) in [("/hello", None), ("/trailed/stream", None), ("/size", Some(1 << 20))] {
            let (url, folder) = (format!("{}{path}", serving.base()), serving.authority.folder.clone());
            let count = if upload.is_some() { 100 } else { 5_000 };
            let told = spawn_blocking(move || loaded(&url, &folder, count, upload)).await.expect("no panic");
            let requests =
                format!("{count} total, {count} started, {count} done, {count} succeeded, 0 failed");
            assert!(told.contains(&requests), "{scheme} {path}: {told}");
            assert!(told.contains(&format!("status codes: {count} 2xx, 0 3xx")), "{scheme} {path}: {told}");
        }
        serving.stop().await;
    }
}
