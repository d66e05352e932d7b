//! The frames in a block of the ring.

use std::mem::offset_of;

use libc::{tpacket_hdr_v1, tpacket_hdr_variant1, tpacket3_hdr};

use wire::LinkType;

/// A frame as it was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// When, in nanoseconds since 1970, by the computer's clock.
    pub at: u64,
    /// From its first header on; a VLAN tag that the interface has taken out is in its place again.
    pub bytes: &'a [u8],
    /// How long it was; more than `bytes` where it was cut.
    pub original_len: usize,
    /// Whether its transport's checksum was left to an interface that comes later, and is not there yet.
    pub lacks_checksum: bool,
}

/// Shows the frames of a block; tells how many they were.
pub(super) fn show(block: &[u8], link: LinkType, scratch: &mut Vec<u8>, show: &mut impl FnMut(Frame<'_>)) -> u64 {
    let count = word(block, super::ring::BLOCK_HEADER + offset_of!(tpacket_hdr_v1, num_pkts));
    let mut at = word(block, super::ring::BLOCK_HEADER + offset_of!(tpacket_hdr_v1, offset_to_first_pkt)) as usize;
    for _ in 0..count {
        let header = block.get(at..).unwrap_or_default();
        if let Some(frame) = frame(header, link, scratch) {
            show(frame);
        }
        at += word(header, offset_of!(tpacket3_hdr, tp_next_offset)) as usize;
    }
    count.into()
}

/// Reads the frame whose `tpacket3_hdr` stands at the start. None where the kernel's offsets lead out of the block, which they never do.
fn frame<'a>(bytes: &'a [u8], link: LinkType, scratch: &'a mut Vec<u8>) -> Option<Frame<'a>> {
    let status = word(bytes, offset_of!(tpacket3_hdr, tp_status));
    let start = usize::from(half(bytes, offset_of!(tpacket3_hdr, tp_mac)));
    let captured = word(bytes, offset_of!(tpacket3_hdr, tp_snaplen)) as usize;
    let mut original_len = word(bytes, offset_of!(tpacket3_hdr, tp_len)) as usize;
    let whole = bytes.get(start..)?.get(..captured)?;
    let seconds = u64::from(word(bytes, offset_of!(tpacket3_hdr, tp_sec)));
    let nanoseconds = u64::from(word(bytes, offset_of!(tpacket3_hdr, tp_nsec)));
    let shown = match link {
        LinkType::ETHERNET if status & libc::TP_STATUS_VLAN_VALID != 0 => {
            original_len += VLAN_TAG_BYTES;
            tagged(whole, bytes, status, scratch)?
        }
        LinkType::ETHERNET => whole,
        _ => {
            let network = usize::from(half(bytes, offset_of!(tpacket3_hdr, tp_net)));
            original_len = original_len.saturating_sub(network.saturating_sub(start));
            bytes.get(network..start + captured)?
        }
    };
    let at = seconds * 1_000_000_000 + nanoseconds;
    Some(Frame { at, bytes: shown, original_len, lacks_checksum: status & libc::TP_STATUS_CSUMNOTREADY != 0 })
}

/// The frame with its VLAN tag between the addresses and the type: IEEE 802.1Q, clause 9.
fn tagged<'a>(frame: &[u8], header: &[u8], status: u32, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    const VARIANT: usize = offset_of!(tpacket3_hdr, hv1);
    let control = word(header, VARIANT + offset_of!(tpacket_hdr_variant1, tp_vlan_tci)) as u16;
    let kind = match status & libc::TP_STATUS_VLAN_TPID_VALID {
        0 => ETHERTYPE_VLAN,
        _ => half(header, VARIANT + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid)),
    };
    let (addresses, rest) = frame.split_at_checked(ADDRESSES_BYTES)?;
    scratch.clear();
    scratch.extend_from_slice(addresses);
    scratch.extend_from_slice(&kind.to_be_bytes());
    scratch.extend_from_slice(&control.to_be_bytes());
    scratch.extend_from_slice(rest);
    Some(scratch)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |word| u32::from_ne_bytes(*word))
}

fn half(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |half| u16::from_ne_bytes(*half))
}

/// A frame's two hardware addresses.
const ADDRESSES_BYTES: usize = 12;
const VLAN_TAG_BYTES: usize = 4;
const ETHERTYPE_VLAN: u16 = 0x8100;
