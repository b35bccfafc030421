//! The parameters of an offer or an answer (RFC 7692, section 7.1).

use super::super::extension::ExtensionOffer;

/// What was agreed for one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Direction {
    pub(super) window: u8,
    pub(super) keeps_context: bool,
}

/// The parameters of one offer or answer (RFC 7692, section 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<u8>,
    /// `Some(None)`: there, without a value.
    pub(super) client_max_window_bits: Option<Option<u8>>,
}

impl Parameters {
    /// `None`: unknown, repeated or malformed, so that the offer is to be declined.
    pub(super) fn parse(offer: &ExtensionOffer<'_>) -> Option<Parameters> {
        let mut parsed = Parameters::default();
        for (index, (name, value)) in offer.parameters.iter().enumerate() {
            if offer.parameters[..index].iter().any(|(known, _)| known == name) {
                return None;
            }
            match (*name, value) {
                ("server_no_context_takeover", None) => parsed.server_no_context_takeover = true,
                ("client_no_context_takeover", None) => parsed.client_no_context_takeover = true,
                ("server_max_window_bits", Some(bits)) => parsed.server_max_window_bits = Some(window(bits)?),
                ("client_max_window_bits", None) => parsed.client_max_window_bits = Some(None),
                ("client_max_window_bits", Some(bits)) => {
                    parsed.client_max_window_bits = Some(Some(window(bits)?))
                }
                _ => return None,
            }
        }
        Some(parsed)
    }
}

/// 8 to 15, without a leading zero.
fn window(text: &str) -> Option<u8> {
    let bits = text.parse().ok().filter(|bits| (8..=15).contains(bits))?;
    (text.len() == if bits < 10 { 1 } else { 2 }).then_some(bits)
}
