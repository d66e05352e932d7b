//! The protocols of the socket labs as machines: bytes and time go in, bytes come out.
//!
//! Nothing here reads a clock, draws at random, starts a thread or touches a socket. A lab is one file with its rules
//! at the top, its server and its client side by side; each is a [`Machine`]. What a byte stream carries is cut into
//! messages by [`framing`], and [`Connection`] and [`Datagrams`] join a machine to a stream or to a datagram socket in the
//! same way for the simulator and for real sockets.
#![forbid(unsafe_code)]

pub mod add;
mod allowance;
pub mod alnum;
mod backoff;
pub mod board;
pub mod calc;
mod catalog;
pub mod chat;
pub mod clock;
mod connection;
mod datagrams;
pub mod echo;
mod exchange;
pub mod framing;
mod machine;
mod members;
mod number;
pub mod numbers;
mod outbox;
mod pauses;
pub mod room;
mod shelf;
pub mod sum;
pub mod talk;
mod unanswered;
mod visible;

pub use catalog::{Service, Transport, UnknownService};
pub use connection::Connection;
pub use datagrams::Datagrams;
pub use exchange::Dial;
pub use machine::{Event, Machine, Now, Peer, Wall};
pub use number::{DividedByZero, Number};
pub use outbox::{Act, Outbox, Outcome, Shown, Tone};
pub use pauses::Pauses;
pub use shelf::{Shelf, ShelfFull, ShelfLimits};
pub use unanswered::{Unanswered, WELL_KNOWN_ANSWERERS};
pub use visible::Visible;

/// The answer to a message that is not text.
pub const NOT_TEXT: &str = "Error: expected text in UTF-8";

/// Whether a server takes this as a client's name: one to 64 printable characters, spaces around them not counted.
pub fn is_name(name: &str) -> bool {
    clean_name(name.as_bytes()).is_some()
}

/// A name as the labs use them: one to 64 printable characters.
pub(crate) fn clean_name(message: &[u8]) -> Option<&str> {
    const NAME_CHARS_MAX: usize = 64;
    let name = std::str::from_utf8(message).ok()?.trim();
    let printable =
        !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX && name.chars().all(visible::is_printable);
    printable.then_some(name)
}
