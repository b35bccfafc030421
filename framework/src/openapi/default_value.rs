//! The default of an argument as JSON, if its type can be written so.

use std::ops::Deref;

use serde::Serialize;
use serde_json::Value;

/// A default.
pub struct DefaultValue<'v, T>(pub &'v T);

/// One that can be written.
pub trait DefaultKnown {
    /// Writes it.
    fn json(&self) -> Option<Value>;
}

impl<T: Serialize> DefaultKnown for &&DefaultValue<'_, T> {
    fn json(&self) -> Option<Value> {
        serde_json::to_value(self.0).ok()
    }
}

/// One in a wrapper, such as `Header`.
pub trait DefaultWithin {
    /// Writes it.
    fn json(&self) -> Option<Value>;
}

impl<T: Deref<Target: Serialize + Sized>> DefaultWithin for &DefaultValue<'_, T> {
    fn json(&self) -> Option<Value> {
        serde_json::to_value(&**self.0).ok()
    }
}

/// One that cannot.
pub trait DefaultUnknown {
    /// Writes nothing.
    fn json(&self) -> Option<Value> {
        None
    }
}

impl<T> DefaultUnknown for DefaultValue<'_, T> {}
