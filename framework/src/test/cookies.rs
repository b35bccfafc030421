//! The cookies of a client, from answer to request.

use std::sync::PoisonError;
use std::time::SystemTime;

use super::Client;
use super::jar::{name_of, path_of};
use crate::base::Headers;

impl Client {
    /// Keeps what an answer sets, if the client keeps cookies.
    pub(super) fn keep_cookies(&self, host: &str, target: &str, headers: &Headers) {
        let Some(jar) = &self.jar else { return };
        let mut jar = jar.lock().unwrap_or_else(PoisonError::into_inner);
        for field in headers.get_all("set-cookie") {
            jar.take(&name_of(host), path_of(target), field, SystemTime::now());
        }
    }

    /// The cookies that the client keeps for a request, with their values.
    pub(super) fn kept_cookies(&self, host: &str, target: &str) -> Vec<(String, String)> {
        let Some(jar) = &self.jar else { return Vec::new() };
        let jar = jar.lock().unwrap_or_else(PoisonError::into_inner);
        let cookies = jar.cookies_for(&name_of(host), path_of(target), SystemTime::now());
        cookies.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
