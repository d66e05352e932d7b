//! A TCP connection, plain or under TLS: what reads and writes messages need not know which.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::task::{Context, Poll, ready};

use labs::room::Taken;
use rustix::net::{RecvFlags, recv};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::task::coop::poll_proceed;

use crate::tls::Session;

/// One end of a connection. Nothing here waits unless it says so, so that several tasks may share it.
#[derive(Debug)]
pub(crate) enum ByteStream {
    Plain(TcpStream),
    Tls(Box<Secured>),
}

/// A connection whose handshake is over.
#[derive(Debug)]
pub(crate) struct Secured {
    pub(crate) socket: TcpStream,
    pub(crate) session: Session,
}

impl ByteStream {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(secured) => &secured.socket,
        }
    }

    /// Our own address; none if the connection is broken already.
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        self.socket().local_addr().ok()
    }

    /// Reads what has arrived, as [`io::Read::read`]. A peer under TLS that ends without saying so is an error, since somebody may have cut it off
    /// (RFC 8446, 6.1).
    pub(crate) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => receive(socket, buffer),
            Self::Tls(secured) => secured.session.try_read(&secured.socket, buffer),
        }
    }

    /// Writes as much of the pieces as is taken at once.
    pub(crate) fn try_write(&self, pieces: &[IoSlice<'_>]) -> io::Result<Taken> {
        match self {
            Self::Plain(socket) => Ok(Taken::of(pieces, send(socket, pieces)?)),
            Self::Tls(secured) => secured.session.try_write(&secured.socket, pieces),
        }
    }

    /// Writes what was taken but not sent yet, which only TLS has; tells whether nothing is left.
    pub(crate) fn try_flush(&self) -> io::Result<bool> {
        match self {
            Self::Plain(_) => Ok(true),
            Self::Tls(secured) => secured.session.try_flush(&secured.socket),
        }
    }

    /// Whether the system holds bytes that the runtime has not told us of yet, as after a pause of the whole program.
    pub(crate) fn has_unread(&self) -> bool {
        rustix::io::ioctl_fionread(self.socket()).is_ok_and(|bytes| bytes > 0)
    }

    /// Waits until something can be read. Only one task may.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        if let Self::Tls(secured) = self
            && secured.session.has_unread()
        {
            return Ok(());
        }
        poll_fn(|cx| self.socket().poll_read_ready(cx)).await
    }

    pub(crate) fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            // A peer that sends without a pause must not keep the thread from all others.
            let turn = ready!(poll_proceed(cx));
            match self.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // It gives back what it counted, which is not to include what is counted from here on.
                    drop(turn);
                    ready!(self.socket().poll_read_ready(cx))?;
                }
                read => {
                    turn.made_progress();
                    return Poll::Ready(read);
                }
            }
        }
    }

    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            match self.try_write(&[IoSlice::new(bytes)]) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.socket().poll_write_ready(cx))?;
                }
                written => return Poll::Ready(written.map(|taken| taken.bytes)),
            }
        }
    }

    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.try_flush()? {
            ready!(self.socket().poll_write_ready(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Waits until all that was taken is sent and more would be taken, whichever tasks wait for the same.
    pub(crate) async fn take_more(&self) -> io::Result<()> {
        loop {
            self.socket().writable().await?;
            if self.try_flush()? {
                return Ok(());
            }
        }
    }

    /// Says that we are done, behind all that was taken, and half-closes.
    pub(crate) async fn finish(&self) -> io::Result<()> {
        if let Self::Tls(secured) = self {
            secured.session.say_done();
            while !self.try_flush()? {
                self.socket().writable().await?;
            }
        }
        SockRef::from(self.socket()).shutdown(Shutdown::Write)
    }

    /// Takes what the peer still sends, unread, until it closes or has sent so much: closing with unread bytes would reset the connection,
    /// and what we said last would be lost.
    pub(crate) async fn drain(&self, bytes_max: u64) -> io::Result<()> {
        let mut ignored = [0; 1024];
        let mut left = bytes_max;
        while left > 0 {
            self.socket().readable().await?;
            match receive(self.socket(), &mut ignored) {
                Ok(0) => return Ok(()),
                Ok(count) => left = left.saturating_sub(count as u64),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends the stream both ways, so that whoever reads it sees the end, too.
    pub(crate) fn close(&self) {
        // One that is broken already cannot be closed again.
        let _ = SockRef::from(self.socket()).shutdown(Shutdown::Both);
    }
}

/// Reads from a socket without waiting. A read that leaves room in the buffer has emptied the socket, and the runtime is told so: asking the
/// system again would be a call for nothing. Only urgent data (RFC 6093) stops a read before that; what lies behind it is then read with what comes next.
pub(crate) fn receive(socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut received = 0;
    let whole = socket.try_io(Interest::READABLE, || {
        received = recv(socket, &mut *buffer, RecvFlags::empty())?.0;
        let is_emptied = 0 < received && received < buffer.len();
        if is_emptied { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    });
    match whole {
        Err(error) if received == 0 => Err(error),
        Ok(()) | Err(_) => Ok(received),
    }
}

/// Writes to a socket without waiting.
pub(crate) fn send(socket: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
    let raw = SockRef::from(socket);
    let send = || match pieces {
        // Cheaper for the system than a list of one.
        [piece] => raw.send(piece),
        _ => raw.send_vectored(pieces),
    };
    // Nearly every stream takes everything, so the system is asked before the runtime, whose notes on each stream lie elsewhere in memory.
    match send() {
        // It is asked again where the runtime sees it, which then tells when the stream takes bytes again.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.try_io(Interest::WRITABLE, send),
        sent => sent,
    }
}
