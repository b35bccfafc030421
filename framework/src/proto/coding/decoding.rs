//! The body of a request on its way through the codings it came in, never more than a piece at a time.
//!
//! What comes out is bounded, and so is what lies between two codings: a body that inflates to nothing could keep us
//! busy else.

use ::http::StatusCode;

use super::decoder::{Decode, MakeDecoder};
use super::{ContentCoding, Failed, PIECE};
use crate::proto::{Refusal, SizeBound};

/// Undoes the codings of one body.
pub(crate) struct Decoding {
    /// That which was applied last comes first.
    layers: Vec<Layer>,
    /// How much may come out of each.
    bound: SizeBound,
}

struct Layer {
    coding: ContentCoding,
    decoder: Box<dyn Decode>,
    /// What it is fed with.
    input: Vec<u8>,
    /// How much of that has been decoded.
    consumed: usize,
    total: u64,
}

/// What [`Decoding::pull`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pulled {
    /// Something was appended.
    Piece,
    /// The source is empty, and was not said to be over.
    NeedsMore,
    /// There will be no more.
    End,
}

impl Decoding {
    /// For a body with these codings, in the order they were applied, that may be as large as the bound in the end.
    ///
    /// # Errors
    /// There is no memory for a decoder: 503.
    pub(crate) fn new(
        codings: impl DoubleEndedIterator<Item = ContentCoding>,
        bound: SizeBound,
        make: MakeDecoder,
    ) -> Result<Decoding, Refusal> {
        let layer = |coding| {
            let decoder = make(coding)?;
            Ok(Layer { coding, decoder, input: Vec::new(), consumed: 0, total: 0 })
        };
        let layers: Result<_, Failed> = codings.rev().map(layer).collect();
        match layers {
            Ok(layers) => Ok(Decoding { layers, bound }),
            Err(Failed) => Err(Refusal::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "there is no memory to decompress the body with",
            )),
        }
    }

    /// Bytes of memory that it may take, beside what goes in and comes out.
    pub(crate) fn memory(&self) -> usize {
        self.layers.iter().map(|layer| layer.coding.memory()).sum()
    }

    /// Appends the next piece to `out`, from what the source has. `is_over`: nothing will come after that.
    ///
    /// # Errors
    /// The body is not in its coding or ends too early (400), or is too large when decoded (413).
    pub(crate) fn pull(
        &mut self,
        source: &mut &[u8],
        is_over: bool,
        out: &mut Vec<u8>,
    ) -> Result<Pulled, Refusal> {
        pull(&mut self.layers, self.bound, (source, is_over), out)
    }

    /// All of a body that is there whole.
    ///
    /// # Errors
    /// As [`Decoding::pull`].
    pub(crate) fn decode_whole(&mut self, mut source: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        while self.pull(&mut source, true, out)? == Pulled::Piece {}
        Ok(())
    }
}

fn pull(
    layers: &mut [Layer],
    bound: SizeBound,
    (source, is_over): (&mut &[u8], bool),
    out: &mut Vec<u8>,
) -> Result<Pulled, Refusal> {
    let Some((layer, outer)) = layers.split_last_mut() else {
        if source.is_empty() {
            return Ok(if is_over { Pulled::End } else { Pulled::NeedsMore });
        }
        let (piece, rest) = source.split_at(source.len().min(PIECE));
        out.extend_from_slice(piece);
        *source = rest;
        return Ok(Pulled::Piece);
    };
    loop {
        if layer.decode(bound, out)? {
            return Ok(Pulled::Piece);
        }
        if layer.consumed < layer.input.len() {
            continue;
        }
        layer.input.clear();
        layer.consumed = 0;
        match pull(outer, bound, (&mut *source, is_over), &mut layer.input)? {
            Pulled::Piece => {}
            Pulled::NeedsMore => return Ok(Pulled::NeedsMore),
            Pulled::End if layer.decoder.is_complete() => return Ok(Pulled::End),
            Pulled::End => {
                let coding = layer.coding.token();
                return Err(Refusal::bad_request(format!(
                    "the body's {coding} data ends too early: it was cut off"
                )));
            }
        }
    }
}

impl Layer {
    /// Tells whether something came out.
    fn decode(&mut self, bound: SizeBound, out: &mut Vec<u8>) -> Result<bool, Refusal> {
        let start = out.len();
        let input = self.input.get(self.consumed..).unwrap_or_default();
        self.consumed += self.decoder.decode(input, out).map_err(|Failed| {
            Refusal::bad_request(format!(
                "the body is not what its Content-Encoding says: its {} data is corrupt",
                self.coding.token()
            ))
        })?;
        let came = out.len() - start;
        self.total += came as u64;
        bound.check(self.total).map_err(|refusal| Refusal {
            explain: format!("{} when decompressed", refusal.explain).into(),
            ..refusal
        })?;
        Ok(came > 0)
    }
}
