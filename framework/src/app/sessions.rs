//! The end of a request for its session: changes are written and the cookie is added when the answer is made.

use super::application::Inner;
use crate::http::{Request, Response, Result, add_private_cookie, is_for_all};
use crate::session;

impl Inner {
    /// Makes sure that there is an answer which can be sent, writes what the request changed in its session, and adds the
    /// cookie to the answer.
    pub(super) async fn settle_and_keep(
        &self,
        result: Result,
        request: &mut Request,
        response: &mut Response,
    ) {
        self.answers.settle(result, request, response).await;
        if !request.is_in_session() {
            return;
        }
        // Where nobody looked at the session, the answer is one for all if it says so.
        let may_be_told = request.kept().is_some() || !is_for_all(&response.headers);
        let (cookie, result) = session::conclude(request).await;
        if let Some(cookie) = cookie.filter(|_| may_be_told && !response.is_committed()) {
            add_private_cookie(&mut response.headers, cookie);
        }
        if result.is_err() || !response.is_plain() {
            self.answers.settle(result, request, response).await;
        }
    }
}
