//! From a request that has been read and routed to the arguments of a handler: one by one, and a whole adapter.
//!
//! `cargo bench -p vernal --bench binding`. The adapter binds five arguments, calls its function and takes its answer;
//! the binding of each is what the macros generate.

use divan::{Bencher, black_box};
use serde::Deserialize;
use vernal::__bench::Routed;
use vernal::__private::binding::*;
use vernal::__private::{Arg, Bind};
use vernal::{Header, Json, request_map};

const HEAD: &str = "POST /orders/green-tea?gift=yes&count=3 HTTP/1.1\r\n\
    Host: api.example.com\r\n\
    User-Agent: curl/8.9.1\r\n\
    Accept: */*\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 52\r\n\r\n";

const BODY: &str = r#"{"name":"Ann","street":"5 Long Street","code":12345}"#;

#[derive(Debug, Deserialize, PartialEq)]
struct Address<'a> {
    name: &'a str,
    street: &'a str,
    code: u32,
}

const ADDRESS: Address = Address { name: "Ann", street: "5 Long Street", code: 12345 };

#[request_map("/orders/{item}", method = "POST")]
fn order(
    item: &str,
    count: u32,
    user_agent: Header<&str>,
    coupon: Option<&str>,
    address: Json<Address<'_>>,
) -> &'static str {
    black_box((item, count, user_agent, coupon, address));
    "ordered"
}

fn main() {
    assert!(HEAD.contains(&format!("Content-Length: {}\r\n", BODY.len())));
    divan::Divan::default().sample_size(200).config_with_args().main();
}

/// Binds one argument of the order as generated code does.
macro_rules! argument {
    ($bencher:expr, $name:literal, $kind:ty, $expected:expr) => {{
        let Routed { request, .. } = Routed::read(HEAD, BODY).expect("the order is mapped");
        let bind = |request| {
            (&&&&Bind::<$kind>::new())
                .kind()
                .bind::<$kind>(request, const { &Arg::named($name) })
                .now::<$kind>()
        };
        assert_eq!(bind(&request).expect("a good value"), $expected);
        $bencher.bench_local(|| bind(black_box(&request)));
    }};
}

#[divan::bench]
fn text_of_path(bencher: Bencher) {
    argument!(bencher, "item", &str, "green-tea");
}

#[divan::bench]
fn number_of_query(bencher: Bencher) {
    argument!(bencher, "count", u32, 3);
}

#[divan::bench]
fn header(bencher: Bencher) {
    argument!(bencher, "user_agent", Header<&str>, Header("curl/8.9.1"));
}

#[divan::bench]
fn option_with_value(bencher: Bencher) {
    argument!(bencher, "gift", Option<&str>, Some("yes"));
}

#[divan::bench]
fn option_without_value(bencher: Bencher) {
    argument!(bencher, "coupon", Option<&str>, None);
}

#[divan::bench]
fn json(bencher: Bencher) {
    argument!(bencher, "address", Json<Address<'_>>, Json(ADDRESS));
}

/// What serde_json alone costs of it.
#[divan::bench]
fn json_by_serde(bencher: Bencher) {
    bencher.bench_local(|| serde_json::from_slice::<Address>(black_box(BODY.as_bytes())));
}

#[divan::bench]
fn whole_adapter(bencher: Bencher) {
    let mut routed = Routed::read(HEAD, BODY).expect("the order is mapped");
    routed.handle().expect("good values");
    assert_eq!(routed.response.body_bytes(), b"ordered");
    bencher.bench_local(|| black_box(&mut routed).handle());
}
