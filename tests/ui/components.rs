use std::rc::Rc;

use vernal::{Header, Result, State, component, on_start, on_stop};

struct Pool;
struct Shop;

#[component]
fn nothing() {}

#[component]
fn opaque() -> impl Send {
    Pool
}

#[component("pool")]
fn text() -> Pool {
    Pool
}

#[component(name = "pool", order = 1)]
fn named() -> Pool {
    Pool
}

#[component]
fn of_requests(_: Header<&str>) -> Pool {
    Pool
}

#[component]
fn bare(_: &Shop) -> Pool {
    Pool
}

#[component]
fn of_a_text(_: String) -> Pool {
    Pool
}

#[component]
fn by_value(_: State<Shop>) -> Pool {
    Pool
}

#[component]
fn changes(_: &mut Shop) -> Pool {
    Pool
}

#[component]
fn of_one_thread() -> Rc<Pool> {
    Rc::new(Pool)
}

#[component]
async fn of_one_thread_in_a_result() -> Result<Rc<Pool>> {
    Ok(Rc::new(Pool))
}

#[component]
fn bad_error() -> Result<Pool, Shop> {
    Err(Shop)
}

#[component]
async fn holds_what_cannot_move() -> Pool {
    let held = Rc::new(1);
    std::future::ready(()).await;
    drop(held);
    Pool
}

impl Shop {
    #[component]
    fn method(&self) -> Pool {
        Pool
    }
}

#[component]
struct Structure;

#[on_start]
fn makes() -> Pool {
    Pool
}

#[on_stop]
async fn makes_in_the_end() -> Result<Pool> {
    Ok(Pool)
}

#[on_stop(order = 3)]
fn ordered() {}

#[on_start]
struct Other;

fn main() {}
