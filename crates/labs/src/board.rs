//! board, over UDP (TCP on request): `POST <text>` keeps a text, `GET` answers every text kept, then `<<--bye-->>`.
//!
//! Each text is a datagram of its own; over TCP a line of its own, also for a peer that sends none. `POST` is not answered
//! unless the server is told to acknowledge: then `saved`, once the text is safe on disk. A text that was acknowledged is never lost. A `GET`
//! waits for the texts posted before it through the same socket or connection. Over TCP the answers come in the order of the requests.
//!
//! Over UDP the readers take turns, a page each, and an address with its port has one read under way: another `GET` before the bye starts it again
//! from the first text, so that the texts between the last `GET` and the bye are always all, and there is one bye. A text too large for a datagram is
//! named in its place by a line, `Error: a text of <n> bytes is too large for a datagram; ask over TCP`.
//!
//! The sender of a datagram may be forged, so an address that has not shown that it receives gets a limited amount (4 KiB and what its requests
//! earn), and all such addresses together do (64 KiB, and 16 KiB each second, besides what they earn). What is held back is told in one line,
//! `Error: <n> more texts held back; to receive them, send PROVE <token> <place>`, before the `<<--bye-->>`. Whoever repeats that `PROVE …` gets the
//! rest; repeating it during the read does not take that back. If not even those two lines can be paid for, nothing is answered, as if the `GET`
//! were lost: a bye alone would say that this was all. What it earned remains, and pays for them when the `GET` is repeated. Loopback and TCP have
//! no such limit.
//! Sheet: "Socket programming" project 2. Stateless to its clients: every request can be understood alone.

mod answers;
mod client;
mod reading;
mod server;

use crate::framing::Ending;

pub use client::Client;
pub use server::Server;

pub const GET: &str = "GET";
pub const POST: &str = "POST ";
pub const BYE: &str = "<<--bye-->>";
pub const SAVED: &str = "saved";
pub const FORMAT_ERROR: &str = "Error: expected GET or POST <text>";
pub const FULL_ERROR: &str = "Error: the board is full";
pub const BUSY_ERROR: &str = "Error: busy, try again";
pub const STORE_ERROR: &str = "Error: the text could not be saved";
const PROVE: &str = "PROVE ";
const HELD_BACK: &str = "more texts held back; to receive them, send PROVE";

/// How answers on a stream end for a peer that sends no line ends: texts come back to back, so that only line ends keep them apart.
pub const BARE_ENDING: Ending = Ending::Lf;
