//! Datagrams on loopback, at a steady rate or as fast as they go.

use std::io::IoSlice;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, sendmmsg};

/// So many are handed to the kernel at once.
const BATCH: usize = 32;
/// What a line of a chat might say.
const TEXT: &[u8; 64] = b"packets may be lost, doubled, late or out of order; so may words";

/// A socket that sends, and one that nobody reads: the kernel throws away what it has no room for, after it was captured.
pub(super) struct Sender {
    socket: UdpSocket,
    listener: UdpSocket,
}

/// What was offered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offered {
    pub(super) packets: u64,
    pub(super) lasted: Duration,
}

impl Offered {
    /// Packets a second.
    pub(super) fn rate(self) -> f64 {
        self.packets as f64 / self.lasted.as_secs_f64()
    }
}

impl Sender {
    pub(super) fn bind() -> Result<Self> {
        let listener = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(listener.local_addr()?)?;
        Ok(Self { socket, listener })
    }

    pub(super) fn port(&self) -> Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Sends for so long; `rate` is in packets a second. It does not sleep in between, since sleeping is less exact than the batches are apart.
    pub(super) fn send(&self, rate: Option<u64>, duration: Duration) -> Result<Offered> {
        let text = [IoSlice::new(TEXT)];
        let mut controls: Vec<_> = (0..BATCH).map(|_| SendAncillaryBuffer::default()).collect();
        let mut batch: Vec<_> = controls.iter_mut().map(|control| MMsgHdr::new(&text, control)).collect();
        let begin = Instant::now();
        let mut packets = 0;
        loop {
            let lasted = begin.elapsed();
            if lasted >= duration {
                return Ok(Offered { packets, lasted });
            }
            if rate.is_none_or(|rate| (packets as f64) < rate as f64 * lasted.as_secs_f64()) {
                packets += sendmmsg(&self.socket, &mut batch, SendFlags::empty())? as u64;
            } else {
                std::hint::spin_loop();
            }
        }
    }
}
