//! Reads values through serde, each mistake with its place.
//!
//! Beside what is written, two things can be read: times where a [`Duration`](std::time::Duration) is wanted, and values that
//! are made up, in place of those that are missing or wrong, so that serde goes on to the next mistake.

use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeSeed, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

use super::failure::{Failure, Place, What};
use super::kinds::{TIME, duration};
use super::loose;
use super::name::Name;
use super::origin::Origin;
use super::pass::{Pass, Unread};
use super::secret::Secret;
use super::value::{Entry, Node, Value, is_alike};

/// Reads one value. Without a node, one that is made up.
pub(super) struct Reader<'p> {
    node: Option<&'p Node>,
    path: String,
    pass: &'p Pass,
    /// Its name, if it has one, and the struct that may read it.
    named: Option<(&'p Entry, &'p str, &'static [&'static str])>,
}

impl<'p> Reader<'p> {
    pub(super) fn new(node: &'p Node, path: &str, pass: &'p Pass) -> Reader<'p> {
        Reader { node: Some(node), path: path.to_owned(), pass, named: None }
    }

    /// A value with this path.
    fn at(node: Option<&'p Node>, path: String, pass: &'p Pass) -> Reader<'p> {
        let node = node.filter(|_| !pass.made_up.contains(&path));
        Reader { node, path, pass, named: None }
    }

    fn placed<T>(&self, read: Result<T, Failure>) -> Result<T, Failure> {
        read.map_err(|failure| self.pass.passed_on(failure.placed(&self.path, self.node)))
    }

    /// Refuses what a table lies over, and could not stand there by itself.
    fn check_beneath(
        &self,
        fits: impl FnOnce(&Node) -> bool,
        failure: impl FnOnce() -> Failure,
    ) -> Result<(), Failure> {
        match self.node.and_then(Node::beneath) {
            Some(beneath) if !fits(beneath) => {
                Err(self.pass.passed_on(failure().placed(&self.path, Some(beneath))))
            }
            _ => Ok(()),
        }
    }

    /// Reads what it is taken for.
    fn as_is<'de, V: Visitor<'de>>(
        &self,
        value: Value,
        origin: &Origin,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match value {
            Value::Text(text) | Value::Loose(text) | Value::Date(text) => visitor.visit_string(text),
            Value::Integer(number) => match (u64::try_from(number), i64::try_from(number)) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                _ => visitor.visit_i128(number),
            },
            Value::Float(number) => visitor.visit_f64(number),
            Value::Flag(flag) => visitor.visit_bool(flag),
            Value::List(list) => self.list(&list, visitor),
            Value::Table(table) => {
                let node = Node { value: Value::Table(table), origin: origin.clone() };
                self.table(&node, &[], visitor)
            }
        }
    }

    fn list<'de, V: Visitor<'de>>(&self, list: &[Node], visitor: V) -> Result<V::Value, Failure> {
        let mut elements = Elements { list, next: 0, path: &self.path, pass: self.pass };
        let read = visitor.visit_seq(&mut elements)?;
        let (taken, there) = (elements.next, list.len());
        if taken < there {
            return Err(Failure::new(What::Words(format!(
                "{taken} values are taken, and there are {there}"
            ))));
        }
        Ok(read)
    }

    fn table<'de, V: Visitor<'de>>(
        &self,
        node: &Node,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let entries = match &node.value {
            Value::Table(table) => {
                table.entries.iter().filter(|entry| !self.is_skipped(&entry.name)).collect()
            }
            _ => Vec::new(),
        };
        let is_there = |name: &str| entries.iter().any(|entry: &&Entry| entry.name == name);
        let wanted = |name: &&str| self.pass.made_up.contains(&self.below(name)) && !is_there(name);
        let made_up = fields.iter().copied().filter(wanted).collect();
        visitor.visit_map(Names { entries, made_up, at: 0, fields, path: &self.path, pass: self.pass })
    }

    fn is_skipped(&self, name: &str) -> bool {
        self.pass.skipped.contains(&self.below(name))
    }

    fn below(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.placed(match self.node {
Some(node) => match (&node.value, loose::integer(node)) {
                    (Value::Loose(_), Some(number)) => self.as_is(Value::Integer(number), &node.origin, visitor),
                    (value, _) => self.as_is(value.clone(), &node.origin, visitor),
                },
None => visitor.$visit(1),
})
        }
    )* };
}

macro_rules! texts {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            self.placed(match self.node {
Some(node) => self.as_is(node.value.clone(), &node.origin, visitor),
None => visitor.visit_str(""),
})
        }
    )* };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.placed(match self.node {
            Some(node) => self.as_is(loose::guessed(node), &node.origin, visitor),
            None => visitor.visit_u64(1),
        })
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.placed(match self.node {
            Some(node) => match loose::flag(&node.value) {
                Some(flag) => visitor.visit_bool(flag),
                None => self.as_is(node.value.clone(), &node.origin, visitor),
            },
            None => visitor.visit_bool(false),
        })
    }

    numbers! {
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_i128 visit_i128 deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32
        deserialize_u64 visit_u64 deserialize_u128 visit_u128
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.placed(match self.node {
            Some(node) => match &node.value {
                Value::Loose(text) if text.trim().parse::<f64>().is_ok() => {
                    visitor.visit_f64(text.trim().parse().unwrap_or_default())
                }
                value => self.as_is(value.clone(), &node.origin, visitor),
            },
            None => visitor.visit_f64(1.0),
        })
    }

    texts! { deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_identifier }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.node.is_some() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.placed(match self.node {
            Some(node) => self.as_is(node.value.clone(), &node.origin, visitor),
            None => visitor.visit_unit(),
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let (path, node, pass) = (self.path.clone(), self.node, self.pass);
        let read = || {
            let read = visitor.visit_newtype_struct(self);
            read.map_err(|failure| failure.of_nothing(node).placed(&path, node))
        };
        if name == Secret::<()>::NAME { pass.read_secret(&path, read) } else { read() }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.placed(match self.node {
            Some(node) => match loose::list(node) {
                Some(list) => self.list(&list, visitor),
                None => self.as_is(node.value.clone(), &node.origin, visitor),
            },
            None => self.list(&[], visitor),
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        self.deserialize_struct("", &[], visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        let is_time = name == "Duration" && fields == ["secs", "nanos"];
        self.check_beneath(
            |beneath| is_time || loose::table(beneath).is_some(),
            || Failure::invalid_type(Unexpected::Other("no table"), &visitor),
        )?;
        self.placed(match self.node {
            Some(node) => match (loose::table(node), loose::text(&node.value)) {
                (Some(value), _) => self.table(&Node { value, origin: node.origin.clone() }, fields, visitor),
                (None, text) if is_time => match text.and_then(duration) {
                    Some(time) => {
                        let parts = [time.as_secs(), time.subsec_nanos().into()];
                        visitor.visit_seq(SeqDeserializer::new(parts.into_iter()))
                    }
                    None => Err(Failure::new(What::Expected(TIME.to_owned()))),
                },
                _ => self.as_is(node.value.clone(), &node.origin, visitor),
            },
            None => {
                let names = fields.iter().map(|name| (*name, Reader::at(None, self.below(name), self.pass)));
                visitor.visit_map(MapDeserializer::new(names))
            }
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.check_beneath(
            |beneath| loose::text(&beneath.value).is_some(),
            || Failure::new(What::UnknownVariant(variants)),
        )?;
        self.placed(match self.node {
            Some(node) => match (&node.value, loose::table(node)) {
                (Value::Text(name) | Value::Loose(name), None) => visitor.visit_enum(Variant {
                    name,
                    content: Content::None,
                    path: &self.path,
                    pass: self.pass,
                }),
                (_, Some(Value::Table(table))) if table.entries.len() == 1 => match &table.entries[..] {
                    [entry] => visitor.visit_enum(Variant {
                        name: &entry.name,
                        content: Content::Node(&entry.node),
                        path: &self.path,
                        pass: self.pass,
                    }),
                    _ => Err(Failure::new(What::UnknownVariant(variants))),
                },
                _ => Err(Failure::new(What::UnknownVariant(variants))),
            },
            None => {
                let name = variants.first().copied().unwrap_or_default();
                visitor.visit_enum(Variant {
                    name,
                    content: Content::MadeUp,
                    path: &self.path,
                    pass: self.pass,
                })
            }
        })
    }

    /// That nobody wants it is a mistake in its name.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if let Some((entry, path, known)) = self.named {
            let unread = Unread {
                path: path.to_owned(),
                name: entry.name.clone(),
                origin: entry.origin.clone(),
                known,
            };
            self.pass.unread.borrow_mut().push(unread);
        }
        visitor.visit_unit()
    }
}

impl<'de> IntoDeserializer<'de, Failure> for Reader<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The elements of a list, one after the other.
struct Elements<'p> {
    list: &'p [Node],
    next: usize,
    path: &'p str,
    pass: &'p Pass,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Failure;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(node) = self.list.get(self.next) else { return Ok(None) };
        let path = format!("{}[{}]", self.path, self.next);
        self.next += 1;
        let placed = |failure: Failure| self.pass.passed_on(failure.placed(&path, Some(node)));
        seed.deserialize(Reader::at(Some(node), path.clone(), self.pass)).map(Some).map_err(placed)
    }
}

/// The names of a table and their values, one after the other; then those that are made up.
struct Names<'p> {
    entries: Vec<&'p Entry>,
    made_up: Vec<&'static str>,
    at: usize,
    fields: &'static [&'static str],
    path: &'p str,
    pass: &'p Pass,
}

impl<'de> MapAccess<'de> for Names<'_> {
    type Error = Failure;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Failure> {
        let Some(entry) = self.entries.get(self.at) else {
            let made_up = self.made_up.get(self.at - self.entries.len());
            return made_up.map(|name| seed.deserialize(Name(name))).transpose();
        };
        // A variable's name has one case.
        let is_exact = self.fields.contains(&entry.name.as_str()) || !entry.origin.is_of_run();
        let alike = self.fields.iter().find(|field| is_alike(field, &entry.name)).filter(|_| !is_exact);
        let name = alike.copied().unwrap_or(&entry.name);
        let named = |mut failure: Failure| {
            failure.at = Some(Place::of_name(self.path, &entry.origin));
            failure
        };
        seed.deserialize(Name(name)).map(Some).map_err(named)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Failure> {
        let Some(entry) = self.entries.get(self.at) else {
            let name = self.made_up.get(self.at - self.entries.len()).copied().unwrap_or_default();
            self.at += 1;
            return seed.deserialize(Reader::at(None, format!("{}.{name}", self.path), self.pass));
        };
        self.at += 1;
        let path = format!("{}.{}", self.path, entry.name);
        let mut reader = Reader::at(Some(&entry.node), path.clone(), self.pass);
        reader.named = Some((entry, self.path, self.fields));
        let node = reader.node;
        // What was read ahead fails here, and not where it stands.
        seed.deserialize(reader).map_err(|failure| self.pass.passed_on(failure.placed(&path, node)))
    }
}

/// A variant by its name, with what it holds.
struct Variant<'p> {
    name: &'p str,
    content: Content<'p>,
    path: &'p str,
    pass: &'p Pass,
}

enum Content<'p> {
    None,
    Node(&'p Node),
    MadeUp,
}

impl<'de, 'p> EnumAccess<'de> for Variant<'p> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Failure> {
        seed.deserialize(Name(self.name)).map(|variant| (variant, self))
    }
}

impl Variant<'_> {
    fn read<T>(self, read: impl FnOnce(Reader<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let node = match self.content {
            Content::None => {
                return Err(Failure::new(What::Words(format!(
                    "`{0}` wants a value: {{ {0} = … }}",
                    self.name
                ))));
            }
            Content::Node(node) => Some(node),
            Content::MadeUp => None,
        };
        read(Reader::at(node, format!("{}.{}", self.path, self.name), self.pass))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.content {
            Content::None | Content::MadeUp => Ok(()),
            Content::Node(_) => {
                Err(Failure::new(What::Words(format!("`{}` takes no value: write it as a text", self.name))))
            }
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Failure> {
        self.read(|reader| seed.deserialize(reader))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Failure> {
        self.read(|reader| reader.deserialize_tuple(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        self.read(|reader| reader.deserialize_struct("", fields, visitor))
    }
}
