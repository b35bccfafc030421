//! The target of a request in its four forms (RFC 9112, section 3.2), and the host it must agree with.

use ::http::Method;

use super::super::Refusal;
use super::authority::{is_authority, is_authority_with_port};
use super::malformed::shown;

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

/// A target taken apart.
pub(super) struct Target<'b> {
    pub(super) form: TargetForm,
    pub(super) path: &'b [u8],
    pub(super) query: &'b [u8],
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
        let (path, query) = split_query(target)?;
        return Ok(Target { form: TargetForm::Origin, path, query, authority: None });
    }
    parse_other_target(target, method)
}

/// The forms that do not begin with a slash.
fn parse_other_target<'b>(target: &'b [u8], method: &Method) -> Result<Target<'b>, Refusal> {
    let empty = target.get(..0).unwrap_or_default();
    if *method == Method::CONNECT {
        if !is_authority_with_port(target) {
            let text = format!("CONNECT needs a target of the form `host:port`, not '{}'", shown(target));
            return Err(Refusal::bad_request(text));
        }
        return Ok(Target {
            form: TargetForm::Authority,
            path: empty,
            query: empty,
            authority: Some(target),
        });
    }
    if target == b"*" {
        if *method != Method::OPTIONS {
            return Err(Refusal::bad_request("the target `*` is for OPTIONS only"));
        }
        return Ok(Target { form: TargetForm::Asterisk, path: target, query: empty, authority: None });
    }
    let Some(rest) = strip_scheme(target) else {
        let text = format!("the request target '{}' is neither a path nor an http URI", shown(target));
        return Err(Refusal::bad_request(text));
    };
    let end = rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    check_host(Some(authority))?;
    let (path, query) = split_query(rest)?;
    Ok(Target { form: TargetForm::Absolute, path, query, authority: Some(authority) })
}

fn strip_scheme(target: &[u8]) -> Option<&[u8]> {
    [&b"http://"[..], b"https://"].into_iter().find_map(|scheme| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

#[inline]
fn split_query(target: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    // Most targets are short: a plain search is over before memchr has begun.
    let end = match target.len() {
        ..32 => target.iter().position(|&byte| byte == b'?' || byte == b'#'),
        _ => memchr::memchr2(b'?', b'#', target),
    };
    let Some(end) = end else { return Ok((target, &[])) };
    let (path, rest) = target.split_at(end);
    match rest.strip_prefix(b"?") {
        Some(query) if memchr::memchr(b'#', query).is_none() => Ok((path, query)),
        _ => Err(Refusal::bad_request(format!("the request target '{}' has a fragment", shown(target)))),
    }
}

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
