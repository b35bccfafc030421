//! Limits of HTTP/2, each hit exactly and by one more, and the times of its connections.

mod frames;
mod prior;
mod waiting;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::{Instant, sleep, timeout};
use vernal::test::Client;
use vernal::{App, BodyReader, Config, Limits, Response, Result, State, request_map};

use crate::frames::{
    ACK, DATA, END_HEADERS, END_STREAM, Frame, Frames, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS,
    WINDOW_UPDATE, frame, get, head,
};
use crate::prior::{PATIENCE, Peer, request};
use crate::waiting::{Seen, wait};

#[request_map("/", app = "http2_limits")]
fn index() -> &'static str {
    "Hello"
}

#[request_map("/large", app = "http2_limits")]
fn large() -> Vec<u8> {
    vec![b'x'; 8 << 20]
}

#[request_map("/waits", app = "http2_limits")]
async fn waits(State(seen): State<&Arc<Seen>>) {
    wait(seen).await;
}

/// The first event comes at once, and no other.
#[request_map("/events", app = "http2_limits")]
async fn events(response: &mut Response) -> Result {
    response.write_bytes("first").await?;
    std::future::pending().await
}

/// Has a body and never reads it.
#[request_map("/holds", app = "http2_limits", method = "POST")]
async fn holds(_body: BodyReader) {
    std::future::pending::<()>().await;
}

#[request_map("/reads", app = "http2_limits", method = "POST")]
async fn reads(mut body: BodyReader) -> Result<String> {
    Ok(body.read_to_end(1 << 20).await?.len().to_string())
}

fn client(limits: Limits) -> (Client, Arc<Seen>) {
    let seen = Arc::<Seen>::default();
    (Client::builder().app("http2_limits").limits(limits).state(Arc::clone(&seen)).build(), seen)
}

fn post(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &head("POST", path))
}

fn data(stream: u32, size: usize) -> Vec<u8> {
    let pieces = vec![b'x'; size];
    pieces.chunks(16_384).flat_map(|piece| frame(DATA, 0, stream, piece)).collect()
}

fn ping() -> Vec<u8> {
    frame(PING, 0, 0, b"pingpong")
}

#[tokio::test]
async fn so_many_streams_are_open_at_once() {
    let (client, _) = client(Limits::new().http2_streams(2));
    let mut frames = Frames::open(&client).await;
    frames.send(&[get(1, "/waits"), get(3, "/waits"), ping()].concat()).await;
    assert_eq!(frames.outcome().await, "pong pingpong");
    frames.send(&get(5, "/waits")).await;
    assert_eq!(frames.outcome().await, "reset 7 on 5");
    // One that is over makes room.
    frames.send(&[frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]), get(7, "/")].concat()).await;
    assert_eq!(frames.outcome().await, "200 on 7");
}

#[tokio::test]
async fn so_many_streams_are_reset_before_they_are_answered() {
    let (client, seen) = client(Limits::new().http2_resets(3));
    let mut frames = Frames::open(&client).await;
    let reset = async |frames: &mut Frames, stream: u32| {
        frames.send(&get(stream, "/waits")).await;
        timeout(PATIENCE, seen.began.notified()).await.expect("it begins");
        frames.send(&frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])).await;
        timeout(PATIENCE, seen.dropped.notified()).await.expect("it is dropped");
    };
    for stream in [1, 3, 5] {
        reset(&mut frames, stream).await;
    }
    // Each that is answered makes up for one.
    frames.send(&get(7, "/")).await;
    assert_eq!(frames.outcome().await, "200 on 7");
    frames.send(&ping()).await;
    assert_eq!(frames.outcome().await, "pong pingpong");
    reset(&mut frames, 9).await;
    frames.send(&ping()).await;
    assert_eq!(frames.outcome().await, "pong pingpong");
    reset(&mut frames, 11).await;
    assert_eq!(frames.outcome().await, "goaway 11");
}

/// What a plain `fn` answers at once counts too, if the peer does not want it any more.
#[tokio::test]
async fn so_many_streams_are_reset_together_with_their_requests() {
    for path in ["/", "/nowhere"] {
        let (client, _) = client(Limits::new().http2_resets(3));
        let mut frames = Frames::open(&client).await;
        for stream in [1, 3, 5] {
            let reset = frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]);
            frames.send(&[get(stream, path), reset, ping()].concat()).await;
            assert_eq!(frames.outcome().await, "pong pingpong", "{path}");
        }
        frames.send(&[get(7, path), frame(RST_STREAM, 0, 7, &[0, 0, 0, 8])].concat()).await;
        assert_eq!(frames.outcome().await, "goaway 11", "{path}");
    }
}

/// Who does not say that it has heard of the end has no more than others (RFC 9113, section 6.8).
#[tokio::test]
async fn who_was_told_of_the_end_opens_so_many_streams_more() {
    let limits = Limits::new().requests_per_connection(1).http2_streams(2).http2_resets(3);
    let (client, _) = client(limits);
    let mut frames = Frames::open(&client).await;
    frames.send(&get(1, "/")).await;
    let mut told = [frames.outcome().await, frames.outcome().await];
    told.sort();
    assert_eq!(told, ["200 on 1", "goaway 0"]);
    for stream in [3, 5, 7, 9] {
        frames.send(&get(stream, "/")).await;
        assert_eq!(frames.outcome().await, format!("200 on {stream}"));
    }
    frames.send(&get(11, "/waits")).await;
    assert_eq!(frames.outcome().await, "goaway 11");
}

/// Who listens to events leaves them in their midst.
#[tokio::test]
async fn answers_that_are_left_in_their_midst_are_answers() {
    let (client, _) = client(Limits::new().http2_resets(3));
    let mut frames = Frames::open(&client).await;
    for stream in (1..20).step_by(2) {
        frames.send(&get(stream, "/events")).await;
        while frames.next().await.expect("its first event").kind != DATA {}
        frames.send(&frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])).await;
    }
    frames.send(&ping()).await;
    assert_eq!(frames.outcome().await, "pong pingpong");
}

#[tokio::test]
async fn so_many_requests_come_on_one_connection() {
    let (client, _) = client(Limits::new().requests_per_connection(3));
    let mut frames = Frames::open(&client).await;
    for stream in [1, 3] {
        frames.send(&get(stream, "/")).await;
        assert_eq!(frames.outcome().await, format!("200 on {stream}"));
    }
    frames.send(&get(5, "/waits")).await;
    assert_eq!(frames.outcome().await, "goaway 0");
    // What the peer has sent before it knew is answered.
    frames.send(&get(7, "/")).await;
    assert_eq!(frames.outcome().await, "200 on 7");
}

#[tokio::test]
async fn so_large_may_fields_be_together() {
    // 32 bytes for each of four fields, and 46 of these; `h2` wants one to be left.
    for (limit, expected) in [(175, "200 on 1"), (174, "431 on 1")] {
        let (client, _) = client(Limits::new().http2_header_list(limit));
        let mut frames = Frames::open(&client).await;
        frames.send(&get(1, "/")).await;
        assert_eq!(frames.outcome().await, expected, "{limit}");
    }
    let (client, _) = client(Limits::new().header_count(3));
    for (count, status) in [(2, 200), (3, 431)] {
        let many: Vec<_> = [("a", "1"), ("b", "1"), ("c", "1")].into_iter().take(count).collect();
        let answer = Peer::over(client.connect()).await.ask(request("GET", "/", &many), None).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.text().contains("Limits::header_count"), status == 431, "{answer:?}");
    }
}

#[tokio::test]
async fn so_much_of_a_body_comes_before_it_is_read() {
    let (client, _) = client(Limits::new().http2_window(1_000));
    let mut frames = Frames::open(&client).await;
    frames.send(&[post(1, "/holds"), data(1, 1_000), ping()].concat()).await;
    assert_eq!(frames.outcome().await, "pong pingpong");
    frames.send(&data(1, 1)).await;
    assert_eq!(frames.outcome().await, "reset 3 on 1");

    let (client, _) = crate::client(Limits::new().http2_window(110_000).http2_connection_window(200_000));
    let mut frames = Frames::open(&client).await;
    frames
        .send(&[post(1, "/holds"), data(1, 100_000), post(3, "/holds"), data(3, 100_000), ping()].concat())
        .await;
    assert_eq!(frames.outcome().await, "pong pingpong");
    frames.send(&data(3, 1)).await;
    assert_eq!(frames.outcome().await, "goaway 3");
}

/// Those who read nothing hold what the others could send.
#[tokio::test(start_paused = true)]
async fn a_body_that_others_keep_from_coming_is_waited_for() {
    let limits = Limits::new().http2_window(110_000).http2_connection_window(200_000);
    let (client, _) = client(limits.body_idle(Duration::from_secs(2)).body_grace(Duration::from_secs(4)));
    let mut frames = Frames::open(&client).await;
    let held = [1, 3].map(|stream| [post(stream, "/holds"), data(stream, 100_000)].concat()).concat();
    frames.send(&[held, post(5, "/reads")].concat()).await;
    sleep(Duration::from_secs(30)).await;
    frames.send(&ping()).await;
    assert_eq!(frames.outcome().await, "pong pingpong");
    // One of them is given up, and now it could come.
    frames.send(&frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])).await;
    let free = Instant::now();
    assert_eq!(frames.outcome().await, "408 on 5");
    assert!((1..=4).contains(&free.elapsed().as_secs()), "{:?}", free.elapsed());
}

#[tokio::test]
async fn windows_are_given_back_in_large_pieces() {
    let (client, _) = client(Limits::new().http2_window(100_000));
    let mut frames = Frames::open(&client).await;
    frames.send(&post(1, "/reads")).await;
    for _ in 0..1_000 {
        frames.send(&frame(DATA, 0, 1, &[b'x'; 100])).await;
        tokio::task::yield_now().await;
    }
    frames.send(&[frame(DATA, END_STREAM, 1, &[]), ping()].concat()).await;
    let mut updates = Vec::new();
    loop {
        let Frame { kind, stream, payload, .. } = frames.next().await.expect("an answer");
        match kind {
            WINDOW_UPDATE if stream == 1 => {
                updates.push(u32::from_be_bytes(payload.try_into().expect("four")))
            }
            HEADERS => break,
            _ => {}
        }
    }
    assert!(updates.iter().all(|size| *size >= 30_000), "{updates:?}");
}

#[tokio::test]
async fn so_much_of_unread_bodies_is_taken_in() {
    let (client, _) = client(Limits::new().http2_drain_size(10_000));
    let mut frames = Frames::open(&client).await;
    frames.send(&[post(1, "/nowhere"), data(1, 10_000)].concat()).await;
    assert_eq!(frames.outcome().await, "404 on 1");
    frames.send(&ping()).await;
    assert_eq!(frames.outcome().await, "pong pingpong");
    frames.send(&data(1, 1)).await;
    assert_eq!(frames.outcome().await, "reset 0 on 1", "no error, but enough");
}

#[tokio::test(start_paused = true)]
async fn so_long_are_unread_bodies_taken_in() {
    let limits = Limits::new().linger_idle(Duration::from_secs(3)).linger_time(Duration::from_secs(9));
    // How many pieces come, one in two seconds of silence on either side, and after how many seconds its stream is reset.
    for (count, expected) in [(0, 3), (1, 2 + 3), (2, 5 + 3), (3, 9), (100, 9)] {
        let (client, _) = client(limits.clone());
        let mut frames = Frames::open(&client).await;
        frames.send(&[post(1, "/nowhere"), data(1, 10), post(3, "/nowhere"), data(3, 10)].concat()).await;
        assert_eq!(frames.outcome().await, "404 on 1");
        assert_eq!(frames.outcome().await, "404 on 3");
        let answered = Instant::now();
        let mut pieces = 0..count;
        let mut resets = Vec::new();
        while resets.len() < 2 {
            if let Ok(outcome) = timeout(Duration::from_secs(2), frames.outcome()).await {
                resets.push((outcome, answered.elapsed().as_secs()));
            } else if pieces.next().is_some() {
                frames.send(&data(1, 10)).await;
            }
        }
        // The other one is silent, and has a time of its own.
        resets.sort();
        let others = [("reset 0 on 1".to_owned(), expected), ("reset 0 on 3".to_owned(), 3)];
        assert_eq!(resets, others, "{count}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_told_in_time() {
    let (client, _) = client(Limits::new().http2_idle_time(Duration::from_secs(10)));
    let mut frames = Frames::open(&client).await;
    let opened = Instant::now();
    sleep(Duration::from_secs(9)).await;
    frames.send(&get(1, "/")).await;
    assert_eq!(frames.outcome().await, "200 on 1");
    assert_eq!(frames.outcome().await, "goaway 0");
    assert_eq!(opened.elapsed().as_secs(), 19);
    // It does not answer, and is closed all the same.
    while frames.next().await.is_some() {}
    assert_eq!(opened.elapsed().as_secs(), 24);
}

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_asked_and_cut() {
    let limits = Limits::new().http2_ping_interval(Duration::from_secs(5));
    let (client, seen) = client(limits.http2_ping_timeout(Duration::from_secs(3)));
    let mut frames = Frames::open(&client).await;
    frames.send(&get(1, "/waits")).await;
    let opened = Instant::now();
    let mut asked = Vec::new();
    while let Some(Frame { kind, flags, payload, .. }) = frames.next().await {
        if kind == PING && flags & ACK == 0 {
            asked.push(opened.elapsed().as_secs());
            // The first is answered.
            if asked.len() == 1 {
                frames.send(&frame(PING, ACK, 0, &payload)).await;
            }
        }
    }
    assert_eq!((asked, opened.elapsed().as_secs()), (vec![5, 10], 13));
    timeout(PATIENCE, seen.dropped.notified()).await.expect("its handler is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_makes_no_room_loses_its_stream() {
    let (client, _) = client(Limits::new().write_timeout(Duration::from_secs(7)));
    let mut frames = Frames::fresh(&client);
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    frames.send(&[PREFACE, &no_window].concat()).await;
    for (stream, path) in [(1, "/"), (3, "/large")] {
        frames.send(&get(stream, path)).await;
        assert_eq!(frames.outcome().await, format!("200 on {stream}"));
        let answered = Instant::now();
        assert_eq!(frames.outcome().await, format!("reset 8 on {stream}"));
        assert_eq!(answered.elapsed().as_secs(), 7);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_loses_the_connection() {
    let (client, seen) = client(Limits::new().write_timeout(Duration::from_secs(7)));
    let mut frames = Frames::open(&client).await;
    let windows = [0, 1].map(|stream| frame(WINDOW_UPDATE, 0, stream, &[0x3f, 0, 0, 0]));
    frames.send(&[&windows[0][..], &get(1, "/large"), &windows[1], &get(3, "/waits")].concat()).await;
    let began = Instant::now();
    timeout(PATIENCE, seen.dropped.notified()).await.expect("its handlers are dropped");
    assert_eq!(began.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_ever() {
    let (client, seen) = client(Limits::new());
    let mut frames = Frames::open(&client).await;
    frames.send(&get(1, "/waits")).await;
    timeout(PATIENCE, seen.began.notified()).await.expect("it begins");
    let began = Instant::now();
    let stopping = tokio::spawn(async move { client.stop().await });
    // At half of the grace period it is told, though it is in the midst of something, and in the end cut.
    assert_eq!(frames.outcome().await, "goaway 0");
    assert_eq!(began.elapsed().as_secs(), 15);
    while frames.next().await.is_some() {}
    assert_eq!(began.elapsed().as_secs(), 30);
    stopping.await.expect("no panic");
}

/// Counts what is written to it.
struct Counting(DuplexStream, Arc<AtomicUsize>);

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, room)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn answers_to_what_comes_together_go_out_together() {
    let config = Config::new().app("http2_limits").state(Arc::<Seen>::default());
    let app = App::from_registry(config).expect("an application");
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let writes = Arc::<AtomicUsize>::default();
    tokio::spawn(app.serve_connection(Counting(theirs, Arc::clone(&writes))));
    let mut frames = Frames::over(ours).await;
    frames.send(&ping()).await;
    assert_eq!(frames.outcome().await, "pong pingpong");
    let before = writes.load(Ordering::Relaxed);
    frames.send(&(0..32).flat_map(|at| get(2 * at + 1, "/")).collect::<Vec<_>>()).await;
    for at in 0..32 {
        assert_eq!(frames.outcome().await, format!("200 on {}", 2 * at + 1));
    }
    assert_eq!(writes.load(Ordering::Relaxed) - before, 1);
}
