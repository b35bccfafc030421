//! `multipart/form-data` without I/O (RFC 7578, RFC 2046 section 5.1): bytes in, parts out.
//!
//! However the bytes are cut, the events are the same. Data is lent from where it lies; what is kept between two calls is the
//! head of one part and a number, so that memory is bounded whatever comes.
//!
//! A boundary counts at the very beginning of the body and after CRLF, and its own line ends in CRLF: whoever looked at the
//! form before us, by the letter of the RFC, has seen the same parts. Lines of heads may end in LF alone.

mod bounds;
pub(crate) mod charset;
#[cfg(any(test, fuzzing))]
pub(crate) mod exercise;
mod head;
mod parameters;
#[cfg(test)]
pub(crate) mod tests;

use ::http::StatusCode;
use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

pub(crate) use self::bounds::Bounds;
pub(crate) use self::head::{Boundary, PartHead};
use super::{Limit, Refusal};

/// See the head of this file.
pub(crate) struct MultipartDecoder {
    /// `\r\n--boundary`.
    delimiter: Box<[u8]>,
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

impl MultipartDecoder {
    pub(crate) fn new(boundary: &Boundary, bounds: Bounds) -> MultipartDecoder {
        let delimiter = [b"\r\n--", boundary.bytes()].concat().into_boxed_slice();
        MultipartDecoder {
            finder: Finder::new(&delimiter).into_owned(),
            delimiter,
            bounds,
            state: State::Preamble,
            // A form that begins with its boundary has no line end before it.
            matched: LINE_END,
            implied: LINE_END,
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
        let boundary = crate::base::shown_bytes(self.boundary());
        let explain = match self.state {
            State::Epilogue => return Ok(()),
            State::Preamble => format!(
                "the multipart body has no part: its boundary `{boundary}` never came, neither at its begin nor after CRLF"
            ),
            State::Line(_) if self.part_count == 0 => format!(
                "the multipart body is cut off in its first boundary: it has to end with `{boundary}--`"
            ),
            State::Line(_) => format!(
                "the multipart body is cut off in the boundary behind part {}: it has to end with `{boundary}--`",
                self.part_count
            ),
            State::Head if self.head_holds_boundary() => format!(
                "in the multipart body, the head of part {} has no end: an empty line has to come between it and the \
                 next `{boundary}`",
                self.part_count
            ),
            State::Head => format!(
                "the multipart body is cut off in part {}, in its head: it has to end with `{boundary}--`",
                self.part_count
            ),
            State::Data => format!(
                "the multipart body is cut off in part {}: it has to end with `{boundary}--` after CRLF",
                self.part_count
            ),
        };
        Err(Refusal::bad_request(explain))
    }

    /// `--boundary`.
    fn boundary(&self) -> &[u8] {
        self.delimiter.get(LINE_END..).unwrap_or_default()
    }

    /// Whether a line of the head at hand begins as a boundary does.
    fn head_holds_boundary(&self) -> bool {
        self.head.split(|&byte| byte == b'\n').any(|line| line.starts_with(self.boundary()))
    }

    /// Looks for the delimiter. Its first byte stands nowhere else in it, so one that turns out to be none cannot hide the
    /// begin of another.
    fn scan(&mut self, input: &[u8]) -> Scan {
        if self.matched > 0 {
            let wanted = self.delimiter.get(self.matched..).unwrap_or_default();
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
        let delimiter = &self.delimiter;
        if let Some(at) = self.finder.find(input) {
            return if at == 0 { Scan::Delimiter(delimiter.len()) } else { Scan::Other(at) };
        }
        let tail_start = input.len().saturating_sub(delimiter.len() - 1);
        let tail = input.get(tail_start..).unwrap_or_default();
        let begin = memrchr(b'\r', tail);
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
                (LineState::Return, b'\n') => {
                    self.begin_part()?;
                    return Ok((index + 1, None));
                }
                (LineState::Start | LineState::Padding, b'\n') => {
                    return Err(Refusal::bad_request(
                        "in the multipart body, the line of a boundary ends in LF alone: it has to end in CRLF",
                    ));
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

    fn begin_part(&mut self) -> Result<(), Refusal> {
        self.part_count += 1;
        if self.part_count > self.bounds.parts {
            let what = format_args!("the multipart body has more than {} parts", self.bounds.parts);
            return Err(Refusal::beyond(Limit::parts, StatusCode::BAD_REQUEST, what));
        }
        self.state = State::Head;
        Ok(())
    }

    fn decode_head(&mut self, input: &[u8]) -> Result<(usize, Option<Event<'static>>), Refusal> {
        if let Some(count) = self.ends_before_head(input) {
            self.state = State::Epilogue;
            self.head.clear();
            return Ok((count, Some(Event::End)));
        }
        let end = memchr(b'\n', input);
        let piece = end.and_then(|end| input.get(..=end)).unwrap_or(input);
        if self.head.len() + piece.len() > self.bounds.head_size {
            let what = format_args!(
                "the head of part {} of the multipart body is longer than {} bytes",
                self.part_count, self.bounds.head_size
            );
            return Err(Refusal::beyond(Limit::part_head_size, StatusCode::BAD_REQUEST, what));
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
        let ends_in_crlf = self.head.ends_with(b"\r\n");
        self.head.clear();
        self.line = 0;
        self.part_size = 0;
        self.state = State::Data;
        // The line end before the next boundary may be the one that ended the head.
        (self.matched, self.implied) = if ends_in_crlf { (LINE_END, LINE_END) } else { (0, 0) };
        Ok((piece.len(), Some(Event::Part(head))))
    }

    /// How much of the input ends the form where the head of a part would begin, with two hyphens behind a boundary. Forms
    /// without parts are written so.
    fn ends_before_head(&self, input: &[u8]) -> Option<usize> {
        let mut wanted = self.boundary().iter().chain(b"--");
        if !self.head.iter().all(|byte| wanted.next() == Some(byte)) {
            return None;
        }
        let mut count = 0;
        for byte in wanted {
            if input.get(count) != Some(byte) {
                return None;
            }
            count += 1;
        }
        (count > 0).then_some(count)
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
                let held = self.delimiter.get(held).unwrap_or_default();
                Ok((0, (!held.is_empty()).then_some(Event::Data(held))))
            }
        }
    }

    fn count_data(&mut self, count: usize) -> Result<(), Refusal> {
        self.part_size += count as u64;
        if self.part_size <= self.bounds.part_size {
            return Ok(());
        }
        let what = format_args!(
            "part {} of the multipart body is larger than {} bytes",
            self.part_count, self.bounds.part_size
        );
        Err(Refusal::beyond(Limit::part_size, StatusCode::PAYLOAD_TOO_LARGE, what))
    }
}

/// The length of the line end that a delimiter begins with.
const LINE_END: usize = 2;
