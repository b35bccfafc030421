//! What tells series apart.

use std::fmt::Error;

use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};

/// Requests of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Requests {
    pub(super) method: &'static str,
    pub(super) route: &'static str,
    pub(super) status: u16,
}

impl EncodeLabelSet for Requests {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        ("http_request_method", self.method).encode(encoder.encode_label())?;
        ("http_route", self.route).encode(encoder.encode_label())?;
        ("http_response_status_code", u64::from(self.status)).encode(encoder.encode_label())
    }
}

/// One label with a value that is known while compiling or at start.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct One(pub(super) &'static str, pub(super) &'static str);

impl EncodeLabelSet for One {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), Error> {
        (self.0, self.1).encode(encoder.encode_label())
    }
}
