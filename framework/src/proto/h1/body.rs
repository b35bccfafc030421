//! The body of a request as it comes: by length, or in chunks with extensions and trailers (RFC 9112, section 7.1).
//!
//! The decoder looks at each byte once and keeps none; extensions are checked and dropped, trailers are checked and handed on.
//! How much a body may hold is the caller's business.

use ::http::StatusCode;

use super::super::{Limit, Limits, Refusal};
use super::head::Framing;
use crate::base::shown_bytes;
use crate::proto::{too_many_trailers, trailers_too_long};

/// Where in a body we are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyDecoder {
    /// Bytes left of the body or the chunk; the size of the chunk while it is being read.
    remaining: u64,
    /// Bytes of this line of a chunk's size.
    line: u32,
    /// Bytes of all extensions.
    extensions: u32,
    /// Bytes of all trailers.
    trailers: u32,
    /// Trailer fields.
    fields: u32,
    place: Place,
}

/// What [`BodyDecoder::decode`] found. Drop `consumed` bytes from the inbox, then call it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress<'b> {
    /// All there was is consumed, and the body goes on.
    NeedMore { consumed: usize },
    /// A piece of the body; it is the end of what is consumed, and not empty.
    Data { consumed: usize, data: &'b [u8] },
    /// A piece of the lines of the trailers, as they came; the end of what is consumed, unless the CR of the last line is.
    Trailers { consumed: usize, lines: &'b [u8] },
    /// The body has ended.
    End { consumed: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a body of known length.
    Counted,
    SizeStart,
    Size,
    Extension(Extension),
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    Trailer,
    TrailerName,
    TrailerValue,
    TrailerLineFeed,
    LastLineFeed,
    Done,
}

/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`, RFC 9112, section 7.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extension {
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Value,
    Quoted,
    Escaped,
    AfterQuoted,
    AfterValue,
}

impl BodyDecoder {
    pub(crate) const fn new(framing: Framing) -> BodyDecoder {
        let (remaining, place) = match framing {
            Framing::None | Framing::Length(0) => (0, Place::Done),
            Framing::Length(length) => (length, Place::Counted),
            Framing::Chunked => (0, Place::SizeStart),
        };
        BodyDecoder { remaining, line: 0, extensions: 0, trailers: 0, fields: 0, place }
    }

    /// Whether the body has ended, its last line included.
    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.place == Place::Done
    }

    /// Bytes that are still to come, if that is known.
    pub(crate) fn remaining(&self) -> Option<u64> {
        match self.place {
            Place::Counted => Some(self.remaining),
            Place::Done => Some(0),
            _ => None,
        }
    }

    /// The next piece of the body at the beginning of `input`.
    ///
    /// # Errors
    /// The framing is malformed (400) or the trailers break a limit (431). The decoder must not be used again.
    pub(crate) fn decode<'b>(&mut self, input: &'b [u8], limits: &Limits) -> Result<Progress<'b>, Refusal> {
        let mut consumed = 0;
        loop {
            match self.place {
                Place::Done => return Ok(Progress::End { consumed }),
                Place::Counted | Place::Data => {
                    let rest = input.get(consumed..).unwrap_or_default();
                    if rest.is_empty() {
                        return Ok(Progress::NeedMore { consumed });
                    }
                    let data = self.take_data(rest);
                    return Ok(Progress::Data { consumed: consumed + data.len(), data });
                }
                Place::Trailer | Place::TrailerName | Place::TrailerValue | Place::TrailerLineFeed => {
                    let start = consumed;
                    while self.place != Place::LastLineFeed
                        && let Some(&byte) = input.get(consumed)
                    {
                        self.place = self.step_in_trailers(byte, limits)?;
                        consumed += 1;
                    }
                    let is_last = self.place == Place::LastLineFeed;
                    let lines = input.get(start..consumed - usize::from(is_last)).unwrap_or_default();
                    match lines.is_empty() {
                        false => return Ok(Progress::Trailers { consumed, lines }),
                        true if is_last => {}
                        true => return Ok(Progress::NeedMore { consumed }),
                    }
                }
                _ => {
                    let Some(&byte) = input.get(consumed) else { return Ok(Progress::NeedMore { consumed }) };
                    self.place = self.step(byte, limits)?;
                    consumed += 1;
                }
            }
        }
    }

    /// How many bytes come next that are nothing but data: what is left of a body of known length, or of a chunk.
    pub(crate) fn data_ahead(&self) -> u64 {
        if matches!(self.place, Place::Counted | Place::Data) { self.remaining } else { 0 }
    }

    /// So many bytes of the [data ahead](BodyDecoder::data_ahead) have been received without being shown here.
    pub(crate) fn pass_data(&mut self, count: u64) {
        self.remaining = self.remaining.saturating_sub(count);
        if self.remaining == 0 {
            self.place = if self.place == Place::Counted { Place::Done } else { Place::DataReturn };
        }
    }

    fn take_data<'b>(&mut self, rest: &'b [u8]) -> &'b [u8] {
        let length = usize::try_from(self.remaining).unwrap_or(usize::MAX).min(rest.len());
        self.pass_data(length as u64);
        rest.get(..length).unwrap_or_default()
    }

    /// One byte outside the data.
    fn step(&mut self, byte: u8, limits: &Limits) -> Result<Place, Refusal> {
        match self.place {
            Place::SizeStart | Place::Size | Place::Extension(_) | Place::SizeLineFeed => {
                self.step_in_size(byte, limits)
            }
            Place::Data | Place::DataReturn | Place::DataLineFeed => self.step_after_data(byte),
            _ => self.step_in_trailers(byte, limits),
        }
    }

    fn step_in_size(&mut self, byte: u8, limits: &Limits) -> Result<Place, Refusal> {
        self.line += 1;
        if self.line as usize > SIZE_LINE + "\r\n".len() {
            return Err(Refusal::bad_request(format!(
                "the line of a chunk's size is longer than {SIZE_LINE} bytes"
            )));
        }
        match (self.place, byte) {
            (Place::Size, b'\r') => Ok(Place::SizeLineFeed),
            (Place::Size, b';') => Ok(Place::Extension(Extension::BeforeName)),
            (Place::SizeStart | Place::Size, byte) => {
                let digit = (byte as char).to_digit(16).ok_or_else(|| bad_size(byte))?;
                if self.remaining >> 60 != 0 {
                    return Err(Refusal::bad_request("Invalid chunk size: it does not fit 64 bits"));
                }
                self.remaining = self.remaining << 4 | u64::from(digit);
                Ok(Place::Size)
            }
            (Place::SizeLineFeed, b'\n') => {
                self.line = 0;
                Ok(if self.remaining == 0 { Place::Trailer } else { Place::Data })
            }
            (Place::Extension(at), byte) => {
                self.extensions += 1;
                if self.extensions as usize > limits.head_size {
                    let what =
                        format_args!("the chunk extensions are longer than {} bytes", limits.head_size);
                    return Err(Refusal::beyond(Limit::head_size, StatusCode::BAD_REQUEST, what));
                }
                at.step(byte)
            }
            _ => Err(bad_size(byte)),
        }
    }

    fn step_after_data(&self, byte: u8) -> Result<Place, Refusal> {
        match (self.place, byte) {
            (Place::DataReturn, b'\r') => Ok(Place::DataLineFeed),
            (Place::DataLineFeed, b'\n') => Ok(Place::SizeStart),
            _ => Err(Refusal::bad_request(format!(
                "Invalid chunk end: '{}' where CR LF belongs",
                shown_bytes(&[byte])
            ))),
        }
    }

    fn step_in_trailers(&mut self, byte: u8, limits: &Limits) -> Result<Place, Refusal> {
        self.trailers = self.trailers.saturating_add(1);
        if self.trailers as usize > limits.head_size {
            return Err(trailers_too_long(limits.head_size));
        }
        match (self.place, byte) {
            (Place::Trailer, b'\r') => Ok(Place::LastLineFeed),
            (Place::Trailer, byte) if is_token_byte(byte) => {
                self.fields += 1;
                if self.fields as usize > limits.header_count {
                    return Err(too_many_trailers(limits.header_count));
                }
                Ok(Place::TrailerName)
            }
            (Place::TrailerName, b':') => Ok(Place::TrailerValue),
            (Place::TrailerName, byte) if is_token_byte(byte) => Ok(Place::TrailerName),
            (Place::TrailerValue, b'\r') => Ok(Place::TrailerLineFeed),
            (Place::TrailerValue, byte) if is_text_byte(byte) => Ok(Place::TrailerValue),
            (Place::TrailerLineFeed, b'\n') => Ok(Place::Trailer),
            (Place::LastLineFeed, b'\n') => Ok(Place::Done),
            _ => Err(Refusal::bad_request(format!(
                "the trailers are malformed: unexpected '{}'",
                shown_bytes(&[byte])
            ))),
        }
    }
}

impl Extension {
    fn step(self, byte: u8) -> Result<Place, Refusal> {
        use Extension::*;
        let next = match (self, byte) {
            (Name | Value | AfterQuoted, b'\r') => return Ok(Place::SizeLineFeed),
            (Name | AfterName | Value | AfterQuoted | AfterValue, b';') => BeforeName,
            (Name | AfterName, b'=') => BeforeValue,
            (BeforeName | BeforeValue, b' ' | b'\t') => self,
            (Name | AfterName, b' ' | b'\t') => AfterName,
            (Value | AfterQuoted | AfterValue, b' ' | b'\t') => AfterValue,
            (BeforeName | Name, byte) if is_token_byte(byte) => Name,
            (BeforeValue | Value, byte) if is_token_byte(byte) => Value,
            (BeforeValue, b'"') => Quoted,
            (Quoted, b'"') => AfterQuoted,
            (Quoted, b'\\') => Escaped,
            (Quoted | Escaped, byte) if is_text_byte(byte) => Quoted,
            _ => {
                return Err(Refusal::bad_request(format!(
                    "Invalid chunk extension: unexpected '{}'",
                    shown_bytes(&[byte])
                )));
            }
        };
        Ok(Place::Extension(next))
    }
}

#[cold]
fn bad_size(byte: u8) -> Refusal {
    Refusal::bad_request(format!("Invalid chunk size: unexpected '{}'", shown_bytes(&[byte])))
}

fn is_token_byte(byte: u8) -> bool {
    crate::base::is_token(&[byte])
}

fn is_text_byte(byte: u8) -> bool {
    byte == b'\t' || !byte.is_ascii_control()
}

/// Bytes of a chunk's size with its extensions: nobody needs more, and the rest would be free of charge.
const SIZE_LINE: usize = 256;
