//! The conditions of a mapping.

use super::condition::Conditions;
use super::facts::Facts;
use crate::matching::Mapping;

/// See the head of this file.
#[derive(Clone, PartialEq)]
pub(super) struct Narrowing {
    params: Conditions,
    headers: Conditions,
    /// A WebSocket subprotocol that must be offered.
    protocol: Option<&'static str>,
}

impl Narrowing {
    /// Those of a mapping, if it has any.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn parse(mapping: &Mapping) -> Result<Option<Box<Narrowing>>, String> {
        let params =
            Conditions::parse(&mapping.params).map_err(|problem| format!("in `params`, {problem}"))?;
        let headers =
            Conditions::parse(&mapping.headers).map_err(|problem| format!("in `headers`, {problem}"))?;
        let protocol = mapping.protocol;
        let is_empty = params.is_empty() && headers.is_empty() && protocol.is_none();
        Ok((!is_empty).then(|| Box::new(Narrowing { params, headers, protocol })))
    }

    /// The more conditions, the greater.
    pub(super) fn weight(&self) -> usize {
        self.params.weight() + self.headers.weight() + usize::from(self.protocol.is_some())
    }

    /// `None` if the form has to be read first.
    #[cold]
    pub(super) fn holds(&self, facts: &Facts<'_>) -> Option<bool> {
        if !self.headers.hold(|name| facts.headers.get_all_bytes(name)) {
            return Some(false);
        }
        let offered = || facts.headers.elements("sec-websocket-protocol");
        if self.protocol.is_some_and(|protocol| offered().all(|offered| offered != protocol)) {
            return Some(false);
        }
        if self.params.is_empty() {
            return Some(true);
        }
        if facts.form_pending {
            return None;
        }
        Some(self.params.hold(|name| facts.form.all(name).chain(facts.query.all(name)).map(str::as_bytes)))
    }
}
