//! What the content codings of request bodies promise.

use crate::proto::coding::{ContentCoding, Decoding, Pulled, decoder};
use crate::proto::{Limits, Refusal};

const LIMIT: u64 = 1 << 10;

/// A body decodes to the same however it comes, and never to more than its limit. The first byte says what its codings are.
pub fn coding(input: &[u8]) {
    let Some((kind, body)) = input.split_first() else { return };
    let codings = match kind & 3 {
        0 => vec![ContentCoding::Gzip],
        1 => vec![ContentCoding::Deflate],
        2 => vec![ContentCoding::Gzip; 2],
        _ => vec![ContentCoding::Deflate, ContentCoding::Gzip],
    };
    let whole = decode(&codings, body, body.len());
    // What is wrong in several ways may be refused for another one.
    assert_eq!(decode(&codings, body, 1).ok(), whole.as_ref().ok().cloned());
    assert!(whole.is_ok() || whole.is_err_and(|refusal| [400, 413].contains(&refusal.status.as_u16())));
}

fn decode(codings: &[ContentCoding], body: &[u8], length: usize) -> Result<Vec<u8>, Refusal> {
    let mut decoding =
        Decoding::new(codings.iter().copied(), Limits::new().body_size(LIMIT).body_bound(), decoder)?;
    let mut out = Vec::new();
    for mut piece in body.chunks(length.max(1)) {
        while decoding.pull(&mut piece, false, &mut out)? == Pulled::Piece {}
    }
    while decoding.pull(&mut &[][..], true, &mut out)? == Pulled::Piece {}
    assert!(out.len() as u64 <= LIMIT);
    Ok(out)
}
