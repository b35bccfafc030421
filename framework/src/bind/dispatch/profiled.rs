//! What the compiler knows of a type by the kind it is bound by.

use super::{Bind, Extract, Fallback, Named, Unbound, Wait};
use crate::bind::{FromRequest, ModelBinding, Profile};

/// The profile of `T` as it is bound: `profile::<T, _>(|bind| (&&&&bind).kind())`. The function is never called; only
/// its type is of interest.
#[track_caller]
pub const fn profile<T, K: Profiled<T>>(_: fn(Bind<T>) -> K) -> Profile {
    if let Some(instead) = K::INSTEAD {
        panic!("{}", instead)
    }
    K::PROFILE
}

/// What a tag knows of the type it was given for.
pub trait Profiled<T> {
    /// The profile.
    const PROFILE: Profile;
    /// What to write, where this cannot be bound.
    const INSTEAD: Option<&'static str> = None;
}

impl<'r, T: FromRequest<'r>> Profiled<T> for Extract {
    const PROFILE: Profile = <T as FromRequest<'r>>::PROFILE;
}

impl<'r, T: ModelBinding<'r>> Profiled<T> for Wait {
    const PROFILE: Profile = <T as ModelBinding<'r>>::PROFILE;
}

impl<T> Profiled<T> for Named {
    const PROFILE: Profile = Profile { path_first: true, ..Profile::PARAMETER };
}

/// Variables of the path may fill its fields.
impl<T> Profiled<T> for Fallback {
    const PROFILE: Profile = Profile { tuple_named: true, ..Profile::ANY };
}

impl<T> Profiled<T> for Unbound {
    const PROFILE: Profile = Profile::ANY;
}
