//! The end of a request for its session: changes are written and the cookie is added when the answer is made.

use super::Inner;
use crate::http::{Request, Response, Result};
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
        self.settle(result, request, response).await;
        if !request.is_in_session() {
            return;
        }
        let (cookie, result) = session::conclude(request).await;
        if let Some(cookie) = cookie.filter(|_| !response.is_committed()) {
            response.add_cookie(cookie);
        }
        if result.is_err() || !response.is_plain() {
            self.settle(result, request, response).await;
        }
    }
}
