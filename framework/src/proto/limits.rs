//! Every bound in the house, in one struct, with defaults that are safe to face the internet with.

use std::fmt;
use std::time::Duration;

macro_rules! limits {
    ($( $(#[$doc:meta])* $name:ident: $kind:ty = $default:expr; )*) => {
        /// What a peer may cost us. Every limit is on by default; a refusal names the limit, its value and the
        /// setting that changes it.
        ///
        /// Set them for the whole server with `server::new().limits(…)`, or those of the body for one mapping with
        /// `#[request_map("/upload", limits = Limits::new().upload_size(1 << 30))]`: `body_…`, `upload_…` and `part…`. The others
        /// hold before it is known which mapping a request is for; a mapping that sets one is told so in the log at start.
        ///
        /// A limit of zero that lets nobody in, or nothing through, is an error at start that says what to write. `Duration::MAX` and `usize::MAX` are
        /// no limit. Zero means something for
        /// `body_size`, `upload_size`, `parameters` (none are taken), `upload_memory` (every file lies on the disk), `drain_size`, `half_closed_time`,
        /// `linger_idle` and `linger_time` (nobody is waited for), `http2_resets` and `http2_drain_size` (none are borne), and is 1 for `body_rate` and `answer_rate`.
        ///
        /// ```
        /// use vernal::Limits;
        ///
        /// let limits = Limits::new().body_size(10 << 20).header_count(50);
        /// assert_eq!(limits.body_size, 10 << 20);
        /// assert_eq!(limits.uri_length, Limits::default().uri_length);
        /// ```
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct Limits { $( $(#[$doc])* pub $name: $kind, )* }

        impl Limits {
            /// The defaults.
            pub const fn new() -> Limits {
                Limits { $( $name: $default, )* }
            }

            $(
                #[doc = concat!("Sets [`Limits::", stringify!($name), "`](#structfield.", stringify!($name), ").")]
                #[must_use]
                pub const fn $name(mut self, $name: $kind) -> Limits {
                    self.$name = $name;
                    self
                }
            )*

            #[cfg(test)]
            fn names() -> &'static [&'static str] {
                &[$( stringify!($name), )*]
            }

            /// Those that are zero, and their defaults as they are written.
            fn zeros(&self) -> impl Iterator<Item = (&'static str, String)> {
                let zeros = [$( (stringify!($name), self.$name == <$kind>::default(), Written::written(&Limits::new().$name)), )*];
                zeros.into_iter().filter(|it| it.1).map(|(name, _, default)| (name, default))
            }

            /// All of them, with their values as texts.
            #[cfg(feature = "actuator")]
            pub(crate) fn told(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
                [$( (stringify!($name), format!("{:?}", self.$name)), )*].into_iter()
            }

            /// Those that are others than these.
            fn unlike(&self, other: &Limits) -> impl Iterator<Item = &'static str> {
                [$( (stringify!($name), self.$name != other.$name), )*].into_iter().filter(|it| it.1).map(|it| it.0)
            }
        }

        /// Which of the limits.
        #[allow(non_camel_case_types, dead_code, reason = "they are called as the fields are, and not all refuse something")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Limit { $( $name, )* }

        impl Limit {
            pub(crate) const fn name(self) -> &'static str {
                match self { $( Limit::$name => stringify!($name), )* }
            }
        }
    };
}

limits! {
    /// Bytes of a request's head, request line and all fields together, and of its trailers. Default 16 KiB, at most 1 GiB; more is 431.
    head_size: usize = 16 << 10;
    /// Number of header fields of a request, and of trailer fields. Default 100; more is 431.
    header_count: usize = 100;
    /// Bytes of the request target. Default 8 KiB; more is 414.
    uri_length: usize = 8 << 10;
    /// Bytes of a request's body. Default 2 MiB; more is 413, known from `Content-Length` before anything is read. Of a
    /// `multipart/form-data` body, the bytes of all text fields together; the whole is bounded by [`Limits::upload_size`].
    /// A body that is decompressed is bounded before and after.
    body_size: u64 = 2 << 20;
    /// Bytes of a `multipart/form-data` body, files included. Default 64 MiB; more is 413.
    upload_size: u64 = 64 << 20;
    /// Bytes of a request's uploaded files that are held in memory, all together. Default 256 KiB; a file that would go
    /// beyond lies in a temporary file. 0 puts every file there.
    upload_memory: usize = 256 << 10;
    /// Bytes that the bodies of all requests hold in memory together: those that are read whole while they come and until they are answered,
    /// the text fields and small files of forms in parts and what of larger ones waits for the disk, what a reader of a body has not taken,
    /// and the windows of decompression. Default 256 MiB; a body that would go beyond is answered with 503 and `Retry-After`. Counted for an
    /// application, whatever limits a mapping has; each body is bounded by its own limits besides.
    buffered_bodies: u64 = 256 << 20;
    /// Bytes of one part of a `multipart/form-data` body. Default: as many as [`Limits::upload_size`] allows for all; more is
    /// 413.
    part_size: u64 = u64::MAX;
    /// Number of parts of a `multipart/form-data` body, fields and files together. Default 1,000; more is 400.
    parts: usize = 1_000;
    /// Bytes of the head of one part, the empty line after it included. Default 4 KiB, at most 1 GiB; more is 400.
    part_head_size: usize = 4 << 10;
    /// Number of header fields of one part. Default 16; more is 400.
    part_header_count: usize = 16;
    /// Number of parameters in query and form together. Default 1,000; more is 400.
    parameters: usize = 1_000;
    /// Time from the first byte of a head to its end. Default 10 s; longer is 408. A connection on which not one byte has come
    /// for this time, or for [`Limits::idle_time`] if that is shorter, is closed without an answer.
    header_timeout: Duration = Duration::from_secs(10);
    /// Time from the start of a connection on a TLS port to the end of its handshake (feature `tls`). Default 10 s; then it is
    /// cut.
    handshake_timeout: Duration = Duration::from_secs(10);
    /// Bytes a second that a body must come in with on average, past [`Limits::body_grace`]. Default 256; less is 408.
    body_rate: u32 = 256;
    /// Time a body may be waited for however slowly it comes. Default 10 s. Waits for the peer count, not for the handler
    /// that reads the body.
    body_grace: Duration = Duration::from_secs(10);
    /// Time a body may stay silent in the midst of it, however fast it came before. Default 15 s; longer is 408.
    body_idle: Duration = Duration::from_secs(15);
    /// Time a connection may stay silent between two requests, and before the first one if that is shorter than
    /// [`Limits::header_timeout`]. Default 75 s, since proxies keep theirs for 60 s and would send a request into one
    /// that is just being closed; then it is closed.
    idle_time: Duration = Duration::from_secs(75);
    /// Time in which a peer must take at least some of an answer. Default 30 s; then the connection is reset, and what waited to be
    /// sent is thrown away, be it in the system's own buffers.
    write_timeout: Duration = Duration::from_secs(30);
    /// Bytes a second that an answer must be taken with on average, past [`Limits::write_timeout`] in all. Default 256; less
    /// resets the connection. Only the time that an answer waits for the peer counts, and only what is taken since it first had to.
    answer_rate: u32 = 256;
    /// Time that an answer may keep a peer waiting which has ended its side of the connection, counted from that or from the last
    /// bytes that were sent to it. Default 30 s; then its handler, or the stream it returned, is dropped and the connection closed. Such a
    /// peer may still read, as `nc -N` does, but most are gone: with the first bytes sent to one the connection is lost, and
    /// with that its handler. `Duration::ZERO` gives up at once.
    half_closed_time: Duration = Duration::from_secs(30);
    /// Time that a connection which is closed after its answer waits for a peer that still sends and falls silent. Default 5 s.
    /// A peer that reads nothing before it has sent everything gets an early refusal by this: what it sends is thrown away, and
    /// none of it is kept.
    linger_idle: Duration = Duration::from_secs(5);
    /// Time that such a peer has in all, however much it sends. Default 30 s. One in four of [`Limits::connections`] may be
    /// at it; those beyond are closed at once, which may reset them.
    linger_time: Duration = Duration::from_secs(30);
    /// Requests on one connection; the last one is answered with `Connection: close`, or over HTTP/2 the peer is told to take another
    /// connection (GOAWAY). Default 1,000,000.
    requests_per_connection: u32 = 1_000_000;
    /// Open connections in all. Default 50,000; further ones get a 503 and are closed, on a TLS port without a
    /// word. A WebSocket over HTTP/2 counts as a connection of its own; a further one gets a 503 on its stream.
    connections: usize = 50_000;
    /// Open connections from one address. Default 20,000, since a proxy in front is one address; further ones get a
    /// 503 and are closed. Those of trusted proxies are not counted, but the clients that the PROXY protocol names are. WebSockets over HTTP/2
    /// are counted as by [`Limits::connections`].
    connections_per_address: usize = 20_000;
    /// Bytes of an unread body that are thrown away to keep the connection. Default 64 KiB; beyond, it is closed.
    drain_size: u64 = 64 << 10;
    /// Bytes of a PROXY protocol header of version 2. Default 16 KiB; more closes the connection.
    proxy_header: usize = 16 << 10;
    /// Streams that a peer may have open at once on one connection of HTTP/2 (feature `http2`). Default 200; clients wait for their turn, and one
    /// that does not is refused the stream (RFC 9113, section 5.1.2), which not all of them bear: do not go lower without need.
    http2_streams: u32 = 200;
    /// Streams that a peer may reset before their answers have begun, on one connection of HTTP/2, beyond as many as were answered. Default 200; more ends
    /// the connection with ENHANCE_YOUR_CALM. A WebSocket that is reset before anything has come through it counts as one.
    http2_resets: usize = 200;
    /// Bytes of the header fields of a request over HTTP/2 as they are counted there, 32 for each field besides (RFC 9113, section 6.5.2), which
    /// the peer is told. Default 64 KiB; more is 431 without a text, and far more ends the connection. [`Limits::head_size`] and
    /// [`Limits::header_count`] hold as well, and say what is wrong.
    http2_header_list: u32 = 64 << 10;
    /// Bytes of one request's body over HTTP/2 that may come before somebody has read those before them. Default 1 MiB, at most 2 GiB less one.
    http2_window: u32 = 1 << 20;
    /// The same of all streams of a connection together, which is what they can hold in memory. Default 4 MiB, at least the 65,535 bytes that every
    /// connection begins with (RFC 9113, section 6.9.2), at most 2 GiB less one.
    http2_connection_window: u32 = 4 << 20;
    /// Bytes of unread bodies of a connection of HTTP/2 together that are thrown away after early answers, each until its peer is silent for
    /// [`Limits::linger_idle`], at most for [`Limits::linger_time`], so that peers which send on see the answers. Default 16 MiB; beyond, their streams are reset.
    http2_drain_size: u64 = 16 << 20;
    /// Time a connection of HTTP/2 may be without a stream. Default 600 s; then the peer is told (GOAWAY), and it is closed.
    http2_idle_time: Duration = Duration::from_secs(600);
    /// Time in which nothing is heard of the peer of a connection of HTTP/2 before it is asked whether it is there (PING). Default 60 s.
    http2_ping_interval: Duration = Duration::from_secs(60);
    /// Time in which it must be heard then. Default 20 s; else the connection is cut.
    http2_ping_timeout: Duration = Duration::from_secs(20);
}

/// What a mapping may say of its own: all that is about bodies. The rest is settled before a mapping is known.
const OF_MAPPINGS: &[&str] = &[
    "body_size",
    "upload_size",
    "upload_memory",
    "part_size",
    "parts",
    "part_head_size",
    "part_header_count",
    "body_rate",
    "body_grace",
    "body_idle",
];

/// What must not be zero: what would become of requests, and what to write for that which may be meant.
const NEEDED: &[(&str, &str, &str)] = &[
    ("head_size", "every request would be refused with 431", ""),
    ("header_count", "every request would be refused with 431", ""),
    ("uri_length", "every request would be refused with 414", ""),
    ("header_timeout", "connections would be closed before a request has come", ""),
    ("handshake_timeout", "every TLS connection would be cut", ""),
    ("idle_time", "connections would be closed before a request has come", CLOSE_EACH),
    ("write_timeout", "connections would be reset that do not take a whole answer at once", ""),
    ("requests_per_connection", "no request would be answered", CLOSE_EACH),
    ("connections", "nobody could connect", ""),
    ("connections_per_address", "nobody could connect", ""),
    (
        "buffered_bodies",
        "every body would be refused with 503, to be sent again",
        "for no bodies at all `.body_size(0)`",
    ),
    ("part_size", "every part of a form would be refused with 413", NO_PARTS),
    ("parts", "every form in parts would be refused with 400", NO_PARTS),
    ("part_head_size", "every part of a form would be refused with 400", NO_PARTS),
    ("part_header_count", "every part of a form would be refused with 400", NO_PARTS),
    ("body_grace", "bodies would be refused with 408 that do not come with their head", ""),
    ("body_idle", "bodies would be refused with 408 that do not come with their head", ""),
    ("proxy_header", "connections of proxies would be closed", ""),
    ("http2_streams", "no request would be answered over HTTP/2", ""),
    ("http2_header_list", "every request over HTTP/2 would be refused with 431", ""),
    ("http2_window", "no body would come over HTTP/2", "for no bodies at all `.body_size(0)`"),
    ("http2_connection_window", "no body would come over HTTP/2", "for no bodies at all `.body_size(0)`"),
    ("http2_idle_time", "connections of HTTP/2 would be closed before a request has come", CLOSE_EACH),
    ("http2_ping_interval", "peers of HTTP/2 would be asked without end whether they are there", ""),
    ("http2_ping_timeout", "connections of HTTP/2 would be cut whose peer is silent", ""),
];

const CLOSE_EACH: &str = "for one request on each connection `.requests_per_connection(1)`";

const NO_PARTS: &str = "for no such forms `.upload_size(0)`";

/// The fields of a head are found by numbers of 32 bits.
pub(crate) const LARGEST_HEAD: usize = 1 << 30;

/// RFC 9113, section 6.9.1.
pub(crate) const LARGEST_WINDOW: u32 = (1 << 31) - 1;

/// No peer can be told of less for a connection (RFC 9113, section 6.9.2).
pub(crate) const FIRST_WINDOW: u32 = (1 << 16) - 1;

/// How a value is written in Rust.
trait Written {
    fn written(&self) -> String;
}

macro_rules! written {
    ($($number:ty),*) => { $(
        impl Written for $number {
            fn written(&self) -> String {
                self.to_string()
            }
        }
    )* };
}

written!(u32, u64, usize);

impl Written for Duration {
    fn written(&self) -> String {
        format!("Duration::from_secs({})", self.as_secs())
    }
}

impl Limits {
    /// What is wrong with them.
    pub(crate) fn problems(&self) -> impl Iterator<Item = String> {
        self.wrong().map(|(_, problem)| problem)
    }

    /// What is wrong with those that a mapping may set.
    pub(crate) fn problems_of_mapping(&self) -> impl Iterator<Item = String> {
        self.wrong().filter(|(name, _)| OF_MAPPINGS.contains(name)).map(|(_, problem)| problem)
    }

    fn wrong(&self) -> impl Iterator<Item = (&'static str, String)> {
        let zeros = self.zeros().filter_map(|(name, default)| {
            let (_, then, instead) = NEEDED.iter().find(|(needed, ..)| *needed == name)?;
            let instead = if instead.is_empty() { String::new() } else { format!(", {instead}") };
            // As much as all parts may have together.
            let default = if name == "part_size" { Limits::new().upload_size.written() } else { default };
            let problem = format!(
                "`Limits::{name}` is zero, so that {then}: write more, as its default `.{name}({default})`{instead}"
            );
            Some((name, problem))
        });
        zeros.chain(self.too_large()).chain(self.too_small())
    }

    fn too_small(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let size = Some(self.http2_connection_window).filter(|size| (1..FIRST_WINDOW).contains(size));
        size.into_iter().map(|size| {
            (
                "http2_connection_window",
                format!(
                    "`Limits::http2_connection_window` is {size}, and every connection of HTTP/2 begins with {FIRST_WINDOW} bytes, so that bodies \
                     would never come to their end: write as much at least, or for less of each body `.http2_window({size})`"
                ),
            )
        })
    }

    fn too_large(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        let sizes = [("head_size", self.head_size), ("part_head_size", self.part_head_size)];
        let heads = sizes.into_iter().filter(|(_, size)| *size > LARGEST_HEAD).map(|(name, size)| {
            (
                name,
                format!(
                    "`Limits::{name}` is {size}, and no head is larger than {LARGEST_HEAD} bytes: write less"
                ),
            )
        });
        let windows =
            [("http2_window", self.http2_window), ("http2_connection_window", self.http2_connection_window)];
        heads.chain(windows.into_iter().filter(|(_, size)| *size > LARGEST_WINDOW).map(|(name, size)| {
            (
                name,
                format!("`Limits::{name}` is {size}, and no window is larger than {LARGEST_WINDOW} bytes: write less"),
            )
        }))
    }

    /// Those that a mapping has set, though they are only looked at for a whole server whose limits are these.
    pub(crate) fn idle_in_mappings(&self, server: &Limits) -> impl Iterator<Item = &'static str> {
        let usual: Vec<_> = Limits::default().unlike(self).collect();
        server.unlike(self).filter(move |name| usual.contains(name) && !OF_MAPPINGS.contains(name))
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::new()
    }
}

/// As messages name it.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limits::{}", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_limits_of_bodies_are_a_mappings_own() {
        let new = Limits::new;
        let time = Duration::from_secs(3);
        let server = new().idle_time(time).connections(7);
        let table: [(Limits, &[&str]); 8] = [
            (new(), &[]),
            (new().body_size(1).upload_size(2).parts(3).body_idle(time), &[]),
            (new().idle_time(Duration::from_secs(4)), &["idle_time"]),
            (new().body_size(1).head_size(2).parameters(9), &["head_size", "parameters"]),
            (new().connections(5).write_timeout(time), &["write_timeout", "connections"]),
            // What it shares with its server it does not set.
            (server.clone(), &[]),
            (server.clone().body_size(9), &[]),
            (server.clone().connections(8), &["connections"]),
        ];
        for (limits, expected) in table {
            assert_eq!(limits.idle_in_mappings(&server).collect::<Vec<_>>(), expected, "{limits:?}");
        }
        for name in OF_MAPPINGS.iter().chain(NEEDED.iter().map(|(name, ..)| name)) {
            assert!(Limits::names().contains(name), "{name} is no limit");
        }
    }

    #[test]
    fn zeros_that_let_nothing_through_are_told() {
        let new = Limits::new;
        let none = Duration::ZERO;
        let meant = new().body_size(0).upload_size(0).upload_memory(0).parameters(0).drain_size(0);
        let meant =
            meant.half_closed_time(none).linger_idle(none).linger_time(none).body_rate(0).answer_rate(0);
        let meant = meant.http2_resets(0).http2_drain_size(0);
        assert_eq!(meant.problems().next(), None);
        let others: Vec<_> = meant.zeros().map(|(name, _)| name).collect();
        for name in Limits::names() {
            let is_needed = NEEDED.iter().any(|(needed, ..)| needed == name);
            assert!(is_needed != others.contains(name), "what is zero of `{name}`?");
        }
        let table = [
            (new().connections(0), "`Limits::connections` is zero", "`.connections(50000)`"),
            (
                new().header_timeout(none),
                "`Limits::header_timeout` is zero",
                "`.header_timeout(Duration::from_secs(10))`",
            ),
            (new().part_size(0), "413", "`.part_size(67108864)`, for no such forms `.upload_size(0)`"),
            (new().idle_time(none), "closed", "`.requests_per_connection(1)`"),
            (new().head_size(LARGEST_HEAD + 1), "`Limits::head_size` is 1073741825", "write less"),
            (new().part_head_size(usize::MAX), "`Limits::part_head_size` is 1", "write less"),
            (new().http2_window(1 << 31), "`Limits::http2_window` is 2147483648", "write less"),
            (
                new().http2_connection_window(65_534),
                "`Limits::http2_connection_window` is 65534",
                "`.http2_window(65534)`",
            ),
        ];
        for (limits, start, end) in table {
            let [problem] = &limits.problems().collect::<Vec<_>>()[..] else { panic!("{limits:?}") };
            assert!(problem.contains(start) && problem.ends_with(end), "{problem}");
        }
        assert_eq!(new().connections(0).parts(0).problems_of_mapping().count(), 1);
        assert_eq!(new().http2_connection_window(LARGEST_WINDOW).problems().next(), None);
        assert_eq!(new().http2_connection_window(FIRST_WINDOW).problems().next(), None);
        assert_eq!(new().head_size(LARGEST_HEAD).part_head_size(LARGEST_HEAD).problems().next(), None);
    }
}
