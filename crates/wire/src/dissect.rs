//! Frames taken apart, leniently: what is cut or odd is told as far as it goes, and nothing makes it panic.

mod fragments;
mod icmp;
mod ip;
mod link;
mod options;

use std::net::{IpAddr, SocketAddr};

use etherparse::{TcpHeaderSlice, UdpHeaderSlice, ip_number};
use serde::Serialize;

pub(crate) use fragments::{Fragments, Taken};
pub use icmp::{Unreachable, Why};
pub use ip::{Fragment, Ip};
pub(crate) use link::ip_offset;
pub use options::{TcpOption, TcpOptions};

use crate::capture::{LinkType, Packet};

/// What carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Tcp,
    Udp,
}

/// What an IP packet carries.
#[derive(Clone, Copy, Debug)]
pub enum Carried<'a> {
    Tcp(Segment<'a>),
    Udp(Datagram<'a>),
    /// An ICMP or ICMPv6 message that a datagram or segment did not arrive.
    Unreachable(Unreachable<'a>),
    /// Another protocol, or a header that is not all there.
    Other,
}

/// The control bits of a TCP segment (RFC 9293, section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    pub const FIN: Self = Self(0x01);
    pub const SYN: Self = Self(0x02);
    pub const RST: Self = Self(0x04);
    pub const PSH: Self = Self(0x08);
    pub const ACK: Self = Self(0x10);
    pub const URG: Self = Self(0x20);

    /// Whether any of `flags` is set.
    pub fn has(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Their names, in the order in which textbooks write them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [(Flags, &str); 6] = [
            (Flags::SYN, "SYN"),
            (Flags::FIN, "FIN"),
            (Flags::RST, "RST"),
            (Flags::PSH, "PSH"),
            (Flags::ACK, "ACK"),
            (Flags::URG, "URG"),
        ];
        NAMES.into_iter().filter(move |&(flag, _)| self.has(flag)).map(|(_, name)| name)
    }
}

impl Serialize for Flags {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

/// A TCP segment.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub flags: Flags,
    /// As it stands in the header, not yet scaled.
    pub window: u16,
    pub options: TcpOptions<'a>,
    /// What was captured of its data.
    pub payload: &'a [u8],
    /// How much data it carried on the wire, in bytes.
    pub payload_len: u32,
}

/// A UDP datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    pub from: SocketAddr,
    pub to: SocketAddr,
    /// What was captured of its data.
    pub payload: &'a [u8],
    /// How much data it carried on the wire, in bytes.
    pub payload_len: u32,
}

/// Finds the IP packet in a frame.
pub fn dissect<'a>(link: LinkType, bytes: &'a [u8], original_len: u32) -> Option<Ip<'a>> {
    let at = ip_offset(link, bytes)?;
    Ip::new(&bytes[at..], at, (original_len as usize).saturating_sub(at))
}

/// Between whom a packet passes, unless it is a fragment that does not tell: what a capture needs to find out whose sockets these are. An ICMP
/// error belongs to those of the packet that it quotes.
pub fn endpoints(packet: &Packet<'_>) -> Option<(Transport, SocketAddr, SocketAddr)> {
    let ip = dissect(packet.link, packet.bytes, packet.original_len)?;
    if ip.fragment.is_some_and(|fragment| fragment.offset > 0) {
        return None;
    }
    match carried(&ip, ip.payload, ip.payload_len) {
        Carried::Tcp(segment) => Some((Transport::Tcp, segment.from, segment.to)),
        Carried::Udp(datagram) => Some((Transport::Udp, datagram.from, datagram.to)),
        Carried::Unreachable(error) => Some((error.transport, error.sender, error.receiver)),
        Carried::Other => None,
    }
}

/// Whom a packet asks: the socket to which a handshake's first segment goes, or a datagram; whether or not anybody is there.
pub fn asked(packet: &Packet<'_>) -> Option<(Transport, SocketAddr)> {
    let ip = dissect(packet.link, packet.bytes, packet.original_len)?;
    if ip.fragment.is_some_and(|fragment| fragment.offset > 0) {
        return None;
    }
    match carried(&ip, ip.payload, ip.payload_len) {
        Carried::Tcp(segment) if segment.flags.has(Flags::SYN) && !segment.flags.has(Flags::ACK) => {
            Some((Transport::Tcp, segment.to))
        }
        Carried::Udp(datagram) => Some((Transport::Udp, datagram.to)),
        Carried::Tcp(_) | Carried::Unreachable(_) | Carried::Other => None,
    }
}

/// Takes apart what an IP packet carries: its own payload, or that of all its fragments together.
pub(crate) fn carried<'a>(ip: &Ip<'_>, payload: &'a [u8], payload_len: usize) -> Carried<'a> {
    let carried = match ip.protocol {
        ip_number::TCP => tcp(ip.from, ip.to, payload, payload_len).map(Carried::Tcp),
        ip_number::UDP => udp(ip.from, ip.to, payload, payload_len).map(Carried::Udp),
        ip_number::ICMP | ip_number::IPV6_ICMP => icmp::unreachable(ip, payload).map(Carried::Unreachable),
        _ => None,
    };
    carried.unwrap_or(Carried::Other)
}

fn tcp<'a>(from: IpAddr, to: IpAddr, payload: &'a [u8], payload_len: usize) -> Option<Segment<'a>> {
    const FLAGS_AT: usize = 13;
    const FIXED_BYTES: usize = 20;
    let header = TcpHeaderSlice::from_slice(payload).ok()?;
    let length = header.slice().len();
    Some(Segment {
        from: SocketAddr::new(from, header.source_port()),
        to: SocketAddr::new(to, header.destination_port()),
        sequence: header.sequence_number(),
        acknowledgement: header.acknowledgment_number(),
        flags: Flags(payload[FLAGS_AT]),
        window: header.window_size(),
        options: TcpOptions::new(&payload[FIXED_BYTES..length]),
        payload: &payload[length..],
        payload_len: payload_len.saturating_sub(length) as u32,
    })
}

fn udp<'a>(from: IpAddr, to: IpAddr, payload: &'a [u8], payload_len: usize) -> Option<Datagram<'a>> {
    const HEADER_BYTES: usize = 8;
    let header = UdpHeaderSlice::from_slice(payload).ok()?;
    // A length of 0 is that of a jumbogram (RFC 2675); any other that does not fit is not believed.
    let length = usize::from(header.length());
    let length = if (HEADER_BYTES..=payload_len).contains(&length) { length } else { payload_len };
    let payload = &payload[HEADER_BYTES..];
    let data_len = length.saturating_sub(HEADER_BYTES);
    Some(Datagram {
        from: SocketAddr::new(from, header.source_port()),
        to: SocketAddr::new(to, header.destination_port()),
        payload: &payload[..payload.len().min(data_len)],
        payload_len: data_len as u32,
    })
}
