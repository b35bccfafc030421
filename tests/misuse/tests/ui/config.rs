//! `#[config]`.

use serde::Deserialize;
use vernal::config;

#[config]
#[derive(Deserialize)]
struct Nameless {}

#[config("one", "other")]
#[derive(Deserialize)]
struct Two {}

#[config("Shop")]
#[derive(Deserialize)]
struct UpperCase {}

#[config("shop..cart")]
#[derive(Deserialize)]
struct Gap {}

#[config("shop", prefix = "x")]
#[derive(Deserialize)]
struct Unknown {}

#[config("shop")]
#[derive(Deserialize)]
enum Kinds {
    One,
}

#[config("shop")]
#[derive(Deserialize)]
struct Tuple(u8);

#[config("shop")]
#[derive(Deserialize)]
struct Borrows<'a> {
    name: &'a str,
}

#[config("shop")]
struct Underived {
    name: String,
}

#[config("shop")]
#[derive(Deserialize)]
struct Shared {
    #[serde(skip)]
    names: std::rc::Rc<str>,
}

#[config("shop")]
fn function() {}

fn main() {}
