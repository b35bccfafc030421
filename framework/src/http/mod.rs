//! The messages everyone talks about: requests, answers, and what is said when something goes wrong.

mod absence;
mod answered;
mod arg;
mod beginnings;
mod binding_error;
mod body;
mod body_reader;
mod builder;
mod causes;
mod channel;
mod connection_info;
mod context;
mod convert;
mod cookies;
mod decompression;
mod detached;
mod echo;
mod error;
mod error_type;
mod failed;
mod failure;
mod file;
mod files;
mod flaw;
mod flow;
mod folded;
mod form;
mod form_kind;
mod forwarded;
mod gone;
mod guard;
mod guessed;
mod held;
mod html;
mod into_status;
mod keeping;
mod kept;
mod multipart;
mod or_status;
mod outgoing;
mod params;
pub(crate) mod path;
mod rare;
mod received;
mod redirect;
mod request;
mod request_id;
mod request_span;
mod responder;
mod response;
mod safe_name;
mod safe_path;
#[cfg(feature = "signed-cookies")]
mod sealed;
mod send_sync_error;
mod set_cookie;
mod sniff;
mod sources;
mod sse;
mod static_file;
#[cfg(feature = "metrics")]
mod tally;
mod trace;
mod tracer;
mod trailed;
mod trailers;
mod trailing;
mod via;
mod written;

#[cfg(feature = "openapi")]
pub use answered::Words;
pub use answered::{EitherKind, PlainKind, WordsKind, answered, with_status};
pub use arg::Arg;
pub(crate) use binding_error::shortened;
pub use binding_error::{BindingError, Source};
pub use body::Body;
#[cfg(feature = "templates")]
pub(crate) use body::View as PendingView;
pub(crate) use body::{BoxStream, Kind as BodyKind};
pub use body_reader::BodyReader;
pub use builder::RequestBuilder;
pub use channel::Sender;
pub use connection_info::ConnectionInfo;
pub use context::{Context, Instance};
#[cfg(feature = "tower")]
pub(crate) use convert::{fields_of, map_of};
pub use cookies::Cookies;
pub(crate) use decompression::CONTENT_ENCODING;
pub use decompression::Decompression;
pub(crate) use echo::is_echo;
pub use error::{Error, HttpError, Result, ok};
pub use error_type::{ErrorType, check_error_codes, check_one_error, error_type};
pub(crate) use failed::Failed;
pub use failure::Failure;
pub(crate) use file::{FileBody, Piece, Stretch, read_range};
pub(crate) use files::{FilePart, default_directory};
pub use files::{FileReader, MultipartFile};
pub(crate) use flaw::{Flaw, flawed};
pub(crate) use folded::Folded;
pub(crate) use form_kind::FormKind;
pub(crate) use guard::{Guard, Watched, guarded, poll_guarded, watched};
pub(crate) use guessed::guessed_type;
pub use html::Html;
pub use into_status::IntoStatus;
pub(crate) use kept::{Kept, add_private_cookie, is_for_all};
pub use multipart::{Multipart, Part, Progress};
pub use or_status::OrStatus;
pub(crate) use outgoing::{Outgoing, SentHead};
pub(crate) use params::ParamValues;
pub use params::Params;
pub(crate) use received::Received;
pub use redirect::Redirect;
pub use request::Request;
pub(crate) use request_span::{Named, record_ids};
pub use responder::Responder;
pub(crate) use responder::held;
pub(crate) use response::Marks;
pub use response::Response;
pub use safe_path::SafePath;
pub(crate) use safe_path::{FilePath, below, is_inside, is_name, open_below};
#[cfg(feature = "signed-cookies")]
pub use sealed::{CookieKey, PrivateCookies, SignedCookies};
pub use set_cookie::{SameSite, SetCookie};
pub(crate) use sniff::{HTML, JSON, TEXT};
pub use sse::{Event, Sse};
pub use static_file::StaticFile;
#[cfg(feature = "metrics")]
pub(crate) use tally::Tally;
pub use trace::Trace;
pub use tracer::Tracer;
pub(crate) use tracer::Traces;
pub use trailers::Trailers;
#[cfg(any(feature = "tower", feature = "http2"))]
pub(crate) use trailing::Slot;
pub(crate) use trailing::Trailing;
#[cfg(feature = "http2")]
pub(crate) use trailing::Way;
pub(crate) use via::{Peer, Via};

/// A boxed future, as adapters of `async fn`s return it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
