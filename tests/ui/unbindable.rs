use vernal::request_map;

struct Foo;

#[request_map("/a")]
fn plain(foo: Foo) {
    let Foo = foo;
}

#[request_map("/b")]
async fn waiting(first: u8, foo: Option<Foo>) -> String {
    let _ = foo;
    first.to_string()
}

fn main() {}
