//! Values that serde keeps before it knows their type: under `flatten`, and in tagged and untagged enums.
//!
//! There serde asks for anything, and a parameter can say no more than its text; a number is then found to be a text where a
//! `u8` is wanted. Every such complaint lends the text itself, so that its place tells which field it is about: the field is
//! given the type that was asked for, and the whole is made again. What serde swallowed while it tried the variants of an
//! enum counts too, so that the first variant that fits is taken, as it is in JSON.

use std::cell::{Cell, RefCell};
use std::num::NonZero;

use serde::de::{Expected, Unexpected};

use super::FromValue;
use super::failure::Failure;
use super::fields::{Asked, Field, Fields};
use crate::http::Result;

/// What a value is where serde asks for anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Look {
    Text,
    /// A text where a number was tried and did not do.
    OnlyText,
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Bool(bool),
}

/// A value that was not what a type expected.
struct Mismatch {
    was: Was,
    expected: String,
}

enum Was {
    /// The text that lies there.
    Text {
        address: usize,
        length: usize,
    },
    /// What a text was taken for.
    Taken(Look),
    List,
    Map,
}

thread_local! {
    /// The mismatches since [`watched`] began; `None` outside of it.
    static SEEN: RefCell<Option<Vec<Mismatch>>> = const { RefCell::new(None) };
}

/// Makes a value of fields, again and again until no type asks for something else.
///
/// # Errors
/// It cannot be made of them.
pub(super) fn deserialize<'r, T>(
    fields: &Fields<'r>,
    asked: &Asked,
    make: impl Fn() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut best = None;
    for _ in 0..MOST_TRIES {
        let (made, seen) = watched(&make);
        let refined = match made {
            Ok(value) if seen.is_empty() => return Ok(value),
            Ok(value) => {
                best = Some(value);
                fields.take_each(&seen, true)
            }
            Err(_) if best.is_some() => fields.give_back(&seen),
            Err(failure) => match fields.refine(failure, &seen, &asked.wants_own) {
                Ok(()) => true,
                Err(failure) => return Err(failure),
            },
        };
        if !refined {
            break;
        }
    }
    best.ok_or_else(|| {
        let text = format!(
            "more than {MOST_TRIES} numbers and booleans under `#[serde(flatten)]`, or in tagged and untagged enums"
        );
        serde::de::Error::custom(text)
    })
}

/// A type with more fields of this kind than that is refused.
const MOST_TRIES: usize = 64;

/// Takes note of a value that is not what a type expects.
#[cold]
pub(super) fn note(unexpected: &Unexpected<'_>, expected: &dyn Expected) {
    let was = match *unexpected {
        Unexpected::Str(text) => Was::Text { address: text.as_ptr().addr(), length: text.len() },
        Unexpected::Unsigned(number) => Was::Taken(Look::Unsigned(number)),
        Unexpected::Signed(number) => Was::Taken(Look::Signed(number)),
        Unexpected::Float(number) => Was::Taken(Look::Float(number)),
        Unexpected::Bool(value) => Was::Taken(Look::Bool(value)),
        Unexpected::Seq => Was::List,
        Unexpected::Map => Was::Map,
        _ => return,
    };
    SEEN.with_borrow_mut(|seen| {
        if let Some(seen) = seen.as_mut().filter(|seen| seen.len() < MOST_SEEN) {
            seen.push(Mismatch { was, expected: expected.to_string() });
        }
    });
}

const MOST_SEEN: usize = 10_000;

fn watched<T>(make: impl FnOnce() -> T) -> (T, Vec<Mismatch>) {
    let outer = SEEN.replace(Some(Vec::new()));
    let made = make();
    (made, SEEN.replace(outer).unwrap_or_default())
}

impl<'r> Fields<'r> {
    /// Finds out how the fields have to look for a type that could not be made of them.
    ///
    /// # Errors
    /// They cannot: the failure, with the field's name where that is known now.
    fn refine(&self, failure: Failure, seen: &[Mismatch], wants_own: &Cell<bool>) -> Result<(), Failure> {
        let Some(last) = seen.last() else { return Err(failure) };
        if failure.is_of_type() {
            return self.answer(failure, last);
        }
        if failure.is_of_value() {
            return Err(match self.culprit(last) {
                Some(field) => failure.named(field.name, Some(field.value), field.source),
                None => failure,
            });
        }
        // An enum of which no variant fits: what came closest is not known.
        let is_single =
            |mismatch: &Mismatch| matches!(mismatch.was, Was::Map) && is_scalar(&mismatch.expected);
        if !wants_own.get() && seen.iter().any(is_single) {
            wants_own.set(true);
            return Ok(());
        }
        let is_refined = self.take_each(seen, true) || self.take_each(seen, false) || self.give_back(seen);
        if is_refined { Ok(()) } else { Err(failure) }
    }

    /// Gives the one field that a type complained about what the type asked for.
    fn answer(&self, failure: Failure, mismatch: &Mismatch) -> Result<(), Failure> {
        let expected = &*mismatch.expected;
        if let Was::List = mismatch.was {
            return self.answer_list(failure);
        }
        if self.give_back(std::slice::from_ref(mismatch)) {
            return Ok(());
        }
        let Some(culprit) = self.culprit(mismatch) else { return Err(failure) };
        let values = self.named(culprit.name);
        let first = values.first().unwrap_or(culprit);
        if expected == "a sequence" && first.is_list.get() != Some(true) {
            first.is_list.set(Some(true));
            return Ok(());
        }
        let mut is_refined = false;
        for field in values.iter().filter(|field| field.look.get() == Look::Text) {
            let look = match look_for(expected, field.value, false) {
                None => break,
                Some(Ok(look)) => look,
                Some(Err(why)) => return Err(why.named(field.name, Some(field.value), field.source)),
            };
            field.look.set(look);
            is_refined = true;
        }
        if is_refined {
            return Ok(());
        }
        Err(failure.named(culprit.name, Some(culprit.value), culprit.source))
    }

    /// Several values came where one is wanted. If there is one name only with several, its first value counts, as
    /// elsewhere.
    fn answer_list(&self, failure: Failure) -> Result<(), Failure> {
        let lists = |fields: &&[Field<'r>]| {
            fields.len() > 1 && fields.iter().all(|field| field.is_list.get().is_none())
        };
        let mut several = self.groups().filter(lists);
        let (Some([first, ..]), next) = (several.next(), several.next()) else { return Err(failure) };
        if next.is_none() {
            first.is_list.set(Some(false));
            return Ok(());
        }
        let names = self.groups().filter(lists).filter_map(|fields| Some(fields.first()?.name));
        let names: Vec<_> = names.take(3).map(|name| format!("`{}`", crate::base::shown(name))).collect();
        let text = format!(
            "one of {} came several times where one value is wanted, and under `#[serde(flatten)]` and in tagged and \
             untagged enums serde does not tell which: send it once",
            names.join(", ")
        );
        let failure: Failure = serde::de::Error::custom(text);
        Err(failure.named(first.name, Some(first.value), first.source))
    }

    /// Gives every field what a type asked for, as far as it is that.
    fn take_each(&self, seen: &[Mismatch], is_strict: bool) -> bool {
        let mut is_refined = false;
        for mismatch in seen {
            let Some(field) = self.culprit(mismatch).filter(|field| field.look.get() == Look::Text) else {
                continue;
            };
            if let Some(Ok(look)) = look_for(&mismatch.expected, field.value, is_strict) {
                field.look.set(look);
                is_refined = true;
            }
        }
        is_refined
    }

    /// Makes texts again of what was taken for something else and should not have been.
    fn give_back(&self, seen: &[Mismatch]) -> bool {
        let mut is_refined = false;
        for mismatch in seen {
            let Was::Taken(look) = mismatch.was else { continue };
            for field in self.groups().flatten().filter(|field| field.look.get() == look) {
                field.look.set(Look::OnlyText);
                is_refined = true;
            }
        }
        is_refined
    }

    /// The field whose text a type complained about.
    fn culprit(&self, mismatch: &Mismatch) -> Option<&Field<'r>> {
        let Was::Text { address, length } = mismatch.was else { return None };
        let is_there =
            |field: &&Field<'r>| field.value.as_ptr().addr() == address && field.value.len() == length;
        self.groups().flatten().find(is_there)
    }
}

/// Whether a type that expects this is one value.
fn is_scalar(expected: &str) -> bool {
    look_for(expected, "", false).is_some()
        || matches!(expected, "a string" | "a borrowed string" | "a character")
}

/// What a text is for a type that expects this; `None` if that is nothing we know of. Strictly, only `true` and `false`
/// are booleans.
fn look_for(expected: &str, text: &str, is_strict: bool) -> Option<Result<Look, Failure>> {
    macro_rules! converted {
        ($kind:ty, $number:ident => $look:expr) => {
            <$kind>::from_value(text).map(|$number| $look).map_err(|error| Failure::of_conversion(&error))
        };
    }
    Some(match expected {
        "u8" => converted!(u8, n => Look::Unsigned(n.into())),
        "u16" => converted!(u16, n => Look::Unsigned(n.into())),
        "u32" => converted!(u32, n => Look::Unsigned(n.into())),
        "u64" | "usize" => converted!(u64, n => Look::Unsigned(n)),
        "i8" => converted!(i8, n => Look::Signed(n.into())),
        "i16" => converted!(i16, n => Look::Signed(n.into())),
        "i32" => converted!(i32, n => Look::Signed(n.into())),
        "i64" | "isize" => converted!(i64, n => Look::Signed(n)),
        "a nonzero u8" => converted!(NonZero<u8>, n => Look::Unsigned(n.get().into())),
        "a nonzero u16" => converted!(NonZero<u16>, n => Look::Unsigned(n.get().into())),
        "a nonzero u32" => converted!(NonZero<u32>, n => Look::Unsigned(n.get().into())),
        "a nonzero u64" | "a nonzero usize" => converted!(NonZero<u64>, n => Look::Unsigned(n.get())),
        "a nonzero i8" => converted!(NonZero<i8>, n => Look::Signed(n.get().into())),
        "a nonzero i16" => converted!(NonZero<i16>, n => Look::Signed(n.get().into())),
        "a nonzero i32" => converted!(NonZero<i32>, n => Look::Signed(n.get().into())),
        "a nonzero i64" | "a nonzero isize" => converted!(NonZero<i64>, n => Look::Signed(n.get())),
        "f32" | "f64" => converted!(f64, n => Look::Float(n)),
        "a JSON number" => converted!(u64, n => Look::Unsigned(n))
            .or_else(|_| converted!(i64, n => Look::Signed(n)))
            .or_else(|_| converted!(f64, n => Look::Float(n))),
        "a boolean" if is_strict && !["true", "false"].iter().any(|it| text.eq_ignore_ascii_case(it)) => {
            return None;
        }
        "a boolean" => converted!(bool, value => Look::Bool(value)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::fmt::Debug;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::super::requests::get;
    use super::super::{Arg, FromRequest, Model};
    use super::*;
    use crate::http::Request;

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
        let none = "size: None, scale: None, desc: false, zip: None, letter: None, at_least: None, ids: [], tags: []";
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
}
