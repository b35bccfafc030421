//! Impl blocks that answer: an object for all requests, one for each request, and an endpoint.
//!
//! ```console
//! $ cargo run --example controllers
//! $ curl -X POST 'localhost:9090/shop/buy?article=pen&pieces=2'
//! 2 x pen
//! $ curl -X POST 'localhost:9090/shop/buy?article=ink'
//! 1 x ink
//! $ curl localhost:9090/shop
//! The corner shop sold 3 pieces.
//! $ curl localhost:9090/draft/ann
//! Dear ann, your letter number 1.
//! $ curl localhost:9090/draft/bob
//! Dear bob, your letter number 1.
//! $ curl -X PUT localhost:9090/notes/7 -d text=milk
//! $ curl localhost:9090/notes/7
//! milk
//! $ curl -X POST localhost:9090/notes/7
//! {"code":405,"message":"Method Not Allowed","explain":"This path does not take POST; it takes GET, HEAD, PUT, DELETE, OPTIONS."}
//! $ curl -X DELETE localhost:9090/notes/7
//! $ curl localhost:9090/notes/7
//! {"code":404,"message":"Not Found","explain":"there is no note 7"}
//! ```

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use vernal::{OrStatus, Result, State, controller, endpoint, request_map, server};

struct Settings {
    shop: &'static str,
}

/// One shop serves all requests, so what changes in it must be shareable.
struct Shop {
    name: &'static str,
    sold: AtomicU64,
}

#[controller(new = Shop::new)]
#[request_map("/shop")]
impl Shop {
    /// Called once, at start; its arguments are states.
    fn new(State(settings): State<&Settings>) -> Shop {
        Shop { name: settings.shop, sold: AtomicU64::new(0) }
    }

    #[request_map(method = "GET")]
    fn sold(&self) -> String {
        format!("The {} sold {} pieces.", self.name, self.sold.load(Ordering::Relaxed))
    }

    #[request_map("/buy", method = "POST")]
    async fn buy(&self, article: &str, #[arg(default = 1)] pieces: u64) -> String {
        self.sold.fetch_add(pieces, Ordering::Relaxed);
        format!("{pieces} x {article}")
    }
}

/// A new draft for each request: its methods may change it.
#[derive(Default)]
struct Draft {
    letters: u32,
}

#[controller("/draft", per_request)]
impl Draft {
    #[request_map("/{name}")]
    fn write(&mut self, name: &str) -> String {
        self.letters += 1;
        format!("Dear {name}, your letter number {}.", self.letters)
    }
}

/// One path, its methods by their names; other methods are answered with 405 and `Allow`.
#[derive(Default)]
struct Notes(Mutex<BTreeMap<u64, String>>);

#[endpoint("/notes/{id}")]
impl Notes {
    fn get(&self, id: u64) -> Result<String> {
        self.all().get(&id).cloned().or_404(format!("there is no note {id}"))
    }

    fn put(&self, id: u64, text: String) -> u16 {
        self.all().insert(id, text);
        204
    }

    fn delete(&self, id: u64) -> u16 {
        self.all().remove(&id);
        204
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn main() -> Result {
    server::new().state(Settings { shop: "corner shop" }).start()
}
