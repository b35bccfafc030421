//! How far an incomplete head has been looked at, so that a head that dribbles in is not read again and again.

use super::super::{Limits, Refusal};
use super::malformed;

/// Positions in the inbox; all zero for a fresh head.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadScan {
    /// Bytes looked at.
    scanned: u32,
    /// Where the line begins that has not ended yet.
    line: u32,
    /// Where the target of an unfinished request line begins; 0 while unknown.
    target: u32,
    has_request_line: bool,
}

impl HeadScan {
    pub(super) const fn new() -> HeadScan {
        HeadScan { scanned: 0, line: 0, target: 0, has_request_line: false }
    }

    /// Whether nothing of this head has been looked at.
    #[inline]
    pub(super) fn is_fresh(self) -> bool {
        self.scanned == 0
    }

    /// Looks at the bytes that are new. `true`: parsing is worth it, since the request line or the head has ended,
    /// or because there is no room for more.
    ///
    /// # Errors
    /// A line ends in LF alone (400), or the request target is too long (414).
    pub(super) fn advance(&mut self, inbox: &[u8], limits: &Limits) -> Result<bool, Refusal> {
        let window = inbox.get(..limits.head_size).unwrap_or(inbox);
        let scanned = self.scanned as usize;
        let mut is_due = window.len() == limits.head_size;
        for at in memchr::memchr_iter(b'\n', window.get(scanned..).unwrap_or_default()) {
            let end = scanned + at;
            let line = window.get(self.line as usize..end).unwrap_or_default();
            let Some(line) = line.strip_suffix(b"\r") else { return Err(malformed::bare_line_feed()) };
            self.line = position(end + 1);
            if line.is_empty() {
                if self.has_request_line {
                    self.scanned = self.line;
                    return Ok(true);
                }
                continue;
            }
            if !self.has_request_line {
                self.has_request_line = true;
                is_due = true;
                if let Some(refusal) = malformed::target_too_long(line, limits) {
                    return Err(refusal);
                }
            }
        }
        if !self.has_request_line {
            self.measure_target(window, limits)?;
        }
        self.scanned = position(window.len());
        Ok(is_due)
    }

    /// Refuses a request line without end as soon as it cannot become a good one.
    fn measure_target(&mut self, window: &[u8], limits: &Limits) -> Result<(), Refusal> {
        if self.target == 0 {
            let from = self.scanned.max(self.line) as usize;
            let space = memchr::memchr(b' ', window.get(from..).unwrap_or_default());
            self.target = space.map_or(0, |space| position(from + space + 1));
        }
        let longest = limits.uri_length + " HTTP/1.1\r".len();
        if self.target == 0 || window.len() - self.target as usize <= longest {
            return Ok(());
        }
        Err(malformed::explain_request_line(window, limits))
    }
}

/// Heads are bounded far below 4 GiB by [`Limits::head_size`].
fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
