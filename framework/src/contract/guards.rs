//! What a filter asks of the requests to its paths.

/// What a filter asks of requests, and refuses them with, for the description of the API.
#[derive(Debug, Default)]
pub struct Guards {
    pub(crate) schemes: Vec<(Scheme, bool)>,
    pub(crate) refusals: Vec<u16>,
}

/// How a request says whom it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Basic,
    Bearer,
    Header(&'static str),
}

impl Guards {
    /// Requests bring name and password (RFC 7617), all of them or, if `is_optional`, those that do.
    pub fn basic(&mut self, is_optional: bool) {
        self.schemes.push((Scheme::Basic, is_optional));
        self.refuses(401);
    }

    /// Requests bring a bearer token (RFC 6750), all of them or, if `is_optional`, those that do.
    pub fn bearer(&mut self, is_optional: bool) {
        self.schemes.push((Scheme::Bearer, is_optional));
        self.refuses(401);
    }

    /// Requests bring a key in this header field.
    pub fn key_in_header(&mut self, name: &'static str) {
        self.schemes.push((Scheme::Header(name), false));
        self.refuses(401);
    }

    /// A request may be refused with this status.
    pub fn refuses(&mut self, status: u16) {
        if !self.refusals.contains(&status) {
            self.refusals.push(status);
        }
    }
}
