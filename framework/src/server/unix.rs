//! Unix sockets, and the files that stand for them.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::socket::BACKLOG;
use crate::http::{Error, Result};

/// The file of a socket, removed when nobody listens on it any more, if it is still ours then.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a socket at a path, in place of one that nobody listens on. Its mode is set before anybody can connect.
pub(super) fn bind(path: &Path, mode: Option<u32>) -> Result<(UnixListener, Option<SocketFile>)> {
    let failed = |error: io::Error| {
        Error::internal(format!("cannot listen on unix:{}: {}", path.display(), advice(path, &error)))
    };
    let (address, has_file) = match path.to_str().and_then(|path| path.strip_prefix('@')) {
        // An abstract name begins with NUL.
        Some(name) => (SockAddr::unix(format!("\0{name}")), false),
        None => (SockAddr::unix(path), true),
    };
    let address = address.map_err(failed)?;
    make_way(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
    socket.bind(&address).map_err(failed)?;
    let file = if has_file {
        let identity = identity(path).map_err(failed)?;
        let file = SocketFile { path: path.to_owned(), identity };
        if let Some(mode) = mode {
            fs::set_permissions(path, Permissions::from_mode(mode)).map_err(failed)?;
        }
        Some(file)
    } else {
        None
    };
    socket.listen(BACKLOG).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    Ok((socket.into(), file))
}

/// Removes what a server left behind that could not clean up.
pub(super) fn make_way(path: &Path) -> Result {
    if path.to_str().is_some_and(|path| path.starts_with('@')) {
        return Ok(());
    }
    let refuse =
        |what: &str| Err(Error::internal(format!("cannot listen on unix:{}: {what}", path.display())));
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(()) };
    if !metadata.file_type().is_socket() {
        return refuse("there is a file that is no socket. Remove it, or choose another path");
    }
    match connect(path) {
        Ok(()) => refuse(TAKEN),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => refuse(TAKEN),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).or_else(|error| {
                refuse(&format!(
                    "the socket that is left there, which nobody listens on, cannot be removed: {error}"
                ))
            })
        }
        Err(error) => refuse(&format!(
            "there is a socket, and whether anybody listens on it is not to be found out: {error}"
        )),
    }
}

/// Not to wait where many wait already.
fn connect(path: &Path) -> io::Result<()> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.connect(&SockAddr::unix(path)?)
}

const TAKEN: &str = "another program listens there. Stop it, or choose another path";

fn advice(path: &Path, error: &io::Error) -> String {
    let folder = path.parent().unwrap_or(path).display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no folder {folder}. Make it first"),
        io::ErrorKind::PermissionDenied => {
            format!(
                "the folder {folder} does not let this user make files. Give it to the user, or choose another path"
            )
        }
        io::ErrorKind::AddrInUse => TAKEN.to_owned(),
        io::ErrorKind::InvalidInput => {
            "the path is too long for a Unix socket, which takes 107 bytes".to_owned()
        }
        _ => error.to_string(),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}
