//! Parameters as a struct, through serde: `Model<T>`, `Form<T>`, and any bare type that is only `Deserialize`.
//!
//! Parameters are flat: each name has one or more texts. Numbers and booleans are read as a bare argument of their
//! type would be. A type that is one value or a list (a newtype, an enum, a `Uuid`) reads the parameter that has the
//! argument's name.

use std::any::Any;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};

use serde::Deserialize;
use serde_json::Value;

use super::defaults::Wrapper;
use super::field::Fields;
use super::fields::deserialize;
use super::missing::beside_body;
use super::{Arg, BindingError, BodyUse, FromRequest, Profile, Source, judged};
use crate::contract::{Inputs, Place, Schema, Values};
use crate::http::{Error, Request, Result};

/// All parameters as a struct, or as a map: those of the form, of the query, and the variables of the path. A
/// variable of the path hides parameters of its name.
///
/// `Model<Vec<(K, V)>>` is every name with its value, in the order in which they came, as is `Form<Vec<(K, V)>>` of a form;
/// maps come in that order too, with the first value of a name, or all where the value is a list.
///
/// A list is required: a field `tag: Vec<String>` may be absent with `#[serde(default)]` or as `Option<Vec<String>>`. Under
/// `#[serde(flatten)]` and in tagged and untagged enums, numbers, booleans and lists (in untagged enums: of more than one value) are read as elsewhere, up to 64 of them;
/// of an untagged enum the first variant that fits is taken. `i128` and `u128` serde does not support there.
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
#[doc(alias = "Query")]
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

    const SOURCE: Option<Source> = None;

    fn wrap(inner: T) -> Model<T> {
        Model(inner)
    }
}

impl<'r, T: Deserialize<'r>> FromRequest<'r> for Model<T> {
    const PROFILE: Profile =
        Profile { body: BodyUse::Parameters, tuple_named: true, only_reads: true, ..Profile::ANY };

    fn from_request(req: &'r Request, arg: &Arg) -> Result<Model<T>> {
        beside_body(deserialize(&Fields::of_request(req), arg.name), req).map(Model)
    }

    fn describe(inputs: &mut Inputs) {
        inputs.values(Place::Members, Values::one(Schema::of::<T>()));
    }
}

/// The application's default binding, as it lies in the context.
pub(crate) struct DefaultBindingCall(pub(crate) for<'r> fn(&'r Request, &Arg) -> Result<Value>);

impl DefaultBindingCall {
    pub(crate) fn boxed(self) -> Box<dyn Any + Send + Sync> {
        Box::new(self)
    }
}

/// Binds a type that is only `Deserialize`: through the application's default binding if it has one, else of all
/// parameters.
pub(crate) fn bind_default<'r, T: Deserialize<'r>>(req: &'r Request, arg: &Arg) -> Result<T> {
    let default_binding = req.context.default_binding.as_ref().and_then(|given| given.downcast_ref());
    let Some(DefaultBindingCall(call)) = default_binding else {
        return beside_body(deserialize(&Fields::of_request(req), arg.name), req);
    };
    let value = call(req, arg).map_err(|error| judged::of_client(error, arg))?;
    T::deserialize(value).map_err(|error| {
        Error::bad_request(format!("Parameter[{}]: {error}", arg.name)).at_binding(BindingError::new(
            arg.name,
            Source::Parameter,
            Cow::Borrowed("what the default model binding yields"),
            Some(error.to_string()),
        ))
    })
}

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
            "text=a+b&owned=x&int=-3&float=1.5&flag=yes&letter=z&id=7&color=blue&some=1&list=1&list=2&pair=4&pair=p&more",
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
            id: u8,
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
