//! The classic pcap file: a header, then records.

use super::options::Order;
use super::reader::{CaptureError, Damage, Step};
use super::{LinkType, PACKET_BYTES_MAX, Packet};

pub(super) const HEADER_BYTES: usize = 24;
const RECORD_HEAD_BYTES: usize = 16;
const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;

/// What a pcap file says in its first 24 bytes.
pub(super) struct Classic {
    order: Order,
    nanoseconds_a_tick: u64,
    link: LinkType,
}

impl Classic {
    /// Whether a file that begins so is one of these.
    pub(super) fn is_one(magic: [u8; 4]) -> bool {
        [u32::from_le_bytes(magic), u32::from_be_bytes(magic)]
            .iter()
            .any(|magic| [MAGIC_MICROSECONDS, MAGIC_NANOSECONDS].contains(magic))
    }

    /// Reads the header of [`HEADER_BYTES`].
    pub(super) fn new(header: &[u8]) -> Option<Self> {
        let little = Order::Little.u32(header, 0)?;
        let order = if [MAGIC_MICROSECONDS, MAGIC_NANOSECONDS].contains(&little) { Order::Little } else { Order::Big };
        let nanoseconds_a_tick = if order.u32(header, 0)? == MAGIC_NANOSECONDS { 1 } else { 1000 };
        // The upper bits tell of a checksum behind each frame, which IP's own lengths leave out.
        let link = LinkType((order.u32(header, 20)? & 0xffff) as u16);
        Some(Self { order, nanoseconds_a_tick, link })
    }

    pub(super) fn link(&self) -> LinkType {
        self.link
    }

    /// Hands on the record that `bytes` begin with.
    pub(super) fn step(&self, bytes: &[u8], each: &mut impl FnMut(Packet<'_>)) -> Result<Step, CaptureError> {
        let head =
            (self.order.u32(bytes, 0), self.order.u32(bytes, 4), self.order.u32(bytes, 8), self.order.u32(bytes, 12));
        let (Some(seconds), Some(ticks), Some(captured), Some(original_len)) = head else {
            return Ok(Step::Need(RECORD_HEAD_BYTES));
        };
        let end = RECORD_HEAD_BYTES.saturating_add(captured as usize);
        if captured as usize > PACKET_BYTES_MAX {
            return Err(Damage::PacketTooLong(captured).into());
        }
        let Some(packet) = bytes.get(RECORD_HEAD_BYTES..end) else { return Ok(Step::Need(end)) };
        each(Packet {
            at: u64::from(seconds) * 1_000_000_000 + u64::from(ticks) * self.nanoseconds_a_tick,
            link: self.link,
            interface: 0,
            bytes: packet,
            original_len: original_len.max(captured),
            comment: None,
        });
        Ok(Step::Packet(end))
    }
}
