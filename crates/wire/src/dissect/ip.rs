//! The IP header, its options and extensions.

use std::net::IpAddr;

use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice,
    ip_number,
};

/// An IP packet, version 4 or 6.
#[derive(Clone, Copy, Debug)]
pub struct Ip<'a> {
    pub from: IpAddr,
    pub to: IpAddr,
    /// What it carries, behind all extensions.
    pub protocol: IpNumber,
    pub fragment: Option<Fragment>,
    /// Where the IP header begins in the frame.
    pub header_at: usize,
    /// Where the payload begins in the frame.
    pub payload_at: usize,
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// How long the payload was on the wire, in bytes.
    pub payload_len: usize,
}

/// Which part of a larger packet this is (RFC 791, section 3.2; RFC 8200, section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    pub identification: u32,
    /// In bytes.
    pub offset: usize,
    /// Whether another follows behind it.
    pub more: bool,
}

impl<'a> Ip<'a> {
    /// `original_len` is how long `bytes` were on the wire, `header_at` where they begin in the frame.
    pub(super) fn new(bytes: &'a [u8], header_at: usize, original_len: usize) -> Option<Self> {
        if bytes.first()? >> 4 == 4 {
            Self::version4(bytes, header_at, original_len)
        } else {
            Self::version6(bytes, header_at, original_len)
        }
    }

    fn version4(bytes: &'a [u8], header_at: usize, original_len: usize) -> Option<Self> {
        let header = Ipv4HeaderSlice::from_slice(bytes).ok()?;
        let header_len = header.slice().len();
        let payload_len = believed(usize::from(header.total_len()), header_len, original_len);
        let fragment = header.is_fragmenting_payload().then(|| Fragment {
            identification: u32::from(header.identification()),
            offset: usize::from(header.fragments_offset().value()) * 8,
            more: header.more_fragments(),
        });
        Some(Self {
            from: header.source_addr().into(),
            to: header.destination_addr().into(),
            protocol: header.protocol(),
            fragment,
            header_at,
            payload_at: header_at + header_len,
            payload: kept(bytes, header_len, payload_len),
            payload_len,
        })
    }

    fn version6(bytes: &'a [u8], header_at: usize, original_len: usize) -> Option<Self> {
        const HEADER_BYTES: usize = 40;
        let header = Ipv6HeaderSlice::from_slice(bytes).ok()?;
        let length = usize::from(header.payload_length());
        // A length of 0 is that of a jumbogram, which Linux also makes on loopback (RFC 2675).
        let length = if length == 0 { 0 } else { length + HEADER_BYTES };
        let all = believed(length, HEADER_BYTES, original_len);
        let behind = kept(bytes, HEADER_BYTES, all);
        let (extensions_len, protocol, fragment) = extensions(header.next_header(), behind);
        Some(Self {
            from: header.source_addr().into(),
            to: header.destination_addr().into(),
            protocol,
            fragment,
            header_at,
            payload_at: header_at + HEADER_BYTES + extensions_len,
            payload: &behind[extensions_len..],
            payload_len: all - extensions_len,
        })
    }
}

/// The payload's length by a header's total length. One that is missing or impossible is left to the frame's own length: a frame
/// captured before the network card cut it into segments may say 0.
fn believed(total_len: usize, header_len: usize, original_len: usize) -> usize {
    let total = if (header_len..=original_len).contains(&total_len) { total_len } else { original_len };
    total.saturating_sub(header_len)
}

fn kept(bytes: &[u8], header_len: usize, payload_len: usize) -> &[u8] {
    let behind = &bytes[header_len..];
    &behind[..behind.len().min(payload_len)]
}

/// Passes over the extension headers of IPv6, up to and with the one that says this is a fragment: behind it stands a piece of something.
fn extensions(first: IpNumber, bytes: &[u8]) -> (usize, IpNumber, Option<Fragment>) {
    let (mut at, mut next) = (0, first);
    loop {
        let rest = &bytes[at..];
        let step = match next {
            ip_number::IPV6_HOP_BY_HOP | ip_number::IPV6_ROUTE | ip_number::IPV6_DEST_OPTIONS => {
                Ipv6RawExtHeaderSlice::from_slice(rest).ok().map(|header| (header.slice().len(), header.next_header()))
            }
            ip_number::AUTH => {
                IpAuthHeaderSlice::from_slice(rest).ok().map(|header| (header.slice().len(), header.next_header()))
            }
            ip_number::IPV6_FRAG => match Ipv6FragmentHeaderSlice::from_slice(rest) {
                Ok(header) if header.is_fragmenting_payload() => {
                    let fragment = Fragment {
                        identification: header.identification(),
                        offset: usize::from(header.fragment_offset().value()) * 8,
                        more: header.more_fragments(),
                    };
                    return (at + header.slice().len(), header.next_header(), Some(fragment));
                }
                // All in one piece, though it says it might not be (RFC 6946).
                Ok(header) => Some((header.slice().len(), header.next_header())),
                Err(_) => None,
            },
            _ => None,
        };
        let Some((length, following)) = step else { return (at, next, None) };
        at += length;
        next = following;
    }
}
