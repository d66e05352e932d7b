//! The server's side of handshakes: how many may be under way, how long one may take, and what is said to those who speak no TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::{Connection, ServerConfig, ServerConnection};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::byte_stream::ByteStream;
use crate::tls::{HandshakeError, shake_hands};

/// What TLS costs a server at most, and how its certificate is renewed.
pub struct TlsPlan {
    /// How long a handshake may take.
    pub handshake_max: Duration,
    /// Handshakes under way at once; further ones wait, within the same time.
    pub handshakes_max: usize,
    /// Reads the certificate anew, and tells whoever runs the server what came of it: called at SIGHUP, on a thread that may wait.
    pub reread: Arc<dyn Fn() + Send + Sync>,
}

/// What the handshakes of all services share.
#[derive(Debug)]
pub(crate) struct Handshakes {
    under_way: Semaphore,
    /// A handshake's arithmetic takes as long as thousands of deliveries. Where there is more than one core, one is always left to the members.
    turns: Semaphore,
    time_max: Duration,
}

impl Handshakes {
    pub(crate) fn new(time_max: Duration, under_way_max: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            under_way: Semaphore::new(under_way_max),
            turns: Semaphore::new(cores.saturating_sub(1).max(1)),
            time_max,
        }
    }
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
        let Handshakes { under_way, turns, time_max } = &*self.handshakes;
        let ends_at = tokio::time::Instant::now() + *time_max;
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
            let _place = under_way.acquire().await;
            match ServerConnection::new(Arc::clone(&self.config)) {
                Ok(connection) => shake_hands(socket, Connection::Server(connection), turns).await,
                Err(error) => Err((HandshakeError::Tls(error), socket)),
            }
        });
        match secured.await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err((error, socket))) => {
                Err(Unsecured { why: format!("no TLS: {error}"), farewell: Some((ByteStream::Plain(socket), "")) })
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
