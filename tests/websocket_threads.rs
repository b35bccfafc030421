//! Sessions used from several threads at once: all messages arrive whole, each sender's in order, and no wake-up is missed.

mod both;

use std::thread;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::timeout;
use vernal::test::{Client, TestSocket};
use vernal::websocket::{Deflate, WebSocket, WebSocketConfig, WebSocketSession};
use vernal::{Result, websocket_handler};

const THREADS: usize = 4;
const MESSAGES: usize = 1_000;

/// Runs something on a thread with a runtime of its own.
fn elsewhere(work: impl Future<Output = Result> + Send + 'static) {
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(work).expect("an open session");
    });
}

fn text(thread: usize, number: usize) -> String {
    format!("{thread} {number} {}", "x".repeat(number % 700))
}

/// One of several senders, which sends in all ways.
async fn sender(session: WebSocketSession, thread: usize) -> Result {
    for number in 0..MESSAGES {
        let text = text(thread, number);
        match number % 50 {
            0 => {
                let mut writer = session.begin_text().await?;
                for piece in text.as_bytes().chunks(100) {
                    writer.write(piece).await?;
                }
                writer.finish().await?;
            }
            7 | 14 | 21 | 28 | 35 | 42 => session.send_chunked(&text, 100).await?,
            10 | 30 => {
                while !session.try_send(&text)? {
                    tokio::task::yield_now().await;
                }
            }
            20 => {
                // Where there is no room for it now there need be none.
                let _ = session.ping("are you there?");
                session.send(text).await?;
            }
            _ => session.send(&text).await?,
        }
    }
    Ok(())
}

/// Is sent to by several threads, and takes what comes meanwhile.
#[websocket_handler("/senders", config = WebSocketConfig::new().outbox_size(3_000))]
async fn senders(mut ws: WebSocket) -> Result {
    let (working, mut done) = mpsc::channel::<()>(1);
    for thread in 0..THREADS {
        let (session, working) = (ws.session().clone(), working.clone());
        elsewhere(async move {
            let _working = working;
            sender(session, thread).await
        });
    }
    drop(working);
    loop {
        tokio::select! {
            _ = done.recv() => break,
            message = ws.next() => assert_eq!(message.expect("an open session").as_text(), Some("hi")),
        }
    }
    Ok(())
}

/// A session in which both sides compress, or none.
async fn open(path: &str, deflate: Option<Deflate>) -> TestSocket {
    match deflate {
        Some(deflate) => {
            let client = Client::builder().websocket_deflate(deflate.clone()).build();
            client.websocket(path).deflate(deflate).await
        }
        None => Client::new().websocket(path).await,
    }
}

#[tokio::test]
async fn messages_of_several_threads_arrive_whole_and_in_order() {
    let always = Deflate::default().compress_if_bigger_than(100);
    for (name, deflate) in
        [("none", None), ("default", Some(always.clone())), ("kept", Some(always.keep_context()))]
    {
        let mut ws = open("/senders", deflate).await;
        let mut seen = [0; THREADS];
        for count in 0..THREADS * MESSAGES {
            let message = ws.expect_message().await;
            let found = message.as_text().expect("text");
            let thread = found.split(' ').next().and_then(|thread| thread.parse::<usize>().ok());
            let thread = thread.expect("the number of a thread");
            assert_eq!(found, text(thread, seen[thread]), "{name}");
            seen[thread] += 1;
            if count % 97 == 0 {
                ws.ping("are you there?").expect("an open session");
                ws.send("hi").await.expect("an open session");
            }
        }
        assert_eq!(seen, [MESSAGES; THREADS], "{name}");
        ws.expect_close(1000).await;
    }
}

/// Gives its `WebSocket` to another thread, while the connection is driven on this one.
#[websocket_handler("/received/elsewhere")]
async fn received_elsewhere(mut ws: WebSocket) -> Result {
    elsewhere(async move {
        while let Some(message) = ws.next().await {
            ws.send(message).await?;
        }
        Ok(())
    });
    Ok(())
}

#[tokio::test]
async fn a_thread_that_receives_misses_no_message() {
    let mut ws = open("/received/elsewhere", None).await;
    for number in 0..5_000 {
        let text = number.to_string();
        ws.send(&text).await.expect("an open session");
        ws.expect_text(&text).await;
    }
    ws.close(1000, "").expect("a code");
    ws.expect_close(1000).await;
}

/// Is closed by another thread.
#[websocket_handler("/closed/elsewhere")]
async fn closed_elsewhere(mut ws: WebSocket) -> Result {
    let session = ws.session().clone();
    elsewhere(async move { session.close(4000, "enough") });
    while ws.next().await.is_some() {}
    Ok(())
}

#[tokio::test]
async fn a_thread_that_closes_ends_the_session_at_once() {
    for _ in 0..200 {
        let mut ws = open("/closed/elsewhere", None).await;
        let ended = timeout(Duration::from_secs(4), ws.expect_close(4000)).await;
        assert!(ended.is_ok_and(|reason| reason.text() == "enough"), "the time for closing is taken");
    }
}

/// All of it once more.
#[cfg(feature = "http2")]
#[test]
fn over_http2() {
    both::again(&[]);
}
