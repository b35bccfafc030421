use std::fmt;

use vernal::error_message;

#[derive(Debug)]
struct SoldOut;

impl fmt::Display for SoldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sold out")
    }
}

impl std::error::Error for SoldOut {}

struct NoError;

#[error_message("409")]
fn with_a_status(_error: &SoldOut) -> u16 {
    409
}

#[error_message]
fn of_two(_one: &SoldOut, _other: &std::io::Error) -> u16 {
    409
}

#[error_message]
fn of_none(_error: &NoError) -> u16 {
    409
}

fn main() {}
