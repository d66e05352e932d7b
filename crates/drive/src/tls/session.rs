//! One connection's keys and records, for the tasks that share the connection.

use std::io::{self, IoSlice, Read as _, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use labs::room::Taken;
use rustls::Connection;
use tokio::net::TcpStream;

use crate::byte_stream::{receive, send};

/// What a slow peer's session may hold of what it took: one record's worth, RFC 8446, 5.1.
const HELD_BYTES_MAX: usize = 16 * 1024;

/// A session, whose reader and writer need not be the same task.
#[derive(Debug)]
pub(crate) struct Session(Mutex<Connection>);

/// How a handshake stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The peer is to speak.
    Reads,
    /// The peer is to take what we said.
    Writes,
    Done,
}

impl Session {
    pub(crate) fn new(mut connection: Connection) -> Self {
        connection.set_buffer_limit(Some(HELD_BYTES_MAX));
        Self(Mutex::new(connection))
    }

    /// Reads what was decrypted, else what one look at the socket brings: a peer whose records hold nothing, one behind the other, must keep
    /// neither the thread nor the session from others.
    pub(crate) fn try_read(&self, socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        let mut connection = self.lock();
        match connection.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                take_in(&mut connection, socket)?;
                connection.reader().read(buffer)
            }
            read => read,
        }
    }

    /// Whether something was decrypted that was not read yet, be it the peer's end.
    pub(crate) fn has_unread(&self) -> bool {
        let state = self.lock().process_new_packets();
        state.is_ok_and(|state| state.plaintext_bytes_to_read() > 0 || state.peer_has_closed())
    }

    /// Encrypts what is said and writes it. Once the socket is full, the session holds the last record and takes no more.
    pub(crate) fn try_write(&self, socket: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<Taken> {
        let mut connection = self.lock();
        if !write_out(&mut connection, socket)? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let bytes = connection.writer().write_vectored(pieces)?;
        let is_full = !write_out(&mut connection, socket)?;
        Ok(Taken { bytes, is_full })
    }

    pub(crate) fn try_flush(&self, socket: &TcpStream) -> io::Result<bool> {
        write_out(&mut self.lock(), socket)
    }

    /// Our side says no more: RFC 8446, 6.1.
    pub(crate) fn say_done(&self) {
        self.lock().send_close_notify();
    }

    /// Takes a handshake as far as it goes without waiting.
    pub(crate) fn advance(&self, socket: &TcpStream) -> io::Result<Progress> {
        let mut connection = self.lock();
        loop {
            if !write_out(&mut connection, socket)? {
                return Ok(Progress::Writes);
            }
            if !connection.is_handshaking() {
                return Ok(Progress::Done);
            }
            match take_in(&mut connection, socket) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Progress::Reads),
                Err(error) => return Err(error),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads records, and answers those that are not for the labs, as a change of keys.
fn take_in(connection: &mut Connection, socket: &TcpStream) -> io::Result<()> {
    let count = connection.read_tls(&mut Socket(socket))?;
    let processed = connection.process_new_packets();
    // If it is not all taken now, it goes before what is written next. What is wrong with the socket shows at the next read.
    let _ = write_out(connection, socket);
    processed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    if count == 0 && connection.is_handshaking() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

/// Writes encrypted records; tells whether none is left.
fn write_out(connection: &mut Connection, socket: &TcpStream) -> io::Result<bool> {
    while connection.wants_write() {
        match connection.write_tls(&mut Socket(socket)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// What lies under the records.
struct Socket<'a>(&'a TcpStream);

impl io::Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        receive(self.0, buffer)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        send(self.0, &[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        send(self.0, pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
