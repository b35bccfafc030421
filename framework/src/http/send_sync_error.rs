//! Which errors `?` takes: a bound of its own, so that the compiler says what to write where an error is none of them.

use std::error::Error as StdError;

/// What `?` turns into an [`Error`](super::Error): a `std::error::Error` that is `Send`, `Sync` and `'static`. Of the words below the compiler
/// shows the label where it is `?` that fails.
#[diagnostic::on_unimplemented(
    message = "no `vernal::Error` can be made of `{Self}`",
    label = "no `std::error::Error + Send + Sync`: write `.or_status(500)?`, or make an error of it, as by \
             `vernal::Error::bad_request(…)`",
    note = "`or_status` (of `vernal::OrStatus`) takes texts and boxed errors too; of a boxed error write the whole type, \
            `Box<dyn std::error::Error + Send + Sync>`"
)]
pub trait SendSyncError: StdError + Send + Sync + Sized + 'static {}

#[diagnostic::do_not_recommend]
impl<E: StdError + Send + Sync + 'static> SendSyncError for E {}
