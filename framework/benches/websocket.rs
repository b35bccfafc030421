//! Masking and UTF-8 at memory speed, beside what they could be made of; and a frame in and out without a socket.
//!
//! `cargo bench -p vernal --bench websocket`. Every round sees the same bytes, in a buffer that has its size already: this
//! is the best case, as for the other benchmarks.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use vernal::__bench::{Frames, apply_mask, is_utf8};

const SIZES: [usize; 3] = [125, 4 << 10, 64 << 10];
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// Of one, two, three and four bytes.
const MIXED: &str = "Grüße aus Köln, привет из Москвы, 東京からこんにちは, plain words between, and 🦀🦀. ";

fn main() {
    divan::Divan::default().sample_size(200).config_with_args().main();
}

#[divan::bench(args = SIZES)]
fn mask(bencher: Bencher, size: usize) {
    let mut payload = vec![b'a'; size];
    bencher
        .counter(BytesCount::new(size))
        .bench_local(|| apply_mask(black_box(&mut payload), black_box(KEY)));
}

/// What it is beside: one byte after the other, without help for the compiler.
#[divan::bench(args = SIZES)]
fn mask_by_bytes(bencher: Bencher, size: usize) {
    let mut payload = vec![b'a'; size];
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let key = black_box(KEY);
        for (index, byte) in black_box(&mut payload).iter_mut().enumerate() {
            *byte ^= key[index % 4];
        }
    });
}

#[divan::bench(args = SIZES)]
fn ascii_whole(bencher: Bencher, size: usize) {
    judge(bencher, &ascii(size), |text| is_utf8(text, text.len()));
}

/// As it is read from a socket: in pieces of 16 KiB.
#[divan::bench(args = SIZES)]
fn ascii_in_pieces(bencher: Bencher, size: usize) {
    judge(bencher, &ascii(size), |text| is_utf8(text, 16 << 10));
}

#[divan::bench(args = SIZES)]
fn ascii_by_simdutf8(bencher: Bencher, size: usize) {
    judge(bencher, &ascii(size), |text| simdutf8::basic::from_utf8(text).is_ok());
}

#[divan::bench(args = SIZES)]
fn ascii_by_std(bencher: Bencher, size: usize) {
    judge(bencher, &ascii(size), |text| std::str::from_utf8(text).is_ok());
}

#[divan::bench(args = SIZES)]
fn mixed_whole(bencher: Bencher, size: usize) {
    judge(bencher, &mixed(size), |text| is_utf8(text, text.len()));
}

/// Pieces end inside of characters.
#[divan::bench(args = SIZES)]
fn mixed_in_pieces(bencher: Bencher, size: usize) {
    judge(bencher, &mixed(size), |text| is_utf8(text, 16 << 10));
}

#[divan::bench(args = SIZES)]
fn mixed_by_simdutf8(bencher: Bencher, size: usize) {
    judge(bencher, &mixed(size), |text| simdutf8::basic::from_utf8(text).is_ok());
}

#[divan::bench(args = SIZES)]
fn mixed_by_std(bencher: Bencher, size: usize) {
    judge(bencher, &mixed(size), |text| std::str::from_utf8(text).is_ok());
}

/// From the bytes of a read to the message: copied into the inbox, unmasked, judged, split off.
#[divan::bench(args = SIZES)]
fn receive(bencher: Bencher, size: usize) {
    let (text, mut frame) = (ascii(size), Vec::new());
    Frames::write(&mut frame, &text, Some(KEY));
    let mut frames = Frames::default();
    assert_eq!(frames.receive(&frame).as_deref(), Some(&text[..]));
    bencher.counter(BytesCount::new(size)).bench_local(|| frames.receive(black_box(&frame)));
}

/// As a server writes it, into a buffer that has room.
#[divan::bench(args = SIZES)]
fn write(bencher: Bencher, size: usize) {
    let (text, mut out) = (ascii(size), Vec::new());
    Frames::write(&mut out, &text, None);
    assert!(out.ends_with(&text));
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        out.clear();
        Frames::write(black_box(&mut out), black_box(&text), None);
    });
}

fn judge(bencher: Bencher, text: &[u8], is_good: impl Fn(&[u8]) -> bool) {
    assert!(is_good(text));
    bencher.counter(BytesCount::of_slice(text)).bench_local(|| is_good(black_box(text)));
}

fn ascii(size: usize) -> Vec<u8> {
    b"The quick brown fox jumps over the lazy dog. ".iter().copied().cycle().take(size).collect()
}

/// As much of it as there is room for; what would be half a character is blank.
fn mixed(size: usize) -> Vec<u8> {
    let mut text = MIXED.repeat(size / MIXED.len() + 1);
    text.truncate(text.floor_char_boundary(size));
    text += &" ".repeat(size - text.len());
    text.into()
}
