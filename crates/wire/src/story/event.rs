//! What a packet means: the values of which lines, ladders and JSON are made.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde::Serialize;
use serde::ser::SerializeMap as _;

use super::marks::{Mark, Marks};
use crate::dissect::{Flags, Transport, Why};
use crate::visible::{Visible, is_text};

/// One packet of the story. It borrows from the packet and from the story.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Event<'a> {
    /// The packet's number in the capture, from 1.
    pub number: u64,
    /// Nanoseconds since 1970-01-01 UTC.
    pub at: u64,
    /// Nanoseconds since the capture's first packet.
    pub since: u64,
    /// Which conversation it belongs to, from 1.
    pub conversation: u32,
    /// Whether it is the first of its conversation.
    pub first: bool,
    pub transport: Transport,
    pub from: Party<'a>,
    pub to: Party<'a>,
    #[serde(flatten)]
    pub kind: Kind,
    #[serde(flatten)]
    pub tcp: Option<Tcp>,
    /// How much data it carried on the wire.
    pub bytes: u32,
    #[serde(flatten)]
    pub payload: Payload<'a>,
    /// Whether the data are TLS records.
    pub tls: bool,
    /// How many messages it completed, as far as can be told.
    pub messages: u32,
    /// How many of them came in one segment. One that fills a gap completes those behind it too, which came in others.
    pub joined: u32,
    /// What the caller's [`crate::Naming`] or TLS's records call them; control characters made visible.
    pub name: &'a str,
    pub marks: Marks,
    /// How long a delayed acknowledgement or what it held back was waited for, in nanoseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited: Option<u64>,
    /// How many bytes before it are now known to be missing from the capture.
    #[serde(skip_serializing_if = "is_zero")]
    pub missing: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What kind of packet it is, by what matters most about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Kind {
    /// The first segment of the handshake.
    Syn,
    /// The second.
    SynAck,
    /// Data over TCP, perhaps with a FIN.
    Data,
    /// An acknowledgement and nothing else; the third segment of the handshake carries [`Mark::Opens`].
    Acknowledgement,
    /// The sender will say no more.
    Fin,
    Reset,
    Datagram,
    /// An ICMP error about something that `to` had sent to `from`.
    Unreachable {
        why: Why,
    },
}

/// The fields of a TCP header, relative to the connection's beginning as Wireshark shows them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tcp {
    pub flags: Flags,
    pub seq: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ack: Option<u32>,
    /// In bytes.
    pub window: u32,
    /// The last byte that a selective acknowledgement tells of, and the first, relative (RFC 2018).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sack: Option<(u32, u32)>,
}

/// Somebody at one end.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Party<'a> {
    /// `client 1`, `server`.
    pub name: &'a str,
    pub address: SocketAddr,
    /// The program behind the socket, where the caller knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<&'a str>,
    /// Counts the parties from 0: the same number is the same party.
    #[serde(skip)]
    pub index: u32,
}

/// The data that were captured. Serialised as `text` as it would be read, or as `hex`.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a>(pub &'a [u8]);

impl Serialize for Payload<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if is_text(self.0) {
            map.serialize_entry("text", &Visible(self.0).to_string())?;
        } else if !self.0.is_empty() {
            let mut hex = String::with_capacity(self.0.len() * 2);
            for byte in self.0 {
                let _ = write!(hex, "{byte:02x}");
            }
            map.serialize_entry("hex", &hex)?;
        }
        map.end()
    }
}

impl Event<'_> {
    /// Whether it also closes its sender's side.
    pub fn closes_side(&self) -> bool {
        self.tcp.is_some_and(|tcp| tcp.flags.has(Flags::FIN))
    }

    /// Whether it only acknowledges, with nothing to be said about it: what is folded unless asked for.
    pub(super) fn is_plain(&self) -> bool {
        const BORING: Marks = Marks::of(Mark::WindowUpdate);
        let boring = self.marks.is_empty() || self.marks == BORING;
        self.kind == Kind::Acknowledgement && boring && self.missing == 0 && !self.first
    }
}
