//! `[server]`: what a server is told, and its application.

use std::time::Duration;

use crate::base::is_value;
use crate::http::Decompression;
use crate::proto::forwarded::ProxyFields;
use crate::proto::networks::Networks;
use crate::settings::{
    Choice, Either, Kind, Mode, Node, Off, Or, Origin, Section, Text, Texts, flag, number, some_time, time,
};

/// See the head of this file.
#[derive(Default)]
pub(crate) struct ServerSection {
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
    /// Each with its place.
    pub(crate) listen: Option<Vec<(String, Origin)>>,
    pub(crate) unix_mode: Option<u32>,
    /// `Some(None)`: all sockets, whatever their names.
    #[cfg_attr(not(all(unix, feature = "systemd")), allow(dead_code))]
    pub(crate) systemd: Option<Option<String>>,
    pub(crate) threads: Option<usize>,
    pub(crate) share_threads: Option<bool>,
    pub(crate) stop_delay: Option<Duration>,
    pub(crate) websocket_stop_code: Option<u16>,
    pub(crate) websocket_stop_spread: Option<Duration>,
    pub(crate) grace: Option<Duration>,
    pub(crate) watchdog: Option<Duration>,
    pub(crate) handle_signals: Option<bool>,
    pub(crate) show_mappings: Option<bool>,
    pub(crate) proxy_protocol: Option<bool>,
    /// The level of the console, and where it was written.
    pub(crate) log: Option<(String, Origin)>,
}

/// What an application is told.
#[derive(Default)]
pub(in crate::app) struct Application {
    pub(in crate::app) app: Option<String>,
    pub(in crate::app) start_timeout: Option<Duration>,
    pub(in crate::app) show_errors: Option<bool>,
    pub(in crate::app) invalid_status: Option<u16>,
    pub(in crate::app) server_name: Option<Option<String>>,
    pub(in crate::app) upload_directory: Option<String>,
    pub(in crate::app) sniffing: Option<bool>,
    pub(in crate::app) favicon: Option<bool>,
    pub(in crate::app) trusted_proxies: Option<Vec<String>>,
    pub(in crate::app) proxy_fields: Option<Vec<String>>,
    pub(in crate::app) decompress_requests: Option<Decompression>,
}

pub(super) fn read(root: &mut Section<'_>) -> (ServerSection, Application) {
    let mut section = root.section("server");
    let (mut server, mut application) = (ServerSection::default(), Application::default());
    macro_rules! take {
        ($of:ident: $($name:ident = $kind:expr, $default:literal;)*) => {
            $( $of.$name = section.take(stringify!($name), $kind, $default); )*
        };
    }
    take! { server:
        host = Text, "";
        port = number(0), "9090";
        listen = Texts, "(`host` and `port` alone)";
        unix_mode = Mode, "(what the process's umask leaves)";
        threads = number(1), "(as many as the machine has cores)";
        share_threads = flag(), "false";
        stop_delay = time(), "0s";
        websocket_stop_spread = time(), "0s";
        grace = time(), "30s";
        watchdog = time(), "100ms";
        handle_signals = flag(), "true";
        show_mappings = flag(), "(in debug builds)";
        proxy_protocol = flag(), "false";
    }
    let is_code = |code: &u16| matches!(code, 1001 | 1012 | 3000..=4999);
    let no_code = |code: &u16| {
        let words =
            "no close code of a server that stops: write 1001, 1012, or one of your own from 3000 to 4999";
        (!is_code(code)).then(|| format!("{code} is {words}"))
    };
    server.websocket_stop_code =
        section.take_judged("websocket_stop_code", number(1001).to(4999), "1001", no_code);
    take! { application:
        app = Text, "(the items that say no `app`)";
        start_timeout = some_time(), "60s";
        show_errors = flag(), "(in debug builds)";
        invalid_status = number(400).to(499), "400";
        upload_directory = Text, "(the system's directory for temporary files)";
        sniffing = flag(), "true";
        favicon = flag(), "true";
        decompress_requests = Codings, "none";
    }
    let systemd = section.take_placed("systemd", Or(flag(), Text), "false");
    if let Some((_, origin)) = &systemd
        && !cfg!(all(unix, feature = "systemd"))
    {
        section.problem(origin, "systemd", "vernal's feature `systemd` is off, or this system has none");
    }
    server.systemd = match systemd.map(|(systemd, _)| systemd) {
        Some(Either::One(true)) => Some(None),
        Some(Either::Other(name)) => Some(Some(name)),
        _ => None,
    };
    let no_name = |name: &Either<(), String>| match name {
        Either::Other(name) if !is_value(name.as_bytes()) => Some(no_field(name)),
        _ => None,
    };
    let name = section.take_judged("server_name", Or(Off, Text), "vernal", no_name);
    application.server_name = name.map(|name| match name {
        Either::One(()) => None,
        Either::Other(name) => Some(name),
    });
    let mut networks = Networks::default();
    let trusted = section.take("trusted_proxies", Texts, "(nobody)").unwrap_or_default();
    let are_good = section.judge_each("trusted_proxies", &trusted, |network| networks.add(network));
    let mut fields = ProxyFields::NONE;
    let default = "(`X-Forwarded-For` and `X-Forwarded-Proto`)";
    let names = section.take("proxy_fields", Texts, default);
    let is_read =
        names.as_ref().is_none_or(|names| section.judge_each("proxy_fields", names, |name| fields.add(name)));
    // What is wrong is told already.
    if are_good && is_read {
        application.trusted_proxies = Some(texts(trusted));
        application.proxy_fields = names.map(texts);
    }
    section.finish();
    (server, application)
}

/// Why a text is no value of a header field, where it is none.
pub(super) fn no_field(text: &str) -> String {
    format!(
        "the text {text:?} holds a control character, so it is no value of a header field: leave that out"
    )
}

/// Texts without their places.
pub(super) fn texts(list: Vec<(String, Origin)>) -> Vec<String> {
    list.into_iter().map(|(text, _)| text).collect()
}

/// `"gzip"`, `"brotli"` and `"zstd"`, `"none"`, or `"by-handlers"`.
struct Codings;

impl Kind for Codings {
    type Value = Decompression;

    fn name(&self) -> String {
        format!("{}, or list of {}", WAYS.name(), CODINGS.name())
    }

    fn expected(&self) -> String {
        let codings: Vec<_> = CODINGS.0.iter().map(|(coding, _)| format!("\"{coding}\"")).collect();
        format!("{}, or a list that begins with \"gzip\", of {}", WAYS.expected(), codings.join(", "))
    }

    fn read(&self, node: &Node) -> Option<Decompression> {
        if let Some(way) = WAYS.read(node) {
            return Some(match way {
                false => Decompression::none(),
                true => Decompression::by_handlers(),
            });
        }
        let listed = texts(Texts.read(node)?);
        let (first, rest) = listed.split_first()?;
        let begun = (first == "gzip").then(Decompression::gzip)?;
        let and = |codings, name: &String| {
            let (_, and) = CODINGS.0.iter().find(|(coding, _)| coding == name)?;
            Some(and(codings))
        };
        rest.iter().try_fold(begun, and)
    }
}

/// Whether handlers look at the bodies themselves.
const WAYS: Choice<bool> = Choice(&[("none", false), ("by-handlers", true)]);

type And = fn(Decompression) -> Decompression;

const CODINGS: Choice<And> = Choice(&[
    ("gzip", |codings| codings),
    #[cfg(feature = "brotli")]
    ("brotli", Decompression::brotli),
    #[cfg(feature = "zstd")]
    ("zstd", Decompression::zstd),
]);
