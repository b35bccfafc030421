//! Clients in rooms on two nodes, of whom one after the other says something at a rate: how much was heard, and how late.
//!
//! `load KIND PORT PORT CLIENTS ROOMS RATE SECONDS`; KIND is `plain` (text as it is) or `socketio` (its frames).

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until, timeout};
use vernal::websocket::{WebSocket, WebSocketSession, connect};

const LENGTH: usize = 125;

#[derive(Default)]
struct Heard {
    count: AtomicU64,
    /// Microseconds, of those that were said while it is measured.
    delays: Mutex<Vec<u32>>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let number = |at: usize| arguments[at].parse::<u64>().expect("a number");
    let is_socketio = arguments[0] == "socketio";
    let (ports, clients, rooms, rate, seconds) = ([number(1), number(2)], number(3), number(4), number(5), number(6));
    let (begun, heard) = (Instant::now(), Arc::new(Heard::default()));
    let mut sessions = Vec::new();
    for client in 0..clients {
        // Each room has members on both nodes.
        let (port, room) = (ports[(client / rooms % 2) as usize], client % rooms);
        let mut ws = enter(is_socketio, port, room).await;
        sessions.push(ws.session().clone());
        let heard = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Some(message) = ws.next().await {
                take(message.as_text().unwrap_or_default(), is_socketio, &ws, begun, &heard).await;
            }
        });
    }
    sleep(Duration::from_secs(1)).await;
    // A second that does not count.
    say(&sessions, is_socketio, rate, 1, begun).await;
    sleep(Duration::from_millis(500)).await;
    heard.count.store(0, Ordering::Relaxed);
    heard.delays.lock().expect("no panic").clear();
    println!("begin");
    let measured = Instant::now();
    say(&sessions, is_socketio, rate, seconds, begun).await;
    let took = measured.elapsed();
    let expected = rate * seconds * (clients / rooms);
    let _ = timeout(Duration::from_secs(2), async {
        while heard.count.load(Ordering::Relaxed) < expected {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let mut delays = std::mem::take(&mut *heard.delays.lock().expect("no panic"));
    delays.sort_unstable();
    let at = |part: f64| delays.get((delays.len() as f64 * part) as usize).copied().unwrap_or(0);
    println!(
        "end said={} heard={} expected={expected} seconds={:.3} p50={} p99={}",
        rate * seconds,
        heard.count.load(Ordering::Relaxed),
        took.as_secs_f64(),
        at(0.5),
        at(0.99)
    );
}

async fn enter(is_socketio: bool, port: u64, room: u64) -> WebSocket {
    if !is_socketio {
        let mut ws = connect(format!("ws://127.0.0.1:{port}/chat/{room}")).await.expect("a session");
        // What was said before may still be on its way to the room.
        while ws.next().await.expect("a word").as_text() != Some("in") {}
        return ws;
    }
    let url = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket&room={room}");
    let mut ws = connect(url).await.expect("a session");
    assert!(ws.next().await.expect("a word").as_text().is_some_and(|text| text.starts_with('0')));
    ws.send("40").await.expect("an open session");
    assert!(ws.next().await.expect("a word").as_text().is_some_and(|text| text.starts_with("40")));
    ws
}

/// One after the other says something, at its moment.
async fn say(sessions: &[WebSocketSession], is_socketio: bool, rate: u64, seconds: u64, begun: Instant) {
    let first = tokio::time::Instant::now();
    for number in 0..rate * seconds {
        let moment = first + Duration::from_nanos(1_000_000_000 / rate * number);
        if moment > tokio::time::Instant::now() {
            sleep_until(moment).await;
        }
        let text = format!("{:0>LENGTH$}", begun.elapsed().as_micros());
        let text = if is_socketio { format!("42[\"m\",\"{text}\"]") } else { text };
        let _ = sessions[(number * 7) as usize % sessions.len()].try_send(text);
    }
}

async fn take(text: &str, is_socketio: bool, ws: &WebSocket, begun: Instant, heard: &Heard) {
    if is_socketio && text == "2" {
        let _ = ws.send("3").await;
        return;
    }
    let text = if is_socketio { text.trim_start_matches("42[\"m\",\"").trim_end_matches("\"]") } else { text };
    let Ok(said) = text.parse::<u64>() else { return };
    heard.count.fetch_add(1, Ordering::Relaxed);
    let delay = begun.elapsed().as_micros() as u64 - said;
    heard.delays.lock().expect("no panic").push(delay as u32);
}
