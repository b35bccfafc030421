//! A file on its way into a socket without passing through this process: sendfile(2), in pieces.
//!
//! The call waits for the disk though the socket does not block. So it is made here only when the beginning and the end of a piece are
//! in memory, else on the blocking pool, which never waits for the peer: a socket that is full ends the trip. What has been sent are
//! pages of the file, so bytes that are overwritten in place may reach the peer as they are now.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::sendfile;
use rustix::io::Errno;

use super::{Blocking, Medium, Stream, blocking};

/// See the head of this file.
pub(crate) struct Transfer {
    file: Arc<File>,
    /// What is left to send.
    range: Range<u64>,
    /// Looked for on the first trip, if it is not known.
    medium: Option<Medium>,
    /// The socket, for trips.
    socket: Option<Arc<OwnedFd>>,
    trip: Option<Blocking<io::Result<Trip>>>,
    /// The last trip found the socket full, which the runtime does not know yet.
    was_full: bool,
}

/// What a trip to the pool has done.
struct Trip {
    count: u64,
    was_full: bool,
    medium: Medium,
}

impl Transfer {
    /// Of nothing yet.
    pub(crate) fn new(file: File, medium: Option<Medium>) -> Transfer {
        Transfer { file: Arc::new(file), range: 0..0, medium, socket: None, trip: None, was_full: false }
    }

    /// Sends this part next.
    pub(crate) fn begin(&mut self, range: Range<u64>) {
        self.range = range;
    }

    /// What is left of the part.
    pub(crate) fn left(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The file, for who reads it, unless a trip has it.
    pub(crate) fn into_file(self) -> Option<File> {
        Arc::into_inner(self.file)
    }

    /// Whether it waits for the disk, and not for the peer.
    pub(crate) fn waits_for_disk(&self) -> bool {
        self.trip.is_some()
    }

    /// Sends some; 0 at the end of the part.
    ///
    /// # Errors
    /// The peer is gone, the file cannot be read or has become shorter. [`Unsupported`](io::ErrorKind::Unsupported): it must be read and
    /// written.
    pub(crate) fn poll_send(&mut self, stream: &Stream, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        loop {
            if let Some(trip) = &mut self.trip {
                let ended = ready!(Pin::new(trip).poll(cx));
                self.trip = None;
                let Trip { count, was_full, medium } = ended??;
                self.medium = Some(medium);
                self.was_full = was_full;
                if count > 0 {
                    self.range.start += count;
                    return Poll::Ready(Ok(count));
                }
            }
            if self.range.is_empty() {
                return Poll::Ready(Ok(0));
            }
            ready!(stream.poll_write_ready(cx))?;
            if self.was_full {
                // The runtime has to be told, or it would say for ever that something can be sent.
                self.was_full = false;
                match stream.try_write_ready(has_room) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                    looked => looked?,
                }
            }
            if !self.is_at_hand() {
                self.set_out(stream)?;
                continue;
            }
            let Range { start, end } = self.range;
            let mut offset = start;
            let sent = stream.try_write_ready(|socket| {
                let count = (end - start).min(PIECE) as usize;
                sendfile(socket, &self.file, Some(&mut offset), count).map_err(io::Error::from)
            });
            match sent {
                Ok(0) => return Poll::Ready(Err(shorter())),
                Ok(count) => {
                    self.range.start += count as u64;
                    return Poll::Ready(Ok(count as u64));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Poll::Ready(Err(or_unsupported(error))),
            }
        }
    }

    /// Whether the next piece is in memory, as far as its ends tell.
    fn is_at_hand(&self) -> bool {
        let Some(medium) = self.medium else { return false };
        let last = (self.range.end - 1).min(self.range.start + PIECE - 1);
        medium.is_memory()
            || [self.range.start, last]
                .into_iter()
                .all(|place| medium.read_at_hand(&self.file, &mut [0], place).is_ok_and(|count| count == 1))
    }

    /// Lets the pool send the next piece.
    fn set_out(&mut self, stream: &Stream) -> io::Result<()> {
        let socket = match &self.socket {
            Some(socket) => Arc::clone(socket),
            None => Arc::clone(self.socket.insert(Arc::new(stream.duplicate().map_err(or_unsupported)?))),
        };
        let (file, medium) = (Arc::clone(&self.file), self.medium);
        let range = self.range.start..self.range.end.min(self.range.start + TRIP);
        self.trip = Some(blocking(move || {
            let medium = medium.unwrap_or_else(|| Medium::of(&file));
            send(socket.as_fd(), &file, range, medium)
        }));
        Ok(())
    }
}

/// Sends until the socket is full.
fn send(socket: impl AsFd, file: &File, range: Range<u64>, medium: Medium) -> io::Result<Trip> {
    let mut offset = range.start;
    let trip = |offset: u64, was_full| Trip { count: offset - range.start, was_full, medium };
    while offset < range.end {
        let left = (range.end - offset) as usize;
        match sendfile(&socket, file, Some(&mut offset), left) {
            Ok(0) if offset == range.start => return Err(shorter()),
            Ok(0) => break,
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(trip(offset, true)),
            Err(error) if offset == range.start => return Err(or_unsupported(error.into())),
            // It will be met again.
            Err(_) => break,
        }
    }
    Ok(trip(offset, false))
}

/// # Errors
/// [`WouldBlock`](io::ErrorKind::WouldBlock): the socket is full.
fn has_room(socket: BorrowedFd<'_>) -> io::Result<()> {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut [PollFd::from_borrowed_fd(socket, PollFlags::OUT)], Some(&now)) {
        Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// How much is missing of the whole is known to who sends it.
fn shorter() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it has become shorter than it was")
}

/// Some files, and filters of system calls, refuse this way of sending; and it takes a descriptor more, and a pipe inside the system, than
/// reading and writing does.
fn or_unsupported(error: io::Error) -> io::Error {
    let refused =
        [Errno::INVAL, Errno::NOSYS, Errno::PERM, Errno::OPNOTSUPP, Errno::MFILE, Errno::NFILE, Errno::NOMEM];
    match error.raw_os_error() {
        Some(code) if refused.iter().any(|errno| errno.raw_os_error() == code) => {
            io::ErrorKind::Unsupported.into()
        }
        _ => error,
    }
}

/// Whether an error of a transfer says that the peer has left or is not reached, and nothing of the file.
pub(crate) fn is_of_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, HostUnreachable, NetworkDown, NetworkUnreachable,
        NotConnected, TimedOut,
    };
    matches!(
        error.kind(),
        BrokenPipe
            | ConnectionAborted
            | ConnectionReset
            | HostUnreachable
            | NetworkDown
            | NetworkUnreachable
            | NotConnected
            | TimedOut
    )
}

/// Whether files can be sent so. A peer that has gone is told by SIGPIPE here, as nothing turns it off for this call: where that ends
/// the process, as in one that asked for it, files are read and written instead.
pub(crate) fn can_transfer() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        std::fs::read_to_string("/proc/self/status").is_ok_and(|status| survives_pipes(&status))
    })
}

/// Whether SIGPIPE is ignored or caught, by what `/proc/self/status` says.
fn survives_pipes(status: &str) -> bool {
    const SIGPIPE: u64 = 1 << (13 - 1);
    let masks = ["SigIgn:", "SigCgt:"].map(|name| {
        let value = status.lines().find_map(|line| line.strip_prefix(name));
        value.and_then(|value| u64::from_str_radix(value.trim(), 16).ok()).unwrap_or(0)
    });
    (masks[0] | masks[1]) & SIGPIPE != 0
}

/// How much is sent at once on the runtime's threads.
const PIECE: u64 = 256 << 10;

/// How much a trip to the pool sends, unless the socket is full before.
const TRIP: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_that_end_the_process_are_noticed() {
        let table = [
            ("SigBlk:\t0000000000001000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n", false),
            ("SigIgn:\t0000000000001000\nSigCgt:\t0000000000000000\n", true),
            ("SigIgn:\t0000000000000000\nSigCgt:\t0000000000001440\n", true),
            ("SigIgn:\t0000000000002000\n", false),
            ("SigIgn:\tx\n", false),
            ("", false),
        ];
        for (status, expected) in table {
            assert_eq!(survives_pipes(status), expected, "{status}");
        }
        assert!(can_transfer(), "programs in Rust ignore it");
    }

    /// A file by all media, to a peer that begins to read when the socket is full.
    #[tokio::test]
    async fn files_go_into_sockets_whatever_they_lie_on() {
        use std::future::poll_fn;
        use tokio::io::AsyncReadExt;
        use tokio::net::{TcpListener, TcpStream};

        let path = std::env::temp_dir().join(format!("vernal-{}-transfer", std::process::id()));
        let content: Vec<u8> = (0..12_000_000_u32).map(|place| (place / 7 % 251) as u8).collect();
        std::fs::write(&path, &content).expect("a place for a file");
        let open = || File::open(&path).expect("it was written");
        let medium = Medium::of(&open());
        for medium in [None, Some(medium), Some(medium.as_memory()), Some(medium.as_foreign())] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let peer = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
            let stream = Stream::Tcp(listener.accept().await.expect("it comes").0);
            let mut transfer = Transfer::new(open(), medium);
            let (mut peer, mut came) = (Some(peer), Vec::new());
            let mut reading = None;
            for range in [10..11, 100_000..100_000, 0..12_000_000] {
                transfer.begin(range);
                loop {
                    let sent = poll_fn(|cx| match transfer.poll_send(&stream, cx) {
                        Poll::Pending if !transfer.waits_for_disk() && peer.is_some() => Poll::Ready(None),
                        sent => sent.map(Some),
                    });
                    match sent.await {
                        Some(Ok(0)) => break,
                        Some(sent) => drop(sent.expect("it is taken")),
                        // It is full.
                        None => {
                            let mut peer = peer.take().expect("it was there");
                            reading = Some(tokio::spawn(async move {
                                let mut came = Vec::new();
                                peer.read_to_end(&mut came).await.expect("no reset");
                                came
                            }));
                        }
                    }
                }
            }
            drop((stream, transfer));
            came.extend(reading.expect("sockets hold less").await.expect("no panic"));
            assert!(came[..1] == content[10..11] && came[1..] == content, "{medium:?}: {}", came.len());
        }
        std::fs::remove_file(&path).expect("ours");
    }

    /// In a process of its own, whose descriptors run out.
    #[test]
    fn without_descriptors_files_are_read_and_written() {
        let test = std::env::current_exe().expect("this test");
        let output = std::process::Command::new("sh")
            .args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""])
            .arg(test)
            .args(["--exact", "io::transfer::tests::out_of_descriptors", "--ignored", "--nocapture"])
            .output()
            .expect("there is a shell");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}{output:?}");
    }

    #[tokio::test]
    #[ignore = "without_descriptors_files_are_read_and_written runs it"]
    async fn out_of_descriptors() {
        use std::future::poll_fn;
        use tokio::net::{TcpListener, TcpStream};

        let test = File::open(std::env::current_exe().expect("this test")).expect("it is there");
        let medium = Medium::of(&test).as_foreign();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let _peer = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("it listens");
        let stream = Stream::Tcp(listener.accept().await.expect("it comes").0);
        let mut transfer = Transfer::new(test, Some(medium));
        transfer.begin(0..1000);
        let mut held = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            held.push(file);
        }
        let sent = poll_fn(|cx| transfer.poll_send(&stream, cx)).await;
        assert_eq!(sent.map_err(|error| error.kind()), Err(io::ErrorKind::Unsupported));
        assert_eq!(transfer.left(), 0..1000);
        assert!(transfer.into_file().is_some(), "it is there to be read");
    }

    #[test]
    fn refusals_are_told_from_failures() {
        let table = [
            (Errno::INVAL, io::ErrorKind::Unsupported),
            (Errno::NOSYS, io::ErrorKind::Unsupported),
            (Errno::PERM, io::ErrorKind::Unsupported),
            (Errno::MFILE, io::ErrorKind::Unsupported),
            (Errno::NFILE, io::ErrorKind::Unsupported),
            (Errno::NOMEM, io::ErrorKind::Unsupported),
            (Errno::PIPE, io::ErrorKind::BrokenPipe),
            (Errno::CONNRESET, io::ErrorKind::ConnectionReset),
        ];
        for (errno, expected) in table {
            assert_eq!(or_unsupported(errno.into()).kind(), expected, "{errno:?}");
        }
    }

    #[test]
    fn peers_that_leave_are_told_from_files_that_fail() {
        let table = [
            (Errno::PIPE, true),
            (Errno::CONNRESET, true),
            (Errno::CONNABORTED, true),
            (Errno::NOTCONN, true),
            (Errno::TIMEDOUT, true),
            (Errno::HOSTUNREACH, true),
            (Errno::NETUNREACH, true),
            (Errno::NETDOWN, true),
            (Errno::IO, false),
            (Errno::STALE, false),
            (Errno::OVERFLOW, false),
            (Errno::ISDIR, false),
        ];
        for (errno, expected) in table {
            assert_eq!(is_of_peer(&errno.into()), expected, "{errno:?}");
        }
        assert!(!is_of_peer(&shorter()));
    }
}
