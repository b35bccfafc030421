//! What a session may cost, how long it may be silent, and which extensions it may have.

use std::sync::Arc;
use std::time::Duration;

use crate::proto::origin::{check, is_of_host};
use crate::proto::ws::{Bounds, Deflate, Extension, Extensions, Role};

macro_rules! settings {
    ($( $(#[$doc:meta])* $name:ident: $kind:ty = $default:expr; )*) => {
        /// Bounds and times of WebSocket sessions. All are on by default.
        ///
        /// Set them for the whole server with `server::new().websocket(…)`, or for one handler with `config = …`, which
        /// replaces the server's.
        ///
        /// ```
        /// use std::time::Duration;
        /// use vernal::websocket::{WebSocket, WebSocketConfig};
        /// use vernal::{Result, websocket_handler};
        ///
        /// #[websocket_handler("/feed", config = WebSocketConfig::new().message_size(64 << 10).idle_time(Duration::from_secs(60)))]
        /// async fn feed(mut ws: WebSocket) -> Result {
        ///     while let Some(message) = ws.next().await {
        ///         ws.send(message).await?;
        ///     }
        ///     Ok(())
        /// }
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct WebSocketConfig { $( $(#[$doc])* pub $name: $kind, )* }

        impl WebSocketConfig {
            /// The defaults.
            pub const fn new() -> WebSocketConfig {
                WebSocketConfig { $( $name: $default, )* }
            }

            $(
                #[doc = concat!("Sets [`WebSocketConfig::", stringify!($name), "`](#structfield.", stringify!($name), ").")]
                #[must_use]
                pub fn $name(mut self, $name: $kind) -> WebSocketConfig {
                    self.$name = $name;
                    self
                }
            )*
        }
    };
}

settings! {
    /// Bytes of a message, after decompression. Default 1 MiB; more closes with 1009, known from the header of the frame
    /// before anything of it is read.
    message_size: usize = 1 << 20;
    /// Bytes of one frame as it is sent. Default 1 MiB; more closes with 1009.
    frame_size: usize = 1 << 20;
    /// Frames of one message, beside one for each 64 bytes of it as they are sent: there are clients that send 1 MiB in frames
    /// of 4 and 242 bytes. Default 4,096; more closes with 1008.
    fragments: usize = 4_096;
    /// Bytes of a frame that is sent. Default: no bound, so that each message is one frame; a larger one is sent in several. For peers
    /// that take no more: `websocket` of npm refuses frames above 1 MiB.
    frame_payload: usize = usize::MAX;
    /// Bytes of messages that have come and that the handler has not taken. Default 64 KiB; while there are more nothing is
    /// read, pings neither, so that the peer waits. A message that is larger waits alone.
    inbox_size: usize = 64 << 10;
    /// Bytes that may wait to be sent while the peer's socket takes no more. Default 256 KiB; what happens beyond is [`WebSocketConfig::overflow`]. A message that
    /// is larger still waits alone.
    outbox_size: usize = 256 << 10;
    /// What happens to a message for which the outbox has no room. Default [`Overflow::Wait`].
    overflow: Overflow = Overflow::Wait;
    /// Time between two pings. Default 20 s, since there are clients and proxies that give up after 30 s of silence; zero sends
    /// none. The payload of a ping is its number in decimal digits.
    ping_period: Duration = Duration::from_secs(20);
    /// Time in which a sign of life must follow a ping, from when all before it and itself have been handed to the socket. Default
    /// 20 s; then the session is closed with 1011 `Ping timeout`. Signs of life are the pong, any whole frame, bytes of a frame that come at 256 a
    /// second or more, and bytes that the peer takes after it had taken none.
    pong_timeout: Duration = Duration::from_secs(20);
    /// Time without a message of the peer. Default one hour, looked at once a ping period; then the session is closed with 1001
    /// `Idle timeout`. Zero is for ever.
    idle_time: Duration = Duration::from_secs(3600);
    /// Time the peer has to answer a close frame, from when it was last seen to read or to send. Default 5 s; then the
    /// connection is cut. A peer that sends on and on without a close frame is cut after twenty times as long.
    close_timeout: Duration = Duration::from_secs(5);
    /// Time in which a peer must take at least some of what is sent. Default 30 s; then the connection is cut, with 1006.
    write_timeout: Duration = Duration::from_secs(30);
    /// Which pages of browsers may connect. Default [`Origins::Same`].
    origins: Origins = Origins::Same;
    /// Whether messages are compressed. Default [`Compressed::AsInstalled`]; the `config` of one handler may turn it on or off.
    deflate: Compressed = Compressed::AsInstalled;
}

impl Default for WebSocketConfig {
    fn default() -> WebSocketConfig {
        WebSocketConfig::new()
    }
}

impl WebSocketConfig {
    /// Why no session could be held, if none could.
    pub(crate) fn problem(&self) -> Option<String> {
        let zeros = [
            ("message_size", self.message_size == 0),
            ("frame_size", self.frame_size == 0),
            ("frame_payload", self.frame_payload == 0),
            ("fragments", self.fragments == 0),
            ("write_timeout", self.write_timeout.is_zero()),
            ("pong_timeout", self.pong_timeout.is_zero() && !self.ping_period.is_zero()),
        ];
        let Some((name, _)) = zeros.into_iter().find(|(_, is_zero)| *is_zero) else {
            let of_deflate = match &self.deflate {
                Compressed::By(deflate) => deflate.problem(),
                _ => None,
            };
            return self.origins.problem().or(of_deflate);
        };
        Some(format!(
            "`WebSocketConfig::{name}` is zero, with which no session could go on: write more, or leave it out for its default"
        ))
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds { message_size: self.message_size, frame_size: self.frame_size, fragments: self.fragments }
    }
}

/// Whether the messages of sessions are compressed where the peer offers permessage-deflate.
///
/// ```
/// use vernal::websocket::{Compressed, Deflate, WebSocket, WebSocketConfig};
/// use vernal::{Result, websocket_handler};
///
/// #[websocket_handler("/pictures", config = WebSocketConfig::new().deflate(Compressed::Never))]
/// async fn pictures(ws: WebSocket) -> Result {
///     ws.send_file("picture.jpg").await
/// }
///
/// #[websocket_handler("/log", config = WebSocketConfig::new().deflate(Compressed::By(Deflate::default().level(9))))]
/// async fn log(ws: WebSocket) -> Result {
///     ws.send("a line like many others").await
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Compressed {
    /// As `server::new().websocket_deflate(…)` says, or not if nothing does.
    #[default]
    AsInstalled,
    /// Not, whatever is installed.
    Never,
    /// With these settings, in place of those of the server.
    By(Deflate),
}

/// What happens to a message for which the outbox of a session has no room.
///
/// A broadcast never waits. For members with [`Overflow::Wait`] that have no room it is as for [`Overflow::Close`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// `send` waits for room.
    #[default]
    Wait,
    /// The oldest messages that wait are dropped for it. Such a session keeps its messages apart, each with an allocation.
    DropOldest,
    /// It is dropped itself.
    DropNewest,
    /// The session is closed with 1013.
    Close,
}

/// Which pages may connect: browsers tell a page's origin, and open connections with a user's cookies for any page (RFC 6455,
/// section 10.2). Clients that are no browsers send no origin and are not concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origins {
    /// Pages of the same host and port, `https` ones only where the client comes over TLS; others get a 403.
    #[default]
    Same,
    /// Pages of the same host and port, and of these origins: `https://app.example.com`.
    Listed(Vec<String>),
    /// All pages.
    Any,
}

impl Origins {
    /// Pages of these origins beside the server's own.
    pub fn listed<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Origins {
        Origins::Listed(origins.into_iter().map(Into::into).collect())
    }

    /// What is wrong with an origin that is listed: it would never match.
    fn problem(&self) -> Option<String> {
        let Origins::Listed(listed) = self else { return None };
        let problem = listed.iter().find_map(|origin| check(origin).err())?;
        Some(format!("`Origins::listed(…)`: {problem}"))
    }

    /// Whether a page of this origin may connect to this host.
    pub(crate) fn allow(&self, origin: &str, host: Option<&str>, is_secure: bool) -> bool {
        let is_same = || is_of_host(origin, host, is_secure);
        match self {
            Origins::Any => true,
            Origins::Same => is_same(),
            Origins::Listed(listed) => {
                is_same() || listed.iter().any(|listed| listed.eq_ignore_ascii_case(origin))
            }
        }
    }
}

/// Makes the extension of one session.
pub(crate) type Factory = Arc<dyn Fn(Role) -> Box<dyn Extension> + Send + Sync>;

/// The factory of an extension that is the same for both sides.
pub(crate) fn factory<X: Extension>(make: impl Fn() -> X + Send + Sync + 'static) -> Factory {
    Arc::new(move |_| Box::new(make()))
}

/// A fresh set of extensions, for one session.
pub(crate) fn install(factories: &[Factory], role: Role) -> Vec<Box<dyn Extension>> {
    factories.iter().map(|make| make(role)).collect()
}

/// Says which two of these extensions cannot stand together.
pub(crate) fn conflict(installed: &[Box<dyn Extension>]) -> Option<String> {
    let (one, other) = Extensions::conflict(installed)?;
    Some(format!(
        "the WebSocket extensions `{one}` and `{other}` claim the same reserved bit, so that nobody could tell their frames apart: install one of them"
    ))
}

/// The factory of permessage-deflate.
pub(crate) fn deflate(settings: Deflate) -> Factory {
    Arc::new(move |role| settings.extension(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_judged() {
        let listed = Origins::listed(["https://app.example.com"]);
        let table = [
            (&Origins::Same, "http://a:8080", Some("a:8080"), true),
            (&Origins::Same, "https://A", Some("a"), true),
            (&Origins::Same, "http://a", Some("a:8080"), false),
            (&Origins::Same, "http://a", Some("a:80"), true),
            (&Origins::Same, "https://a", Some("a:443"), true),
            (&Origins::Same, "https://a", Some("a:80"), false),
            (&Origins::Same, "", Some("a"), false),
            (&Origins::Same, "http://a.evil", Some("a"), false),
            (&Origins::Same, "null", Some("a"), false),
            (&Origins::Same, "http://a", None, false),
            (&listed, "https://app.example.com", Some("a"), true),
            (&listed, "http://app.example.com", Some("a"), false),
            (&listed, "http://a", Some("a"), true),
            (&Origins::Any, "null", None, true),
        ];
        for (origins, origin, host, expected) in table {
            assert_eq!(origins.allow(origin, host, false), expected, "{origins:?} {origin} {host:?}");
        }
    }
}
