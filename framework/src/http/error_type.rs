//! A type of errors that an error page is for, and what is checked of it while compiling.

use std::any::TypeId;
use std::error::Error as StdError;

/// A type of errors, as an error page names it.
#[derive(Clone, Copy)]
pub struct ErrorType {
    /// Which one.
    pub type_id: fn() -> TypeId,
    /// What it is called.
    pub type_name: fn() -> &'static str,
    /// Whether this is one.
    pub is: fn(&(dyn StdError + 'static)) -> bool,
}

impl ErrorType {
    /// Names a type.
    pub const fn of<E: StdError + 'static>() -> ErrorType {
        ErrorType {
            type_id: TypeId::of::<E>,
            type_name: crate::base::type_name::<E>,
            is: |error| error.is::<E>(),
        }
    }
}

/// The type of errors that a page is for, if one of its arguments is an error of a type.
pub const fn error_type(types: &[Option<ErrorType>]) -> Option<ErrorType> {
    let mut index = 0;
    while index < types.len() {
        if types[index].is_some() {
            return types[index];
        }
        index += 1;
    }
    None
}

/// Refuses an error page for errors of a type that is for statuses as well.
#[track_caller]
pub const fn check_error_codes(error: Option<ErrorType>) {
    assert!(
        error.is_none(),
        "a page that takes an error of a type is for all errors of that type: leave the statuses out, or take `error: &vernal::Error`"
    );
}

/// Refuses an error page for errors of two types.
#[track_caller]
pub const fn check_one_error(types: &[Option<ErrorType>], index: usize) {
    let mut before = 0;
    while before < index {
        assert!(
            types[before].is_none() || types[index].is_none(),
            "a page is for errors of one type: write one for each"
        );
        before += 1;
    }
}
