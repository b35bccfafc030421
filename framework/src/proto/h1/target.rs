//! The target of a request in its four forms (RFC 9112, section 3.2), and the host it must agree with.

use ::http::Method;

use super::super::Refusal;
use super::authority::{is_authority, is_authority_with_port};
use crate::base::Span;
use crate::base::shown_bytes as shown;

/// The four forms of a request target (RFC 9112, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://host/path?query`
    Absolute,
    /// `host:port`, of CONNECT
    Authority,
    /// `*`, of OPTIONS
    Asterisk,
}

/// A target taken apart; the spans are of it.
pub(super) struct Target<'b> {
    pub(super) form: TargetForm,
    pub(super) path: Span,
    /// Nothing in the path is encoded and no segment is empty or begins with a dot: it is what it stands for.
    pub(super) path_is_plain: bool,
    pub(super) query: Span,
    /// Of the absolute and the authority form.
    pub(super) authority: Option<&'b [u8]>,
}

/// Takes a target apart, which must be UTF-8 without spaces and control characters.
///
/// # Errors
/// It is of none of the four forms, or of one that the method does not have.
// Into what serves either version: neither shall pay for a call.
#[inline(always)]
pub(super) fn parse_target<'b>(target: &'b [u8], method: &Method) -> Result<Target<'b>, Refusal> {
    if target.first() == Some(&b'/') && *method != Method::CONNECT {
        return split(target, 0, TargetForm::Origin, None);
    }
    parse_other_target(target, method)
}

/// The forms that do not begin with a slash.
fn parse_other_target<'b>(target: &'b [u8], method: &Method) -> Result<Target<'b>, Refusal> {
    let whole = Target {
        form: TargetForm::Authority,
        path: Span::default(),
        path_is_plain: false,
        query: Span::default(),
        authority: Some(target),
    };
    if *method == Method::CONNECT {
        if !is_authority_with_port(target) {
            let text = format!("CONNECT needs a target of the form `host:port`, not '{}'", shown(target));
            return Err(Refusal::bad_request(text));
        }
        return Ok(whole);
    }
    if target == b"*" {
        if *method != Method::OPTIONS {
            return Err(Refusal::bad_request("the target `*` is for OPTIONS only"));
        }
        return Ok(Target { form: TargetForm::Asterisk, path: Span::new(0, 1), authority: None, ..whole });
    }
    let Some(rest) = strip_scheme(target) else {
        let text = format!("the request target '{}' is neither a path nor an http URI", shown(target));
        return Err(Refusal::bad_request(text));
    };
    let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or(rest);
    check_host(Some(authority))?;
    split(target, target.len() - rest.len() + end, TargetForm::Absolute, Some(authority))
}

fn strip_scheme(target: &[u8]) -> Option<&[u8]> {
    [&b"http://"[..], b"https://"].into_iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

/// Parts path and query, which begin at `start`, in one pass: most targets are short, and are asked three questions at once.
#[inline(always)]
fn split<'b>(
    target: &'b [u8],
    start: usize,
    form: TargetForm,
    authority: Option<&'b [u8]>,
) -> Result<Target<'b>, Refusal> {
    let raw = target.get(start..).unwrap_or_default();
    let mut state = PLAIN;
    let length = raw.iter().position(|&byte| {
        state = NEXT[usize::from(state) & 3][usize::from(byte)];
        state & END != 0
    });
    let end = start + length.unwrap_or(raw.len());
    let path_is_plain = state & 3 != DOUBTFUL && raw.first() == Some(&b'/');
    let path = Span::new(start, end);
    let query = match target.get(end..) {
        None | Some([]) => Span::default(),
        Some([b'?', query @ ..]) if memchr::memchr(b'#', query).is_none() => Span::new(end + 1, target.len()),
        Some(_) => {
            let text = format!("the request target '{}' has a fragment", shown(target));
            return Err(Refusal::bad_request(text));
        }
    };
    Ok(Target { form, path, path_is_plain, query, authority })
}

/// What is known of a path so far: nothing speaks against it, its last byte is a slash, it is to be decoded.
const PLAIN: u8 = 0;
const SLASH: u8 = 1;
const DOUBTFUL: u8 = 2;
/// Added to the state when the path has ended.
const END: u8 = 4;

/// The state after each byte, by the state before it: one look a byte.
static NEXT: [[u8; 256]; 4] = {
    let mut next = [[PLAIN; 256], [PLAIN; 256], [DOUBTFUL; 256], [DOUBTFUL; 256]];
    let mut state = 0;
    while state < 4 {
        let known = if state < 2 { state as u8 } else { DOUBTFUL };
        next[state][b'?' as usize] = known | END;
        next[state][b'#' as usize] = known | END;
        if state < 2 {
            next[state][b'%' as usize] = DOUBTFUL;
            next[state][b'/' as usize] = SLASH;
        }
        state += 1;
    }
    // After a slash, a slash or a dot makes the path one to be normalised.
    next[SLASH as usize][b'/' as usize] = DOUBTFUL;
    next[SLASH as usize][b'.' as usize] = DOUBTFUL;
    next
};

/// # Errors
/// There is no authority, or it is malformed.
#[inline]
pub(super) fn check_host(host: Option<&[u8]>) -> Result<(), Refusal> {
    match host {
        Some(host) if is_authority(host) => Ok(()),
        host => Err(explain_host(host)),
    }
}

#[cold]
fn explain_host(host: Option<&[u8]>) -> Refusal {
    match host {
        None => Refusal::bad_request("an HTTP/1.1 request needs a Host field"),
        Some([]) => Refusal::bad_request("the Host field is empty"),
        Some(host) => {
            Refusal::bad_request(format!("the host '{}' is not of the form `host:port`", shown(host)))
        }
    }
}
