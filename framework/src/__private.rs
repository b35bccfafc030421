//! What generated code calls. Not a part of the public interface: it changes without notice.
//!
//! Generated code is thin, so whatever takes more than a call stands here. The `check_…` functions run while
//! compiling; they panic at their caller, which the macros place under what the user wrote.

pub mod component;
mod conversation;
#[cfg(feature = "openapi")]
pub mod description;
mod model;

use std::any::Any;

pub use conversation::{
    Received, Sent, check_close, check_event, check_opens, check_received, check_sent, check_socket,
    check_taken,
};
#[cfg(feature = "openapi")]
pub use description::*;
pub use inventory;
pub use model::{Done, ModelArgument, done, model_profile};
pub use serde_json::Value;
pub use vernal_macros::{embed, scan};

pub use crate::base::Location;
pub use crate::bind::defaults::DefaultOf;
pub use crate::bind::dispatch::Bind;
pub use crate::bind::{
    Arg, BindingSource, BodyUse, FromContext, FromRequest, ModelBinding, Profile, StateNeed, constraint,
    construct, mistakes, rules,
};
pub use crate::chain::{
    DeclaredFilter, ErrorContext, ErrorPage, ErrorPageArgument, FilterArgument, FilterContext,
    FilterFunction, Next, Page, context_argument, context_of, filter_done,
};
pub use crate::http::{
    BoxFuture, Context, Error, ErrorType, Instance, Request, Responder, Response, Result, answered,
    check_error_codes, check_one_error, error_type, with_status,
};
pub use crate::matching::{Expression, Expressions, Mapping};
pub use crate::registry::{Controller, DefaultBinding, Scanned};
pub use crate::resources::EmbeddedFile;
pub use crate::route::{Handler, Needs, Route, WebSocketHandler};
pub use crate::server::unnamed;
pub use crate::websocket::styles::{EventFunction, On, WebSocketEvent};
#[cfg(feature = "config")]
pub use crate::{app::settings_keys, registry::ConfigStruct, settings::read_config};

/// What the binding of an argument needs in scope: `use ::vernal::__private::binding::*;`. Traits come without their
/// names, so that nothing hides a name of the user's.
pub mod binding {
    pub use crate::bind::defaults::{PlainKind as _, WrappedKind as _};
    pub use crate::bind::dispatch::{
        ExtractKind as _, FallbackKind as _, NamedKind as _, UnboundKind as _, WaitKind as _,
    };
    pub use crate::bind::misplaced::{LentKind as _, MisplacedKind as _};
}

/// What an answer needs in scope: `use ::vernal::__private::answering::*;`.
pub mod answering {
    pub use crate::http::{EitherKind as _, PlainKind as _, WordsKind as _};
}

/// The same for arguments of WebSocket events.
pub mod event_binding {
    pub use crate::websocket::handles::EventKind as _;
}

pub use crate::bind::dispatch::profile;
pub use crate::websocket::handles::{EventContext, Upgrade, acceptable, take_as as take_message};
pub use crate::websocket::styles::{
    Events, Wants, event_done, into_accept, kept, serve as serve_events, serve_functions, unhandled,
};
pub use crate::websocket::{Accept, Message};

/// The value behind a `&mut` argument of a handler.
#[diagnostic::on_unimplemented(
    message = "`&mut {Self}` cannot be an argument of a handler",
    label = "the only `&mut` argument is `&mut Response`",
    note = "a handler sees the request as `&Request`; what changes it is a filter",
    note = "all else is taken by value, as in `mut session: Session`"
)]
pub trait ResponseArgument {
    /// Lends it.
    fn of(response: &mut Response) -> &mut Self;
}

impl ResponseArgument for Response {
    #[inline]
    fn of(response: &mut Response) -> &mut Response {
        response
    }
}

/// Lends the response to a `&mut` argument.
#[inline]
pub fn response_argument<T: ResponseArgument>(response: &mut Response) -> &mut T {
    T::of(response)
}

/// `#[arg(default = …)]`: what is missing gets the default; what is there but bad stays an error.
///
/// # Errors
/// The value is there and bad.
#[inline]
pub fn or_default<T>(bound: Result<Option<T>>, default: impl FnOnce() -> T) -> Result<T> {
    Ok(bound?.unwrap_or_else(default))
}

/// A type that has a text as its default.
#[diagnostic::on_unimplemented(
    message = "a text is no default for a `{Self}`",
    label = "write a `{Self}` here, without quotes if it is a number"
)]
pub trait FromText {
    /// Makes it.
    fn from_text(text: &'static str) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: From<&'static str>> FromText for T {
    #[inline]
    fn from_text(text: &'static str) -> T {
        T::from(text)
    }
}

/// `#[arg(default = "…")]`: the text as whatever the argument is.
#[inline]
pub fn text<T: FromText>(text: &'static str) -> T {
    T::from_text(text)
}

/// Goes on after a filter that did not take the rest of the chain, unless it has answered.
pub async fn run_rest(cx: &mut FilterContext<'_>, next: Option<Next<'_>>) {
    if let Some(next) = next {
        crate::chain::go_on(cx, next).await;
    }
}

/// A type that `#[controller]` makes without `new`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `Default`, so vernal cannot make a `{Self}`",
    label = "derive `Default`, or say how it is made: `new = {Self}::new`"
)]
pub trait DefaultInstance: Sized {
    /// Makes it.
    fn default_instance() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> DefaultInstance for T {
    #[inline]
    fn default_instance() -> T {
        T::default()
    }
}

/// Makes an object.
#[inline]
pub fn default_instance<T: DefaultInstance>() -> T {
    T::default_instance()
}

/// A type whose objects all requests may share.
#[diagnostic::on_unimplemented(
    message = "all requests share one `{Self}`, so it must be `Send` and `Sync`",
    label = "not `Send` and `Sync`",
    note = "keep what changes in an atomic or a `Mutex`, or write `per_request` for a new object for each request"
)]
pub trait Shared: Any + Send + Sync {}

#[diagnostic::do_not_recommend]
impl<T: Any + Send + Sync> Shared for T {}

/// Boxes a controller.
///
/// # Errors
/// Never; making it may have failed before.
pub fn shared_instance<T: Shared>(object: T) -> Result<Box<dyn Any + Send + Sync>> {
    Ok(Box::new(object))
}

/// How the arguments of a route use the body: as the one does that takes it, else as the one that may see most of it. `in_path` tells of
/// each whether the route's path has a variable of its name.
pub const fn body_use(profiles: &[Profile], in_path: &[bool]) -> BodyUse {
    let (mut index, mut seen) = (0, BodyUse::None);
    while index < profiles.len() {
        let profile = profiles[index];
        seen = match (profile.body, seen) {
            (BodyUse::None, _) => seen,
            (BodyUse::Parameters, _) if profile.path_first && in_path[index] => seen,
            (BodyUse::Parameters, BodyUse::None) => BodyUse::Parameters,
            (BodyUse::Parameters, _) => seen,
            (BodyUse::Any, _) => BodyUse::Any,
            (taken, _) => return taken,
        };
        index += 1;
    }
    seen
}

/// Whether a type takes the body for itself.
const fn takes_body(profile: Profile) -> bool {
    !matches!(profile.body, BodyUse::None | BodyUse::Parameters | BodyUse::Any)
}

/// How many of these are states.
pub const fn count_states(needed: &[Option<StateNeed>]) -> usize {
    let (mut index, mut count) = (0, 0);
    while index < needed.len() {
        count += needed[index].is_some() as usize;
        index += 1;
    }
    count
}

/// The states among these; `N` is their number.
pub const fn collect_states<const N: usize>(needed: &[Option<StateNeed>]) -> [StateNeed; N] {
    let mut states = [StateNeed::of::<()>(); N];
    let (mut index, mut count) = (0, 0);
    while index < needed.len() {
        if let Some(state) = needed[index] {
            states[count] = state;
            count += 1;
        }
        index += 1;
    }
    states
}

/// Refuses an argument that turns out to be of a kind for which there is a problem: a path variable the path lacks,
/// a group the regular expression lacks, a value without a name. `is_tuple` tells that the argument's pattern takes a tuple apart.
#[track_caller]
pub const fn check_argument(
    profile: Profile,
    path_problem: Option<&str>,
    group_problem: Option<&str>,
    name_problem: Option<&str>,
    is_tuple: bool,
) {
    match (path_problem, group_problem, name_problem) {
        (_, Some(problem), _) if profile.group => panic!("{}", problem),
        (_, _, Some(problem)) if profile.named || is_tuple && profile.tuple_named => panic!("{}", problem),
        (Some(problem), _, _) if profile.path_value => panic!("{}", problem),
        _ => {}
    }
}

/// Refuses a mapping with a path variable that no argument takes; `is_named` tells of each whether it has the variable's name.
#[track_caller]
pub const fn check_seen(profiles: &[Profile], is_named: &[bool], problem: &str) {
    let mut index = 0;
    while index < profiles.len() {
        if profiles[index].sees_request || is_named[index] && profiles[index].path_first {
            return;
        }
        index += 1;
    }
    panic!("{}", problem)
}

/// Refuses an argument that takes the body when one before it does.
#[track_caller]
pub const fn check_body(profiles: &[Profile], names: &[&str], index: usize) {
    let mut before = 0;
    while before < index {
        check_trailers(profiles, names, (before, index));
        check_trailers(profiles, names, (index, before));
        before += 1;
    }
    if !takes_body(profiles[index]) {
        return;
    }
    let mut before = 0;
    while before < index {
        let is_shared =
            matches!((profiles[before].body, profiles[index].body), (BodyUse::Form, BodyUse::Form));
        if !is_shared && takes_body(profiles[before]) {
            let text = Text::new()
                .then("two arguments take the body: `")
                .then(names[before])
                .then("` and `")
                .then(names[index])
                .then("`; keep one, for a body is read once");
            panic!("{}", text.as_str())
        }
        before += 1;
    }
}

/// Refuses an argument that reads the fields after the body where another reads the body as it comes.
#[track_caller]
const fn check_trailers(profiles: &[Profile], names: &[&str], (reads, takes): (usize, usize)) {
    if profiles[reads].trailers && matches!(profiles[takes].body, BodyUse::Streamed | BodyUse::Parts) {
        let text = Text::new()
            .then("`")
            .then(names[takes])
            .then("` reads the body as it comes, and the trailers come after it: leave `")
            .then(names[reads])
            .then("` out and call `")
            .then(names[takes])
            .then(".trailers().await` at its end");
        panic!("{}", text.as_str())
    }
}

/// Refuses a plain `fn` that takes the rest of the chain.
#[track_caller]
pub const fn check_waits(takes_next: bool) {
    assert!(!takes_next, "a filter that takes `Next` has to wait for it: write `async fn`");
}

/// Refuses a text of an error page that is neither of the two.
#[track_caller]
pub const fn check_text_name(is_text: bool, problem: &str) {
    if is_text {
        panic!("{}", problem)
    }
}

/// A text put together while compiling; what does not fit is cut.
struct Text {
    bytes: [u8; 256],
    length: usize,
}

impl Text {
    const fn new() -> Text {
        Text { bytes: [0; 256], length: 0 }
    }

    const fn then(mut self, part: &str) -> Text {
        let part = part.as_bytes();
        if self.length + part.len() > self.bytes.len() {
            return self;
        }
        let mut index = 0;
        while index < part.len() {
            self.bytes[self.length] = part[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "two arguments take the body",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_collected_in_order() {
        const NEEDED: [Option<StateNeed>; 3] =
            [Some(StateNeed::of::<u8>()), None, Some(StateNeed::of::<u16>())];
        const STATES: [StateNeed; count_states(&NEEDED)] = collect_states(&NEEDED);
        let names: Vec<_> = STATES.iter().map(|state| (state.type_name)()).collect();
        assert_eq!(names, ["u8", "u16"]);
        assert_eq!(count_states(&[]), 0);
    }

    #[test]
    fn the_use_of_a_body_is_that_of_the_argument_that_sees_most() {
        const BARE: Profile = Profile { path_first: true, ..Profile::PARAMETER };
        let form = Profile { body: BodyUse::Form, ..Profile::VALUE };
        let table: [(&[Profile], &[bool], BodyUse); 9] = [
            (&[], &[], BodyUse::None),
            (&[Profile::VALUE, Profile::PART], &[true, false], BodyUse::None),
            (&[BARE], &[true], BodyUse::None),
            (&[BARE], &[false], BodyUse::Parameters),
            (&[Profile::PARAMETER], &[true], BodyUse::Parameters),
            (&[Profile::PARAMETER, Profile::VALUE], &[false, false], BodyUse::Parameters),
            (&[Profile::ANY, BARE], &[false, false], BodyUse::Any),
            (&[BARE, Profile::ANY], &[false, false], BodyUse::Any),
            (&[Profile::ANY, form, BARE], &[false; 3], BodyUse::Form),
        ];
        for (index, (profiles, in_path, expected)) in table.into_iter().enumerate() {
            assert_eq!(body_use(profiles, in_path), expected, "{index}");
        }
    }

    #[test]
    fn two_bodies_are_named() {
        let form = Profile { body: BodyUse::Form, ..Profile::VALUE };
        let several = [Profile::VALUE, form, form];
        check_body(&several, &["a", "b", "c"], 2);
        assert_eq!(body_use(&several, &[false; 3]), BodyUse::Form);
        let buffered = Profile { body: BodyUse::Buffered, ..Profile::VALUE };
        assert!(std::panic::catch_unwind(|| check_body(&[form, buffered], &["a", "b"], 1)).is_err());
        let profiles = [buffered, Profile::VALUE, buffered];
        check_body(&profiles, &["a", "b", "c"], 1);
        let refused =
            std::panic::catch_unwind(|| check_body(&profiles, &["a", "b", "c"], 2)).expect_err("two bodies");
        let text = refused.downcast_ref::<String>().expect("a formatted text");
        assert_eq!(text, "two arguments take the body: `a` and `c`; keep one, for a body is read once");
    }

    #[test]
    fn arguments_are_refused_by_their_kind() {
        let refused = |profile, path, group, name, is_tuple| {
            std::panic::catch_unwind(|| check_argument(profile, path, group, name, is_tuple)).is_err()
        };
        let path = Profile { path_value: true, ..Profile::VALUE };
        let group = Profile { group: true, ..Profile::PART };
        let table = [
            (Profile::VALUE, Some("p"), Some("g"), None, false),
            (Profile::VALUE, None, None, Some("n"), true),
            (Profile::ANY, None, None, Some("n"), false),
            (Profile::PART, None, None, Some("n"), false),
            (path, Some("p"), None, None, true),
            (path, None, Some("g"), None, false),
            (group, Some("p"), None, None, false),
            (group, None, Some("g"), None, true),
            (group, None, None, Some("n"), false),
        ];
        for (index, (profile, path, group, name, expected)) in table.into_iter().enumerate() {
            assert_eq!(refused(profile, path, group, name, false), expected, "row {index}");
            assert_eq!(refused(profile, path, group, name, true), expected, "row {index} of a tuple");
        }
        let by_name = Profile { tuple_named: true, ..Profile::ANY };
        assert!(refused(by_name, None, None, Some("n"), true));
        assert!(!refused(by_name, None, None, Some("n"), false) && !refused(by_name, None, None, None, true));
    }

    #[test]
    fn a_variable_is_seen_by_what_takes_it_and_by_what_sees_all() {
        const BARE: Profile = Profile { path_first: true, ..Profile::PARAMETER };
        let table: [(&[Profile], &[bool], bool); 6] = [
            (&[BARE], &[true], true),
            (&[BARE], &[false], false),
            (&[Profile::PARAMETER], &[true], false),
            (&[Profile::PARAMETER, BARE], &[false, true], true),
            (&[Profile::VALUE, Profile::ANY], &[true, false], true),
            (&[Profile::PART], &[true], false),
        ];
        for (index, (profiles, is_named, expected)) in table.into_iter().enumerate() {
            let seen = std::panic::catch_unwind(|| check_seen(profiles, is_named, "unseen")).is_ok();
            assert_eq!(seen, expected, "row {index}");
        }
    }
}
