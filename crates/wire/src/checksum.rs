//! The Internet checksum (RFC 1071) of IPv4, TCP, UDP and ICMP.
//!
//! On loopback, and where the network card does the work, the kernel hands out frames whose TCP and UDP checksums hold only the sum over
//! the pseudo-header. [`fill`] puts the right ones in, so that nobody takes them for errors; [`check`] tells such a field from one that is wrong,
//! which stays as it is.

use std::net::IpAddr;

use etherparse::ip_number;
use serde::Serialize;

use crate::capture::LinkType;
use crate::dissect::{Ip, dissect};

/// What became of a packet's transport checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Right,
    /// Left to the network card: captured before it was filled in, as on loopback. The packet is sound.
    LeftOut,
    /// The data were altered on the way, and the receiver will throw the packet away.
    Wrong {
        found: u16,
        expected: u16,
    },
    /// Nothing to judge: no checksum was sent (UDP over IPv4 may), or the packet is cut or a fragment.
    Unknown,
}

/// Where a checksum stands in a frame, and what it is taken over.
struct Field {
    /// The field's place in the frame.
    at: usize,
    payload_at: usize,
    end: usize,
    pseudo: u64,
    udp: bool,
}

/// Fills in the checksums that were left out in a whole frame: of TCP and UDP, also where an ICMP error quotes such a packet, and of IPv4
/// where it is 0. Those that are wrong stay wrong; what is cut or a fragment stays as it is.
pub fn fill(link: LinkType, frame: &mut [u8]) {
    const IPV4_FIELD_AT: usize = 10;
    const ICMP_HEADER_BYTES: usize = 8;
    let Some(ip) = dissect(link, frame, frame.len() as u32) else { return };
    let (header_at, payload_at, verdict) = (ip.header_at, ip.payload_at, check(&ip, frame));
    let payload_end = payload_at + ip.payload.len();
    let error = ip.protocol == ip_number::ICMP || ip.protocol == ip_number::IPV6_ICMP;
    let field = Field::find(&ip);
    if ip.from.is_ipv4() && frame[header_at + IPV4_FIELD_AT..header_at + IPV4_FIELD_AT + 2] == [0, 0] {
        let sum = finish(add(0, &frame[header_at..payload_at]));
        put(frame, header_at + IPV4_FIELD_AT, sum);
    }
    if error && verdict == Verdict::Right {
        if let Some(quoted) = frame.get_mut(payload_at + ICMP_HEADER_BYTES..payload_end) {
            fill(LinkType::RAW, quoted);
        }
    } else if verdict != Verdict::LeftOut {
        return;
    }
    if let Some(field) = field {
        let sum = field.expected(frame);
        put(frame, field.at, sum);
    }
}

/// Judges the checksum of what an IP packet carries. `frame` is the frame it was found in.
pub fn check(ip: &Ip<'_>, frame: &[u8]) -> Verdict {
    let Some(field) = Field::find(ip) else { return Verdict::Unknown };
    let found = u16::from_be_bytes([frame[field.at], frame[field.at + 1]]);
    if field.udp && found == 0 {
        return Verdict::Unknown;
    }
    // Over a right field the sum is all ones.
    if finish(add(field.pseudo, &frame[field.payload_at..field.end])) == 0 {
        return Verdict::Right;
    }
    if found == !finish(field.pseudo) {
        return Verdict::LeftOut;
    }
    Verdict::Wrong { found, expected: field.expected(frame) }
}

impl Field {
    fn find(ip: &Ip<'_>) -> Option<Self> {
        const UDP_FIXED_BYTES: usize = 8;
        let (offset, least, pseudo) = match ip.protocol {
            ip_number::TCP => (16, 20, true),
            ip_number::UDP => (6, UDP_FIXED_BYTES, true),
            ip_number::ICMP => (2, 4, false),
            ip_number::IPV6_ICMP => (2, 4, true),
            _ => return None,
        };
        if ip.fragment.is_some() || ip.payload.len() < ip.payload_len || ip.payload_len < least {
            return None;
        }
        let udp = ip.protocol == ip_number::UDP;
        let len = match ip.payload {
            // What stands behind a datagram is not part of it.
            &[_, _, _, _, high, low, ..] if udp => match usize::from(u16::from_be_bytes([high, low])) {
                len @ UDP_FIXED_BYTES.. if len <= ip.payload_len => len,
                _ => return None,
            },
            _ => ip.payload_len,
        };
        Some(Self {
            at: ip.payload_at + offset,
            payload_at: ip.payload_at,
            end: ip.payload_at + len,
            pseudo: if pseudo { pseudo_header(ip, len) } else { 0 },
            udp,
        })
    }

    fn expected(&self, frame: &[u8]) -> u16 {
        // The field counts as 0: its own value is taken out of the sum again.
        let before = add(self.pseudo, &frame[self.payload_at..self.at]);
        let sum = finish(add(before, &frame[self.at + 2..self.end]));
        // In UDP, 0 says that there is none (RFC 768).
        if self.udp && sum == 0 { 0xffff } else { sum }
    }
}

fn pseudo_header(ip: &Ip<'_>, len: usize) -> u64 {
    let addresses = match (ip.from, ip.to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => add(add(0, &from.octets()), &to.octets()),
        (IpAddr::V6(from), IpAddr::V6(to)) => add(add(0, &from.octets()), &to.octets()),
        // A packet has one version.
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => 0,
    };
    addresses + u64::from(ip.protocol.0) + len as u64
}

/// Adds the bytes as numbers of 32 bits, which comes to the same (RFC 1071, section 2): `u64` holds more than 2^32 of them. `sum` is of whole words.
fn add(mut sum: u64, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<4>();
    sum += words.iter().map(|&word| u64::from(u32::from_be_bytes(word))).sum::<u64>();
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    sum + u64::from(u32::from_be_bytes(last))
}

fn finish(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn put(frame: &mut [u8], at: usize, sum: u16) {
    frame[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}
