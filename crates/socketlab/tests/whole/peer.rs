//! Raw sockets, as a student's program has them.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use crate::server::PATIENCE;

/// One end of a TCP connection.
pub(crate) struct Stream(pub(crate) TcpStream);

impl Stream {
    pub(crate) fn connect(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Reads exactly these bytes.
    pub(crate) fn expect(&mut self, wanted: &str) {
        let mut got = vec![0; wanted.len()];
        let mut filled = 0;
        while filled < got.len() {
            match self.0.read(&mut got[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) => {
                    panic!("expected {wanted:?}, got {:?} and {error}", String::from_utf8_lossy(&got[..filled]))
                }
            }
        }
        assert_eq!(String::from_utf8_lossy(&got[..filled]), wanted);
    }

    /// Reads the end of the stream, and nothing before it.
    pub(crate) fn expect_end(&mut self) {
        let mut rest = Vec::new();
        let end = self.0.read_to_end(&mut rest);
        assert_eq!((String::from_utf8_lossy(&rest), end.map_err(|error| error.kind())), ("".into(), Ok(0)));
    }

    /// Says that nothing more will be sent.
    pub(crate) fn half_close(&self) {
        self.0.shutdown(Shutdown::Write).unwrap();
    }

    /// Closes with a reset instead of a FIN.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// Waits until the server has read all that was sent, and then for a pause of its own.
    pub(crate) fn pause_after_read(&self, pause: Duration) {
        let end = Instant::now() + PATIENCE;
        while self.unread_by_server() != Some(0) {
            assert!(Instant::now() < end, "the server does not read");
            std::thread::yield_now();
        }
        std::thread::sleep(pause);
    }

    /// The bytes in the server's receive queue, by /proc/net/tcp: proc(5).
    fn unread_by_server(&self) -> Option<u64> {
        let (ours, server) = (self.0.local_addr().unwrap(), self.0.peer_addr().unwrap());
        let (server, ours) = (format!(":{:04X}", server.port()), format!(":{:04X}", ours.port()));
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
        let rows = tables.iter().flat_map(|table| table.lines());
        let row = rows
            .map(|row| row.split_whitespace().collect::<Vec<_>>())
            .find(|columns| columns.len() > 4 && columns[1].ends_with(&server) && columns[2].ends_with(&ours))?;
        u64::from_str_radix(row[4].split_once(':')?.1, 16).ok()
    }
}

/// A datagram socket that talks to one server.
pub(crate) struct Datagram(pub(crate) UdpSocket);

impl Datagram {
    pub(crate) fn connect(server: SocketAddr) -> Self {
        let own = if server.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" };
        let socket = UdpSocket::bind(own).unwrap();
        socket.connect(server).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(socket)
    }

    pub(crate) fn send(&self, datagram: &[u8]) {
        self.0.send(datagram).unwrap();
    }

    pub(crate) fn receive(&self) -> String {
        String::from_utf8_lossy(&self.receive_bytes()).into_owned()
    }

    pub(crate) fn receive_bytes(&self) -> Vec<u8> {
        let mut buffer = vec![0; 65_535];
        let count = self.0.recv(&mut buffer).expect("a datagram comes");
        buffer.truncate(count);
        buffer
    }

    #[track_caller]
    pub(crate) fn expect(&self, wanted: &str) {
        assert_eq!(self.receive(), wanted);
    }

    /// What is waiting to be received, if anything.
    pub(crate) fn waiting(&self) -> Option<Vec<u8>> {
        self.0.set_nonblocking(true).unwrap();
        let mut buffer = vec![0; 65_535];
        let received = self.0.recv(&mut buffer);
        self.0.set_nonblocking(false).unwrap();
        match received {
            Ok(count) => Some(buffer[..count].to_vec()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Whether nothing is waiting to be received.
    pub(crate) fn is_silent(&self) -> bool {
        self.waiting().is_none()
    }
}
