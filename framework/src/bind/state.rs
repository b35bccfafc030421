//! States: what `server::new().state(…)` was given, as arguments of handlers, filters, error pages and constructors.

use std::any::{Any, TypeId};
use std::ops::Deref;

use super::{Arg, FromRequest, Profile, StateNeed};
use crate::base::type_name;
use crate::http::{Context, Error, Failure, Request, Result};

/// A value that was given to the server, one of each type. A handler that asks for one nobody gave is an error at
/// start.
///
/// ```
/// use vernal::{State, request_map};
///
/// struct Pool { size: usize }
///
/// #[request_map("/pool")]
/// fn pool(State(pool): State<&Pool>) -> String {
///     pool.size.to_string()
/// }
/// # let _ = vernal::Config::new().state(Pool { size: 8 });
/// ```
#[doc(alias = "Data", alias = "Extension")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State<T>(
    /// A reference to it.
    pub T,
);

impl<T> Deref for State<&T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0
    }
}

/// What stands inside `State<…>`: a reference to what the server was given.
#[diagnostic::on_unimplemented(
    message = "a state is lent: write `State<&{Self}>`",
    label = "write `State<&{Self}>`",
    note = "the server keeps the `{Self}` it was given by `.state(…)`, and every request gets a reference to it"
)]
pub trait StateReference<'c>: Sized {
    /// What it needs.
    const NEED: StateNeed;

    /// Finds it.
    ///
    /// # Errors
    /// There is no such state: 500.
    fn find(context: &'c Context) -> Result<Self>;
}

#[expect(
    clippy::needless_maybe_sized,
    reason = "without it the compiler speaks of `Sized`, and not of states"
)]
impl<'c, T: StateValue + ?Sized> StateReference<'c> for &'c T {
    const NEED: StateNeed = StateNeed::of::<T>();

    #[inline]
    fn find(context: &'c Context) -> Result<&'c T> {
        context.state::<T>().ok_or_else(no_state::<T>)
    }
}

/// What a server can be given as a state.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a state",
    label = "a state is a type of a known size that is `Send`, `Sync` and `'static`",
    note = "for any type of a trait give the server an `Arc<{Self}>`, and take `State<&Arc<{Self}>>`",
    note = "what changes is kept in an atomic or a `Mutex`, for all requests share it"
)]
pub trait StateValue: Any + Send + Sync + Sized {}

#[diagnostic::do_not_recommend]
impl<T: Any + Send + Sync> StateValue for T {}

impl<'r, T: StateReference<'r>> FromRequest<'r> for State<T> {
    const PROFILE: Profile = Profile { state: Some(T::NEED), ..Profile::PART };

    #[inline]
    fn from_request(req: &'r Request, _: &Arg) -> Result<State<T>> {
        State::from_context(req.context())
    }
}

impl StateNeed {
    /// The name of its type.
    pub(crate) fn name(&self) -> &'static str {
        (self.type_name)()
    }

    /// The need of a state of type `T`.
    pub const fn of<T: Any>() -> StateNeed {
        StateNeed { type_id: TypeId::of::<T>, type_name: type_name::<T> }
    }
}

/// What can be made from an application alone, before any request: the arguments of filters, error pages and
/// constructors.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument here",
    label = "only `State<&T>` can: there may be no request yet",
    note = "what is needed is a state, lent by its type: write `pool: State<&Pool>`, and make a `Pool` by a `#[component]` or give one by \
            `.state(…)`",
    note = "a text or a number of the settings stands in a struct of yours: `#[config(\"shop\")]` on `struct Shop {{ name: String }}`, and then \
            `shop: State<&Shop>`"
)]
pub trait FromContext<'c>: Sized {
    /// The state it needs.
    const STATE: Option<StateNeed>;

    /// Makes the argument.
    ///
    /// # Errors
    /// There is no such state: 500.
    fn from_context(context: &'c Context) -> Result<Self>;
}

impl<'c, T: StateReference<'c>> FromContext<'c> for State<T> {
    const STATE: Option<StateNeed> = Some(T::NEED);

    #[inline]
    fn from_context(context: &'c Context) -> Result<State<T>> {
        T::find(context).map(State)
    }
}

#[cold]
fn no_state<T>() -> Error {
    let name = type_name::<T>();
    Error::internal(format!(
        "no state of type `{name}` was given: write `server::new().state(…)` with a `{name}`"
    ))
}

/// A function that makes a `T` of states: `#[controller(new = Shop::new)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot make a `{T}`",
    label = "not a function from states to `{T}`",
    note = "`new = …` takes a value, or a function with up to six arguments `State<&S>` that returns `{T}` or `Result<{T}>`"
)]
pub trait Constructor<'c, Args, T> {
    /// Calls it.
    ///
    /// # Errors
    /// A state is missing, or the function fails.
    fn construct(self, context: &'c Context) -> Result<T>;
}

/// What a constructor may return: a `T`, or a `Result` of one.
pub trait Constructed<T> {
    /// The value.
    ///
    /// # Errors
    /// The constructor failed.
    fn constructed(self) -> Result<T>;
}

impl<T> Constructed<T> for T {
    fn constructed(self) -> Result<T> {
        Ok(self)
    }
}

impl<T, E: Failure> Constructed<T> for Result<T, E> {
    fn constructed(self) -> Result<T> {
        self.map_err(Failure::into_error)
    }
}

/// Marks that a constructor is the value itself.
pub struct Itself;

/// A constant or a unit struct, which is spelled like a function: `#[controller(new = Shop)]`.
impl<'c, T> Constructor<'c, Itself, T> for T {
    fn construct(self, _: &'c Context) -> Result<T> {
        Ok(self)
    }
}

/// Calls a constructor. For generated code.
///
/// # Errors
/// A state is missing, or the function fails.
pub fn construct<'c, T, Args, F: Constructor<'c, Args, T>>(function: F, context: &'c Context) -> Result<T> {
    function.construct(context)
}

macro_rules! constructors {
    ($( ($($arg:ident)*) )*) => { $(
        impl<'c, T, R, F, $($arg),*> Constructor<'c, ($($arg,)*), T> for F
        where
            F: Fn($($arg),*) -> R,
            R: Constructed<T>,
            $($arg: FromContext<'c>,)*
        {
            fn construct(self, _context: &'c Context) -> Result<T> {
                self($( $arg::from_context(_context)? ),*).constructed()
            }
        }
    )* };
}
constructors! { () (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E G) }

#[cfg(test)]
mod tests {
    use super::*;

    struct Pool(u8);
    struct Mail(&'static str);

    #[derive(Debug, PartialEq)]
    struct Shop(u8, &'static str);

    fn empty() -> Shop {
        Shop(0, "")
    }

    fn with_pool(State(pool): State<&Pool>) -> Shop {
        Shop(pool.0, "")
    }

    fn with_both(State(mail): State<&Mail>, State(pool): State<&Pool>) -> Result<Shop, std::fmt::Error> {
        if pool.0 == 0 { Err(std::fmt::Error) } else { Ok(Shop(pool.0, mail.0)) }
    }

    fn context(pool: u8) -> Context {
        let mut context = Context::default();
        context.add_state(TypeId::of::<Pool>(), Box::new(Pool(pool))).expect("the first of its type");
        context.add_state(TypeId::of::<Mail>(), Box::new(Mail("m"))).expect("the first of its type");
        context
    }

    #[test]
    fn constructors_take_their_arguments_from_state() {
        let context = context(7);
        assert_eq!(construct::<Shop, _, _>(empty, &context).expect("needs nothing"), Shop(0, ""));
        assert_eq!(construct::<Shop, _, _>(with_pool, &context).expect("there is a pool"), Shop(7, ""));
        assert_eq!(construct::<Shop, _, _>(with_both, &context).expect("there are both"), Shop(7, "m"));
        let closure = |State(pool): State<&Pool>| Shop(pool.0 + 1, "c");
        assert_eq!(construct::<Shop, _, _>(closure, &context).expect("there is a pool"), Shop(8, "c"));
    }

    #[test]
    fn a_failing_constructor_and_a_missing_state_are_errors() {
        assert_eq!(construct::<Shop, _, _>(with_both, &self::context(0)).expect_err("no pool").status(), 500);
        let none = Context::default();
        let error = construct::<Shop, _, _>(with_pool, &none).expect_err("no state");
        assert!(error.is_private() && error.explain_text().contains("Pool"), "{error}");
    }

    #[test]
    fn a_need_names_its_type() {
        let need = <State<&Pool> as FromContext<'_>>::STATE.expect("a state");
        assert_eq!((need.type_id)(), TypeId::of::<Pool>());
        assert!((need.type_name)().ends_with("Pool"));
        assert_eq!(
            <State<&Pool> as FromRequest<'_>>::PROFILE.state.map(|need| (need.type_id)()),
            Some((need.type_id)())
        );
    }
}
