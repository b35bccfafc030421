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
#[inline]
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
#[inline]
fn split<'b>(
    target: &'b [u8],
    start: usize,
    form: TargetForm,
    authority: Option<&'b [u8]>,
) -> Result<Target<'b>, Refusal> {
    let raw = target.get(start..).unwrap_or_default();
    let (mut seen, mut before) = (0, 0);
    let length = raw.iter().position(|&byte| {
        let kind = KINDS[usize::from(byte)];
        // After a slash, a slash or a dot makes the path one to be normalised.
        seen |= kind | before & kind << 1;
        before = (kind & SLASH) << 2;
        kind & END != 0
    });
    let end = start + length.unwrap_or(raw.len());
    let path_is_plain = seen & (ENCODED | AFTER_SLASH) == 0 && raw.first() == Some(&b'/');
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

const SLASH: u8 = 1;
const SLASH_OR_DOT: u8 = 2;
const AFTER_SLASH: u8 = 4;
const ENCODED: u8 = 8;
const END: u8 = 16;

/// What a byte means to a path.
static KINDS: [u8; 256] = {
    let mut table = [0; 256];
    table[b'/' as usize] = SLASH | SLASH_OR_DOT;
    table[b'.' as usize] = SLASH_OR_DOT;
    table[b'%' as usize] = ENCODED;
    table[b'?' as usize] = END;
    table[b'#' as usize] = END;
    table
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
