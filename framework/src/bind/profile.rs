//! What the compiler knows of a type that is bound.

use std::any::TypeId;

/// How a type uses the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyUse {
    /// It does not look at it. A request to a handler that takes nothing else is answered without its body: what comes of that is
    /// thrown away, or the connection closes.
    None,
    /// It looks at parameters, which the body brings where it is a form. Any other body is as good as none.
    Parameters,
    /// It may look at it, as at anything else: the body is read before binding. Several of these may stand in one handler.
    Any,
    /// It takes the form that the body is: `Form`, `MultipartFile`. Several of these may stand in one handler, but no other
    /// that takes the body.
    Form,
    /// It takes the body, read before binding: `Json`, `Text`, `Bytes`. Two of these are a compile error.
    Buffered,
    /// It takes the body as it comes: `BodyReader`. The route does not read it before binding.
    Streamed,
    /// It takes a form in parts as it comes: `Multipart`.
    Parts,
}

/// A state that an argument needs.
#[derive(Clone, Copy, Debug)]
pub struct StateNeed {
    /// Its type.
    pub type_id: fn() -> TypeId,
    /// The type's name, for the message at start.
    pub type_name: fn() -> &'static str,
}

/// What the compiler should know about a type that binds from the whole request. Constant, so that misuse is a
/// compile error and routing needs no look at run time.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// How it uses the body.
    pub body: BodyUse,
    /// The state it needs.
    pub state: Option<StateNeed>,
    /// It reads the path variable of its name, so that the mapping must have it.
    pub path_value: bool,
    /// It reads a group of the mapping's regular expression.
    pub group: bool,
    /// It may look at anything, path variables included (`&Request`, types of users).
    pub sees_request: bool,
    /// It is found by the name of its argument, so that the argument must have one.
    pub named: bool,
    /// A tuple of this kind is made of the values of the argument's name, so that one which is taken apart must be given a name.
    pub tuple_named: bool,
    /// Making it reads the request and does nothing else. So it is tried, too, when an argument before it has failed, for the
    /// answer to name every mistake.
    pub only_reads: bool,
    /// It takes the variable of the path of its name, before a parameter of that name.
    pub path_first: bool,
    /// It reads the fields after the body, which come too late for it where another argument reads the body as it comes.
    pub trailers: bool,
    /// It tells how a WebSocket session ended, so that only `on_close` can take it.
    pub close_reason: bool,
    /// It is the receiving end of a WebSocket session, so that no event function can take it.
    pub socket: bool,
    /// It answers the handshake of a WebSocket session, so that no handler of open sessions can take it.
    pub handshake: bool,
}

impl Profile {
    /// The profile of types that say nothing: they may look at anything, the body among it.
    pub const ANY: Profile = Profile {
        body: BodyUse::Any,
        state: None,
        path_value: false,
        group: false,
        sees_request: true,
        named: false,
        tuple_named: false,
        only_reads: false,
        path_first: false,
        trailers: false,
        close_reason: false,
        socket: false,
        handshake: false,
    };
    /// A type that looks at one part of the request, whatever its argument is called, and not at the body.
    pub const PART: Profile = Profile { body: BodyUse::None, sees_request: false, ..Profile::ANY };
    /// A type that looks at the value of its argument's name only, and not at the body.
    pub const VALUE: Profile = Profile { named: true, only_reads: true, ..Profile::PART };
    /// A type that looks at the parameter of its argument's name only.
    pub const PARAMETER: Profile = Profile { body: BodyUse::Parameters, ..Profile::VALUE };
}
