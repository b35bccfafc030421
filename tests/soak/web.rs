//! Clients that speak HTTP: what they asked, and what must hold of the answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::node::{pattern, sum};

/// All that is asked.
#[derive(Default)]
pub struct Web {
    pub good: AtomicUsize,
    /// Requests that had no good answer: from when to when, and what came.
    pub failed: Mutex<Vec<Failed>>,
    /// Sessions that were refused for a while with 503.
    pub told: Mutex<Vec<Failed>>,
    pub wrong: Mutex<Vec<String>>,
}

#[derive(Clone, Debug)]
pub struct Failed {
    pub from: Instant,
    pub to: Instant,
    pub what: String,
}

/// What came.
pub struct Answer {
    pub status: u16,
    head: String,
    body: Vec<u8>,
}

/// One request over a connection of its own.
pub async fn ask(port: u16, line: &str, cookie: &str, body: &[u8]) -> Result<Answer, String> {
    let asking = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut head = format!("{line} HTTP/1.1\r\nHost: soak\r\nConnection: close\r\n");
        if !cookie.is_empty() {
            head += &format!("Cookie: vernal_session={cookie}\r\n");
        }
        if !body.is_empty() {
            head += &format!("Content-Type: application/octet-stream\r\nContent-Length: {}\r\n", body.len());
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let answer = match timeout(Duration::from_secs(60), asking).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err("no answer in a minute".to_owned()),
    };
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("no head")?;
    // Names are in lower case, values as they came: the id of a session is told apart by case.
    let head = String::from_utf8_lossy(&answer[..end]);
    let lines = head.lines().map(|line| match line.split_once(": ") {
        Some((name, value)) => format!("{}: {value}\n", name.to_ascii_lowercase()),
        None => format!("{line}\n"),
    });
    let head: String = lines.collect();
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok()).ok_or("no status")?;
    let body = answer[end + 4..].to_vec();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    if length.is_some_and(|length| length != body.len()) {
        return Err(format!("{status}, cut after {} of {length:?} bytes", body.len()));
    }
    Ok(Answer { status, head, body })
}

impl Web {
    fn failed(&self, from: Instant, what: String) {
        self.failed.lock().expect("no panic").push(Failed { from, to: Instant::now(), what });
    }

    /// A browser: its session counts its requests, and never loses one that was answered.
    pub async fn browser(self: Arc<Self>, number: usize, ports: [u16; 2], ends: Arc<super::Ends>) {
        let mut chance = super::chance(number + 10_000);
        let (mut id, mut least, mut most) = (String::new(), 0, 0);
        while !ends.talking() {
            let from = Instant::now();
            most += 1;
            match ask(ports[(chance() % 2) as usize], "GET /count", &id, b"").await {
                Ok(Answer { status: 200, head, body }) => {
                    let set = head.lines().find_map(|line| line.strip_prefix("set-cookie: vernal_session="));
                    let new = set.and_then(|rest| rest.split(';').next()).unwrap_or(&id).to_owned();
                    let count: u64 = String::from_utf8_lossy(&body).parse().unwrap_or(0);
                    if id.is_empty() {
                        // What was asked without an answer before made sessions that nobody knows.
                        (id, most) = (new, count);
                    } else if new != id || count <= least || count > most {
                        let wrong = format!("browser {number}: {count} after {least}, at most {most}");
                        self.wrong.lock().expect("no panic").push(wrong);
                    }
                    least = count;
                    self.good.fetch_add(1, Ordering::Relaxed);
                }
                Ok(Answer { status: 503, head, .. }) if head.contains("retry-after") => {
                    let told = Failed { from, to: Instant::now(), what: "503".to_owned() };
                    self.told.lock().expect("no panic").push(told);
                }
                Ok(Answer { status, .. }) => self.failed(from, format!("GET /count: {status}")),
                Err(why) => self.failed(from, format!("GET /count: {why}")),
            }
            sleep(Duration::from_millis(100 + chance() % 200)).await;
        }
    }

    /// Files that go up and down, whole.
    pub async fn files(self: Arc<Self>, number: usize, ports: [u16; 2], ends: Arc<super::Ends>) {
        let mut chance = super::chance(number + 20_000);
        let (up, down) = (pattern(256 << 10), pattern(1 << 20));
        let expected = format!("{} {}", up.len(), sum(&up));
        while !ends.talking() {
            for (line, body, expected) in
                [("POST /upload", &up[..], expected.as_bytes()), ("GET /download", b"", &down)]
            {
                let from = Instant::now();
                match ask(ports[(chance() % 2) as usize], line, "", body).await {
                    Ok(answer) if answer.status == 200 && answer.body == expected => {
                        self.good.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(answer) => self.failed(from, format!("{line}: {}", answer.status)),
                    Err(why) => self.failed(from, format!("{line}: {why}")),
                }
                sleep(Duration::from_millis(300 + chance() % 400)).await;
            }
        }
    }
}
