//! Parameters as a struct, through serde: `Model<T>`, `Form<T>`, and any bare type that is only `Deserialize`.
//!
//! Parameters are flat: each name has one or more texts. Numbers and booleans are read as a bare argument of their
//! type would be. A type that is one value or a list (a newtype, an enum, a `Uuid`) reads the parameter that has the
//! argument's name.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde_json::Value;

use super::dispatch::Wrapper;
use super::value::{flawed, shortened};
use super::{Arg, BindingError, FromRequest, FromValue, Profile, Source};
use crate::http::{Error, Params, Request, Result};

/// All parameters as a struct, or as a map: those of the form, of the query, and the variables of the path. A
/// variable of the path hides parameters of its name.
///
/// A bare argument `search: Search` is bound the same way; write `Model<Search>` where `Search` could be bound
/// otherwise too, or to keep `#[default_model_binding]` out.
///
/// ```
/// use serde::Deserialize;
/// use vernal::{Model, request_map};
///
/// #[derive(Deserialize)]
/// struct Search { q: String, page: Option<u32>, #[serde(default)] tag: Vec<String> }
///
/// #[request_map("/search")]
/// fn search(Model(search): Model<Search>) -> String {
///     format!("{} {:?} {:?}", search.q, search.page, search.tag)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Model<T>(
    /// The value.
    pub T,
);

/// All parameters by name: a text where one came, a list of texts where several did.
///
/// ```
/// use vernal::{ModelDict, request_map};
///
/// #[request_map("/all")]
/// fn all(model: ModelDict) -> serde_json::Value {
///     model.into_iter().collect()
/// }
/// ```
pub type ModelDict = HashMap<String, Value>;

impl<T> Model<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Model<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Model<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Wrapper for Model<T> {
    type Inner = T;

    fn wrap(inner: T) -> Model<T> {
        Model(inner)
    }
}

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Model<T> {
    const PROFILE: Profile = Profile::ANY;

    fn from_request(req: &'r Request, arg: &Arg) -> Result<Model<T>> {
        deserialize(&Fields::of_request(req), arg.name).map(Model)
    }
}

/// Binds a type that is only `Deserialize`: through the application's default binding if it has one, else of all
/// parameters.
pub(crate) fn bind_default<'r, T: Deserialize<'r>>(req: &'r Request, arg: &Arg) -> Result<T> {
    let Some(default_binding) = req.context.default_binding else {
        return deserialize(&Fields::of_request(req), arg.name);
    };
    let value = default_binding(req, arg)?;
    T::deserialize(value).map_err(|error| {
        Error::bad_request(format!("Parameter[{}]: {error}", arg.name)).at_binding(BindingError {
            parameter: arg.name.to_owned(),
            source: Source::Parameter,
            expected: Cow::Borrowed("what the default model binding yields"),
            got: Some(error.to_string()),
        })
    })
}

/// Makes a `T` of fields; `name` is the argument's.
pub(crate) fn deserialize<'r, T: Deserialize<'r>>(fields: &Fields<'r>, name: &'static str) -> Result<T> {
    let is_absent = Cell::new(false);
    let root = Root { fields, name, is_absent: &is_absent, takes_none: false };
    let made = match T::deserialize(root) {
        // An `Option` of a single value that did not come. Only now it is known that the value is a single one.
        Err(_) if is_absent.get() => T::deserialize(Root { takes_none: true, ..root }),
        made => made,
    };
    made.map_err(|failure| failure.into_error(name))
}

/// Names with their values, sorted by name so that equal ones stand together; values keep their order.
pub(crate) struct Fields<'r>(Vec<Field<'r>>);

#[derive(Clone, Copy)]
struct Field<'r> {
    name: &'r str,
    value: &'r str,
    source: Source,
    flaw: Option<&'static str>,
}

impl<'r> Fields<'r> {
    /// Variables of the path, then those parameters that are not hidden by them: of the form, of the query.
    fn of_request(req: &'r Request) -> Fields<'r> {
        let variables =
            req.path_values().map(|(name, value)| Field { name, value, source: Source::Path, flaw: None });
        let mut fields: Vec<_> = variables.collect();
        let hiding = fields.len();
        for params in [&req.form, &req.query] {
            let start = fields.len();
            fields.extend(of_params(params));
            for index in (start..fields.len()).rev() {
                if fields[..hiding].iter().any(|variable| variable.name == fields[index].name) {
                    fields.remove(index);
                }
            }
        }
        Fields::sorted(fields)
    }

    /// The fields of the form alone.
    pub(crate) fn of_form(req: &'r Request) -> Fields<'r> {
        Fields::sorted(of_params(&req.form).collect())
    }

    fn sorted(mut fields: Vec<Field<'r>>) -> Fields<'r> {
        fields.sort_by_key(|field| field.name);
        Fields(fields)
    }

    fn named(&self, name: &str) -> &[Field<'r>] {
        let start = self.0.partition_point(|field| field.name < name);
        let rest = self.0.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|field| field.name == name).count();
        rest.get(..count).unwrap_or_default()
    }
}

fn of_params(params: &Params) -> impl Iterator<Item = Field<'_>> {
    params.iter().map(|(name, value)| {
        let flaw = if params.has_flaws() { params.flaw(name) } else { None };
        Field { name, value, source: Source::Parameter, flaw }
    })
}

/// All fields: a map, unless the type turns out to be one value, which is then the one of the argument's name.
#[derive(Clone, Copy)]
struct Root<'a, 'r> {
    fields: &'a Fields<'r>,
    name: &'static str,
    /// Set when the one value did not come.
    is_absent: &'a Cell<bool>,
    /// Whether an `Option` is `None`: the second try, after the first found the value absent.
    takes_none: bool,
}

impl<'a, 'r> Root<'a, 'r> {
    fn own(self) -> Result<Values<'a, 'r>, Failure> {
        let values = self.fields.named(self.name);
        if values.is_empty() {
            self.is_absent.set(true);
            return Err(Failure::of(Problem::Missing).named(self.name, None, Source::Parameter));
        }
        Ok(Values(values))
    }
}

/// Hands single values and lists to the values of the argument's own name.
macro_rules! own {
    ($( $method:ident $(($($arg:ident: $kind:ty),+))? )*) => { $(
        fn $method<V: Visitor<'r>>(self, $($($arg: $kind,)+)? visitor: V) -> Result<V::Value, Failure> {
            let values = self.own()?;
            values.$method($($($arg,)+)? visitor).map_err(|failure| failure.at(values))
        }
    )* };
}

impl<'r> Deserializer<'r> for Root<'_, 'r> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_map(Entries { rest: &self.fields.0, current: &[] })
    }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.takes_none || self.fields.0.is_empty() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    own! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_seq
        deserialize_tuple(length: usize)
        deserialize_tuple_struct(name: &'static str, length: usize)
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    serde::forward_to_deserialize_any! { <V: Visitor<'r>> map struct identifier ignored_any }
}

/// The map of all names.
struct Entries<'a, 'r> {
    rest: &'a [Field<'r>],
    current: &'a [Field<'r>],
}

impl<'r> MapAccess<'r> for Entries<'_, 'r> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'r>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        let Some(first) = self.rest.first() else { return Ok(None) };
        let count = self.rest.iter().take_while(|field| field.name == first.name).count();
        (self.current, self.rest) = self.rest.split_at(count);
        let name = BorrowedStrDeserializer::<Failure>::new(first.name);
        seed.deserialize(name).map(Some).map_err(|failure| failure.at(Values(self.current)))
    }

    fn next_value_seed<V: DeserializeSeed<'r>>(&mut self, seed: V) -> Result<V::Value, Failure> {
        let values = Values(self.current);
        seed.deserialize(values).map_err(|failure| failure.at(values))
    }

    fn size_hint(&self) -> Option<usize> {
        None
    }
}

/// The values of one name; never empty.
#[derive(Clone, Copy)]
struct Values<'a, 'r>(&'a [Field<'r>]);

impl<'r> Values<'_, 'r> {
    /// The first value, if all could be decoded.
    fn first(self) -> Result<&'r str, Failure> {
        match self.0.iter().find_map(|field| field.flaw) {
            Some(flaw) => Err(Failure::of(Problem::Flawed(flaw))),
            None => self.0.first().map(|field| field.value).ok_or_else(|| Failure::of(Problem::Missing)),
        }
    }

    fn each(self) -> Result<Each<Self>, Failure> {
        self.first()?;
        Ok(Each { rest: self, index: 0 })
    }

    /// Parameters are flat.
    fn nested<T>(self) -> Result<T, Failure> {
        Err(Failure::of(Problem::Nested))
    }
}

macro_rules! scalars {
    ($($method:ident $visit:ident $kind:ty;)*) => { $(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
            let converted = <$kind>::from_value(self.first()?);
            visitor.$visit(converted.map_err(|error| Failure::of_conversion(&error))?)
        }
    )* };
}

macro_rules! texts {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
            visitor.visit_borrowed_str(self.first()?)
        }
    )* };
}

macro_rules! byte_texts {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
            visitor.visit_borrowed_bytes(self.first()?.as_bytes())
        }
    )* };
}

impl<'r> Deserializer<'r> for Values<'_, 'r> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.0.len() > 1 {
            visitor.visit_seq(self.each()?)
        } else {
            visitor.visit_borrowed_str(self.first()?)
        }
    }

    scalars! {
        deserialize_bool visit_bool bool;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
        deserialize_char visit_char char;
    }

    texts! { deserialize_str deserialize_string deserialize_identifier }
    byte_texts! { deserialize_bytes deserialize_byte_buf }

    fn deserialize_option<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.each()?)
    }

    fn deserialize_tuple<V: Visitor<'r>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.each()?)
    }

    fn deserialize_tuple_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_seq(self.each()?)
    }

    fn deserialize_map<V: Visitor<'r>>(self, _: V) -> Result<V::Value, Failure> {
        self.nested()
    }

    fn deserialize_struct<V: Visitor<'r>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Failure> {
        self.nested()
    }

    fn deserialize_enum<V: Visitor<'r>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_enum(Variant(self.first()?))
    }

    fn deserialize_ignored_any<V: Visitor<'r>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }
}

/// The values of one name, one by one.
struct Each<T> {
    rest: T,
    index: usize,
}

impl<'r> SeqAccess<'r> for Each<Values<'_, 'r>> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'r>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Some(one) = self.rest.0.get(self.index..=self.index) else { return Ok(None) };
        self.index += 1;
        seed.deserialize(Values(one)).map(Some).map_err(|failure| failure.at(Values(one)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.0.len() - self.index)
    }
}

/// An enum by the name of its variant, which holds nothing.
struct Variant<'r>(&'r str);

impl<'r> EnumAccess<'r> for Variant<'r> {
    type Error = Failure;
    type Variant = UnitOnly;

    fn variant_seed<V: DeserializeSeed<'r>>(self, seed: V) -> Result<(V::Value, UnitOnly), Failure> {
        Ok((seed.deserialize(BorrowedStrDeserializer::<Failure>::new(self.0))?, UnitOnly))
    }
}

struct UnitOnly;

impl<'r> VariantAccess<'r> for UnitOnly {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'r>>(self, _: T) -> Result<T::Value, Failure> {
        Err(Failure::of(Problem::Nested))
    }

    fn tuple_variant<V: Visitor<'r>>(self, _: usize, _: V) -> Result<V::Value, Failure> {
        Err(Failure::of(Problem::Nested))
    }

    fn struct_variant<V: Visitor<'r>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Failure> {
        Err(Failure::of(Problem::Nested))
    }
}

/// Why the parameters do not make the type, and which of them.
#[derive(Debug)]
struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    problem: Problem,
    field: Option<String>,
    got: Option<String>,
    source: Source,
}

#[derive(Debug)]
enum Problem {
    Missing,
    Unfit(String),
    Flawed(&'static str),
    /// The type holds a structure there.
    Nested,
    Unknown(&'static [&'static str]),
    Other(String),
}

impl Failure {
    fn of(problem: Problem) -> Failure {
        Failure(Box::new(Inner { problem, field: None, got: None, source: Source::Parameter }))
    }

    fn of_conversion(error: &Error) -> Failure {
        let expected = error.binding().map_or("a valid value", |binding| &binding.expected);
        Failure::of(Problem::Unfit(expected.to_owned()))
    }

    fn named(mut self, field: &str, got: Option<&str>, source: Source) -> Failure {
        if self.0.field.is_none() {
            self.0.field = Some(field.to_owned());
            self.0.got = got.map(str::to_owned);
            self.0.source = source;
        }
        self
    }

    /// Says where it happened, unless that is known more exactly.
    fn at(self, values: Values<'_, '_>) -> Failure {
        match values.0.iter().find(|field| field.flaw.is_some()).or(values.0.first()) {
            Some(field) => self.named(field.name, Some(field.value), field.source),
            None => self,
        }
    }

    /// The error to answer with; `name` is the argument's.
    fn into_error(self, name: &str) -> Error {
        let Inner { problem, field, got, source } = *self.0;
        let parameter = field.unwrap_or_else(|| name.to_owned());
        let raw = got.unwrap_or_default();
        let binding = |expected: Cow<'static, str>| BindingError {
            parameter: parameter.clone(),
            source,
            expected,
            got: Some(shortened(&raw)),
        };
        let shown = parameter.escape_debug();
        match problem {
            Problem::Missing => Error::missing(parameter, source, "a value"),
            Problem::Unfit(expected) => Error::of_binding(binding(expected.into())),
            Problem::Flawed(flaw) => flawed(&parameter, &raw, flaw),
            Problem::Nested => Error::internal(format!(
                "the field `{shown}` is a structure, but parameters are flat: take the value as JSON with \
                 `vernal::Json`, or as text"
            ))
            .at_binding(binding("one flat value".into())),
            Problem::Unknown(known) => Error::bad_request(format!(
                "{source}[{shown}] is not known here; known are: {}.",
                known.join(", ")
            ))
            .at_binding(binding("left out".into())),
            Problem::Other(text) => Error::bad_request(format!("{source}[{shown}]: {text}."))
                .at_binding(binding(text.clone().into())),
        }
    }
}

impl serde::de::Error for Failure {
    fn custom<T: fmt::Display>(text: T) -> Failure {
        Failure::of(Problem::Other(text.to_string()))
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Failure {
        Failure::of(Problem::Unfit(expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Failure {
        Failure::of(Problem::Unfit(expected.to_string()))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Failure {
        Failure::of(Problem::Unfit(expected.to_string()))
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Failure {
        let expected = if known.len() > 1 { "one of " } else { "" };
        Failure::of(Problem::Unfit(format!("{expected}{}", known.join(", "))))
    }

    fn unknown_field(_: &str, known: &'static [&'static str]) -> Failure {
        Failure::of(Problem::Unknown(known))
    }

    fn missing_field(field: &'static str) -> Failure {
        Failure::of(Problem::Missing).named(field, None, Source::Parameter)
    }

    fn duplicate_field(field: &'static str) -> Failure {
        Failure::custom("came twice").named(field, None, Source::Parameter)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.problem)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::super::requests::{at, get, post};
    use super::*;

    fn model<'r, T: Deserialize<'r>>(req: &'r Request) -> Result<T> {
        Model::from_request(req, &Arg::named("own")).map(Model::into_inner)
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Color {
        Red,
        Blue,
        Mixed(u8),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Id(u64);

    #[derive(Debug, PartialEq, Deserialize)]
    struct All<'a> {
        text: &'a str,
        owned: String,
        int: i32,
        float: f64,
        flag: bool,
        letter: char,
        id: Id,
        color: Color,
        some: Option<u8>,
        none: Option<u8>,
        list: Vec<u8>,
        #[serde(default)]
        empty: Vec<u8>,
        pair: (u8, String),
    }

    #[test]
    fn every_kind_of_field_is_read() {
        let req = get(
            "text=a+b&owned=x&int=-3&float=1.5&flag=no&letter=z&id=7&color=blue&some=1&list=1&list=2&pair=4&pair=p&more",
        );
        let expected = All {
            text: "a b",
            owned: "x".into(),
            int: -3,
            float: 1.5,
            flag: true,
            letter: 'z',
            id: Id(7),
            color: Color::Blue,
            some: Some(1),
            none: None,
            list: vec![1, 2],
            empty: vec![],
            pair: (4, "p".into()),
        };
        assert_eq!(model::<All<'_>>(&req).expect("all there"), expected);
    }

    #[test]
    fn failures_name_the_field() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only made")]
        struct Strict {
            age: u8,
            color: Option<Color>,
            list: Option<Vec<u8>>,
            pair: Option<(u8, u8)>,
            deep: Option<Deep>,
            map: Option<HashMap<String, String>>,
        }
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only made")]
        struct Deep {
            x: u8,
        }
        let table = [
            ("", 400, "Parameter[age] is required: a value."),
            ("age=x", 400, "Parameter[age] should be an integer from 0 to 255, not `x`."),
            ("age=", 400, "Parameter[age] should be an integer from 0 to 255, not ``."),
            ("age=1&color=green", 400, "Parameter[color] should be one of red, blue, mixed, not `green`."),
            ("age=1&list=1&list=x", 400, "Parameter[list] should be an integer from 0 to 255, not `x`."),
            ("age=1&pair=1", 400, "Parameter[pair] should be a tuple of size 2, not `1`."),
            (
                "age=1&other=1",
                400,
                "Parameter[other] is not known here; known are: age, color, list, pair, deep, map.",
            ),
        ];
        for (query, status, text) in table {
            let req = get(query);
            let error = model::<Strict>(&req).expect_err(query);
            assert_eq!((error.status().as_u16(), error.explain_text()), (status, text), "{query}");
            assert!(error.binding().is_some(), "{query}");
        }
        for query in ["age=1&deep=1", "age=1&map=1", "age=1&color=mixed"] {
            let req = get(query);
            let error = model::<Strict>(&req).expect_err(query);
            assert!(error.is_private() && error.explain_text().contains("parameters are flat"), "{error}");
        }
        let req = get("age=1&list=%zz");
        let error = model::<Strict>(&req).expect_err("flawed");
        assert!(error.explain_text().starts_with("Parameter[list] has a `%`"), "{}", error.explain_text());
    }

    #[test]
    fn a_flaw_in_a_field_nobody_reads_does_not_matter() {
        let req = get("own=1&utm=%zz&id=3");
        #[derive(Deserialize)]
        struct One {
            id: u8,
        }
        assert_eq!(model::<One>(&req).expect("there").id, 3);
    }

    #[test]
    fn a_dict_has_texts_and_lists() {
        let req = get("a=1&b=2&b=3&c");
        let expected = json!({ "a": "1", "b": ["2", "3"], "c": "" });
        assert_eq!(model::<Value>(&req).expect("all"), expected);
        let dict: ModelDict = model(&req).expect("all");
        assert_eq!(dict.into_iter().collect::<Value>(), expected);
        assert_eq!(model::<HashMap<&str, Vec<u8>>>(&get("")).expect("empty").len(), 0);
        assert_eq!(model::<HashMap<String, Vec<u8>>>(&get("x=1&y=2&x=3")).expect("lists")["x"], [1, 3]);
    }

    #[test]
    fn forms_come_first_and_the_path_hides_parameters() {
        let mut req = post("application/x-www-form-urlencoded", "a=form&id=1");
        req.query.parse(b"a=query&b=query&id=2", 10).expect("few");
        let req = at(req, "/users/7", &[("id", "7")]);
        assert_eq!(
            model::<Value>(&req).expect("all"),
            json!({ "a": ["form", "query"], "b": "query", "id": "7" })
        );
        #[derive(Debug, Deserialize)]
        #[expect(dead_code, reason = "only made")]
        struct Wrong {
            id: bool,
            a: String,
            users: Option<u8>,
        }
        assert_eq!(model::<Wrong>(&req).expect("the first values").a, "form");
        let req = at(get(""), "/users/x", &[("own", "x")]);
        assert_eq!(model::<u8>(&req).expect_err("no number").status(), 404);
    }

    #[test]
    fn one_value_is_the_one_of_the_arguments_name() {
        let req = get("own=7&own=8&other=1");
        assert_eq!(model::<Id>(&req).expect("there"), Id(7));
        assert_eq!(model::<&str>(&req).expect("there"), "7");
        assert_eq!(model::<Vec<Id>>(&req).expect("both"), [Id(7), Id(8)]);
        assert_eq!(model::<(u8, u8)>(&req).expect("both"), (7, 8));
        assert_eq!(model::<Option<Id>>(&req).expect("there"), Some(Id(7)));
        assert_eq!(model::<Color>(&get("own=red")).expect("there"), Color::Red);
        assert_eq!(model::<std::path::PathBuf>(&req).expect("there"), std::path::Path::new("7"));
        let req = get("other=1");
        assert_eq!(model::<Option<Id>>(&req).expect("optional"), None);
        let error = model::<Id>(&req).expect_err("missing");
        assert!(error.is_missing());
        assert_eq!(error.explain_text(), "Parameter[own] is required: a value.");
        let req = get("own=x");
        let error = model::<Option<Id>>(&req).expect_err("bad");
        assert_eq!(
            error.explain_text(),
            "Parameter[own] should be an integer from 0 to 18446744073709551615, not `x`."
        );
    }

    #[test]
    fn a_type_that_checks_itself_is_heard() {
        #[derive(Debug, Deserialize)]
        #[serde(try_from = "u8")]
        struct Even;
        impl TryFrom<u8> for Even {
            type Error = &'static str;
            fn try_from(number: u8) -> Result<Even, &'static str> {
                if number.is_multiple_of(2) { Ok(Even) } else { Err("the number is odd") }
            }
        }
        let req = get("n=3");
        let error = model::<HashMap<String, Even>>(&req).expect_err("odd");
        assert_eq!(
            (error.status().as_u16(), error.explain_text()),
            (400, "Parameter[n]: the number is odd.")
        );
        assert!(model::<HashMap<String, Even>>(&get("n=4")).is_ok());
    }

    #[test]
    fn an_optional_struct_is_none_without_parameters() {
        assert_eq!(model::<Option<HashMap<String, String>>>(&get("")).expect("optional"), None);
        assert!(model::<Option<HashMap<String, String>>>(&get("a")).expect("there").is_some());
    }
}
