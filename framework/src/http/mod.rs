//! The messages everyone talks about: requests, answers, and what is said when something goes wrong.

mod body;
mod builder;
mod causes;
mod channel;
mod context;
mod convert;
mod cookies;
mod detached;
mod error;
mod failure;
mod file;
mod files;
mod flow;
mod form;
mod guard;
mod kept;
mod multipart;
mod params;
pub(crate) mod path;
mod received;
mod request;
mod responder;
mod response;
mod safe_name;
mod safe_path;
#[cfg(feature = "signed-cookies")]
mod sealed;
mod sse;
mod static_file;
mod via;

#[cfg(feature = "templates")]
pub(crate) use body::View as PendingView;
pub use body::{Body, BodyReader};
pub(crate) use body::{BoxStream, Kind as BodyKind};
pub use builder::RequestBuilder;
pub use channel::Sender;
pub use context::{Context, Instance};
#[cfg(feature = "tower")]
pub(crate) use convert::{fields_of, map_of};
pub use cookies::{Cookies, SameSite, SetCookie};
pub use error::{BindingError, Error, HttpError, IntoStatus, OrStatus, Result, Source, ok};
pub use failure::Failure;
pub(crate) use file::{FileBody, Piece, Stretch, read_range};
pub(crate) use files::{FilePart, default_directory};
pub use files::{FileReader, MultipartFile};
pub(crate) use guard::{Guard, guarded, poll_guarded};
pub(crate) use kept::{Kept, add_private_cookie, is_for_all};
pub use multipart::{Multipart, Part, Progress};
pub use params::Params;
pub(crate) use received::Received;
pub(crate) use request::FormKind;
pub use request::Request;
pub use responder::Responder;
pub(crate) use response::{HTML, JSON, Outgoing, SentHead, TEXT};
pub use response::{Redirect, Response};
pub use safe_path::SafePath;
pub(crate) use safe_path::{FilePath, below, is_inside, is_name, open_below};
#[cfg(feature = "signed-cookies")]
pub use sealed::{CookieKey, PrivateCookies, SignedCookies};
pub use sse::{Event, Sse};
pub use static_file::StaticFile;
pub(crate) use via::{Peer, Via};

/// A boxed future, as adapters of `async fn`s return it.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
