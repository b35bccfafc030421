//! What generated code asks of the types that `receives(…)` and `sends(…)` list, whether anybody describes them or not.

use crate::bind::Profile;
use crate::websocket::{FromMessage, IntoMessage};

/// A type that messages can be taken as.
#[diagnostic::on_unimplemented(
    message = "no message can be received as `{Self}`",
    label = "list what messages are taken as: `String`, `Bytes`, `Json<T>`, or a type that implements `vernal::websocket::FromMessage`",
    note = "the `T` of a `Json<T>` derives `serde::Deserialize`"
)]
pub trait Received<'m> {}

#[diagnostic::do_not_recommend]
impl<'m, T: FromMessage<'m>> Received<'m> for T {}

/// A type that can be sent.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a message",
    label = "list what is sent: `String`, `Bytes`, `Json<T>`, or a type that implements `vernal::websocket::IntoMessage`",
    note = "the `T` of a `Json<T>` derives `serde::Serialize`"
)]
pub trait Sent<'m> {}

#[diagnostic::do_not_recommend]
impl<'m, T: IntoMessage<'m>> Sent<'m> for T {}

/// `receives(…)`
pub const fn check_received<'m, T: Received<'m>>() {}

/// `sends(…)`
pub const fn check_sent<'m, T: Sent<'m>>() {}

/// Refuses both for a mapping that opens no session.
#[track_caller]
pub const fn check_opens(profiles: &[Profile], problem: &str) {
    let mut index = 0;
    while index < profiles.len() {
        if profiles[index].handshake {
            return;
        }
        index += 1;
    }
    panic!("{}", problem)
}
