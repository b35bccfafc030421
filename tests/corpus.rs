//! Runs `tests/corpus`: requests byte for byte, good, malformed and smuggled, each whole and one byte at a time.

use std::fs;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use vernal::test::Client;
use vernal::{Request, request_map};

#[request_map("/", "/**")]
fn seen(req: &Request) -> String {
    let body = String::from_utf8_lossy(req.body()).replace("\r\n", " ");
    format!("{} {} {body}", req.method, req.target())
}

#[tokio::test]
async fn every_request_of_the_corpus_is_answered_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let client = Client::new();
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "http") {
            continue;
        }
        let name = path.file_stem().expect("a name").display();
        let input = fs::read(&path).expect("a request");
        let expected = fs::read_to_string(path.with_extension("expected")).expect("its answers");
        assert_eq!(summary(&client.raw(&input).await), expected, "{name}, whole");
        assert_eq!(summary(&byte_by_byte(&client, &input).await), expected, "{name}, byte by byte");
        count += 1;
    }
    assert!(count > 60, "{count} requests were found");
}

/// Writes each byte as a piece of its own.
async fn byte_by_byte(client: &Client, input: &[u8]) -> String {
    let (mut reading, mut writing) = tokio::io::split(client.connect());
    let input = input.to_vec();
    let writer = tokio::spawn(async move {
        for byte in input {
            if writing.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let _ = writing.shutdown().await;
        writing
    });
    let mut answer = Vec::new();
    reading.read_to_end(&mut answer).await.expect("an answer");
    drop(writer.await);
    String::from_utf8(answer).expect("text")
}

/// The lines of an `.expected` file.
fn summary(mut answers: &str) -> String {
    let mut lines = String::new();
    let mut is_closed = false;
    while !answers.is_empty() {
        assert!(!is_closed, "there is something after the last answer: {answers}");
        let (head, rest) = answers.split_once("\r\n\r\n").expect("a whole head");
        let status = head.split(' ').nth(1).expect("a status");
        let field = |name: &str| {
            let fields = head.lines().filter_map(|line| line.split_once(": "));
            fields.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        let length = field("content-length").expect("a length").parse().expect("a number");
        let (body, rest) = rest.split_at(length);
        let shown = if status == "200" { body } else { "" };
        lines += format!("{status} {shown}").trim_end();
        lines += "\n";
        is_closed = field("connection") == Some("close");
        answers = rest;
    }
    if is_closed { lines + "closed\n" } else { lines }
}
