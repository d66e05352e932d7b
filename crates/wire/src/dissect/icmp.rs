//! ICMP's and ICMPv6's word that something did not arrive, with the packet that they quote.

use std::net::SocketAddr;

use etherparse::ip_number;
use serde::Serialize;

use super::{Ip, Transport};

/// A message that a packet could not be delivered (RFC 792; RFC 4443, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable<'a> {
    pub why: Why,
    pub transport: Transport,
    /// Who had sent what did not arrive, by the quoted header.
    pub sender: SocketAddr,
    /// Where it was to go.
    pub receiver: SocketAddr,
    /// What is quoted of the data behind a UDP header.
    pub quoted: &'a [u8],
}

/// Why it could not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// No socket is bound to the port.
    Port,
    Host,
    Network,
    /// A firewall forbids it.
    Prohibited,
    /// Too large for a link, and not to be cut.
    TooBig,
    /// It went on for too long.
    TimeExceeded,
    Other,
}

/// Reads the message and what it quotes, whose ports stand in the first four bytes for TCP and UDP alike.
pub(super) fn unreachable<'a>(ip: &Ip<'_>, payload: &'a [u8]) -> Option<Unreachable<'a>> {
    const HEADER_BYTES: usize = 8;
    const UDP_HEADER_BYTES: usize = 8;
    let (&[kind, code, ..], quoted) = payload.split_first_chunk::<HEADER_BYTES>()?;
    let why = if ip.protocol == ip_number::ICMP { version4(kind, code)? } else { version6(kind, code)? };
    let quoted = Ip::new(quoted, 0, usize::MAX)?;
    let transport = match quoted.protocol {
        ip_number::TCP => Transport::Tcp,
        ip_number::UDP => Transport::Udp,
        _ => return None,
    };
    if quoted.fragment.is_some_and(|fragment| fragment.offset > 0) {
        return None;
    }
    let &[a, b, c, d] = quoted.payload.first_chunk()?;
    let data = match transport {
        Transport::Udp => quoted.payload.get(UDP_HEADER_BYTES..).unwrap_or_default(),
        Transport::Tcp => &[],
    };
    Some(Unreachable {
        why,
        transport,
        sender: SocketAddr::new(quoted.from, u16::from_be_bytes([a, b])),
        receiver: SocketAddr::new(quoted.to, u16::from_be_bytes([c, d])),
        quoted: data,
    })
}

fn version4(kind: u8, code: u8) -> Option<Why> {
    match (kind, code) {
        (3, 3) => Some(Why::Port),
        (3, 1 | 5 | 7 | 8 | 12) => Some(Why::Host),
        (3, 0 | 6 | 11) => Some(Why::Network),
        (3, 9 | 10 | 13) => Some(Why::Prohibited),
        (3, 4) => Some(Why::TooBig),
        (11, _) => Some(Why::TimeExceeded),
        (3, _) => Some(Why::Other),
        _ => None,
    }
}

fn version6(kind: u8, code: u8) -> Option<Why> {
    match (kind, code) {
        (1, 4) => Some(Why::Port),
        (1, 3) => Some(Why::Host),
        (1, 0) => Some(Why::Network),
        (1, 1) => Some(Why::Prohibited),
        (2, _) => Some(Why::TooBig),
        (3, _) => Some(Why::TimeExceeded),
        (1, _) => Some(Why::Other),
        _ => None,
    }
}

impl Why {
    /// Whether the same packet sent again would not arrive either.
    pub(crate) fn is_final(self) -> bool {
        match self {
            Self::Port | Self::Host | Self::Network | Self::Prohibited | Self::Other => true,
            Self::TooBig | Self::TimeExceeded => false,
        }
    }

    /// The field's term.
    pub fn term(self) -> &'static str {
        match self {
            Self::Port => "port unreachable",
            Self::Host => "host unreachable",
            Self::Network => "network unreachable",
            Self::Prohibited => "administratively prohibited",
            Self::TooBig => "packet too big",
            Self::TimeExceeded => "time exceeded",
            Self::Other => "destination unreachable",
        }
    }

    /// As a sentence's part, behind "did not arrive: ".
    pub fn words(self) -> &'static str {
        match self {
            Self::Port => "no program has this port open there",
            Self::Host => "the host cannot be reached",
            Self::Network => "the network cannot be reached",
            Self::Prohibited => "a firewall forbids it",
            Self::TooBig => "it is too large for a link on the way",
            Self::TimeExceeded => "it was on its way for too long",
            Self::Other => "the network could not deliver it",
        }
    }
}
