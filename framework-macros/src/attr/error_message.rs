//! `#[error_message("404", "50x")]`; without codes it is for all of them.

use proc_macro2::Span;
use syn::LitStr;

use super::{Options, Written};
use crate::errors::Errors;

/// Which statuses an error page is for.
pub(crate) struct ErrorMessage {
    pub(crate) codes: Vec<String>,
    /// Where the first of them stands.
    pub(crate) span: Option<Span>,
    pub(crate) app: Option<LitStr>,
}

impl ErrorMessage {
    pub(crate) fn read(written: Written, errors: &mut Errors) -> ErrorMessage {
        let mut options = Options::parse(written.tokens, errors);
        let mut codes: Vec<String> = Vec::new();
        for text in &options.texts {
            let code = text.value().to_ascii_lowercase();
            if let Some(hundred) = code.strip_suffix("xx").filter(|hundred| hundred.len() == 1) {
                errors.under(
                    text,
                    format!("a range is ten statuses: write \"{hundred}0x\", \"{hundred}1x\" and so on"),
                );
            } else if !is_code(&code) {
                errors.under(
                    text,
                    format!(
                        "`{code}` is no status: write three digits like \"404\", or a range like \"50x\""
                    ),
                );
            } else if codes.contains(&code) {
                errors.under(text, format!("`{code}` is listed twice: keep one of them"));
            } else {
                codes.push(code);
            }
        }
        let span = options.texts.first().map(LitStr::span);
        let app = options.take_text("app", errors);
        options.finish("error_message", errors);
        ErrorMessage { codes, span, app }
    }
}

/// Three digits from 100 to 999, or two and an `x`.
fn is_code(code: &str) -> bool {
    match code.as_bytes() {
        [b'1'..=b'9', tens, ones] => tens.is_ascii_digit() && (ones.is_ascii_digit() || *ones == b'x'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_statuses_or_ranges() {
        for good in ["404", "50x", "999", "100"] {
            assert!(is_code(good), "{good}");
        }
        for bad in ["", "4", "40", "4xx", "099", "4040", "x04", "abc", "*"] {
            assert!(!is_code(bad), "{bad}");
        }
    }
}
