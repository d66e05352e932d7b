//! Rooms: what is said in one reaches everyone in it, in one order, and nobody waits for anybody.
//!
//! What is published in a room is framed once and appended to its log of bytes. A member is a cursor into that log, so there is
//! no queue a member, and no allocation a message and member: what a member is owed is a slice of the log, from its cursor to the end.
//! Its own messages, which it is not to hear, and messages to it alone are *detours* of its cursor.
//!
//! [`Hall`] is the side of those who speak: one owner, which appends. [`Shard`] is the side of those who are spoken to: each
//! shard, a core's share of the members, fetches what is new and delivers it to each member in turn. A member whose stream takes
//! nothing is left aside until it does; one that falls off the oldest bytes a shard keeps is told so and dropped. This is the whole policy for
//! slow readers.

mod cursor;
mod hall;
mod member;
mod shard;

pub use cursor::Rest;
pub use hall::{Guest, Hall, Notice};
pub use shard::{Closing, Delivered, Shard, Taken};

/// One room of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u32);

#[cfg(test)]
mod tests;
