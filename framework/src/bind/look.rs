//! What a value is where serde asks for anything, since it keeps the value before it knows the type.

/// See the head of this file.
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
