//! The messages everyone talks about: requests, answers, and what is said when something goes wrong.

mod absence;
mod answered;
mod body;
mod builder;
mod causes;
mod channel;
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
mod form;
mod form_kind;
mod guard;
mod held;
mod html;
mod kept;
mod multipart;
mod or_status;
mod params;
pub(crate) mod path;
mod received;
mod redirect;
mod request;
mod responder;
mod response;
mod safe_name;
mod safe_path;
#[cfg(feature = "signed-cookies")]
mod sealed;
mod set_cookie;
mod sniff;
mod sources;
mod sse;
mod static_file;
mod via;

pub use answered::{EitherKind, PlainKind, WordsKind, answered};
#[cfg(feature = "templates")]
pub(crate) use body::View as PendingView;
pub use body::{Body, BodyReader};
pub(crate) use body::{BoxStream, Kind as BodyKind};
pub use builder::RequestBuilder;
pub use channel::Sender;
pub use context::{Context, Instance};
#[cfg(feature = "tower")]
pub(crate) use convert::{fields_of, map_of};
pub use cookies::Cookies;
pub(crate) use decompression::CONTENT_ENCODING;
pub use decompression::Decompression;
pub(crate) use echo::is_echo;
pub use error::{BindingError, Error, HttpError, IntoStatus, Result, Source, ok};
pub use error_type::{ErrorType, check_error_codes, check_one_error, error_type};
pub(crate) use failed::Failed;
pub use failure::Failure;
pub(crate) use file::{FileBody, Piece, Stretch, read_range};
pub(crate) use files::{FilePart, default_directory};
pub use files::{FileReader, MultipartFile};
pub(crate) use flaw::Flaw;
pub(crate) use form_kind::FormKind;
pub(crate) use guard::{Guard, Watched, guarded, poll_guarded, watched};
pub use html::Html;
pub(crate) use kept::{Kept, add_private_cookie, is_for_all};
pub use multipart::{Multipart, Part, Progress};
pub use or_status::OrStatus;
pub use params::Params;
pub(crate) use received::Received;
pub use redirect::Redirect;
pub use request::Request;
pub use responder::Responder;
pub(crate) use responder::held;
pub use response::Response;
pub(crate) use response::{Marks, Outgoing, SentHead};
pub use safe_path::SafePath;
pub(crate) use safe_path::{FilePath, below, is_inside, is_name, open_below};
#[cfg(feature = "signed-cookies")]
pub use sealed::{CookieKey, PrivateCookies, SignedCookies};
pub use set_cookie::{SameSite, SetCookie};
pub(crate) use sniff::{HTML, JSON, TEXT};
pub use sse::{Event, Sse};
pub use static_file::StaticFile;
pub(crate) use via::{Peer, Via};

/// A boxed future, as adapters of `async fn`s return it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
