//! What a connection talks over: one type for all transports, so that the server is compiled once and not in the
//! user's crate.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
#[cfg(all(feature = "sendfile", target_os = "linux"))]
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// Anything that reads and writes.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {
    /// The stream that it writes to in turn, and the bytes which that has taken: some of what is written waits in between.
    fn beneath(&self) -> Option<(&Stream, u64)> {
        None
    }
}

/// A transport of which nothing else is known.
struct Given<T>(T);

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for Given<T> {}

/// A connection over TCP or a Unix socket, or anything else in a box: TLS, pipes in memory.
pub(crate) enum Stream {
    Tcp(TcpStream),
    /// In a box, since two kinds of this size would cost every connection eight bytes.
    #[cfg(unix)]
    Unix(Box<UnixStream>),
    Boxed(Box<dyn Transport>),
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Stream::poll_read(self.get_mut(), cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Stream::poll_write(self.get_mut(), cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Stream::poll_flush(self.get_mut(), cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Stream::poll_shutdown(self.get_mut(), cx)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Given<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Given<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

impl Stream {
    /// A stream over something that is no socket of ours.
    pub(crate) fn over(transport: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Stream {
        Stream::Boxed(Box::new(Given(transport)))
    }

    /// What is left in place of a stream that was handed over: it is at its end.
    pub(crate) fn handed_over() -> Stream {
        // Of size zero, so there is nothing to allocate.
        Stream::over(tokio::io::join(tokio::io::empty(), tokio::io::sink()))
    }

    #[inline]
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
            Stream::Boxed(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }

    /// Whether it is closed by being dropped, with nothing to say before.
    pub(crate) fn closes_by_drop(&self) -> bool {
        match self {
            Stream::Tcp(_) => true,
            #[cfg(unix)]
            Stream::Unix(_) => true,
            Stream::Boxed(_) => false,
        }
    }

    /// Makes closing it an abort (RFC 9293, section 3.10.5): what the peer has not taken is thrown away, and it sees a reset. A Unix socket
    /// has nothing to throw away, since what is written lies with the peer already.
    pub(crate) fn abort_on_drop(&self) {
        if let Some(socket) = self.tcp() {
            let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
        }
    }

    /// Bounds how long the system keeps what the peer does not take after this is closed: the user timeout of RFC 9293, section 3.9.1.1.
    pub(crate) fn bound_farewell(&self, time: Duration) {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        if let Some(socket) = self.tcp() {
            let _ = SockRef::from(socket).set_tcp_user_timeout(Some(time));
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let _ = time;
    }

    /// The socket at the bottom of it, if that is one of TCP.
    fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Stream::Tcp(stream) => Some(stream),
            #[cfg(unix)]
            Stream::Unix(_) => None,
            Stream::Boxed(stream) => stream.beneath()?.0.tcp(),
        }
    }

    /// The bytes that the lowest stream has taken, where it is not the one that is written to.
    pub(crate) fn taken_beneath(&self) -> Option<u64> {
        match self {
            Stream::Boxed(stream) => stream.beneath().map(|(_, taken)| taken),
            _ => None,
        }
    }

    /// Writes what is taken at once, of a few bytes that are of no great weight.
    pub(crate) fn try_write(&self, bytes: &[u8]) {
        let _ = match self {
            Stream::Tcp(stream) => stream.try_write(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.try_write(bytes),
            Stream::Boxed(_) => Ok(0),
        };
    }

    /// Whether the system can send files into it by itself: nothing stands between it and the peer.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn is_socket(&self) -> bool {
        !matches!(self, Stream::Boxed(_))
    }

    /// Waits until a [socket](Stream::is_socket) may take something.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(stream) => stream.poll_write_ready(cx),
            Stream::Unix(stream) => stream.poll_write_ready(cx),
            Stream::Boxed(_) => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }

    /// Lets a [socket](Stream::is_socket) be written to by other means. If these find it full, the runtime knows.
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn try_write_ready<T>(
        &self,
        write: impl FnOnce(BorrowedFd<'_>) -> io::Result<T>,
    ) -> io::Result<T> {
        match self {
            Stream::Tcp(stream) => stream.try_io(Interest::WRITABLE, || write(stream.as_fd())),
            Stream::Unix(stream) => stream.try_io(Interest::WRITABLE, || write(stream.as_fd())),
            Stream::Boxed(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Another descriptor of the same [socket](Stream::is_socket).
    #[cfg(all(feature = "sendfile", target_os = "linux"))]
    pub(crate) fn duplicate(&self) -> io::Result<OwnedFd> {
        match self {
            Stream::Tcp(stream) => stream.as_fd().try_clone_to_owned(),
            Stream::Unix(stream) => stream.as_fd().try_clone_to_owned(),
            Stream::Boxed(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Pending if it is known, without a look, that there is nothing to read yet. The task is woken when there is.
    pub(crate) fn poll_read_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Stream::Tcp(stream) => stream.poll_read_ready(cx).map(|_| ()),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.poll_read_ready(cx).map(|_| ()),
            Stream::Boxed(_) => Poll::Ready(()),
        }
    }

    /// Whether the connection is lost, as far as the runtime has been told: it was reset, or the other end of a Unix socket is closed.
    /// No system call. Of what is no socket nobody can tell.
    pub(crate) fn is_lost(&self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        let told = match self {
            #[cfg(unix)]
            Stream::Unix(stream) => pin!(stream.ready(Interest::WRITABLE)).poll(&mut cx),
            stream => match stream.tcp() {
                Some(stream) => pin!(stream.ready(Interest::WRITABLE)).poll(&mut cx),
                None => return false,
            },
        };
        matches!(told, Poll::Ready(Ok(told)) if told.is_write_closed())
    }

    /// Whether bytes have come that the runtime may not have told of yet. A system call: for the last look before closing.
    pub(crate) fn has_unread(&self) -> bool {
        let socket = match self {
            Stream::Tcp(stream) => SockRef::from(stream),
            #[cfg(unix)]
            Stream::Unix(stream) => SockRef::from(&**stream),
            Stream::Boxed(_) => return false,
        };
        socket.peek(&mut [MaybeUninit::uninit()]).is_ok_and(|count| count > 0)
    }

    #[inline]
    pub(crate) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Stream::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
            Stream::Boxed(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    pub(crate) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Stream::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(&mut **stream).poll_write_vectored(cx, slices),
            Stream::Boxed(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(_) => Poll::Ready(Ok(())),
            #[cfg(unix)]
            Stream::Unix(_) => Poll::Ready(Ok(())),
            Stream::Boxed(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Stream::Unix(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            Stream::Boxed(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
