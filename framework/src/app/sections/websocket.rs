//! `[websocket]` and `[websocket.deflate]`.

use super::given::Given;
use super::server::texts;
use crate::proto::origin::check;
use crate::proto::ws::Deflate;
use crate::settings::{Choice, Either, Or, Section, Switch, Texts, flag, number, size, some_time, time};
use crate::websocket::core::config::{Compressed, Origins, Overflow, WebSocketConfig};

/// Whether messages are compressed.
#[derive(Default)]
pub(crate) struct Messages(pub(crate) Option<Deflate>);

pub(super) fn read(root: &mut Section<'_>) -> (Given<WebSocketConfig>, Messages) {
    let mut section = root.section("websocket");
    let mut websocket = WebSocketConfig::new();
    macro_rules! take {
        ($($name:ident = $kind:expr, $default:literal;)*) => { $(
            if let Some(value) = section.take(stringify!($name), $kind, $default) {
                websocket = websocket.$name(value);
            }
        )* };
    }
    take! {
        message_size = size(1), "1 MiB";
        frame_size = size(1), "1 MiB";
        fragments = number(1), "4096";
        frame_payload = size(1), "(no bound)";
        inbox_size = size(0), "64 KiB";
        outbox_size = size(0), "256 KiB";
        overflow = Choice(OVERFLOW), "wait";
        ping_period = time(), "20s";
        idle_time = time(), "1h";
        close_timeout = time(), "5s";
        write_timeout = some_time(), "30s";
    }
    if let Some((timeout, origin)) = section.take_placed("pong_timeout", time(), "20s") {
        websocket = websocket.pong_timeout(timeout);
        if timeout.is_zero() && !websocket.ping_period.is_zero() {
            let words = "no session lives on that may take no time to answer: write more, or `ping_period = \"0s\"` too";
            section.problem(origin, "pong_timeout", words);
            websocket = websocket.pong_timeout(WebSocketConfig::new().pong_timeout);
        }
    }
    match section.take("origins", Or(Choice(ORIGINS), Texts), "same") {
        Some(Either::One(origins)) => websocket = websocket.origins(origins),
        Some(Either::Other(listed)) if section.judge_each("origins", &listed, check) => {
            websocket = websocket.origins(Origins::listed(texts(listed)));
        }
        _ => {}
    }
    let mut messages = Messages::default();
    match section.switch("deflate") {
        Switch::Off => websocket = websocket.deflate(Compressed::Never),
        Switch::On(below) => messages.0 = Some(deflate(below)),
        Switch::Unsaid(below) => drop(deflate(below)),
    }
    // A section of nothing but messages sets nothing of sessions.
    let is_given = websocket != WebSocketConfig::new();
    let given = if is_given { Given::of(&section, websocket) } else { Given::default() };
    section.finish();
    (given, messages)
}

fn deflate(mut section: Section<'_>) -> Deflate {
    let mut deflate = Deflate::default();
    if let Some(level) = section.take("level", number(0).to(9), "6") {
        deflate = deflate.level(level);
    }
    if let Some(true) = section.take("keep_context", flag(), "false") {
        deflate = deflate.keep_context();
    }
    if let Some(bits) = section.take("server_max_window_bits", number(9).to(15), "15") {
        deflate = deflate.server_max_window_bits(bits);
    }
    let default = "(9, or 15 with `keep_context`)";
    if let Some(bits) = section.take("client_max_window_bits", number(9).to(15), default) {
        deflate = deflate.client_max_window_bits(bits);
    }
    if let Some(bytes) = section.take("compress_if_bigger_than", size(0), "128 B") {
        deflate = deflate.compress_if_bigger_than(bytes);
    }
    section.finish();
    deflate
}

const OVERFLOW: &[(&str, Overflow)] = &[
    ("wait", Overflow::Wait),
    ("drop-oldest", Overflow::DropOldest),
    ("drop-newest", Overflow::DropNewest),
    ("close", Overflow::Close),
];

const ORIGINS: &[(&str, Origins)] = &[("same", Origins::Same), ("any", Origins::Any)];
