//! `chat`: a room in which everyone hears everyone else.
//!
//! The first message is the login name: unique in the server regardless of case, 1 to 32 printable characters, not `Server`, no `:`.
//! A name that is taken or bad is answered by a line that begins with `Error:`, and the client may try again. Then:
//! - everyone in the room, the newcomer included, gets `Server: time=10.01 Batman has joined. Member count=1`;
//! - what a member says goes to all others as `Batman: Anyone here?`, never back to its sender;
//! - `quit`, `q`, `/quit`, a closed or a broken connection: `Server: time=13.01 Batman has left. Member count=1` to the rest.
//!
//! Lines always end with LF. A line that begins with `Server: ` is the server's, since nobody can have that name.
//!
//! Stateful, and that is why the server notices who is gone: a member is its connection. (lab sheet 002, question 8)

mod client;
mod commands;
mod flood;
mod lobby;
mod name;
mod outgoing;
mod server;

pub use client::Client;
pub use name::{Name, NameError};
pub use server::{Options, Server};

/// Who speaks for the room; nobody may be called so.
pub const SERVER: &str = "Server";
/// What a member hears that reads too slowly.
pub const TOO_SLOW: &str = "Server: you read too slowly and missed what was said; closing the connection\n";
/// What a member says to leave.
pub const QUITS: [&str; 3] = ["quit", "q", "/quit"];
/// What the answer to a name begins with if it cannot be had.
const REFUSED: &[u8] = b"Error: ";
/// What the server says to one whom the operator removes.
const REMOVED: &str = "the operator removed you";
/// What it says to one that said nothing for too long, before and behind how long that was.
const IDLE: [&str; 2] = ["nothing heard for ", ", closing the connection"];
/// What the server says to one that goes to another room, before and behind the room's name: now, or already before.
const IN_ROOM: &str = "you are in ";
const IN_ROOM_ENDS: [&str; 2] = [" now", " already"];
/// What it says to one that would open a room too many.
const TOO_MANY_ROOMS: &str = "there are too many rooms; /rooms lists them";
