//! What a panic says while the console prints: a line like others, instead of one that waits for whoever reads.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::fmt::Write;
use std::panic::{self, PanicHookInfo};
use std::sync::Arc;

use tracing::Level;

use super::line::Line;
use crate::base::Logged;
use crate::io::queue::{PATIENCE, Queue};
use crate::io::watch;

/// Panics are said on this queue from now on. A hook that somebody has set says them instead, when what was said before
/// is written.
pub(super) fn say_on(queue: Arc<Queue>) {
    let given = panic::take_hook();
    // What is taken where none is set is the standard one.
    let standard = panic::take_hook();
    // A function has no address as a value: its type alone tells it.
    let is_standard = std::ptr::eq(&raw const *given, &raw const *standard);
    panic::set_hook(Box::new(move |info| {
        watch::let_go();
        if is_standard {
            queue.add(text_of(info).as_bytes());
        }
        // The process may be at its end.
        queue.flush(PATIENCE, false);
        if !is_standard {
            given(info);
        }
    }));
}

/// The lines of a panic: who, where and why, and the way there if `RUST_BACKTRACE` asks for it.
fn text_of(info: &PanicHookInfo<'_>) -> String {
    let mut line = Line::begin("vernal", None, Level::ERROR);
    let why = info.payload_as_str().unwrap_or("(no text)");
    let _ = match info.location() {
        Some(at) => write!(line.text, "panicked at {at}: {}", Logged(why)),
        None => write!(line.text, "panicked: {}", Logged(why)),
    };
    let mut text = line.end();
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        for line in backtrace.to_string().lines() {
            let _ = writeln!(text, "    {}", Logged(line));
        }
    }
    text
}
