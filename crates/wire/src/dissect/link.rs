//! What stands before the IP header.

use etherparse::{EtherType, ether_type};

use crate::capture::LinkType;

const ETHER_TYPE_BYTES: usize = 2;

/// Where the IP packet begins in a frame, if there is one.
pub(crate) fn ip_offset(link: LinkType, bytes: &[u8]) -> Option<usize> {
    const ETHERNET_ADDRESSES_BYTES: usize = 12;
    const FAMILY_BYTES: usize = 4;
    const COOKED_PROTOCOL_AT: usize = 14;
    const COOKED_BYTES: usize = 16;
    const COOKED2_BYTES: usize = 20;
    let at = match link {
        LinkType::ETHERNET => {
            behind_ether_type(bytes, ETHERNET_ADDRESSES_BYTES, ETHERNET_ADDRESSES_BYTES + ETHER_TYPE_BYTES)?
        }
        LinkType::LINUX_SLL => behind_ether_type(bytes, COOKED_PROTOCOL_AT, COOKED_BYTES)?,
        LinkType::LINUX_SLL2 => behind_ether_type(bytes, 0, COOKED2_BYTES)?,
        // The family's number differs between systems, but the version in the IP header does not.
        LinkType::NULL | LinkType::LOOP => FAMILY_BYTES,
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => 0,
        _ => return None,
    };
    matches!(bytes.get(at)? >> 4, 4 | 6).then_some(at)
}

/// Passes over VLAN tags (IEEE 802.1Q): the type stands at `type_at`, what it tells of begins at `behind`.
fn behind_ether_type(bytes: &[u8], type_at: usize, behind: usize) -> Option<usize> {
    const TAGS_MAX: usize = 4;
    const TAG_BYTES: usize = 4;
    const TAG_TYPE_AT: usize = 2;
    let read = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| EtherType(u16::from_be_bytes(*bytes)));
    let (mut kind, mut at) = (read(type_at)?, behind);
    for _ in 0..TAGS_MAX {
        match kind {
            ether_type::IPV4 | ether_type::IPV6 => return Some(at),
            ether_type::VLAN_TAGGED_FRAME | ether_type::PROVIDER_BRIDGING | ether_type::VLAN_DOUBLE_TAGGED_FRAME => {
                kind = read(at + TAG_TYPE_AT)?;
                at += TAG_BYTES;
            }
            _ => return None,
        }
    }
    None
}
