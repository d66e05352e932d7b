//! A seeded world with virtual time, in which the labs' machines meet.
//!
//! Nothing here reads a real clock, waits, starts a thread or opens a socket: time jumps to the next thing that is due, and
//! all chance comes from one seed, so that a seed replays its run exactly. The network is never kinder than a real one.
//! Streams are split and merged, delayed, stalled, half-closed and reset ([`streams`]); datagrams are lost, repeated and
//! reordered ([`datagrams`]). What students' programs say is written down as data ([`scenarios`]), so that the same
//! exchanges can be played here and over real sockets. [`fuzz`] plays arbitrary events at every machine.
//!
//! `SIM_SEEDS=10000 cargo test -p sim` plays more seeds, `SIM_SEED=7 cargo test -p sim` replays one.
#![forbid(unsafe_code)]

pub mod datagrams;
mod forger;
pub mod fuzz;
pub mod host;
mod keyring;
mod log;
pub mod network;
pub mod room;
pub mod scenarios;
pub mod seeds;
mod store;
pub mod streams;
mod terminal;
mod time;

pub use forger::Forger;
pub use keyring::SeededKeyring;
pub use log::Log;
pub use store::{Store, StoreFaults};
pub use terminal::{Line, Terminal, assert_safe};
pub use time::Calendar;
