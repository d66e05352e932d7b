//! Waits for a client's peer, where that is the one who calls.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use labs::{Shown, Tone};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::byte_stream::ByteStream;
use crate::dial::JoinError;
use crate::join::JoinPlan;
use crate::listen::{BindError, Scheme, Socketed, bind_all};
use crate::stream::refuse;
use crate::tls::{Door, Handshakes, Unsecured};

/// Listens until somebody has connected, and then no more: who comes later is refused by the system. At a place for TLS, who does not shake
/// hands is turned out, and the wait goes on.
pub(crate) async fn welcome(
    plan: &JoinPlan,
    screen: &mut dyn FnMut(Shown<'_>),
) -> Result<(ByteStream, SocketAddr), JoinError> {
    let mut tell = |text: &str| screen(Shown { tone: Tone::Print, about: None, text });
    let handshakes = Arc::new(Handshakes::new(plan.connect_max, 1));
    let door = plan.listen_tls.clone().map(|config| Door { config, handshakes });
    let mut waiting = JoinSet::new();
    let bound = bind_all(plan.service, &plan.listen);
    for (endpoint, socket) in bound.map_err(|BindError { address, error, .. }| JoinError::Bind { address, error })? {
        if let Socketed::Stream(listener) = socket {
            tell(&format!("waiting at {}", endpoint.address));
            let door = door.clone().filter(|_| endpoint.scheme == Scheme::Tls);
            waiting.spawn(accept(listener, door));
        }
    }
    while let Some(Ok((accepted, listener, door))) = waiting.join_next().await {
        let (socket, peer) = accepted?;
        let _ = socket.set_nodelay(true);
        let stream = match &door {
            None => Ok(ByteStream::Plain(socket)),
            Some(door) => door.secure(socket).await,
        };
        match stream {
            Ok(stream) => {
                // Nobody listens any more before anybody hears of it.
                drop(listener);
                waiting.shutdown().await;
                tell(&format!("{peer} is here"));
                return Ok((stream, peer));
            }
            Err(Unsecured { why, farewell }) => {
                tell(&format!("{peer}: {why}"));
                if let Some((stream, text)) = farewell {
                    refuse(&stream, text.as_bytes(), &Semaphore::new(1)).await;
                }
                waiting.spawn(accept(listener, door));
            }
        }
    }
    Err(JoinError::NoAddress { host: plan.host.clone() })
}

async fn accept(
    listener: TcpListener,
    door: Option<Door>,
) -> (io::Result<(TcpStream, SocketAddr)>, TcpListener, Option<Door>) {
    (listener.accept().await, listener, door)
}
