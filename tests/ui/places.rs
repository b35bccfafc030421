use vernal::{controller, endpoint, error_message, model_binding, request_filter, request_map};

#[request_map("/a")]
struct Struct;

#[controller]
fn function() {}

#[endpoint("/a")]
pub mod module {}

#[request_filter("/a")]
impl Struct {}

#[error_message]
const CONSTANT: u8 = 1;

#[model_binding]
enum Enum {}

struct Alone;

impl Alone {
    #[request_map("/b")]
    fn method(&self) {}
}

fn main() {}
