//! The server's side of handshakes: how many may be under way, how long one may take, and what is said to those who speak no TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::{Connection, ServerConfig, ServerConnection};
use tokio::net::TcpStream;

use crate::byte_stream::ByteStream;
use crate::tls::{HandshakeError, Handshakes, shake_hands};

/// What TLS costs a server at most, and how its certificate is renewed.
pub struct TlsPlan {
    /// How long a handshake may take.
    pub handshake_max: Duration,
    /// Handshakes under way at once; further ones wait, within the same time, and those under way are then borne with for a second only.
    pub handshakes_max: usize,
    /// Reads the certificate anew, and tells whoever runs the server what came of it: called at SIGHUP, on a thread that may wait.
    pub reread: Arc<dyn Fn() + Send + Sync>,
}

/// Where a service's newcomers shake hands.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) handshakes: Arc<Handshakes>,
}

/// Why a newcomer did not get in.
#[derive(Debug)]
pub(crate) struct Unsecured {
    pub(crate) why: String,
    /// The connection, if it may be told something in plain words, or must not be closed before an alert has arrived.
    pub(crate) farewell: Option<(ByteStream, &'static str)>,
}

/// What a newcomer hears that speaks no TLS.
const NO_TLS: &str = "Error: only TLS is spoken at this port, join with --tls\n";
/// The first byte of a record with a handshake: RFC 8446, 5.1.
const HANDSHAKE_RECORD: u8 = 22;

impl Door {
    /// Shakes hands with a newcomer.
    pub(crate) async fn secure(&self, socket: TcpStream) -> Result<ByteStream, Unsecured> {
        let time_max = self.handshakes.time_max;
        let ends_at = tokio::time::Instant::now() + time_max;
        let late = || format!("no TLS: no handshake within {time_max:?}");
        // Who says nothing takes nobody's place.
        let begins = tokio::time::timeout_at(ends_at, begins_handshake(&socket));
        let plainly = |why, socket| Unsecured { why, farewell: Some((ByteStream::Plain(socket), NO_TLS)) };
        match begins.await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => return Err(plainly("no TLS: it began without a handshake".to_owned(), socket)),
            Ok(Err(error)) => return Err(Unsecured { why: format!("no TLS: {error}"), farewell: None }),
            Err(_) => return Err(plainly(late(), socket)),
        }
        let secured = tokio::time::timeout_at(ends_at, async {
            let _place = self.handshakes.places.acquire().await;
            match ServerConnection::new(Arc::clone(&self.config)) {
                Ok(connection) => shake_hands(socket, Connection::Server(connection), &self.handshakes).await,
                Err(error) => Err((HandshakeError::Tls(error), socket)),
            }
        });
        match secured.await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err((error, socket))) => {
                // Who was too slow to shake hands would be too slow to take leave, too.
                let is_heard = !matches!(error, HandshakeError::Slow);
                let farewell = is_heard.then(|| (ByteStream::Plain(socket), ""));
                Err(Unsecured { why: format!("no TLS: {error}"), farewell })
            }
            Err(_) => Err(Unsecured { why: late(), farewell: None }),
        }
    }
}

async fn begins_handshake(socket: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    match socket.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(first == [HANDSHAKE_RECORD]),
    }
}
