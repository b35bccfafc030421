use vernal::{Header, PathValue, Text, request_map};

#[request_map("/a/{name}")]
fn range_of_a_text(#[arg(range = 1..=100)] name: &str) -> &str {
    name
}

#[request_map("/b")]
fn range_of_a_text_inside(#[arg(range = 1..)] token: Option<Header<String>>) -> String {
    token.map(|token| token.to_string()).unwrap_or_default()
}

#[request_map("/c")]
fn length_of_a_number(#[arg(length = 1..=40)] page: u32) -> String {
    page.to_string()
}

#[request_map("/d/{id}")]
fn pattern_of_a_number(#[arg(pattern = "^[0-9]+$")] id: PathValue<u64>) -> String {
    id.to_string()
}

#[request_map("/e")]
fn items_of_a_text(#[arg(items = ..=10)] tag: &str) -> &str {
    tag
}

#[request_map("/f")]
fn bad_pattern(#[arg(pattern = "^[a-z+$")] name: &str) -> &str {
    name
}

#[request_map("/g")]
fn no_range(#[arg(range = 5)] page: u32) -> String {
    page.to_string()
}

#[request_map("/h")]
fn half_open(#[arg(range = 1..100)] page: u32) -> String {
    page.to_string()
}

#[request_map("/i")]
fn void(#[arg(length = 40..=1)] name: &str) -> &str {
    name
}

#[request_map("/j")]
fn default_out_of_range(#[arg(range = 1..=100, default = 0)] page: u32) -> String {
    page.to_string()
}

#[request_map("/k")]
fn default_too_long(#[arg(length = ..=3, default = "none")] name: &str) -> &str {
    name
}

#[request_map("/l")]
fn default_that_does_not_match(#[arg(pattern = "^[a-z]+$", default = "A")] name: &str) -> &str {
    name
}

#[request_map("/m")]
fn end_of_another_type(#[arg(range = 1..=300)] page: u8, #[arg(range = 0..)] price: f64) -> String {
    format!("{page} {price}")
}

struct Page(u32);

impl vernal::FromValue<'_> for Page {
    fn from_value(raw: &str) -> vernal::Result<Page> {
        Ok(Page(raw.parse()?))
    }
}

#[request_map("/n")]
fn type_that_says_nothing(#[arg(range = 1..)] page: Page) -> String {
    page.0.to_string()
}

#[request_map("/o", method = "POST")]
fn response(#[arg(length = ..=9)] Text(text): Text<&str>, #[arg(range = 1..)] res: &mut vernal::Response) {
    res.add_header("x-text", text);
}

fn main() {}
