//! `multipart/form-data` without I/O (RFC 7578, RFC 2046 section 5.1): bytes in, parts out.
//!
//! However the bytes are cut, the events are the same. Data is lent from where it lies; what is kept between two calls is the
//! head of one part and a number, so that memory is bounded whatever comes.
//!
//! The first boundary says how the lines of a form end, in CRLF as they should or in LF alone. Before later
//! boundaries only that counts, so that nobody else can see a boundary where we see data. Lines of heads may end
//! either way.

#[cfg(any(test, fuzzing))]
pub(crate) mod exercise;
mod head;
mod parameters;
#[cfg(test)]
pub(crate) mod tests;

use ::http::StatusCode;
use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

pub(crate) use self::head::{Boundary, PartHead};
use super::{Limits, Refusal};

/// See the head of this file.
pub(crate) struct MultipartDecoder {
    /// `\r\n--boundary`. Without its first byte where lines end in LF alone.
    delimiter: Box<[u8]>,
    has_bare_lines: bool,
    finder: Finder<'static>,
    bounds: Bounds,
    state: State,
    /// How many bytes of the delimiter stood at the end of what has come.
    matched: usize,
    /// How many of these are no data even if it turns out to be no delimiter.
    implied: usize,
    /// The head of a part, as far as it has come.
    head: Vec<u8>,
    /// Where the last line of it begins.
    line: usize,
    part_count: usize,
    part_size: u64,
}

/// What parts may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) parts: usize,
    pub(crate) part_size: u64,
    pub(crate) head_size: usize,
    pub(crate) header_count: usize,
}

/// What a form is made of.
#[derive(Debug)]
pub(crate) enum Event<'d> {
    /// A part begins.
    Part(PartHead),
    /// Bytes of the part, never none. Those that lie in the input are all of it that was consumed; where nothing was, they
    /// had been held back from earlier input.
    Data(&'d [u8]),
    /// The part is whole.
    PartEnd,
    /// That was the last part; what may follow is passed over.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Preamble,
    /// Behind a boundary, on its line.
    Line(LineState),
    Head,
    Data,
    Epilogue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineState {
    Start,
    Dash,
    Padding,
    Return,
}

/// What the next bytes are.
enum Scan {
    /// So many are no delimiter.
    Other(usize),
    /// So many end a delimiter.
    Delimiter(usize),
    /// All may begin a delimiter.
    Maybe,
    /// Those held back are no delimiter.
    Released,
}

impl Bounds {
    pub(crate) const fn of(limits: &Limits) -> Bounds {
        Bounds {
            parts: limits.parts,
            part_size: limits.part_size,
            head_size: limits.part_head_size,
            header_count: limits.part_header_count,
        }
    }
}

impl MultipartDecoder {
    pub(crate) fn new(boundary: &Boundary, bounds: Bounds) -> MultipartDecoder {
        let delimiter = [b"\r\n--", boundary.bytes()].concat().into_boxed_slice();
        MultipartDecoder {
            // Until a boundary has come, nobody knows how lines end.
            finder: Finder::new(delimiter.get(1..).unwrap_or_default()).into_owned(),
            delimiter,
            has_bare_lines: true,
            bounds,
            state: State::Preamble,
            // A form that begins with its boundary has no line end before it.
            matched: 1,
            implied: 1,
            head: Vec::new(),
            line: 0,
            part_count: 0,
            part_size: 0,
        }
    }

    /// Decodes a piece of input: how much of it was consumed, and what it was if that is worth telling. Call it again with
    /// the rest as long as there is a rest.
    ///
    /// # Errors
    /// The form is malformed (400), or over a limit (400, 413).
    pub(crate) fn decode<'d>(&'d mut self, input: &'d [u8]) -> Result<(usize, Option<Event<'d>>), Refusal> {
        match self.state {
            _ if input.is_empty() => Ok((0, None)),
            State::Preamble => Ok((self.pass_preamble(input), None)),
            State::Line(line) => self.decode_line(line, input),
            State::Head => self.decode_head(input),
            State::Data => self.decode_data(input),
            State::Epilogue => Ok((input.len(), None)),
        }
    }

    /// Says that no more input will come.
    ///
    /// # Errors
    /// The last boundary has not come: 400.
    pub(crate) fn finish(&self) -> Result<(), Refusal> {
        let boundary = || crate::base::shown_bytes(self.delimiter.get(2..).unwrap_or_default());
        match self.state {
            State::Epilogue => Ok(()),
            State::Preamble => Err(Refusal::bad_request(format!(
                "the multipart body has no part: its boundary `{}` never came",
                boundary()
            ))),
            _ => Err(Refusal::bad_request(format!(
                "the multipart body is cut off in part {}: it has to end with `{}--`",
                self.part_count.max(1),
                boundary()
            ))),
        }
    }

    fn delimiter(&self) -> &[u8] {
        self.delimiter.get(usize::from(self.has_bare_lines)..).unwrap_or_default()
    }

    /// How long the line end is that a delimiter begins with.
    fn line_end(&self) -> usize {
        if self.has_bare_lines { 1 } else { 2 }
    }

    /// Looks for the delimiter. Its first byte stands nowhere else in it, so one that turns out to be none cannot hide the
    /// begin of another.
    fn scan(&mut self, input: &[u8]) -> Scan {
        if self.matched > 0 {
            let wanted = self.delimiter().get(self.matched..).unwrap_or_default();
            let common = wanted.iter().zip(input).take_while(|(wanted, byte)| wanted == byte).count();
            if common == wanted.len() {
                (self.matched, self.implied) = (0, 0);
                return Scan::Delimiter(common);
            }
            if common == input.len() {
                self.matched += common;
                return Scan::Maybe;
            }
            return Scan::Released;
        }
        let delimiter = self.delimiter();
        if let Some(at) = self.finder.find(input) {
            return if at == 0 { Scan::Delimiter(delimiter.len()) } else { Scan::Other(at) };
        }
        let tail_start = input.len().saturating_sub(delimiter.len() - 1);
        let tail = input.get(tail_start..).unwrap_or_default();
        let begin = delimiter.first().and_then(|first| memrchr(*first, tail));
        match begin.filter(|&at| delimiter.starts_with(tail.get(at..).unwrap_or_default())) {
            Some(at) if tail_start + at == 0 => {
                self.matched = input.len();
                Scan::Maybe
            }
            Some(at) => Scan::Other(tail_start + at),
            None => Scan::Other(input.len()),
        }
    }

    fn pass_preamble(&mut self, input: &[u8]) -> usize {
        match self.scan(input) {
            Scan::Other(count) => count,
            Scan::Maybe => input.len(),
            Scan::Released => {
                (self.matched, self.implied) = (0, 0);
                0
            }
            Scan::Delimiter(count) => {
                self.state = State::Line(LineState::Start);
                count
            }
        }
    }

    /// The rest of a boundary's line: two hyphens at the last one, else nothing but white space.
    fn decode_line(
        &mut self,
        mut line: LineState,
        input: &[u8],
    ) -> Result<(usize, Option<Event<'static>>), Refusal> {
        for (index, byte) in input.iter().enumerate() {
            line = match (line, byte) {
                (LineState::Start, b'-') => LineState::Dash,
                (LineState::Dash, b'-') => {
                    self.state = State::Epilogue;
                    return Ok((index + 1, Some(Event::End)));
                }
                (LineState::Start | LineState::Padding, b' ' | b'\t') => LineState::Padding,
                (LineState::Start | LineState::Padding, b'\r') => LineState::Return,
                (LineState::Start | LineState::Padding | LineState::Return, b'\n') => {
                    self.begin_part(line != LineState::Return)?;
                    return Ok((index + 1, None));
                }
                _ => {
                    return Err(Refusal::bad_request(
                        "in the multipart body, other text follows a boundary on its line",
                    ));
                }
            };
        }
        self.state = State::Line(line);
        Ok((input.len(), None))
    }

    fn begin_part(&mut self, is_bare: bool) -> Result<(), Refusal> {
        if self.part_count == 0 && !is_bare {
            self.has_bare_lines = false;
            self.finder = Finder::new(&self.delimiter).into_owned();
        }
        self.part_count += 1;
        if self.part_count > self.bounds.parts {
            return Err(Refusal::bad_request(format!(
                "the multipart body has more than {} parts (Limits::parts)",
                self.bounds.parts
            )));
        }
        self.state = State::Head;
        Ok(())
    }

    fn decode_head(&mut self, input: &[u8]) -> Result<(usize, Option<Event<'static>>), Refusal> {
        let end = memchr(b'\n', input);
        let piece = end.and_then(|end| input.get(..=end)).unwrap_or(input);
        if self.head.len() + piece.len() > self.bounds.head_size {
            return Err(Refusal::bad_request(format!(
                "the head of part {} of the multipart body is longer than {} bytes (Limits::part_head_size)",
                self.part_count, self.bounds.head_size
            )));
        }
        self.head.extend_from_slice(piece);
        if end.is_none() {
            return Ok((piece.len(), None));
        }
        if !matches!(self.head.get(self.line..), Some(b"\r\n" | b"\n")) {
            self.line = self.head.len();
            return Ok((piece.len(), None));
        }
        let lines = self.head.get(..self.line).unwrap_or_default();
        let head = PartHead::parse(lines, self.part_count, &self.bounds)?;
        self.head.clear();
        self.line = 0;
        self.part_size = 0;
        self.state = State::Data;
        // The line end before the next boundary may be the one that ended the head.
        self.matched = self.line_end();
        self.implied = self.matched;
        Ok((piece.len(), Some(Event::Part(head))))
    }

    fn decode_data<'d>(&'d mut self, input: &'d [u8]) -> Result<(usize, Option<Event<'d>>), Refusal> {
        match self.scan(input) {
            Scan::Other(count) => {
                self.count_data(count)?;
                Ok((count, input.get(..count).map(Event::Data)))
            }
            Scan::Maybe => Ok((input.len(), None)),
            Scan::Delimiter(count) => {
                self.state = State::Line(LineState::Start);
                Ok((count, Some(Event::PartEnd)))
            }
            Scan::Released => {
                let held = self.implied..self.matched;
                (self.matched, self.implied) = (0, 0);
                self.count_data(held.len())?;
                let held = self.delimiter().get(held).unwrap_or_default();
                Ok((0, (!held.is_empty()).then_some(Event::Data(held))))
            }
        }
    }

    fn count_data(&mut self, count: usize) -> Result<(), Refusal> {
        self.part_size += count as u64;
        if self.part_size <= self.bounds.part_size {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "part {} of the multipart body is larger than {} bytes (Limits::part_size)",
                self.part_count, self.bounds.part_size
            ),
        ))
    }
}
