//! How an argument of a handler is filled: by its name and by what its type can do, never by how it is spelled.
//!
//! Three traits: [`FromValue`] turns one raw value into a type, [`FromRequest`] the whole request at once, and
//! [`ModelBinding`] the whole request with a wait. `dispatch.rs` chooses between them while compiling.

/// What every wrapper around one public field has: `into_inner`, and lending the value as if it were bare.
macro_rules! lends_inner {
    ($name:ident) => {
        impl<T> $name<T> {
            /// The value.
            pub fn into_inner(self) -> T {
                self.0
            }
        }

        impl<T> std::ops::Deref for $name<T> {
            type Target = T;

            #[inline]
            fn deref(&self) -> &T {
                &self.0
            }
        }

        impl<T> std::ops::DerefMut for $name<T> {
            #[inline]
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }
    };
}

mod body;
mod brackets;
mod buffered;
mod came;
pub mod constraint;
mod content_type;
pub mod defaults;
pub mod dispatch;
mod failure;
mod field;
mod fields;
mod from_request;
mod json_body;
mod judged;
mod look;
pub mod misplaced;
mod missing;
pub mod mistakes;
mod model;
mod multipart;
mod named;
mod noted;
mod pairs;
#[cfg(feature = "openapi")]
mod peeled;
mod profile;
#[cfg(test)]
mod requests;
#[cfg(feature = "validation")]
pub mod rules;
#[cfg(not(feature = "validation"))]
#[path = "unruled.rs"]
pub mod rules;
#[cfg(feature = "signed-cookies")]
mod sealed;
mod state;
mod value;
mod visits;
mod wrappers;

pub use crate::http::{Arg, BindingError, ConnectionInfo, Source};
#[cfg(feature = "negotiation")]
pub(crate) use body::TAKES_BODY;
pub use body::{Form, Json, Text};
#[cfg(feature = "negotiation")]
pub(crate) use content_type::wrong_content_type;
pub use from_request::{BindingSource, FromRequest, ModelBinding};
pub(crate) use model::DefaultBindingCall;
pub use model::{Model, ModelDict};
pub use profile::{BodyUse, Profile, StateNeed};
pub use state::{FromContext, State, StateReference, StateValue, construct};
#[cfg(feature = "openapi")]
pub(crate) use value::FLOAT;
#[cfg(feature = "config")]
pub(crate) use value::unfit;
pub use value::{FromValue, FromValues};
pub use wrappers::{Cookie, Header, Param, PathValue, RegGroup, RegGroups};
