//! Names for messages, which the caller hands in: this crate knows no protocol above TLS.

use std::net::SocketAddr;

use crate::dissect::Transport;

/// What somebody said, as one message as far as the wire tells: a datagram, a line, or what was sent at once.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub transport: Transport,
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub by_client: bool,
    /// How many messages the same side said before it in this conversation.
    pub index: u64,
    /// Whether the beginning of the conversation is in the capture, so that `index` counts from its first message.
    pub from_beginning: bool,
    /// Without the line's end.
    pub bytes: &'a [u8],
}

/// Names the messages of a protocol, as `calc request 12 + 42`.
pub trait Naming {
    /// Writes the message's name and returns how many messages `said` holds: 0 if it is not known, then nothing is to be written; more than 1 if
    /// several run together without anything between them. What is written may hold words of the peer: it is made visible before it is shown.
    fn name(&mut self, said: &Said<'_>, name: &mut String) -> u32;

    /// Hears what was said, in order and once, before it is cut into messages: a datagram, or the next piece of a stream. It may be the words
    /// of either side, also of the one that did not send the packet at hand: words kept beyond a gap are heard once the other gives the gap up.
    fn hear(&mut self, _said: &Said<'_>) {}

    /// Hears that so many bytes of what was said here are not in the capture. `said` holds none.
    fn miss(&mut self, _said: &Said<'_>, _bytes: u64) {}
}

impl<F: FnMut(&Said<'_>, &mut String) -> u32> Naming for F {
    fn name(&mut self, said: &Said<'_>, name: &mut String) -> u32 {
        self(said, name)
    }
}
