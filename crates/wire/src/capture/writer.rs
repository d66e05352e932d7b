//! The writer of pcapng, with times in nanoseconds.

use std::net::IpAddr;

use super::{LinkType, Packet, block};

/// Writes a pcapng file of one section, in this machine's byte order, into a buffer that the caller empties into the file.
pub struct Writer {
    interfaces: u32,
}

/// What became of the packets at an interface.
#[derive(Clone, Copy, Debug)]
pub struct Drops {
    /// Nanoseconds since 1970-01-01 UTC.
    pub at: u64,
    pub received: u64,
    /// Those that the kernel had no room for.
    pub dropped: u64,
}

impl Writer {
    /// Begins the file. `application` is the program's name and version.
    pub fn new(application: &str, comment: &str, out: &mut Vec<u8>) -> Self {
        const USER_APPLICATION: u16 = 4;
        write_block(block::SECTION_HEADER, out, |out| {
            put32(block::BYTE_ORDER_MAGIC, out);
            out.extend_from_slice(&1u16.to_ne_bytes());
            out.extend_from_slice(&0u16.to_ne_bytes());
            // The section's length is not known beforehand.
            out.extend_from_slice(&u64::MAX.to_ne_bytes());
            put_option(USER_APPLICATION, application.as_bytes(), out);
            if !comment.is_empty() {
                put_option(block::COMMENT, comment.as_bytes(), out);
            }
            put_option(0, &[], out);
        });
        Self { interfaces: 0 }
    }

    /// Describes an interface and returns its number, from 0. `snap_bytes` is the most that is kept of a packet, 0 for all.
    pub fn interface(&mut self, name: &str, link: LinkType, snap_bytes: u32, out: &mut Vec<u8>) -> u32 {
        const NANOSECONDS: u8 = 9;
        write_block(block::INTERFACE_DESCRIPTION, out, |out| {
            out.extend_from_slice(&link.0.to_ne_bytes());
            out.extend_from_slice(&0u16.to_ne_bytes());
            put32(snap_bytes, out);
            put_option(block::INTERFACE_NAME, name.as_bytes(), out);
            put_option(block::TIME_RESOLUTION, &[NANOSECONDS], out);
            put_option(0, &[], out);
        });
        self.interfaces += 1;
        self.interfaces - 1
    }

    /// Writes a packet with the comments beside it. The packet's own comment is one of them; `link` was told with the interface.
    pub fn packet(&mut self, packet: &Packet<'_>, comments: &[&str], out: &mut Vec<u8>) {
        write_block(block::ENHANCED_PACKET, out, |out| {
            put32(packet.interface, out);
            put32((packet.at >> 32) as u32, out);
            put32(packet.at as u32, out);
            put32(packet.bytes.len() as u32, out);
            put32(packet.original_len, out);
            put_padded(packet.bytes, out);
            let comments = packet.comment.iter().chain(comments).filter(|comment| !comment.is_empty());
            let before = out.len();
            for comment in comments {
                put_option(block::COMMENT, comment.as_bytes(), out);
            }
            if out.len() > before {
                put_option(0, &[], out);
            }
        });
    }

    /// Names addresses. Several parties may share one: then Wireshark shows the last name, so give one name to each address.
    pub fn names<'n>(&mut self, names: impl IntoIterator<Item = (IpAddr, &'n str)>, out: &mut Vec<u8>) {
        write_block(block::NAME_RESOLUTION, out, |out| {
            let mut record = Vec::new();
            for (address, name) in names {
                record.clear();
                let kind = match address {
                    IpAddr::V4(address) => {
                        record.extend_from_slice(&address.octets());
                        block::IPV4_NAME
                    }
                    IpAddr::V6(address) => {
                        record.extend_from_slice(&address.octets());
                        block::IPV6_NAME
                    }
                };
                record.extend(name.bytes().filter(|&byte| byte != 0));
                record.push(0);
                put_option(kind, &record, out);
            }
            put_option(0, &[], out);
        });
    }

    /// Tells what became of an interface's packets; at the end of the file.
    pub fn drops(&mut self, interface: u32, drops: Drops, out: &mut Vec<u8>) {
        write_block(block::INTERFACE_STATISTICS, out, |out| {
            put32(interface, out);
            put32((drops.at >> 32) as u32, out);
            put32(drops.at as u32, out);
            put_option(block::RECEIVED, &drops.received.to_ne_bytes(), out);
            put_option(block::DROPPED_BY_SYSTEM, &drops.dropped.to_ne_bytes(), out);
            put_option(0, &[], out);
        });
    }
}

fn write_block(kind: u32, out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    put32(kind, out);
    put32(0, out);
    body(out);
    let length = (out.len() - start + 4) as u32;
    put32(length, out);
    out[start + 4..start + 8].copy_from_slice(&length.to_ne_bytes());
}

fn put32(number: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(&number.to_ne_bytes());
}

fn put_padded(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(bytes);
    out.resize(out.len() + bytes.len().next_multiple_of(4) - bytes.len(), 0);
}

/// An option is cut where its length no longer fits its field.
fn put_option(code: u16, value: &[u8], out: &mut Vec<u8>) {
    let value = &value[..value.len().min(usize::from(u16::MAX))];
    out.extend_from_slice(&code.to_ne_bytes());
    out.extend_from_slice(&(value.len() as u16).to_ne_bytes());
    put_padded(value, out);
}
