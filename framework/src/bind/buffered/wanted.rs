//! What a kept value is for a type, which says what it expects in serde's words.

use std::num::NonZero;

use super::super::failure::Failure;
use super::super::look::Look;
use super::super::value::FromValue;
use crate::http::Result;

/// Whether a type that expects this is one value.
pub(super) fn is_scalar(expected: &str) -> bool {
    look_for(expected, "", false).is_some()
        || matches!(expected, "a string" | "a borrowed string" | "a character")
}

/// What a text is for a type that expects this; `None` if that is nothing we know of. Strictly, only `true` and `false`
/// are booleans.
pub(super) fn look_for(expected: &str, text: &str, is_strict: bool) -> Option<Result<Look, Failure>> {
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
