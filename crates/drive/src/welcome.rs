//! Waits for a client's peer, where that is the one who calls.

use std::net::SocketAddr;

use labs::{Shown, Tone};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::dial::JoinError;
use crate::join::JoinPlan;
use crate::listen::{Socketed, bind_all};

/// Listens until somebody has connected, and then no more: who comes later is refused by the system.
pub(crate) async fn welcome(
    plan: &JoinPlan,
    screen: &mut dyn FnMut(Shown<'_>),
) -> Result<(TcpStream, SocketAddr), JoinError> {
    let mut tell = |text: &str| screen(Shown { tone: Tone::Print, about: None, text });
    let mut waiting = JoinSet::new();
    for (endpoint, socket) in bind_all(plan.service, &plan.listen)? {
        if let Socketed::Stream(listener) = socket {
            tell(&format!("waiting at {}", endpoint.address));
            waiting.spawn(accept(listener));
        }
    }
    match waiting.join_next().await {
        Some(Ok(accepted)) => {
            let (stream, peer) = accepted?;
            let _ = stream.set_nodelay(true);
            tell(&format!("{peer} is here"));
            Ok((stream, peer))
        }
        Some(Err(_)) | None => Err(JoinError::NoAddress { host: plan.host.clone() }),
    }
}

async fn accept(listener: TcpListener) -> std::io::Result<(TcpStream, SocketAddr)> {
    listener.accept().await
}
