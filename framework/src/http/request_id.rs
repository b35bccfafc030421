//! The id of a request: what its lines in the log, its answer and the requests it leads to have in common.

use std::cell::Cell;
use std::fmt;

use tracing::Level;

use super::Request;

/// What names it.
impl Request {
    /// The id of the request: what a trusted proxy ([`Config::trusted_proxies`](crate::Config::trusted_proxies)) says in its
    /// one `X-Request-Id`, of 1 to 128 visible ASCII characters, else 32 hexadecimal digits that no other request has. Access lines tell it.
    ///
    /// Of others the field is not believed: whoever could choose the id would choose another's.
    ///
    /// ```
    /// # use vernal::{FilterContext, request_filter, request_map, test};
    /// #[request_filter("/orders/**")]
    /// fn named(cx: &mut FilterContext<'_>) {
    ///     let id = cx.request.id().to_owned();
    ///     cx.response.headers.insert("x-request-id", id);
    /// }
    /// # #[request_map("/orders/1")]
    /// # fn order() -> &'static str { "one" }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let answer = test::Client::new().get("/orders/1").await;
    /// # assert_eq!(answer.header("x-request-id").map(str::len), Some(32));
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        self.rare().id.get_or_init(|| match self.id_of_proxy() {
            Some(id) => id.into(),
            None => RequestId::new().to_string().into(),
        })
    }

    /// Makes the id if a line will tell it: before a session keeps the request, so that both say the same.
    pub(crate) fn keep_id(&self) {
        if self.context.has_access_log || tracing::event_enabled!(target: "vernal::access", Level::INFO) {
            self.id();
        }
    }

    /// The id, made on the way out if nobody has asked for it before.
    pub(crate) fn id_for_log(&self) -> LoggedId<'_> {
        match self.rare.get().and_then(|rare| rare.id.get()) {
            Some(id) => LoggedId::Known(id),
            None => self.id_of_proxy().map_or_else(|| LoggedId::New(RequestId::new()), LoggedId::Known),
        }
    }

    fn id_of_proxy(&self) -> Option<&str> {
        if !self.is_of_trusted_proxy() {
            return None;
        }
        // Of two, nobody knows which is the proxy's.
        let id = self.headers.only("x-request-id")?;
        let is_fit = (1..=MOST).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        is_fit.then_some(id)
    }
}

/// The most characters of an id.
const MOST: usize = 128;

/// An id, as a line tells it.
pub(crate) enum LoggedId<'r> {
    Known(&'r str),
    New(RequestId),
}

impl fmt::Display for LoggedId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoggedId::Known(id) => f.write_str(id),
            LoggedId::New(id) => id.fmt(f),
        }
    }
}

/// 128 bits that no other request has: some that the thread drew, and a count.
pub(crate) struct RequestId(u64, u64);

impl RequestId {
    fn new() -> RequestId {
        thread_local! {
            static DRAWN: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
        }
        let (drawn, count) = DRAWN.get().unwrap_or_else(|| (random(), random()));
        DRAWN.set(Some((drawn, count.wrapping_add(1))));
        RequestId(drawn, count)
    }
}

fn random() -> u64 {
    getrandom::u64().expect("the system has random bytes")
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0, self.1)
    }
}
