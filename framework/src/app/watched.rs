//! What a watchdog knows of an application: who may hold a thread, and what to write instead.

use std::collections::HashMap;
use std::time::Duration;

use super::application::Inner;
use crate::base::Location;
use crate::chain::Page;
use crate::io::watch;
use crate::route::Handler;

/// One that may hold a thread.
pub(crate) struct MayHold {
    pub(crate) at: String,
    /// What to write instead.
    pub(crate) advice: &'static str,
}

impl MayHold {
    /// What the log says when it has.
    pub(crate) fn warning(&self, limit: Duration) -> String {
        let MayHold { at, advice } = self;
        format!(
            "{at} has held its thread for more than {limit:?}, and all else that this thread serves waits meanwhile. {advice}. \
             (Server::watchdog; said once.)"
        )
    }
}

const PLAIN: &str = "A `fn` holds its thread until it returns. Where it has to wait or to compute for long, write `blocking` into its \
                     attribute, as in `#[request_map(\"/path\", blocking)]`, or make it an `async fn` that waits with `.await`";

const PLAIN_PAGE: &str = "A `fn` holds its thread until it returns. Where it has to wait, make it an `async fn` that waits with `.await`";

macro_rules! spawning {
    () => {
        "An `async fn` holds its thread from one `.await` to the next. Wait with `.await` only (`tokio::time::sleep`, not \
         `std::thread::sleep`), and run what computes or blocks in `tokio::task::spawn_blocking`"
    };
}

const ASYNC: &str = concat!(spawning!(), "; a handler without a wait is a `fn` marked `blocking`");

/// Of what is a `fn` or an `async fn`, and cannot be marked.
const UNMARKED: &str =
    concat!("A `fn` holds its thread until it returns, so make it an `async fn`. ", spawning!());

impl Inner {
    /// All that may hold a thread, by the name that a mark has for it.
    pub(crate) fn watched(&self) -> HashMap<u32, MayHold> {
        let mut all = HashMap::new();
        let mut add = |at: &Location, advice| {
            all.insert(watch::name_of(at), MayHold { at: at.to_string(), advice });
        };
        for router in [&self.router, &self.sockets] {
            for route in router.routes() {
                match route.handler {
                    Handler::Now(_) => add(&route.at, PLAIN),
                    Handler::Async(_) => add(&route.at, ASYNC),
                    Handler::WebSocket(_) => add(&route.at, UNMARKED),
                    // It has a thread of its own.
                    Handler::Blocking(_) => {}
                }
            }
            router.filters().for_each(|filter| add(filter.at(), UNMARKED));
        }
        for page in self.answers.pages.all() {
            let is_plain = matches!(page.page, Page::Now(_));
            add(&page.at, if is_plain { PLAIN_PAGE } else { UNMARKED });
        }
        all
    }
}
