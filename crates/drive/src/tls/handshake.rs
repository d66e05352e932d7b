//! The handshake: from a connection to a session, or a sentence why there is none.

use std::io;

use rustls::{AlertDescription, CertificateError, Connection, Error};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::byte_stream::{ByteStream, Secured};
use crate::tls::Session;
use crate::tls::session::Progress;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeError {
    #[error("{}", explain(.0))]
    Tls(Error),
    #[error("the connection was closed during the handshake")]
    Closed,
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

/// Makes a connection secure. What it computes, it computes within one of the `turns`, so that others get theirs.
pub(crate) async fn shake_hands(
    socket: TcpStream,
    connection: Connection,
    turns: &Semaphore,
) -> Result<ByteStream, (HandshakeError, TcpStream)> {
    let secured = Box::new(Secured { socket, session: Session::new(connection) });
    match advance(&secured, turns).await {
        Ok(()) => Ok(ByteStream::Tls(secured)),
        Err(error) => Err((error, secured.socket)),
    }
}

async fn advance(Secured { socket, session }: &Secured, turns: &Semaphore) -> Result<(), HandshakeError> {
    loop {
        let turn = turns.acquire().await;
        let progress = session.advance(socket)?;
        drop(turn);
        match progress {
            Progress::Reads => socket.readable().await?,
            Progress::Writes => socket.writable().await?,
            Progress::Done => return Ok(()),
        }
        // Who waits for a turn of the thread gets it before the next piece of arithmetic.
        tokio::task::yield_now().await;
    }
}
