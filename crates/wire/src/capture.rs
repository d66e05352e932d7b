//! Capture files: pcap and pcapng are read as they arrive, and pcapng is written.
//!
//! Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, and the list of link types at tcpdump.org/linktypes.html.

mod classic;
mod options;
mod pcapng;
mod reader;
mod writer;

pub use reader::{CaptureError, Damage, Interface, Reader};
pub use writer::{Drops, Writer};

/// How the bytes of a packet begin: the number that capture files use (LINKTYPE_…).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkType(pub u16);

impl LinkType {
    /// BSD loopback: an address family in the byte order of whoever captured.
    pub const NULL: Self = Self(0);
    pub const ETHERNET: Self = Self(1);
    /// An IPv4 or IPv6 packet without anything before it.
    pub const RAW: Self = Self(101);
    /// OpenBSD loopback: as [`Self::NULL`], in network byte order.
    pub const LOOP: Self = Self(108);
    /// Linux cooked capture.
    pub const LINUX_SLL: Self = Self(113);
    pub const IPV4: Self = Self(228);
    pub const IPV6: Self = Self(229);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: Self = Self(276);
}

/// A packet as it was captured.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Nanoseconds since 1970-01-01 UTC. A pcapng Simple Packet Block carries no time: it has that of the packet before it.
    pub at: u64,
    pub link: LinkType,
    /// The interface's place in its section, from 0; always 0 in pcap.
    pub interface: u32,
    /// What was kept of it.
    pub bytes: &'a [u8],
    /// How long it was on the wire, in bytes: more than `bytes` if the capture cut it.
    pub original_len: u32,
    /// What somebody wrote beside it, as they wrote it: show it by [`crate::Visible`].
    pub comment: Option<&'a str>,
}

/// More bytes than any packet has: Linux builds segments of at most 512 KiB.
pub const PACKET_BYTES_MAX: usize = 1 << 20;

/// What a pcapng file calls itself and its blocks.
mod block {
    pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
    pub(super) const INTERFACE_DESCRIPTION: u32 = 1;
    pub(super) const PACKET: u32 = 2;
    pub(super) const SIMPLE_PACKET: u32 = 3;
    pub(super) const NAME_RESOLUTION: u32 = 4;
    pub(super) const INTERFACE_STATISTICS: u32 = 5;
    pub(super) const ENHANCED_PACKET: u32 = 6;
    pub(super) const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;
    pub(super) const COMMENT: u16 = 1;
    pub(super) const INTERFACE_NAME: u16 = 2;
    pub(super) const TIME_RESOLUTION: u16 = 9;
    pub(super) const TIME_OFFSET: u16 = 14;
    pub(super) const RECEIVED: u16 = 4;
    pub(super) const DROPPED_BY_INTERFACE: u16 = 5;
    pub(super) const DROPPED_BY_SYSTEM: u16 = 7;
    pub(super) const IPV4_NAME: u16 = 1;
    pub(super) const IPV6_NAME: u16 = 2;
}
