//! The kinds of values there are, and what is to be written for each.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::time::Duration;

use super::loose;
use super::origin::Origin;
use super::size::{SIZE, Size};
use super::value::Node;
use crate::bind::{FromValue, unfit};
use crate::contract::Schema;

/// How a value is read.
pub(crate) trait Kind {
    type Value;

    /// Its name in a list of all keys.
    fn name(&self) -> String;

    /// What is to be written, as a message says it.
    fn expected(&self) -> String;

    /// The value; `None` if it is no such value.
    fn read(&self, node: &Node) -> Option<Self::Value>;

    /// The part of a value that is at fault where only one is.
    fn fault(&self, _: &Node) -> Option<Fault> {
        None
    }

    /// Whether what was written may not be shown.
    fn is_secret(&self) -> bool {
        false
    }
}

/// A part of a value that is none of what is wanted.
pub(crate) struct Fault {
    /// Where in the value it is: `[1]`.
    pub(super) within: String,
    pub(super) node: Node,
    pub(super) expected: String,
}

/// True or false.
pub(crate) struct Flag;

/// True or false.
pub(crate) fn flag() -> Flag {
    Flag
}

impl Kind for Flag {
    type Value = bool;

    fn name(&self) -> String {
        "`true` or `false`".to_owned()
    }

    fn expected(&self) -> String {
        "`true` or `false`".to_owned()
    }

    fn read(&self, node: &Node) -> Option<bool> {
        loose::flag(&node.value)
    }
}

/// A text.
pub(crate) struct Text;

impl Kind for Text {
    type Value = String;

    fn name(&self) -> String {
        "text".to_owned()
    }

    fn expected(&self) -> String {
        "a text in quotes".to_owned()
    }

    fn read(&self, node: &Node) -> Option<String> {
        loose::text(&node.value).map(str::to_owned)
    }
}

/// Texts, each with its place.
pub(crate) struct Texts;

impl Kind for Texts {
    type Value = Vec<(String, Origin)>;

    fn name(&self) -> String {
        "list of texts".to_owned()
    }

    fn expected(&self) -> String {
        "a list of texts such as [\"one\", \"other\"]".to_owned()
    }

    fn read(&self, node: &Node) -> Option<Vec<(String, Origin)>> {
        loose::list(node)?.iter().map(|node| Some((Text.read(node)?, node.origin.clone()))).collect()
    }

    fn fault(&self, node: &Node) -> Option<Fault> {
        let list = loose::list(node)?;
        let (index, node) = list.into_iter().enumerate().find(|(_, node)| Text.read(node).is_none())?;
        Some(Fault { within: format!("[{index}]"), node, expected: Text.expected() })
    }
}

/// A whole number.
pub(crate) struct Number<T> {
    least: u64,
    most: u64,
    kind: PhantomData<T>,
}

/// A whole number of a type, this at least.
pub(crate) fn number<T: Whole>(least: u64) -> Number<T> {
    Number { least, most: T::MOST, kind: PhantomData }
}

impl<T> Number<T> {
    /// This at most.
    pub(crate) fn to(self, most: u64) -> Number<T> {
        Number { most, ..self }
    }
}

impl<T: Whole> Kind for Number<T> {
    type Value = T;

    fn name(&self) -> String {
        if self.most < 0x1_0000 {
            format!("number, {} to {}", self.least, self.most)
        } else {
            "number".to_owned()
        }
    }

    fn expected(&self) -> String {
        if self.most == u64::MAX {
            return format!("a whole number, {} or more", self.least);
        }
        format!("a whole number from {} to {}", self.least, self.most)
    }

    fn read(&self, node: &Node) -> Option<T> {
        let number = u64::try_from(loose::integer(node)?).ok()?;
        T::try_from(number).ok().filter(|_| (self.least..=self.most).contains(&number))
    }
}

/// The types of whole numbers.
pub(crate) trait Whole: TryFrom<u64> + Debug {
    const MOST: u64;
}

macro_rules! whole {
    ($($kind:ty)*) => { $( impl Whole for $kind { const MOST: u64 = <$kind>::MAX as u64; } )* };
}
whole! { u8 u16 u32 u64 usize }

/// A count of bytes.
pub(crate) struct SizeOf<T>(Number<T>);

/// A count of bytes, this at least.
pub(crate) fn size<T: Whole>(least: u64) -> SizeOf<T> {
    SizeOf(number(least))
}

impl<T> SizeOf<T> {
    /// This at most.
    pub(crate) fn to(self, most: u64) -> SizeOf<T> {
        SizeOf(self.0.to(most))
    }
}

impl<T: Whole> Kind for SizeOf<T> {
    type Value = T;

    fn name(&self) -> String {
        "size".to_owned()
    }

    fn expected(&self) -> String {
        let Number { least, most, .. } = self.0;
        let most = if most < T::MOST { format!(", {most} at most") } else { String::new() };
        match least {
            0 => format!("{SIZE}{most}"),
            least => format!("{SIZE}, {least} at least{most}"),
        }
    }

    fn read(&self, node: &Node) -> Option<T> {
        let bytes = match loose::text(&node.value) {
            Some(text) => Size::read(text)?.bytes(),
            None => u64::try_from(loose::integer(node)?).ok()?,
        };
        T::try_from(bytes).ok().filter(|_| (self.0.least..=self.0.most).contains(&bytes))
    }
}

/// A span of time.
pub(crate) struct Time {
    may_be_zero: bool,
}

/// A span of time.
pub(crate) fn time() -> Time {
    Time { may_be_zero: true }
}

/// A span of time that is not zero.
pub(crate) fn some_time() -> Time {
    Time { may_be_zero: false }
}

impl Kind for Time {
    type Value = Duration;

    fn name(&self) -> String {
        "time".to_owned()
    }

    fn expected(&self) -> String {
        format!("{TIME}{}", if self.may_be_zero { "" } else { ", more than zero" })
    }

    fn read(&self, node: &Node) -> Option<Duration> {
        duration(loose::text(&node.value)?).filter(|time| self.may_be_zero || !time.is_zero())
    }
}

/// What is to be written for a time.
pub(super) const TIME: &str = "a time with its unit, such as \"500ms\", \"30s\" or \"1h 30m\"";

/// Reads a time.
pub(super) fn duration(text: &str) -> Option<Duration> {
    // A number without a unit is none, be it zero.
    let has_unit = text.trim_end().ends_with(|char: char| !char.is_ascii_digit());
    humantime::parse_duration(text.trim()).ok().filter(|_| has_unit)
}

/// A time with its unit, as in settings: `3s`, `1h 30m`. What is none is a 400, or a 404 where it is of the path.
impl FromValue<'_> for Duration {
    const EXPECTED: &'static str = TIME;

    fn from_value(raw: &str) -> crate::http::Result<Duration> {
        duration(raw).ok_or_else(|| unfit(TIME, raw))
    }

    fn schema() -> Schema {
        Schema::from_json(
            serde_json::json!({ "type": "string", "pattern": "[a-zA-Z] *$", "examples": ["1h 30m"] }),
        )
    }
}

/// One of some words.
pub(crate) struct Choice<T: 'static>(pub(crate) &'static [(&'static str, T)]);

impl<T: Clone> Kind for Choice<T> {
    type Value = T;

    fn name(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| format!("`\"{word}\"`")).collect();
        words.join(", ")
    }

    fn expected(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        match &words[..] {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            words => words.concat(),
        }
    }

    fn read(&self, node: &Node) -> Option<T> {
        let text = loose::text(&node.value)?;
        self.0.iter().find(|(word, _)| *word == text).map(|(_, value)| value.clone())
    }
}

/// False, for what is to be left out.
pub(crate) struct Off;

impl Kind for Off {
    type Value = ();

    fn name(&self) -> String {
        "`false`".to_owned()
    }

    fn expected(&self) -> String {
        "`false`".to_owned()
    }

    fn read(&self, node: &Node) -> Option<()> {
        loose::flag(&node.value).filter(|flag| !flag).map(drop)
    }
}

/// A value of one kind or of another.
pub(crate) struct Or<A, B>(pub(crate) A, pub(crate) B);

/// Which of the two it is.
#[derive(Clone, Debug)]
pub(crate) enum Either<A, B> {
    One(A),
    Other(B),
}

impl<A: Kind, B: Kind> Kind for Or<A, B> {
    type Value = Either<A::Value, B::Value>;

    fn name(&self) -> String {
        format!("{}, or {}", self.0.name(), self.1.name())
    }

    fn expected(&self) -> String {
        format!("{}, or {}", self.0.expected(), self.1.expected())
    }

    fn read(&self, node: &Node) -> Option<Self::Value> {
        let one = self.0.read(node).map(Either::One);
        one.or_else(|| self.1.read(node).map(Either::Other))
    }

    fn fault(&self, node: &Node) -> Option<Fault> {
        self.0.fault(node).or_else(|| self.1.fault(node))
    }
}

/// The mode of a file.
pub(crate) struct Mode;

impl Kind for Mode {
    type Value = u32;

    fn name(&self) -> String {
        "mode".to_owned()
    }

    fn expected(&self) -> String {
        "a mode in octal digits such as 0o660".to_owned()
    }

    fn read(&self, node: &Node) -> Option<u32> {
        u32::try_from(loose::integer(node)?).ok().filter(|mode| *mode <= 0o777)
    }
}

/// The name of a file in PEM, or the PEM itself, which may hold a key.
#[cfg(feature = "tls")]
pub(crate) struct Pem;

#[cfg(feature = "tls")]
impl Kind for Pem {
    type Value = String;

    fn name(&self) -> String {
        "file, or PEM".to_owned()
    }

    fn expected(&self) -> String {
        "the name of a file in PEM, or its text from `-----BEGIN` on".to_owned()
    }

    fn read(&self, node: &Node) -> Option<String> {
        Text.read(node).filter(|text| !text.is_empty())
    }

    fn is_secret(&self) -> bool {
        true
    }
}

/// A text that is not shown.
#[cfg(feature = "encrypted-keys")]
pub(crate) struct SecretText;

#[cfg(feature = "encrypted-keys")]
impl Kind for SecretText {
    type Value = String;

    fn name(&self) -> String {
        Text.name()
    }

    fn expected(&self) -> String {
        Text.expected()
    }

    fn read(&self, node: &Node) -> Option<String> {
        Text.read(node)
    }

    fn is_secret(&self) -> bool {
        true
    }
}
