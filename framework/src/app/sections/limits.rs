//! `[limits]`.

use super::given::Given;
use crate::proto::Limits;
use crate::proto::{FIRST_WINDOW, LARGEST_HEAD, LARGEST_WINDOW};
use crate::settings::{Section, number, size, some_time, time};

pub(super) fn read(root: &mut Section<'_>) -> Given<Limits> {
    let mut section = root.section("limits");
    let mut limits = Limits::new();
    macro_rules! take {
        ($($name:ident = $kind:expr, $default:literal;)*) => { $(
            if let Some(value) = section.take(stringify!($name), $kind, $default) {
                limits = limits.$name(value);
            }
        )* };
    }
    take! {
        head_size = size(1).to(LARGEST_HEAD as u64), "16 KiB";
        header_count = number(1), "100";
        uri_length = size(1), "8 KiB";
        body_size = size(0), "2 MiB";
        upload_size = size(0), "64 MiB";
        upload_memory = size(0), "256 KiB";
        buffered_bodies = size(1), "256 MiB";
        part_size = size(1), "(as many as `upload_size`)";
        parts = number(1), "1000";
        part_head_size = size(1).to(LARGEST_HEAD as u64), "4 KiB";
        part_header_count = number(1), "16";
        parameters = number(0), "1000";
        header_timeout = some_time(), "10s";
        handshake_timeout = some_time(), "10s";
        body_rate = size(0), "256 B";
        body_grace = some_time(), "10s";
        body_idle = some_time(), "15s";
        idle_time = some_time(), "75s";
        write_timeout = some_time(), "30s";
        answer_rate = size(0), "256 B";
        half_closed_time = time(), "30s";
        linger_idle = time(), "5s";
        linger_time = time(), "30s";
        requests_per_connection = number(1), "1000000";
        connections = number(1), "50000";
        connections_per_address = number(1), "20000";
        drain_size = size(0), "64 KiB";
        proxy_header = size(1), "16 KiB";
        http2_streams = number(1), "200";
        http2_resets = number(0), "200";
        http2_header_list = size(1), "64 KiB";
        http2_window = size(1).to(LARGEST_WINDOW.into()), "1 MiB";
        http2_connection_window = size(FIRST_WINDOW.into()).to(LARGEST_WINDOW.into()), "4 MiB";
        http2_drain_size = size(0), "16 MiB";
        http2_idle_time = some_time(), "10min";
        http2_ping_interval = some_time(), "60s";
        http2_ping_timeout = some_time(), "20s";
    }
    let given = Given::of(&section, limits);
    section.finish();
    given
}
