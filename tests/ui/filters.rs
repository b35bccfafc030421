use vernal::{FilterContext, Next, Request, Result, request_filter};

#[request_filter("/a")]
fn cannot_wait(_cx: &mut FilterContext<'_>, _next: Next<'_>) {}

#[request_filter("/b")]
async fn argument(_cx: &mut FilterContext<'_>, _req: &Request) -> Result {
    Ok(())
}

#[request_filter("/c")]
async fn two_contexts(_one: &mut FilterContext<'_>, _two: &mut FilterContext<'_>) -> Result {
    Ok(())
}

#[request_filter("/d")]
async fn answer(_cx: &mut FilterContext<'_>) -> u16 {
    200
}

#[request_filter("/e")]
fn shared(_cx: &FilterContext<'_>) {}

#[request_filter("/f", order = 1, method = "GET")]
fn option(#[arg(name = "x")] _cx: &mut FilterContext<'_>) {}

struct Shop;

impl Shop {
    #[request_filter("/g")]
    fn method(&self, _cx: &mut FilterContext<'_>) {}
}

fn main() {}
