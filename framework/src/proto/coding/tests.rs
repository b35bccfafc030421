//! Codings both ways: whole and one byte at a time, cut off, corrupt, and larger than is allowed.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::proptest;

use super::{ContentCoding, Decoding, Encoder, Flush, Form, Pulled, decoder};
use crate::proto::accept_encoding::Coding;
use crate::proto::{Limits, Refusal, SizeBound};

/// What is encoded so, and by what it is decoded.
fn forms() -> Vec<(Form, ContentCoding)> {
    let forms = (0..=9).map(|level| (Form { coding: Coding::Gzip, level }, ContentCoding::Gzip));
    #[cfg(feature = "brotli")]
    let forms =
        forms.chain((0..=11).map(|level| (Form { coding: Coding::Brotli, level }, ContentCoding::Brotli)));
    #[cfg(feature = "zstd")]
    let forms =
        forms.chain([1, 3, 9, 19].map(|level| (Form { coding: Coding::Zstd, level }, ContentCoding::Zstd)));
    forms.collect()
}

fn bound(limit: u64) -> SizeBound {
    Limits::new().body_size(limit).body_bound()
}

fn text(size: usize) -> Vec<u8> {
    let words = ["the ", "quick ", "brown ", "fox ", "jumps\n", "over ", "lazy ", "dogs "];
    let mut seed = 7_u32;
    let mut text = Vec::new();
    while text.len() < size {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(words[(seed >> 24) as usize % words.len()].as_bytes());
    }
    text.truncate(size);
    text
}

fn encode<'p>(form: Form, pieces: impl IntoIterator<Item = &'p [u8]>, between: Flush) -> Vec<u8> {
    let mut encoder = Encoder::lend(form, None).expect("there is such a compressor");
    let mut out = Vec::new();
    for piece in pieces {
        encoder.encode(piece, between, &mut out).expect("it goes on");
    }
    encoder.encode(&[], Flush::End, &mut out).expect("it ends");
    encoder.give_back();
    out
}

fn decode(codings: &[ContentCoding], body: &[u8], limit: u64) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::new();
    Decoding::new(codings.iter().copied(), bound(limit), decoder)?.decode_whole(body, &mut out)?;
    Ok(out)
}

fn decode_bytewise(codings: &[ContentCoding], body: &[u8], limit: u64) -> Result<Vec<u8>, Refusal> {
    let mut decoding = Decoding::new(codings.iter().copied(), bound(limit), decoder)?;
    let mut out = Vec::new();
    for mut byte in body.chunks(1) {
        while decoding.pull(&mut byte, false, &mut out)? == Pulled::Piece {}
    }
    while decoding.pull(&mut &[][..], true, &mut out)? == Pulled::Piece {}
    Ok(out)
}

/// Decoded both ways, which must agree.
fn decoded(codings: &[ContentCoding], body: &[u8], limit: u64) -> Result<Vec<u8>, (u16, String)> {
    let ways = [decode(codings, body, limit), decode_bytewise(codings, body, limit)];
    let [whole, bytewise] =
        ways.map(|way| way.map_err(|refusal| (refusal.status.as_u16(), refusal.explain.into_owned())));
    assert_eq!(whole, bytewise);
    whole
}

#[test]
fn what_is_encoded_is_decoded_again() {
    for (form, coding) in forms() {
        for size in [0, 1, 1_000, 50_000] {
            let plain = text(size);
            let mut encoder = Encoder::lend(form, Some(size as u64)).expect("there is such a compressor");
            let mut encoded = Vec::new();
            encoder.encode(&plain, Flush::End, &mut encoded).expect("it ends");
            encoder.give_back();
            assert!(
                size < 1_000 || form.level == 0 || encoded.len() < size / 2,
                "{form:?}: {} of {size}",
                encoded.len()
            );
            assert_eq!(
                decode(&[coding], &encoded, u64::MAX).as_deref(),
                Ok(&plain[..]),
                "{form:?} of {size}"
            );
        }
        let plain = text(3_000);
        let encoded = encode(form, plain.chunks(1_000), Flush::Piece);
        assert_eq!(decoded(&[coding], &encoded, 3_000), Ok(plain), "{form:?}");
    }
}

#[test]
fn each_flushed_piece_can_be_decoded_at_once() {
    for (form, coding) in forms() {
        let mut encoder = Encoder::lend(form, None).expect("there is such a compressor");
        let mut decoding = Decoding::new([coding].into_iter(), bound(1 << 20), decoder).expect("a decoder");
        for piece in ["data: 1\n\n", "data: 2\n\n", "a", "data: 3\n\n"] {
            let (mut encoded, mut plain) = (Vec::new(), Vec::new());
            encoder.encode(piece.as_bytes(), Flush::Piece, &mut encoded).expect("it goes on");
            let mut source = &encoded[..];
            while decoding.pull(&mut source, false, &mut plain) == Ok(Pulled::Piece) {}
            assert_eq!(plain, piece.as_bytes(), "{form:?}");
        }
    }
}

#[test]
fn codings_lie_over_one_another() {
    let plain = text(5_000);
    let gzip = Form { coding: Coding::Gzip, level: 6 };
    let once = encode(gzip, [&plain[..]], Flush::Nothing);
    let twice = encode(gzip, [&once[..]], Flush::Nothing);
    assert_eq!(decoded(&[ContentCoding::Gzip, ContentCoding::Gzip], &twice, 5_000), Ok(plain.clone()));
    assert_eq!(decoded(&[ContentCoding::Gzip], &twice, 5_000), Ok(once));
    assert_eq!(decoded(&[], &plain, 5_000), Ok(plain.clone()));
}

#[test]
fn members_and_frames_follow_one_another() {
    for (form, coding) in forms().into_iter().filter(|(form, _)| form.coding != Coding::Brotli) {
        let two =
            [encode(form, [&b"Hello, "[..]], Flush::Nothing), encode(form, [&b"World!"[..]], Flush::Nothing)];
        assert_eq!(decoded(&[coding], &two.concat(), 13), Ok(b"Hello, World!".to_vec()), "{form:?}");
    }
    let member = encode(Form { coding: Coding::Gzip, level: 1 }, [], Flush::Nothing);
    assert_eq!(decoded(&[ContentCoding::Gzip], &member.repeat(1_024), 0), Ok(Vec::new()));
    assert_eq!(decoded(&[ContentCoding::Gzip], &member.repeat(1_025), 0).map_err(|it| it.0), Err(400));
}

#[test]
fn deflate_comes_with_its_header_or_without() {
    use std::io::Write;
    let plain = text(2_000);
    let mut with = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    with.write_all(&plain).expect("into memory");
    let mut without = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    without.write_all(&plain).expect("into memory");
    for encoded in [with.finish().expect("an end"), without.finish().expect("an end")] {
        assert_eq!(decoded(&[ContentCoding::Deflate], &encoded, 2_000), Ok(plain.clone()));
        let more = [&encoded[..], b"x"].concat();
        assert_eq!(decoded(&[ContentCoding::Deflate], &more, 2_000).map_err(|it| it.0), Err(400));
    }
}

#[test]
fn what_is_cut_off_or_corrupt_is_the_peers_mistake() {
    for (form, coding) in forms().into_iter().filter(|(form, _)| form.level == 3) {
        let encoded = encode(form, [&text(300)[..]], Flush::Piece);
        for end in 1..encoded.len() {
            let (status, why) = decoded(&[coding], &encoded[..end], 300).expect_err("it is cut off");
            assert!(status == 400 && why.contains("ends too early"), "{form:?} up to {end}: {why}");
        }
        assert_eq!(decoded(&[coding], &[], 700), Ok(Vec::new()), "{form:?}");
        let garbage = [b"\xff\xffgarbage", &encoded[..]].concat();
        let (status, why) = decoded(&[coding], &garbage, 700).expect_err("it is garbage");
        assert!(status == 400 && why.contains("is corrupt"), "{form:?}: {why}");
        let more = [&encoded[..], b"more"].concat();
        assert_eq!(decoded(&[coding], &more, 700).map_err(|it| it.0), Err(400), "{form:?}");
    }
    let mut checked = encode(Form { coding: Coding::Gzip, level: 6 }, [&text(700)[..]], Flush::Nothing);
    let sum = checked.len() - 8;
    checked[sum] ^= 1;
    assert_eq!(decoded(&[ContentCoding::Gzip], &checked, 700).map_err(|it| it.0), Err(400));
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    for (form, coding) in forms().into_iter().filter(|(form, _)| form.level == 3) {
        let bomb = encode(form, (0..64).map(|_| &[0_u8; 1 << 20][..]), Flush::Nothing);
        let mut out = Vec::new();
        let mut decoding = Decoding::new([coding].into_iter(), bound(100_000), decoder).expect("a decoder");
        let refusal = decoding.decode_whole(&bomb, &mut out).expect_err("it is too large");
        assert_eq!(refusal.status, 413, "{form:?}");
        assert!(
            refusal.explain.contains("100000 bytes (Limits::body_size) when decompressed"),
            "{}",
            refusal.explain
        );
        assert!(out.capacity() < 400_000, "{form:?}: {}", out.capacity());
        // Exactly the limit, and one more.
        let plain = text(5_000);
        let encoded = encode(form, [&plain[..]], Flush::Nothing);
        assert_eq!(decoded(&[coding], &encoded, 5_000), Ok(plain));
        assert_eq!(decoded(&[coding], &encoded, 4_999).map_err(|it| it.0), Err(413));
    }
}

#[test]
fn what_lies_between_two_codings_is_bounded_too() {
    let gzip = Form { coding: Coding::Gzip, level: 6 };
    let inner =
        [&b"\x1f\x8b\x08\x08\0\0\0\0\0\x03"[..], &[b'x'; 50_000], b"\0\x03\0\0\0\0\0\0\0\0\0"].concat();
    assert_eq!(decoded(&[ContentCoding::Gzip], &inner, 0), Ok(Vec::new()), "a long name of nothing");
    let bomb = encode(gzip, [&inner[..]], Flush::Nothing);
    assert_eq!(
        decoded(&[ContentCoding::Gzip, ContentCoding::Gzip], &bomb, 10_000).map_err(|it| it.0),
        Err(413)
    );
}

fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(proptest::prop_oneof![0_u8..4, any::<u8>()], 0..2_000), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_of_anything_survive((pieces, flushes) in (pieces(), any::<bool>())) {
        let plain = pieces.concat();
        let between = if flushes { Flush::Piece } else { Flush::Nothing };
        for (form, coding) in forms().into_iter().filter(|(form, _)| [1, 3, 6].contains(&form.level)) {
            let encoded = encode(form, pieces.iter().map(Vec::as_slice), between);
            assert_eq!(decode(&[coding], &encoded, plain.len() as u64).as_deref(), Ok(&plain[..]));
        }
    }

    #[test]
    fn what_is_broken_is_refused_or_harmless(size in 0..2_000_usize, place in any::<usize>(), byte in any::<u8>()) {
        for (form, coding) in forms().into_iter().filter(|(form, _)| form.level == 3) {
            let mut encoded = encode(form, text(size).chunks(300), Flush::Piece);
            let place = place % encoded.len();
            encoded[place] = byte;
            // What is wrong in several ways may be refused for another one when it comes in pieces.
            let ways = [decode(&[coding], &encoded, 2_000), decode_bytewise(&[coding], &encoded, 2_000)];
            let [whole, bytewise] = ways.map(Result::ok);
            assert_eq!(whole, bytewise, "{form:?}");
        }
    }

    #[test]
    fn nothing_that_a_peer_sends_panics(body in vec(any::<u8>(), 0..400)) {
        let codings = [ContentCoding::Gzip, ContentCoding::Deflate].into_iter();
        for coding in codings.chain(forms().into_iter().filter(|it| it.0.level == 3).map(|it| it.1)) {
            let ways = [decode(&[coding], &body, 1_000), decode_bytewise(&[coding], &body, 1_000)];
            let [whole, bytewise] = ways.map(Result::ok);
            assert_eq!(whole, bytewise);
        }
    }
}
