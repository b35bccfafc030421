use vernal::{FilterContext, Next, Request, Response, Result, request_filter};

#[request_filter("/a")]
async fn middleware(_req: Request, _next: Next<'_>) -> Response {
    Response::new(200)
}

#[request_filter("/b")]
async fn request_changed(_req: &mut Request, _next: Next<'_>) -> Result {
    Ok(())
}

#[request_filter("/c")]
fn response_changed(_res: &mut Response) {}

#[request_filter("/d")]
fn context_by_value(_cx: FilterContext<'_>) {}

#[request_filter("/e")]
fn whether_to_go_on(_cx: &mut FilterContext<'_>) -> bool {
    true
}

#[request_filter("/f")]
fn answers(_cx: &mut FilterContext<'_>) -> Result<Response> {
    Ok(Response::new(200))
}

fn main() {}
