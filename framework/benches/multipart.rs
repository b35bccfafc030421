//! Forms in parts from bytes to parts, beside the crate `multer`.
//!
//! `cargo bench -p vernal --bench multipart`. The bytes come in pieces of 8 KiB, as the server reads them; nothing is done with
//! the data. `multer` gets its pieces as `Bytes` that share one allocation, so it copies them only where it has to.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use vernal::__bench::decode_form;

const PIECE: usize = 8 << 10;

fn main() {
    divan::main();
}

/// One file of 16 MiB: without line ends, with as many as a text has, of noise, and of nothing but line ends.
const KINDS: [&str; 4] = ["zeros", "text", "noise", "line_ends"];

#[divan::bench(args = KINDS)]
fn file(bencher: Bencher, kind: &str) {
    let body = form(1, &content(kind, 16 << 20));
    bencher.counter(BytesCount::new(body.len())).bench_local(|| ours(black_box(&body), 1));
}

#[divan::bench(args = KINDS)]
fn file_by_multer(bencher: Bencher, kind: &str) {
    let body = Bytes::from(form(1, &content(kind, 16 << 20)));
    bencher.counter(BytesCount::new(body.len())).bench_local(|| multer(black_box(&body), 1));
}

/// 1,000 fields of 20 bytes: heads count.
#[divan::bench]
fn fields(bencher: Bencher) {
    let body = form(1_000, b"a value of a field  ");
    bencher.counter(BytesCount::new(body.len())).bench_local(|| ours(black_box(&body), 1_000));
}

#[divan::bench]
fn fields_by_multer(bencher: Bencher) {
    let body = Bytes::from(form(1_000, b"a value of a field  "));
    bencher.counter(BytesCount::new(body.len())).bench_local(|| multer(black_box(&body), 1_000));
}

const BOUNDARY: &str = "----WebKitFormBoundaryABCDEFGHIJKLMNOP";

fn form(parts: usize, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in 0..parts {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"field{part}\"; filename=\"a.bin\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(&[head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn content(kind: &str, size: usize) -> Vec<u8> {
    match kind {
        "zeros" => vec![0; size],
        "line_ends" => b"\r\n".repeat(size / 2),
        "text" => b"All happy families are alike; each unhappy family is unhappy.\r\n".repeat(size / 64),
        _ => {
            let mut state = 1_u64;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state.to_le_bytes()[6]
            };
            (0..size).map(|_| next()).collect()
        }
    }
}

fn ours(body: &[u8], parts: usize) {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    let (count, size) = decode_form(&content_type, body, PIECE).expect("a good form");
    assert_eq!(count, parts);
    black_box(size);
}

struct Pieces(Bytes);

impl futures_core::Stream for Pieces {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let length = self.0.len().min(PIECE);
        Poll::Ready((length > 0).then(|| Ok(self.0.split_to(length))))
    }
}

fn multer(body: &Bytes, parts: usize) {
    let mut form = multer::Multipart::new(Pieces(body.clone()), BOUNDARY);
    let work = async {
        let mut count = 0;
        while let Some(mut field) = form.next_field().await.expect("a good form") {
            count += 1;
            while let Some(piece) = field.chunk().await.expect("a good form") {
                black_box(piece.len());
            }
        }
        assert_eq!(count, parts);
    };
    match Box::pin(work).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(()) => {}
        Poll::Pending => unreachable!("everything is there"),
    }
}
