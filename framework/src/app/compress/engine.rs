//! What compresses bodies. Only the settings lead to it, so that a program that compresses nothing has no compressors.

use std::cell::RefCell;

use super::stream::{Compressing, Pieces, Source, compressed, nothing};
use crate::base::trim;
use crate::http::{Body, BodyKind, Response};
use crate::proto::coding::{Encoder, Failed, Flush, Form};

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Engine {
    /// Puts the compressed body in place of the plain one, of so many bytes if that is known; of an answer to HEAD, one that is not sent.
    pub(super) compress: fn(Form, bool, Option<u64>, &mut Response) -> Result<(), Failed>,
    /// What the pieces of a body go through; `None`: there is no memory for it.
    pub(super) begin: fn(Form) -> Option<Box<dyn Pieces>>,
}

/// The only one there is.
pub(super) static ENGINE: Engine = Engine { compress, begin };

fn begin(form: Form) -> Option<Box<dyn Pieces>> {
    Some(Box::new(Compressing::new(form, None).ok()?))
}

fn compress(form: Form, is_head: bool, size: Option<u64>, response: &mut Response) -> Result<(), Failed> {
    if is_head {
        // Only compressing would tell the length, and nobody will see the body.
        response.body = nothing();
        return Ok(());
    }
    let is_small = size.is_some_and(|size| size <= AT_ONCE);
    match (&response.body.0, is_small) {
        (BodyKind::Buffer, true) => SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            whole(form, &response.buffer, scratch)?;
            std::mem::swap(scratch, &mut response.buffer);
            trim(scratch, KEPT);
            Ok(())
        }),
        (BodyKind::Bytes(bytes), true) => {
            response.buffer.clear();
            whole(form, bytes, &mut response.buffer)?;
            response.body = Body(BodyKind::Buffer);
            Ok(())
        }
        _ => {
            let compressing = Compressing::new(form, size)?;
            let source = match response.take_content() {
                Body(BodyKind::Bytes(bytes)) => Source::Memory(bytes),
                body @ Body(BodyKind::Stream(_) | BodyKind::Sized(..)) => Source::Stream(body),
                body => Source::Stored(body),
            };
            response.body = compressed(source, compressing);
            Ok(())
        }
    }
}

/// Compresses what is small enough to be done at once.
fn whole(form: Form, body: &[u8], out: &mut Vec<u8>) -> Result<(), Failed> {
    let mut encoder = Encoder::lend(form, Some(body.len() as u64))?;
    encoder.encode(body, Flush::End, out)?;
    encoder.give_back();
    Ok(())
}

/// Bodies up to this size are compressed before their head is sent, which tells their length; larger ones piece by
/// piece, so that a thread is not kept from its other connections.
const AT_ONCE: u64 = 256 << 10;

thread_local! {
    /// Changes places with the answer's own buffer.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How much of that stays allocated.
const KEPT: usize = 64 << 10;
