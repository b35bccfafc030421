//! Tables of types that serde makes of kept values, as queries fill them.

use std::collections::HashMap;
use std::fmt::Debug;
use std::num::NonZero;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::requests::get;
use super::super::{Arg, FromRequest, Model};
use crate::http::{Request, Result};

fn model<'r, T: Deserialize<'r>>(req: &'r Request) -> Result<T> {
    Model::from_request(req, &Arg::named("own")).map(Model::into_inner)
}

/// What a query becomes: as it is shown, or the status and the explanation.
fn told<T: for<'r> Deserialize<'r> + Debug>(query: &str) -> String {
    let req = get(query);
    match model::<T>(&req) {
        Ok(made) => format!("{made:?}"),
        Err(error) => format!("{} {}", error.status().as_u16(), error.explain_text()),
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown by Debug")]
struct Page {
    q: String,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown by Debug")]
struct Paging {
    page: u8,
    size: Option<i64>,
    scale: Option<f32>,
    #[serde(default)]
    desc: bool,
    zip: Option<String>,
    letter: Option<char>,
    at_least: Option<NonZero<u16>>,
    #[serde(default)]
    ids: Vec<u32>,
    #[serde(default)]
    tags: Vec<String>,
}

#[test]
fn flattened_fields_are_read_as_others_are() {
    let none =
        "size: None, scale: None, desc: false, zip: None, letter: None, at_least: None, ids: [], tags: []";
    let page = |rest: &str| format!("Page {{ q: \"x\", paging: Paging {{ page: 1, {rest} }} }}");
    let with = |from: &str, to: &str| page(&none.replace(from, to));
    let table = [
        ("q=x&page=1", page(none)),
        ("page=1&q=x&size=-5", with("size: None", "size: Some(-5)")),
        ("page=1&q=x&scale=1.5", with("scale: None", "scale: Some(1.5)")),
        ("page=1&q=x&scale=2", with("scale: None", "scale: Some(2.0)")),
        ("page=1&q=x&desc=yes", with("desc: false", "desc: true")),
        ("page=1&q=x&desc=FALSE", page(none)),
        // What looks like a number or a boolean stays text where text is wanted.
        ("page=1&q=x&zip=1", with("zip: None", "zip: Some(\"1\")")),
        ("page=1&q=x&zip=00123", with("zip: None", "zip: Some(\"00123\")")),
        ("page=1&q=x&zip=true", with("zip: None", "zip: Some(\"true\")")),
        ("page=1&q=x&letter=7", with("letter: None", "letter: Some('7')")),
        ("page=1&q=x&at_least=7", with("at_least: None", "at_least: Some(7)")),
        ("page=1&q=x&ids=3", with("ids: []", "ids: [3]")),
        ("page=1&q=x&ids=3&ids=4", with("ids: []", "ids: [3, 4]")),
        ("page=1&q=x&tags=3", with("tags: []", "tags: [\"3\"]")),
        ("page=1&q=x&tags=3&tags=a", with("tags: []", "tags: [\"3\", \"a\"]")),
        // The first of several counts.
        ("page=1&page=2&q=x", page(none)),
        ("q=x", "400 Parameter[page] is required: a value.".to_owned()),
        ("q=x&page=y", "400 Parameter[page] should be an integer from 0 to 255, not `y`.".to_owned()),
        ("q=x&page=256", "400 Parameter[page] should be an integer from 0 to 255, not `256`.".to_owned()),
        ("q=x&page=1&scale=NaN", "400 Parameter[scale] should be a number, not `NaN`.".to_owned()),
        ("q=x&page=1&letter=ab", "400 Parameter[letter] should be a character, not `ab`.".to_owned()),
        (
            "q=x&page=1&ids=1&ids=z",
            "400 Parameter[ids] should be an integer from 0 to 4294967295, not `z`.".to_owned(),
        ),
        (
            "q=x&page=1&at_least=0",
            "400 Parameter[at_least] should be an integer from 1 to 65535, not `0`.".to_owned(),
        ),
        ("q=x&page=%ff", "400 Parameter[page] is not UTF-8: `%ff`.".to_owned()),
        (
            "q=x&page=1&page=2&zip=a&zip=b",
            "400 Parameter[page]: one of `page`, `zip` came several times where one value is wanted, and under \
             `#[serde(flatten)]` and in tagged and untagged enums serde does not tell which: send it once."
                .to_owned(),
        ),
    ];
    for (query, expected) in table {
        assert_eq!(told::<Page>(query), expected, "{query}");
    }
}

#[test]
fn what_is_left_over_is_kept_as_it_came() {
    #[derive(Debug, Deserialize)]
    struct Rest {
        n: u8,
        #[serde(flatten)]
        rest: HashMap<String, Value>,
    }
    let req = get("n=1&zip=01&t=true&l=1&l=2");
    let made = model::<Rest>(&req).expect("there");
    assert_eq!((made.n, json!(made.rest)), (1, json!({ "zip": "01", "t": "true", "l": ["1", "2"] })));
    #[derive(Debug, Deserialize)]
    struct Counts {
        #[serde(flatten)]
        counts: HashMap<String, u8>,
    }
    let made = model::<Counts>(&get("a=1&b=2")).expect("numbers");
    assert_eq!((made.counts["a"], made.counts["b"]), (1, 2));
    // However many there are, the work is bounded.
    let many: Vec<_> = (0..900).map(|number| format!("a{number}=1")).collect();
    let error = model::<Counts>(&get(&many.join("&"))).expect_err("too many");
    assert!(error.explain_text().contains("more than 64 numbers"), "{error}");
    assert_eq!(error.status(), 400);
}

#[test]
fn tagged_enums_are_read() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    #[expect(dead_code, reason = "shown by Debug")]
    enum Shape {
        Circle { r: f64 },
        Box { w: u32, h: u32, solid: bool },
        Named { name: String },
        Empty,
    }
    let table = [
        ("kind=circle&r=2", "Circle { r: 2.0 }"),
        ("r=1.5&kind=circle", "Circle { r: 1.5 }"),
        ("kind=box&w=1&h=2&solid=1", "Box { w: 1, h: 2, solid: true }"),
        ("kind=named&name=12", "Named { name: \"12\" }"),
        ("kind=empty&x=1", "Empty"),
        ("kind=circle", "400 Parameter[r] is required: a value."),
        ("kind=circle&r=x", "400 Parameter[r] should be a number, not `x`."),
        (
            "kind=box&w=-1&h=2&solid=1",
            "400 Parameter[w] should be an integer from 0 to 4294967295, not `-1`.",
        ),
    ];
    for (query, expected) in table {
        assert_eq!(told::<Shape>(query), expected, "{query}");
    }
    #[derive(Debug, Deserialize)]
    #[serde(tag = "t", content = "c")]
    #[expect(dead_code, reason = "shown by Debug")]
    enum Beside {
        N(u8),
        L(Vec<u8>),
        S(String),
    }
    let table = [
        ("t=N&c=1", "N(1)"),
        ("t=L&c=1&c=2", "L([1, 2])"),
        ("t=L&c=1", "L([1])"),
        ("t=S&c=1", "S(\"1\")"),
        ("t=N&c=x", "400 Parameter[c] should be an integer from 0 to 255, not `x`."),
    ];
    for (query, expected) in table {
        assert_eq!(told::<Beside>(query), expected, "{query}");
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "shown by Debug")]
enum Id {
    Number(u64),
    Flag(bool),
    Name(String),
}

#[test]
fn untagged_enums_take_the_first_variant_that_fits() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "shown by Debug")]
    struct By {
        id: Id,
        ids: Option<Vec<Id>>,
    }
    let table = [
        ("id=7", "By { id: Number(7), ids: None }"),
        ("id=true", "By { id: Flag(true), ids: None }"),
        ("id=ann", "By { id: Name(\"ann\"), ids: None }"),
        ("id=-1", "By { id: Name(\"-1\"), ids: None }"),
        (
            "id=7&ids=a&ids=8&ids=False",
            "By { id: Number(7), ids: Some([Name(\"a\"), Number(8), Flag(false)]) }",
        ),
    ];
    for (query, expected) in table {
        assert_eq!(told::<By>(query), expected, "{query}");
    }
    // As the argument itself.
    let table = [
        ("own=7", "Number(7)"),
        ("other=1&own=ann", "Name(\"ann\")"),
        ("other=1", "400 Parameter[own] is required: a value."),
    ];
    for (query, expected) in table {
        assert_eq!(told::<Id>(query), expected, "{query}");
    }
    assert_eq!(told::<Option<Id>>("other=1"), "None");
    assert_eq!(told::<Vec<Id>>("own=1&own=x"), "[Number(1), Name(\"x\")]");
}

#[test]
fn untagged_structs_are_told_apart_by_their_fields() {
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "shown by Debug")]
    enum Place {
        Coded { zip: u32, name: String },
        Point { x: f64, y: f64 },
        Zipped { zip: String, box_number: u8 },
        Zip { zip: String },
    }
    let table = [
        ("x=1&y=2.5", "Point { x: 1.0, y: 2.5 }"),
        ("zip=123&name=7", "Coded { zip: 123, name: \"7\" }"),
        ("zip=123", "Zip { zip: \"123\" }"),
        ("zip=123&box_number=5", "Zipped { zip: \"123\", box_number: 5 }"),
        ("zip=A1&box_number=x", "Zip { zip: \"A1\" }"),
        ("x=1", "400 Parameter[own]: data did not match any variant of untagged enum Place."),
    ];
    for (query, expected) in table {
        assert_eq!(told::<Place>(query), expected, "{query}");
    }
    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "shown by Debug")]
    enum Either {
        A { zip: u32, a: u8 },
        B { zip: String, b: u8 },
        C { yes: bool },
    }
    let table = [
        ("zip=1&b=2", "B { zip: \"1\", b: 2 }"),
        ("zip=1&a=2", "A { zip: 1, a: 2 }"),
        ("yes=on", "C { yes: true }"),
        ("yes=0", "C { yes: false }"),
    ];
    for (query, expected) in table {
        assert_eq!(told::<Either>(query), expected, "{query}");
    }
}

#[test]
fn what_serde_forbids_is_said() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "shown by Debug")]
    struct Deep {
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "shown by Debug")]
    struct Inner {
        big: Option<u128>,
        map: Option<HashMap<String, String>>,
    }
    let table = [
        ("map=1", "400 Parameter[map] should be a map, not `1`."),
        ("big=1", "400 Parameter[own]: u128 is not supported."),
    ];
    for (query, expected) in table {
        assert_eq!(told::<Deep>(query), expected, "{query}");
    }
}
