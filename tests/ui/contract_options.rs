use vernal::{controller, request_filter, request_map};

#[request_map("/a", status = 99)]
fn status_out_of_range() {}

#[request_map("/b", responses())]
fn no_responses() {}

#[request_map("/c", responses("gone"))]
fn response_without_status() {}

#[request_map("/d", responses(404))]
fn response_without_meaning() {}

#[request_map("/e", responses(404 = "one", 404 = "other"))]
fn response_twice() {}

#[request_map("/f", responses = 404)]
fn response_without_parentheses() {}

#[request_map("/g", tag = "")]
fn empty_tag() {}

#[request_map("/h", hidden = true)]
fn hidden_with_value() {}

#[request_map("/i", status = 201)]
#[request_map("/j")]
fn two_statuses() {}

#[request_map("/k", status_code = 201)]
fn spelled_elsewhere() {}

#[derive(Default)]
struct Shop;

#[controller]
#[request_map("/shop", status = 201)]
impl Shop {
    #[request_map]
    fn all(&self) {}
}

#[request_map("/l", response(404 = "none"))]
fn one_response() {}

#[request_map("/m", response = 404)]
fn one_response_as_a_value() {}

#[request_map("/n", security(session))]
fn security_of_a_mapping() {}

#[request_filter("/o", security(jwt))]
fn unknown_scheme() {}

#[request_filter("/p", security(header))]
fn header_without_a_name() {}

#[request_filter("/q", security(session, bearer))]
fn two_schemes() {}

#[request_filter("/r", security)]
fn no_scheme() {}

fn main() {}
