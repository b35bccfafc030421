//! The law of the opening handshake (RFC 6455, section 4) over header fields.

use ::http::{StatusCode, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

use super::extension::ExtensionOffer;
use crate::base::{Headers, is_token, shown_bytes};
use crate::proto::Refusal;

/// Whether a request asks for WebSocket: an Upgrade field with the token `websocket`, in any case.
pub(crate) fn is_wanted(headers: &Headers) -> bool {
    headers.elements("upgrade").any(|token| token.eq_ignore_ascii_case("websocket"))
}

/// Judges the fields of a request that asks for WebSocket, and gives its key (section 4.2.1).
///
/// # Errors
/// 426 for another version than 13, 400 for a key that is missing, double or no 16 bytes.
pub(crate) fn key(headers: &Headers) -> Result<&str, Refusal> {
    check_version(headers)?;
    let mut keys = headers.get_all_bytes("sec-websocket-key");
    let is_key = |key: &str| STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 16);
    match (keys.next(), keys.next()) {
        (Some(key), None) if let Some(key) = std::str::from_utf8(key).ok().filter(|key| is_key(key)) => {
            Ok(key)
        }
        (None, _) => Err(Refusal::bad_request("the field Sec-WebSocket-Key is missing")),
        (Some(_), None) => Err(Refusal::bad_request("the field Sec-WebSocket-Key is not 16 bytes in base64")),
        (Some(_), Some(_)) => Err(Refusal::bad_request("the field Sec-WebSocket-Key stands twice")),
    }
}

/// Whether a request must have a key: over HTTP/2 its stream is proof enough that nobody else answers (RFC 8441, section 5), but one that is
/// sent is answered, since there are peers which want that.
pub(crate) fn needs_key(version: Version, headers: &Headers) -> bool {
    version < Version::HTTP_2 || headers.contains("sec-websocket-key")
}

/// Judges the version of the protocol alone.
///
/// # Errors
/// It is another than 13: 426.
pub(crate) fn check_version(headers: &Headers) -> Result<(), Refusal> {
    if headers.only("sec-websocket-version") != Some("13") {
        return Err(Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "this server speaks version 13 of the WebSocket protocol (Sec-WebSocket-Version: 13)",
        ));
    }
    Ok(())
}

/// Judges the subprotocols that a peer offers (section 4.2.1). An empty field offers none.
///
/// # Errors
/// One of them is no token: 400.
pub(crate) fn check_subprotocols(headers: &Headers) -> Result<(), Refusal> {
    match headers.element_bytes("sec-websocket-protocol").find(|name| !is_token(name)) {
        None => Ok(()),
        Some(other) => Err(Refusal::bad_request(format!(
            "the field Sec-WebSocket-Protocol is malformed: `{}` is no token; names of subprotocols are parted by commas",
            shown_bytes(other)
        ))),
    }
}

/// The value of Sec-WebSocket-Accept for a key (section 4.2.2).
pub(crate) fn accept_of(key: &str) -> String {
    let digest =
        Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    STANDARD.encode(digest)
}

/// A key for a request of our own.
pub(crate) fn key_of(random: [u8; 16]) -> String {
    STANDARD.encode(random)
}

/// The extensions that a peer names in Sec-WebSocket-Extensions (section 9.1), in order.
///
/// # Errors
/// A field is malformed: 400.
pub(crate) fn extensions(headers: &Headers) -> Result<Vec<ExtensionOffer<'_>>, Refusal> {
    let mut offers = Vec::new();
    let malformed = || Refusal::bad_request("the field Sec-WebSocket-Extensions is malformed");
    for line in headers.get_all_bytes("sec-websocket-extensions") {
        let mut rest = std::str::from_utf8(line).map_err(|_| malformed())?.trim_start();
        while !rest.is_empty() {
            let (offer, after) = extension(rest).ok_or_else(malformed)?;
            offers.extend(offer);
            if offers.len() > MAX_OFFERS {
                return Err(Refusal::bad_request(format!("more than {MAX_OFFERS} extensions are offered")));
            }
            rest = after;
        }
    }
    Ok(offers)
}

/// One element up to its comma; `None` inside for an empty one.
fn extension(text: &str) -> Option<(Option<ExtensionOffer<'_>>, &str)> {
    let (name, mut rest) = token(text);
    if name.is_empty() {
        return rest.strip_prefix(',').map(|rest| (None, rest.trim_start()));
    }
    let mut offer = ExtensionOffer { name, parameters: Vec::new() };
    loop {
        rest = match rest.as_bytes().first() {
            None => return Some((Some(offer), "")),
            Some(b',') => return Some((Some(offer), rest[1..].trim_start())),
            Some(b';') => rest[1..].trim_start(),
            Some(_) => return None,
        };
        let (name, after) = token(rest);
        if name.is_empty() || offer.parameters.len() == MAX_OFFERS {
            return None;
        }
        rest = after;
        let mut value = None;
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let (text, after) = match after.strip_prefix('"') {
                // What is in quotes must be a token as well (section 9.1), so there is nothing to unescape.
                Some(quoted) => {
                    let (text, after) = quoted.split_once('"')?;
                    (text, after.trim_start())
                }
                None => token(after),
            };
            if !is_token(text.as_bytes()) {
                return None;
            }
            value = Some(text);
            rest = after;
        }
        offer.parameters.push((name, value));
    }
}

/// A token at the beginning, and what follows it and blanks.
fn token(text: &str) -> (&str, &str) {
    let end = text.find(|char: char| !char.is_ascii() || !is_token(&[char as u8])).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start())
}

/// More extensions, or parameters of one, than anybody has.
const MAX_OFFERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_the_rfc() {
        assert_eq!(accept_of("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(key_of(*b"the sample nonce"), "dGhlIHNhbXBsZSBub25jZQ==");
    }

    #[test]
    fn requests_are_judged() {
        const KEY: (&str, &str) = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        const VERSION: (&str, &str) = ("Sec-WebSocket-Version", "13");
        type Row<'t> = (&'t str, Vec<(&'t str, &'t str)>, Option<u16>);
        let table: [Row<'_>; 9] = [
            ("good", vec![KEY, VERSION], None),
            ("any case", vec![("sec-websocket-key", KEY.1), ("SEC-WEBSOCKET-VERSION", "13")], None),
            ("no version", vec![KEY], Some(426)),
            ("version 8", vec![KEY, ("Sec-WebSocket-Version", "8")], Some(426)),
            ("two versions", vec![KEY, VERSION, VERSION], Some(426)),
            ("no key", vec![VERSION], Some(400)),
            ("a short key", vec![VERSION, ("Sec-WebSocket-Key", "dGhl")], Some(400)),
            ("no base64", vec![VERSION, ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=")], Some(400)),
            ("two keys", vec![VERSION, KEY, KEY], Some(400)),
        ];
        for (name, fields, status) in table {
            let headers: Headers = fields.into_iter().collect();
            assert_eq!(key(&headers).err().map(|refusal| refusal.status.as_u16()), status, "{name}");
        }
    }

    #[test]
    fn subprotocols_are_tokens() {
        let table = [
            ("", true),
            (" , ,", true),
            ("chat.v1, chat.v2", true),
            ("base64url.bearer.x.dG9rZW4", true),
            ("a b c", false),
            ("a;b", false),
            ("a, \"b\"", false),
            ("ü", false),
        ];
        for (value, expected) in table {
            let headers = Headers::from([("Sec-WebSocket-Protocol", value)]);
            assert_eq!(check_subprotocols(&headers).is_ok(), expected, "{value}");
        }
        assert!(check_subprotocols(&Headers::new()).is_ok());
    }

    #[test]
    fn upgrades_are_told_by_their_token() {
        let table = [
            ("websocket", true),
            ("WebSocket", true),
            ("h2c, websocket", true),
            ("websockets", false),
            ("h2c", false),
        ];
        for (value, expected) in table {
            assert_eq!(is_wanted(&Headers::from([("Upgrade", value)])), expected, "{value}");
        }
        assert!(!is_wanted(&Headers::new()));
    }

    #[test]
    fn extensions_are_parsed() {
        let table = [
            ("", Some("")),
            ("superspeed, colormode; depth=16", Some("superspeed|colormode;depth=16")),
            ("a;b=\"c\" ;d , , e", Some("a;b=c;d|e")),
            ("permessage-deflate; client_max_window_bits", Some("permessage-deflate;client_max_window_bits")),
            ("a ; b = 1", Some("a;b=1")),
            (",a,", Some("a")),
            ("a b", None),
            ("a;", None),
            ("a;=1", None),
            ("a;b=", None),
            ("a;b=\"c", None),
            ("a;b=\"c d\"", None),
            ("\"a\"", None),
            ("ä", None),
        ];
        for (value, expected) in table {
            let headers = Headers::from([("Sec-WebSocket-Extensions", value)]);
            let shown = extensions(&headers).ok().map(|offers| {
                let offers = offers.iter().map(ToString::to_string);
                offers.collect::<Vec<_>>().join("|").replace("; ", ";")
            });
            assert_eq!(shown.as_deref(), expected, "{value:?}");
        }
        let headers = Headers::from([("Sec-WebSocket-Extensions", "a, ".repeat(33).as_str())]);
        assert!(extensions(&headers).is_err());
    }
}
