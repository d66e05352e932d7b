//! The answers to what the lab sheets ask of a capture.

mod words;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Serialize;
pub use words::write;

use crate::dissect::{Transport, Why};
use crate::readable::{Coincidence, Look};
use crate::story::{Mark, Marks, Role};
use crate::tls::{ClientHello, ServerHello};

/// What a capture was about.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// In the order in which they began; of very many, the newest.
    pub conversations: Vec<Conversation>,
    pub totals: Totals,
}

/// What was counted over the whole capture. The counts of TCP agree with those of Wireshark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub packets: u64,
    /// Packets without IP, as ARP.
    pub not_ip: u64,
    /// IP packets that carry neither TCP nor UDP nor an error about these.
    pub other: u64,
    pub fragments: u64,
    /// Packets that could not be put together from their fragments.
    pub incomplete: u64,
    /// Connections with all three segments of the handshake.
    pub handshakes: u64,
    pub retransmissions: u64,
    pub out_of_order: u64,
    pub duplicate_acknowledgements: u64,
    pub bad_checksums: u64,
    /// TCP's data as sent on the wire, repetitions included.
    pub tcp_bytes: u64,
    pub udp_bytes: u64,
    /// Conversations that are counted here but were too many to be kept.
    pub forgotten: u64,
}

/// A TCP connection, or the datagrams between two sockets.
#[derive(Clone, Debug, Serialize)]
pub struct Conversation {
    pub number: u32,
    pub transport: Transport,
    /// Who opened it.
    pub client: Party,
    pub server: Party,
    /// Who is the client is only likely, since the beginning is not in the capture.
    pub guessed: bool,
    pub packets: u64,
    pub first_packet: u64,
    /// From its first packet to its last.
    pub nanoseconds: u64,
    /// The packets that were SYN, SYN+ACK and ACK of the handshake.
    pub handshake: [Option<u64>; 3],
    pub acknowledgements: u64,
    /// What the client said, and what the server said.
    pub said: [Said; 2],
    pub end: End,
    pub readable: Readable,
    pub lessons: Vec<Lesson>,
    /// How often each remarkable thing was seen.
    pub marks: BTreeMap<Mark, u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Party {
    pub name: String,
    pub address: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<String>,
}

/// What one side said.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Said {
    /// How many messages, by line ends, datagrams, or what was sent at once.
    pub messages: u64,
    /// Whether line ends tell where a message ends; without them, the number is only likely.
    pub known: bool,
    /// In how many segments or datagrams.
    pub packets: u64,
    /// Each byte counted once.
    pub bytes: u64,
    /// As sent on the wire, repetitions included.
    pub wire_bytes: u64,
    /// Bytes that are not in the capture.
    pub missing: u64,
}

/// How a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum End {
    /// UDP has no end.
    Datagrams,
    /// It was still open when the capture ended.
    Open,
    /// Nobody answered the SYN.
    Unanswered,
    /// What was sent did not arrive: `by` was not there.
    Refused {
        number: u64,
        by: Role,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<Why>,
    },
    /// One side has closed, the other has not.
    HalfClosed {
        by: Role,
        number: u64,
    },
    /// `by` closed first; `other` is the packet of the other side's FIN.
    Closed {
        by: Role,
        number: u64,
        other: u64,
    },
    Reset {
        by: Role,
        number: u64,
        after_fin: Option<Role>,
    },
}

/// Whether anybody on the path can read it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum Readable {
    /// Nothing was said.
    Nothing,
    Yes {
        quote: Quote,
    },
    /// Some of it is text, some is not.
    Partly {
        quote: Quote,
        rest: Answer,
    },
    /// No text at all.
    NoText(Answer),
    Tls {
        client: Option<ClientHello>,
        server: Option<ServerHello>,
        encrypted_records: u64,
    },
}

/// What bytes that are no text look like, and by what that was judged.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Answer {
    pub look: Look,
    pub coincidence: Coincidence,
}

/// Words from the wire, control characters made visible.
#[derive(Clone, Debug, Serialize)]
pub struct Quote {
    pub by: Role,
    pub number: u64,
    pub text: String,
}

/// Something by which the wire refutes what programs often take for granted: the first time it was seen, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "lesson")]
pub enum Lesson {
    /// Several messages in one segment.
    Joined { by: Role, number: u64, messages: u64, times: u64 },
    /// One message in several segments.
    Split { by: Role, first: u64, last: u64, times: u64 },
    /// Nothing shows where a message ends, of one side or of both.
    NoNewline { by: Option<Role> },
    /// An acknowledgement that came `waited` nanoseconds late.
    Delayed { by: Role, number: u64, waited: u64, times: u64 },
    /// Data that waited for it.
    HeldBack { by: Role, number: u64, waited: u64, times: u64 },
}

impl Totals {
    pub(crate) fn count(&mut self, marks: Marks) {
        if marks.is_empty() {
            return;
        }
        self.retransmissions += u64::from(marks.any(Marks::RETRANSMISSIONS));
        self.out_of_order += u64::from(marks.has(Mark::OutOfOrder));
        self.duplicate_acknowledgements += u64::from(marks.has(Mark::DuplicateAcknowledgement));
        self.bad_checksums += u64::from(marks.has(Mark::BadChecksum));
    }
}
