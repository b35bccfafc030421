use vernal::{Header, error_message};

#[error_message("4xx", "40", "404", "404")]
fn codes() -> u16 {
    200
}

#[error_message]
fn names(mesage: &str, reason: String) -> String {
    format!("{mesage} {reason}")
}

#[error_message("404")]
fn types(_host: Header<&str>) {}

struct Shop;

impl Shop {
    #[error_message("404")]
    fn method(&self) {}
}

fn main() {}
