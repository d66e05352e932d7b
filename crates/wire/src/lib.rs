//! Packets as meaning: dissected, put in order, told as a story, and read as a sheet's answers.
//!
//! Nothing here reads a clock, draws at random, starts a thread, or touches a file or a socket: bytes come in, and events go out. The way of a
//! packet:
//!
//! 1. [`capture::Reader`] takes a capture file's bytes as they are read, and hands on each [`Packet`]. A live capture makes packets itself, and
//!    [`checksum::fill`]s in what the kernel left out on loopback; a checksum that is wrong stays so, and is told.
//! 2. [`Story::take`] says what each means: an [`Event`], which borrows from the packet. [`Story::finish`] gives the [`Summary`]. Who knows the
//!    programs behind the sockets asks [`endpoints`] first and tells [`Story::note_process`].
//! 3. [`Lines`] writes an event as one line, [`Ladder`] as an arrow of the sequence diagram, [`summary::write`] the answers in words; events and
//!    summary are serialisable values too. Everything written is safe for a terminal: what a peer sent passes `visible.rs`.
//! 4. [`capture::Writer`] writes pcapng, with comments that carry our explanation.
//!
//! No protocol above TLS is known here: messages of others are named by the caller's [`Naming`].
#![forbid(unsafe_code)]

pub mod capture;
pub mod checksum;
pub mod dissect;
pub mod fuzz;
mod ladder;
mod line;
mod naming;
mod readable;
pub mod story;
pub mod summary;
pub mod tls;
mod visible;

pub use capture::{LinkType, Packet};
pub use dissect::{Transport, endpoints};
pub use ladder::Ladder;
pub use line::{Lines, explain};
pub use naming::{Naming, Said};
pub use readable::{Coincidence, Look};
pub use story::{Event, Options, Story};
pub use summary::Summary;
pub use visible::{Visible, is_printable, is_text};
