//! TLS under the labs: sessions over the sockets of [`crate::byte_stream`], and the handshakes before them. The cipher is rustls's.

mod door;
mod handshake;
mod session;

pub use door::TlsPlan;
pub(crate) use door::{Door, Unsecured};
pub(crate) use handshake::{HandshakeError, Handshakes, shake_hands};
pub(crate) use session::Session;
