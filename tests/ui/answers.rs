use vernal::{Result, request_map};

struct Foo;

#[request_map("/a")]
fn plain() -> Foo {
    Foo
}

#[request_map("/b")]
async fn waiting() -> Result<(u16, Foo)> {
    Ok((200, Foo))
}

#[request_map("/c")]
async fn not_send() -> String {
    let counter = std::rc::Rc::new(1);
    std::future::ready(()).await;
    counter.to_string()
}

#[request_map("/d")]
fn number() -> i32 {
    200
}

fn main() {}
