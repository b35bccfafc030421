//! What is not to be seen.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::SECRET;

/// A value of the settings that is never printed: not by `Debug`, `Display` or `Serialize`, nor in an error of the settings, of JSON or of a
/// form, nor where a rule of `#[arg(valid)]` is broken: nothing of a value that holds a secret is quoted there. What a rule of your own says is up to you.
///
/// ```
/// use vernal::{Secret, Settings};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Database {
///     password: Secret<String>,
/// }
///
/// # fn main() -> vernal::Result {
/// let database: Database = Settings::toml("[database]\npassword = 'hunter2'").section("database")?;
/// assert_eq!(database.password.reveal(), "hunter2");
/// assert_eq!(format!("{database:?}"), "Database { password: *** }");
/// # Ok(())
/// # }
/// ```
///
/// It is not wiped from memory: what it was read from, a file or the environment, has copies that nobody wipes.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// What whoever reads settings knows it by.
    pub(super) const NAME: &'static str = "Secret";

    /// Keeps a value secret.
    pub const fn new(value: T) -> Secret<T> {
        Secret(value)
    }

    /// The value.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The value itself.
    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Secret<T> {
        Secret(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret<T>, D::Error> {
        // A value that is missing has no visitor, and is told of as any other.
        deserializer.deserialize_newtype_struct(Secret::<T>::NAME, Hiding(PhantomData))
    }
}

/// That of what is kept secret.
#[cfg(feature = "openapi")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Secret<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// Reads a value, and keeps it out of errors, which may quote it.
struct Hiding<T>(PhantomData<T>);

impl<T> Hiding<T> {
    fn hide<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<T>, D::Error>
    where
        T: Deserialize<'de>,
    {
        #[cfg(feature = "validation")]
        crate::base::secrets::note();
        T::deserialize(deserializer).map(Secret).map_err(|_| {
            let name = type_name::<T>();
            let short = name.rsplit("::").next().filter(|_| !name.contains('<')).unwrap_or(name);
            let remedy = if short == "String" { ": write it in quotes" } else { "" };
            D::Error::custom(format_args!("{SECRET}, and no `{short}`{remedy}"))
        })
    }
}

macro_rules! hidden {
    ($($method:ident($kind:ty))*) => { $(
        fn $method<E: Error>(self, value: $kind) -> Result<Secret<T>, E> {
            Self::hide(value.into_deserializer())
        }
    )* };
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Hiding<T> {
    type Value = Secret<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Secret<T>, D::Error> {
        Self::hide(deserializer)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Secret<T>, D::Error> {
        Self::hide(deserializer)
    }

    hidden! {
        visit_bool(bool) visit_i64(i64) visit_i128(i128) visit_u64(u64) visit_u128(u128) visit_f64(f64) visit_char(char)
        visit_str(&str) visit_string(String) visit_bytes(&[u8])
    }

    fn visit_unit<E: Error>(self) -> Result<Secret<T>, E> {
        Self::hide(().into_deserializer())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Secret<T>, A::Error> {
        Self::hide(SeqAccessDeserializer::new(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Secret<T>, A::Error> {
        Self::hide(MapAccessDeserializer::new(table))
    }
}

const HIDDEN: &str = "***";
