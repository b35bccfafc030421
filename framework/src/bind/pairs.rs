//! Parameters as a list of pairs: every name with its value, in the order in which they were sent.

use std::slice::Iter;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess};

use super::failure::Failure;
use super::field::Field;
use super::named::Values;
use super::visits::visits;

/// All pairs.
pub(super) struct Pairs<'a, 'r>(Iter<'a, Field<'r>>);

impl<'a, 'r> Pairs<'a, 'r> {
    pub(super) fn new(fields: &'a [Field<'r>]) -> Pairs<'a, 'r> {
        Pairs(fields.iter())
    }
}

impl<'r> SeqAccess<'r> for Pairs<'_, 'r> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'r>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Some(field) = self.0.next() else { return Ok(None) };
        let pair = seed.deserialize(Pair(field));
        pair.map(Some).map_err(|failure| Values::new(std::slice::from_ref(field)).blame(failure))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// One of them.
struct Pair<'a, 'r>(&'a Field<'r>);

impl<'r> Deserializer<'r> for Pair<'_, 'r> {
    type Error = Failure;

    visits! { |pair, visitor|
        deserialize_any => visitor.visit_seq(Halves { field: pair.0, at: 0 });
        deserialize_newtype_struct(&'static str) => visitor.visit_newtype_struct(pair);
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'r>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A name, then its value.
struct Halves<'a, 'r> {
    field: &'a Field<'r>,
    at: usize,
}

impl<'r> SeqAccess<'r> for Halves<'_, 'r> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'r>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Field { name, source, .. } = *self.field;
        self.at += 1;
        match self.at {
            1 => {
                let name = [Field::new(name, name, source, None)];
                let name = Values::new(&name);
                seed.deserialize(name).map(Some).map_err(|failure| name.blame(failure))
            }
            2 => seed.deserialize(Values::new(std::slice::from_ref(self.field))).map(Some),
            _ => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(2 - self.at.min(2))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use serde::Deserialize;
    use serde_json::{Map, Value};

    use super::super::requests::{at, get, post};
    use super::super::{Arg, Form, FromRequest, Model};
    use crate::http::{Request, Result};

    fn model<'r, T: Deserialize<'r>>(req: &'r Request) -> Result<T> {
        Model::from_request(req, &Arg::named("own")).map(Model::into_inner)
    }

    fn form<'r, T: Deserialize<'r>>(req: &'r Request) -> Result<T> {
        Form::from_request(req, &Arg::named("own")).map(Form::into_inner)
    }

    #[test]
    fn all_pairs_come_in_order() {
        type Row = (&'static str, &'static [(&'static str, &'static str)]);
        let table: [Row; 7] = [
            ("", &[]),
            ("b=2", &[("b", "2")]),
            ("b=2&a=1&b=1&c", &[("b", "2"), ("a", "1"), ("b", "1"), ("c", "")]),
            ("z=%41+b&=x", &[("z", "A b"), ("", "x")]),
            // Also where one has the argument's name.
            ("own=1", &[("own", "1")]),
            ("z=1&own=2&own=3&a=4", &[("z", "1"), ("own", "2"), ("own", "3"), ("a", "4")]),
            ("a[]=1&a[]=2", &[("a[]", "1"), ("a[]", "2")]),
        ];
        for (text, expected) in table {
            let req = get(text);
            assert_eq!(model::<Vec<(&str, &str)>>(&req).expect(text), expected, "{text}");
            let req = post("application/x-www-form-urlencoded", text);
            let pairs = form::<Vec<(String, String)>>(&req).expect(text);
            assert!(
                pairs.iter().map(|(name, value)| (&**name, &**value)).eq(expected.iter().copied()),
                "{text}"
            );
        }
    }

    #[test]
    fn pairs_are_typed_and_their_failures_named() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Pair(String, u8);
        #[derive(Debug, PartialEq, Deserialize)]
        struct Same((u8, Option<bool>));
        let req = get("2=1&1=0");
        assert_eq!(model::<Vec<(u8, u8)>>(&req).expect("numbers"), [(2, 1), (1, 0)]);
        assert_eq!(model::<Vec<Pair>>(&req).expect("pairs"), [Pair("2".into(), 1), Pair("1".into(), 0)]);
        assert_eq!(model::<Vec<Same>>(&req).expect("pairs"), [Same((2, Some(true))), Same((1, Some(false)))]);
        assert_eq!(model::<Option<Vec<(u8, u8)>>>(&req).expect("some").map(|pairs| pairs.len()), Some(2));
        assert_eq!(model::<Option<Vec<(u8, u8)>>>(&get("")).expect("none"), None);
        let table = [
            ("a=1&b=x", "Parameter[b] should be an integer from 0 to 255, not `x`."),
            ("a=1&b=%ff", "Parameter[b] is not UTF-8: `%ff`."),
            ("1=1&x=1", "Parameter[x] should be an integer from 0 to 255, not `x`."),
        ];
        for (query, expected) in table {
            let req = get(query);
            let error = match query.starts_with('1') {
                true => model::<Vec<(u8, u8)>>(&req).expect_err(query),
                false => model::<Vec<(&str, u8)>>(&req).expect_err(query),
            };
            assert_eq!((error.status().as_u16(), error.explain_text()), (400, expected));
        }
        // Lists of anything else are still those of the argument's name.
        let req = get("own=1&a=2&own=3");
        assert_eq!(model::<Vec<u8>>(&req).expect("both"), [1, 3]);
        let error = model::<Vec<u8>>(&get("a=2")).expect_err("none");
        assert!(
            error.is_missing() && error.explain_text() == "Parameter[own] is required: a value.",
            "{error}"
        );
        assert_eq!(model::<Option<Vec<u8>>>(&get("a=2")).expect("none"), None);
    }

    #[test]
    fn variables_of_the_path_come_first_then_the_form() {
        let mut req = post("application/x-www-form-urlencoded", "z=form&id=1");
        req.query.parse(b"a=query&z=query", 10).expect("few");
        let req = at(req, "/users/7", &[("id", "7")]);
        let pairs = [("id", "7"), ("z", "form"), ("a", "query"), ("z", "query")];
        assert_eq!(model::<Vec<(&str, &str)>>(&req).expect("all"), pairs);
        assert_eq!(form::<Vec<(&str, &str)>>(&req).expect("its own"), [("z", "form"), ("id", "1")]);
    }

    #[test]
    fn maps_are_in_order_and_have_keys_of_any_type() {
        /// The keys of a map as they come.
        #[derive(Debug, PartialEq)]
        struct Keys(Vec<String>);
        impl<'de> Deserialize<'de> for Keys {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Keys, D::Error> {
                struct Visitor;
                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = Keys;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a map")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                        let mut keys = Vec::new();
                        while let Some((key, _)) = map.next_entry::<String, Value>()? {
                            keys.push(key);
                        }
                        Ok(Keys(keys))
                    }
                }
                deserializer.deserialize_map(Visitor)
            }
        }
        let req = get("b=2&10=1&b=3&9=1&a=x");
        assert_eq!(model::<Keys>(&req).expect("all").0, ["b", "10", "9", "a"]);
        assert_eq!(model::<Map<String, Value>>(&req).expect("all")["b"], serde_json::json!(["2", "3"]));
        let req = get("10=1&9=1&9=2");
        let map = model::<BTreeMap<u8, Vec<u8>>>(&req).expect("numbers");
        assert_eq!(map, BTreeMap::from([(9, vec![1, 2]), (10, vec![1])]));
        let error = model::<HashMap<u8, u8>>(&get("x=1")).expect_err("no number");
        assert_eq!(error.explain_text(), "Parameter[x] should be an integer from 0 to 255, not `x`.");
    }
}
