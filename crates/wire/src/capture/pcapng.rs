//! The blocks of a pcapng file, as they are read.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::options::{Options, Order};
use super::reader::{CaptureError, Damage, Interface, Step};
use super::{LinkType, PACKET_BYTES_MAX, Packet, block};
use crate::visible::Visible;

/// Type and length.
const HEAD_BYTES: usize = 8;
/// The length once more.
const TAIL_BYTES: usize = 4;
/// A packet and as much again for what was written beside it. Blocks that are not read may be longer.
const BLOCK_BYTES_MAX: usize = 2 * PACKET_BYTES_MAX;
/// More names and interfaces than these are not kept.
const NAMES_MAX: usize = 4096;
const INTERFACES_MAX: usize = 4096;

/// What is known of the section that is being read.
pub(super) struct Pcapng {
    order: Order,
    sources: Vec<Source>,
    names: BTreeMap<IpAddr, String>,
    last_at: u64,
}

/// An interface, with what is needed to read its packets.
struct Source {
    interface: Interface,
    clock: Clock,
    snap_bytes: u32,
}

/// How the ticks of an interface's clock become nanoseconds.
struct Clock {
    unit: Unit,
    offset_seconds: i64,
}

enum Unit {
    /// A tick is so many nanoseconds.
    Nanoseconds(u64),
    /// A second is so many ticks.
    PerSecond(u128),
}

impl Clock {
    fn nanoseconds(&self, ticks: u64) -> u64 {
        const SECOND: u64 = 1_000_000_000;
        let since = match self.unit {
            Unit::Nanoseconds(each) => ticks.saturating_mul(each),
            Unit::PerSecond(count) => u64::try_from(u128::from(ticks) * u128::from(SECOND) / count).unwrap_or(u64::MAX),
        };
        since.saturating_add_signed(self.offset_seconds.saturating_mul(SECOND as i64))
    }
}

impl Unit {
    /// By the option `if_tsresol`: a power of ten, or of two where the highest bit is set.
    fn new(resolution: u8) -> Self {
        const NANOSECOND: u8 = 9;
        const TENS_MAX: u32 = 38;
        match resolution {
            0..=NANOSECOND => Self::Nanoseconds(10u64.pow(u32::from(NANOSECOND - resolution))),
            tens @ ..=0x7f => Self::PerSecond(10u128.pow(u32::from(tens).min(TENS_MAX))),
            twos => Self::PerSecond(1 << (twos & 0x7f)),
        }
    }
}

impl Default for Pcapng {
    fn default() -> Self {
        Self { order: Order::Little, sources: Vec::new(), names: BTreeMap::new(), last_at: 0 }
    }
}

impl Pcapng {
    pub(super) fn interfaces(&self) -> Vec<Interface> {
        self.sources.iter().map(|source| source.interface.clone()).collect()
    }

    pub(super) fn names(&self) -> &BTreeMap<IpAddr, String> {
        &self.names
    }

    /// Hands on the packet in the block that `bytes` begin with, or learns from the block.
    pub(super) fn step(&mut self, bytes: &[u8], each: &mut impl FnMut(Packet<'_>)) -> Result<Step, CaptureError> {
        // The same in both byte orders.
        let Some(mut kind) = self.order.u32(bytes, 0) else { return Ok(Step::Need(HEAD_BYTES)) };
        let section = kind == block::SECTION_HEADER;
        if section {
            let Some(magic) = Order::Little.u32(bytes, HEAD_BYTES) else { return Ok(Step::Need(HEAD_BYTES + 4)) };
            self.order = match magic {
                block::BYTE_ORDER_MAGIC => Order::Little,
                magic if magic.swap_bytes() == block::BYTE_ORDER_MAGIC => Order::Big,
                _ => return Err(Damage::ByteOrder.into()),
            };
            kind = block::SECTION_HEADER;
        }
        let Some(length) = self.order.u32(bytes, 4) else { return Ok(Step::Need(HEAD_BYTES)) };
        let whole = length as usize;
        // Some writers count without the padding.
        let padded = whole.next_multiple_of(4);
        if whole < HEAD_BYTES + TAIL_BYTES {
            return Err(Damage::BlockLength(length).into());
        }
        if !matters(kind) {
            return Ok(Step::Skip(padded as u64));
        }
        if whole > BLOCK_BYTES_MAX {
            return Err(Damage::BlockLength(length).into());
        }
        let Some(bytes) = bytes.get(..padded) else { return Ok(Step::Need(padded)) };
        if self.order.u32(bytes, padded - TAIL_BYTES) != Some(length) {
            return Err(Damage::LengthsDiffer.into());
        }
        match self.learn(kind, &bytes[HEAD_BYTES..padded - TAIL_BYTES], each) {
            Ok(true) => Ok(Step::Packet(padded)),
            Ok(false) => Ok(Step::Other(padded)),
            Err(damage) => Err(damage.into()),
        }
    }

    /// Takes what stands in a block; returns whether it was a packet.
    fn learn(&mut self, kind: u32, body: &[u8], each: &mut impl FnMut(Packet<'_>)) -> Result<bool, Damage> {
        let taken = match kind {
            block::ENHANCED_PACKET => return self.packet(body, self.order.u32(body, 0), each),
            block::PACKET => return self.packet(body, self.order.u16(body, 0).map(u32::from), each),
            block::SIMPLE_PACKET => return self.simple_packet(body, each),
            block::SECTION_HEADER => {
                self.sources.clear();
                Some(())
            }
            block::INTERFACE_DESCRIPTION => self.describe(body),
            block::INTERFACE_STATISTICS => self.count(body),
            _ => {
                self.name(body);
                Some(())
            }
        };
        taken.map(|()| false).ok_or(Damage::BlockTooShort)
    }

    /// An enhanced packet, or an obsolete one, which differs in where the interface stands.
    fn packet(
        &mut self,
        body: &[u8],
        interface: Option<u32>,
        each: &mut impl FnMut(Packet<'_>),
    ) -> Result<bool, Damage> {
        const FIXED_BYTES: usize = 20;
        let order = self.order;
        let head = (interface, order.halves(body, 4), order.u32(body, 12), order.u32(body, 16));
        let (Some(interface), Some(ticks), Some(captured), Some(original_len)) = head else {
            return Err(Damage::BlockTooShort);
        };
        let source = self.sources.get(interface as usize).ok_or(Damage::UnknownInterface)?;
        let kept = captured as usize;
        let bytes = body.get(FIXED_BYTES..).and_then(|rest| rest.get(..kept)).ok_or(Damage::PacketTooLong(captured))?;
        let options = body.get(FIXED_BYTES + kept.next_multiple_of(4)..).unwrap_or_default();
        self.last_at = source.clock.nanoseconds(ticks);
        each(Packet {
            at: self.last_at,
            link: source.interface.link,
            interface,
            bytes,
            original_len: original_len.max(captured),
            comment: if options.is_empty() { None } else { comment(order, options) },
        });
        Ok(true)
    }

    fn simple_packet(&self, body: &[u8], each: &mut impl FnMut(Packet<'_>)) -> Result<bool, Damage> {
        let original_len = self.order.u32(body, 0).ok_or(Damage::BlockTooShort)?;
        let source = self.sources.first().ok_or(Damage::UnknownInterface)?;
        let limit = if source.snap_bytes == 0 { u32::MAX } else { source.snap_bytes };
        let captured = (original_len.min(limit) as usize).min(body.len() - 4);
        let bytes = &body[4..4 + captured];
        each(Packet {
            at: self.last_at,
            link: source.interface.link,
            interface: 0,
            bytes,
            original_len,
            comment: None,
        });
        Ok(true)
    }

    fn describe(&mut self, body: &[u8]) -> Option<()> {
        const FIXED_BYTES: usize = 8;
        const MICROSECOND: u8 = 6;
        let interface = Interface { name: None, link: LinkType(self.order.u16(body, 0)?), dropped: None };
        let clock = Clock { unit: Unit::new(MICROSECOND), offset_seconds: 0 };
        let mut source = Source { interface, clock, snap_bytes: self.order.u32(body, 4)? };
        for (code, value) in Options::new(self.order, body.get(FIXED_BYTES..)?) {
            match (code, value) {
                (block::INTERFACE_NAME, name) => source.interface.name = Some(text(name)),
                (block::TIME_RESOLUTION, [resolution, ..]) => source.clock.unit = Unit::new(*resolution),
                (block::TIME_OFFSET, value) => {
                    source.clock.offset_seconds = self.order.u64(value).map_or(0, u64::cast_signed);
                }
                _ => {}
            }
        }
        if self.sources.len() < INTERFACES_MAX {
            self.sources.push(source);
        }
        Some(())
    }

    fn count(&mut self, body: &[u8]) -> Option<()> {
        const FIXED_BYTES: usize = 12;
        let number = self.order.u32(body, 0)? as usize;
        let counted = Options::new(self.order, body.get(FIXED_BYTES..)?)
            .filter(|&(code, _)| [block::DROPPED_BY_INTERFACE, block::DROPPED_BY_SYSTEM].contains(&code))
            .filter_map(|(_, value)| self.order.u64(value))
            .reduce(u64::saturating_add);
        if let (Some(source), Some(dropped)) = (self.sources.get_mut(number), counted) {
            // Each such block counts from the beginning, so the last one says it all.
            source.interface.dropped = Some(dropped);
        }
        Some(())
    }

    fn name(&mut self, body: &[u8]) {
        for (kind, value) in Options::new(self.order, body) {
            let (address, names) = match (kind, value.split_first_chunk::<4>(), value.split_first_chunk::<16>()) {
                (block::IPV4_NAME, Some((address, names)), _) => (IpAddr::from(*address), names),
                (block::IPV6_NAME, _, Some((address, names))) => (IpAddr::from(*address), names),
                _ => continue,
            };
            let name = names.split(|&byte| byte == 0).next().unwrap_or_default();
            if self.names.len() < NAMES_MAX && !name.is_empty() {
                self.names.insert(address, text(name));
            }
        }
    }
}

/// Whether a block is read; all others are passed over.
fn matters(kind: u32) -> bool {
    matches!(kind, block::SECTION_HEADER | block::INTERFACE_DESCRIPTION..=block::ENHANCED_PACKET)
}

fn comment(order: Order, options: &[u8]) -> Option<&str> {
    let (_, value) = Options::new(order, options).find(|&(code, _)| code == block::COMMENT)?;
    std::str::from_utf8(value).ok()
}

/// A name, control characters made visible.
fn text(bytes: &[u8]) -> String {
    Visible(bytes).to_string()
}
