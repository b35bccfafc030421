//! Sockets that systemd passes: `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES` (sd_listen_fds(3)).
//!
//! Each can be taken once in the life of a process.

use std::env;
use std::sync::{LazyLock, Mutex, PoisonError};

use listenfd::ListenFd;

use super::listener::Given;
use crate::http::{Error, Result};

/// The sockets that nobody has taken yet, with their names.
static PASSED: LazyLock<Mutex<Passed>> = LazyLock::new(|| {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    let sockets = ListenFd::from_env();
    Mutex::new(Passed { sockets, names: names.split(':').map(str::to_owned).collect() })
});

struct Passed {
    sockets: ListenFd,
    names: Vec<String>,
}

/// Takes those of a name, or all.
pub(super) fn take(name: Option<&str>) -> Result<Vec<Given>> {
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken = Vec::new();
    for index in 0..passed.sockets.len() {
        let own_name = passed.names.get(index).map_or("", String::as_str);
        if name.is_some_and(|name| name != own_name) {
            continue;
        }
        let sockets = &mut passed.sockets;
        // Each says `None` if it was taken before.
        let socket = match sockets.take_tcp_listener(index) {
            Ok(socket) => socket.map(Given::from),
            Err(_) => {
                let socket = sockets.take_unix_listener(index).map_err(|_| {
                    Error::internal(format!(
                        "systemd passes a socket that is neither TCP nor a Unix socket for streams (the one with index {index} in \
                         LISTEN_FDS): use `ListenStream=` in the socket unit"
                    ))
                })?;
                socket.map(Given::from)
            }
        };
        taken.extend(socket);
    }
    Ok(taken)
}
