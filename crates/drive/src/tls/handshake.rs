//! The handshake: from a connection to a session, or a sentence why there is none.

use std::io;
use std::pin::pin;
use std::time::Duration;

use rustls::{AlertDescription, CertificateError, Connection, Error};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::byte_stream::{ByteStream, Secured};
use crate::tls::Session;
use crate::tls::session::Progress;

/// What handshakes share that go on side by side.
#[derive(Debug)]
pub(crate) struct Handshakes {
    /// As many as may be under way at once.
    pub(crate) places: Semaphore,
    /// A handshake's arithmetic takes as long as thousands of deliveries. Where there is more than one core, one is always left to the members.
    turns: Semaphore,
    /// How long one may take.
    pub(crate) time_max: Duration,
}

/// How long a handshake may wait for its peer, all its waits together, while all places are taken: else a few peers that say half of what they
/// have to say could keep everybody else out.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often one that has waited so long looks whether all places are taken.
const GLANCE: Duration = Duration::from_millis(100);

impl Handshakes {
    pub(crate) fn new(time_max: Duration, under_way_max: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { places: Semaphore::new(under_way_max), turns: Semaphore::new(cores.saturating_sub(1).max(1)), time_max }
    }

    /// Waits for the peer, as long as there is patience with it. `waited` is how long that was already.
    async fn bear(
        &self,
        peer: impl Future<Output = io::Result<()>>,
        waited: &mut Duration,
    ) -> Result<(), HandshakeError> {
        let mut peer = pin!(peer);
        loop {
            let left = PATIENCE.saturating_sub(*waited);
            if left.is_zero() && self.places.available_permits() == 0 {
                return Err(HandshakeError::Slow);
            }
            let began = Instant::now();
            let came = timeout(left.max(GLANCE), peer.as_mut()).await;
            *waited += began.elapsed();
            if let Ok(came) = came {
                return Ok(came?);
            }
        }
    }
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("{}", explain(.0))]
    Tls(Error),
    #[error("the connection was closed during the handshake")]
    Closed,
    #[error("the peer was slow, and others wait")]
    Slow,
    #[error("{0}")]
    Io(io::Error),
}

fn explain(error: &Error) -> String {
    // Whoever judged the certificate has found the words.
    if let Error::InvalidCertificate(CertificateError::Other(why)) = error {
        return why.to_string();
    }
    let sentence = if matches!(error, Error::InvalidMessage(_)) {
        "what came is no TLS: one side speaks it, and the other does not"
    } else if is_alert(error, &[AlertDescription::NoApplicationProtocol]) || *error == Error::NoApplicationProtocol {
        "one side means another lab than the other: check the port"
    } else if is_alert(error, &[AlertDescription::ProtocolVersion]) || matches!(error, Error::PeerIncompatible(_)) {
        "the two sides have no version or cipher of TLS in common; 1.2 and 1.3 are spoken here"
    } else if is_alert(error, &MISTRUST) {
        "the peer does not trust our certificate"
    } else {
        return error.to_string();
    };
    sentence.to_owned()
}

/// What a peer says that does not trust our certificate: RFC 8446, 6.2.
const MISTRUST: [AlertDescription; 3] =
    [AlertDescription::UnknownCA, AlertDescription::BadCertificate, AlertDescription::CertificateUnknown];

fn is_alert(error: &Error, alerts: &[AlertDescription]) -> bool {
    matches!(error, Error::AlertReceived(alert) if alerts.contains(alert))
}

impl From<io::Error> for HandshakeError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return Self::Closed;
        }
        match error.downcast::<Error>() {
            Ok(error) => Self::Tls(error),
            Err(error) => Self::Io(error),
        }
    }
}

/// Makes a connection secure. What it computes, it computes within one of the turns, so that others get theirs.
pub(crate) async fn shake_hands(
    socket: TcpStream,
    connection: Connection,
    handshakes: &Handshakes,
) -> Result<ByteStream, (HandshakeError, TcpStream)> {
    let secured = Box::new(Secured { socket, session: Session::new(connection) });
    match advance(&secured, handshakes).await {
        Ok(()) => Ok(ByteStream::Tls(secured)),
        Err(error) => Err((error, secured.socket)),
    }
}

async fn advance(Secured { socket, session }: &Secured, handshakes: &Handshakes) -> Result<(), HandshakeError> {
    let mut waited = Duration::ZERO;
    loop {
        let turn = handshakes.turns.acquire().await;
        let progress = session.advance(socket)?;
        drop(turn);
        match progress {
            Progress::Reads => handshakes.bear(socket.readable(), &mut waited).await?,
            Progress::Writes => handshakes.bear(socket.writable(), &mut waited).await?,
            Progress::Done => return Ok(()),
        }
        // Who waits for a turn of the thread gets it before the next piece of arithmetic.
        tokio::task::yield_now().await;
    }
}
