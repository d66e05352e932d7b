//! Arbitrary packets and files, decoded from bytes: what a fuzzer calls, and plain tests with random bytes.
//!
//! Whatever comes, nothing may panic, nothing that is written may hold a character that acts on a terminal, and no line may be wider than the
//! window it is for.

use std::net::{Ipv4Addr, SocketAddr};

use etherparse::PacketBuilder;

use crate::capture::{LinkType, Packet, Reader};
use crate::checksum::{self, Verdict};
use crate::dissect;
use crate::story::{Options, Story};
use crate::visible::{columns, is_printable};
use crate::{Ladder, Lines, summary};

/// More packets than these say nothing new.
const PACKETS_MAX: usize = 300;
const LINKS: [LinkType; 9] = [
    LinkType::ETHERNET,
    LinkType::RAW,
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType(0xffff),
];

/// Choices, taken from bytes; zeros once they are used up.
struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    fn byte(&mut self) -> u8 {
        let (&byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        byte
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let count = usize::from(self.byte()).min(most).min(self.0.len());
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    /// A number near a few others, so that segments meet; near the end of all numbers too.
    fn number(&mut self) -> u32 {
        let near = [0, 1000, u32::MAX - 100, 1 << 31][usize::from(self.byte() % 4)];
        near.wrapping_add(u32::from(self.byte()))
    }
}

/// Tells the packets in `data`: well-formed ones between a few sockets, bent ones, and noise.
///
/// # Panics
/// If one of the rules above is broken.
pub fn play_story(data: &[u8]) {
    let mut choices = Choices(data);
    let width = 20 + usize::from(choices.byte());
    let options = Options { acknowledgements: choices.byte().is_multiple_of(2), ..Options::default() };
    let (mut story, mut lines, mut ladder) = (Story::new(options), Lines::new(Some(width)), Ladder::new(width));
    let (mut at, mut text, mut drawn) = (0u64, String::new(), String::new());
    for number in 1..=PACKETS_MAX as u64 {
        if choices.0.is_empty() {
            break;
        }
        at += u64::from(choices.byte()) * 300_000;
        let mut frame = frame(&mut choices);
        if choices.byte().is_multiple_of(8) && !frame.is_empty() {
            let place = usize::from(choices.byte()) % frame.len();
            frame[place] ^= choices.byte();
        }
        let kept =
            if choices.byte().is_multiple_of(16) { usize::from(choices.byte()).min(frame.len()) } else { frame.len() };
        let packet = Packet {
            at,
            link: LinkType::ETHERNET,
            interface: 0,
            bytes: &frame[..kept],
            original_len: frame.len() as u32,
            comment: None,
        };
        story.take(&packet, number, &mut |event| {
            text.clear();
            lines.write(event, &mut text);
            judge(&text, width.max(40), "a line");
            drawn.clear();
            ladder.draw(event, &mut drawn);
            drawn.lines().for_each(|row| judge(row, width.max(30), "the ladder"));
        });
    }
    text.clear();
    summary::write(&story.finish(), width, &mut text);
    text.lines().for_each(|row| assert!(row.chars().all(is_printable), "the summary: {row:?}"));
}

fn judge(text: &str, width: usize, what: &str) {
    assert!(text.chars().all(is_printable), "{what} acts on a terminal: {text:?}");
    assert!(columns(text) <= width, "{what} is wider than {width} columns: {text}");
}

/// A frame between two of a few sockets.
fn frame(choices: &mut Choices<'_>) -> Vec<u8> {
    const TTL: u8 = 64;
    let kind = choices.byte();
    if kind.is_multiple_of(11) {
        return choices.bytes(200).to_vec();
    }
    let mut socket = || SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 5000 + u16::from(choices.byte() % 4));
    let (from, to) = (socket(), socket());
    let ip = PacketBuilder::ethernet2([0; 6], [0; 6]).ipv4([127, 0, 0, 1], [127, 0, 0, 1], TTL);
    let mut frame = Vec::new();
    let written = if kind.is_multiple_of(5) {
        ip.udp(from.port(), to.port()).write(&mut frame, choices.bytes(100))
    } else if kind.is_multiple_of(7) {
        let quoted = choices.bytes(60);
        ip.icmpv4_raw(3, kind % 16, [0; 4]).write(&mut frame, quoted)
    } else {
        let mut tcp = ip.tcp(from.port(), to.port(), choices.number(), u16::from(choices.byte()));
        let bits = choices.byte();
        if bits & 1 != 0 {
            tcp = tcp.fin();
        }
        if bits & 6 == 6 {
            tcp = tcp.syn();
        }
        if bits & 0x38 == 0x38 {
            tcp = tcp.rst();
        }
        if bits & 0x40 != 0 {
            tcp = tcp.psh();
        }
        if bits & 0x88 != 0 {
            tcp = tcp.ack(choices.number());
        }
        tcp.write(&mut frame, choices.bytes(80))
    };
    // What was too long for a packet is no packet.
    if written.is_err() {
        frame.clear();
    }
    frame
}

/// Reads `data` as a capture file in pieces and in one, behind a good beginning or as it is.
///
/// # Panics
/// If both readings differ, or if one goes on after it failed.
pub fn play_capture(data: &[u8]) {
    let mut choices = Choices(data);
    let begin = [&b""[..], CLASSIC, SECTION, INTERFACE][usize::from(choices.byte() % 4)];
    let piece = 1 + usize::from(choices.byte());
    let file = [begin, choices.0].concat();
    let whole = read(&file, file.len().max(1));
    assert_eq!(whole, read(&file, piece), "in pieces of {piece}");
}

const CLASSIC: &[u8] = b"\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01\0\0\0";
const SECTION: &[u8] = b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0";
/// A section with one interface, and the first byte of a packet in it.
const INTERFACE: &[u8] = b"\n\r\r\n\x1c\0\0\0\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0\
    \x01\0\0\0\x14\0\0\0\x01\0\0\0\0\0\x04\0\x14\0\0\0\x06\0\0\0";

/// The packets' times and bytes, and how it ended.
fn read(file: &[u8], piece: usize) -> (Vec<(u64, Vec<u8>)>, String) {
    let (mut reader, mut packets) = (Reader::new(), Vec::new());
    let mut take = |packet: Packet<'_>| packets.push((packet.at, packet.bytes.to_vec()));
    let fed = file.chunks(piece).try_for_each(|piece| reader.feed(piece, &mut take));
    if let Err(error) = &fed {
        let again = reader.feed(b"more", &mut |_| panic!("a packet after the end"));
        assert_eq!(again.as_ref(), Err(error));
    }
    let ended = fed.and_then(|()| reader.finish());
    assert_eq!(reader.packets(), packets.len() as u64);
    (packets, format!("{ended:?}"))
}

/// Takes `data` apart as a frame of each link type, and fills in the checksums that were left out.
///
/// # Panics
/// If there is anything left to fill in, or if one that was wrong is no longer.
pub fn play_frame(data: &[u8]) {
    for link in LINKS {
        let Some(ip) = dissect::dissect(link, data, data.len() as u32) else { continue };
        assert!(ip.payload.len() <= ip.payload_len, "more was captured than was sent");
        let before = checksum::check(&ip, data);
        let mut filled = data.to_vec();
        checksum::fill(link, &mut filled);
        let Some(ip) = dissect::dissect(link, &filled, filled.len() as u32) else { continue };
        let after = checksum::check(&ip, &filled);
        assert_eq!(after, if before == Verdict::LeftOut { Verdict::Right } else { before });
    }
}
