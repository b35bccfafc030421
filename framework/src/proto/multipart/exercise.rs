//! A form taken apart in pieces of any length, as a value to compare. For tests and fuzzing.

use super::{Boundary, Bounds, Event, MultipartDecoder};
use crate::proto::Refusal;

/// A form as far as it was decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) parts: Vec<Part>,
    pub(crate) has_ended: bool,
    /// Why decoding stopped, or what was missing at the end.
    pub(crate) refusal: Option<Refusal>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) filename: Option<String>,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    pub(crate) data: Vec<u8>,
    pub(crate) is_whole: bool,
}

/// Decodes a form in pieces of these lengths, in turn and again.
pub(crate) fn decode(boundary: &str, body: &[u8], lengths: &[usize], bounds: Bounds) -> Form {
    let content_type = format!("multipart/form-data; boundary=\"{boundary}\"");
    let boundary = Boundary::of(content_type.as_bytes()).expect("a good boundary");
    let mut decoder = MultipartDecoder::new(&boundary, bounds);
    let mut form = Form::default();
    let mut rest = body;
    for length in lengths.iter().cycle() {
        let Some((mut piece, after)) = rest.split_at_checked((*length).max(1)).or(Some((rest, &[]))) else {
            break;
        };
        if piece.is_empty() {
            break;
        }
        rest = after;
        while !piece.is_empty() {
            match decoder.decode(piece) {
                Ok((consumed, event)) => {
                    form.take(event, piece, consumed);
                    piece = piece.split_at(consumed).1;
                }
                Err(refusal) => {
                    form.refusal = Some(refusal);
                    return form;
                }
            }
        }
    }
    form.refusal = decoder.finish().err();
    form
}

impl Form {
    fn take(&mut self, event: Option<Event<'_>>, piece: &[u8], consumed: usize) {
        assert!(!self.has_ended || event.is_none(), "nothing is told after the end");
        match event {
            None => {}
            Some(Event::End) => self.has_ended = true,
            Some(Event::Part(head)) => {
                assert!(self.parts.last().is_none_or(|part| part.is_whole));
                let fields = head.headers.iter().map(|(name, value)| (name.to_owned(), value.to_vec()));
                self.parts.push(Part {
                    name: head.name,
                    filename: head.filename,
                    fields: fields.collect(),
                    data: Vec::new(),
                    is_whole: false,
                });
            }
            Some(Event::Data(data)) => {
                assert!(!data.is_empty());
                assert!(
                    consumed == 0 || data == piece.split_at(consumed).0,
                    "what is lent is what is consumed"
                );
                let part = self.parts.last_mut().expect("data is in a part");
                assert!(!part.is_whole);
                part.data.extend_from_slice(data);
            }
            Some(Event::PartEnd) => {
                self.parts.last_mut().expect("an end has a begin").is_whole = true;
            }
        }
    }
}
