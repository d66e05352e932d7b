//! A capture like that of a busy chat on loopback: many connections that say lines, some of it twice.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::ops::Range;
use std::path::Path;

use anyhow::Result;
use etherparse::{PacketBuilder, TcpOptionElement};
use wire::Packet;
use wire::capture::{LinkType, Writer};

const CONNECTIONS: usize = 64;
const SERVER_PORT: u16 = 12_009;
const FLUSH_BYTES: usize = 1 << 20;
const BEGIN_NANOSECONDS: u64 = 1_767_607_200_000_000_000;
const WINDOW: u16 = 512;
const TTL: u8 = 64;

/// What each side of a connection sends next, and how often it still speaks.
struct Connection {
    port: u16,
    next: [u32; 2],
    left: u32,
}

struct Traffic {
    chance: fastrand::Rng,
    writer: Writer,
    out: Vec<u8>,
    frame: Vec<u8>,
    at: u64,
    next_port: u16,
    said: Range<u32>,
}

/// Connections of people who stay a while: how often something is said in each.
pub(super) const LONG: Range<u32> = 50..2000;
/// Those of programs that ask and go.
pub(super) const SHORT: Range<u32> = 5..30;

/// Writes a capture of about so many bytes, with connections in which so much is `said`; the same one each time.
pub(super) fn write(path: &Path, bytes: u64, said: Range<u32>) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut out = Vec::new();
    let mut writer = Writer::new("bench", "", &mut out);
    writer.interface("lo", LinkType::ETHERNET, 0, &mut out);
    let chance = fastrand::Rng::with_seed(1);
    let mut traffic =
        Traffic { chance, writer, out, frame: Vec::new(), at: BEGIN_NANOSECONDS, next_port: 20_000, said };
    let mut connections: Vec<_> = (0..CONNECTIONS).map(|_| traffic.open()).collect::<Result<_>>()?;
    let text: Vec<u8> =
        (0..4000u32).map(|place| if place % 37 == 36 { b'\n' } else { b'a' + (place * 7 % 26) as u8 }).collect();
    let mut written = 0;
    while written < bytes {
        let chosen = traffic.chance.usize(..CONNECTIONS);
        traffic.step(&mut connections[chosen], &text)?;
        if connections[chosen].left == 0 {
            traffic.close(&mut connections[chosen])?;
            connections[chosen] = traffic.open()?;
        }
        if traffic.out.len() >= FLUSH_BYTES {
            file.write_all(&traffic.out)?;
            written += traffic.out.len() as u64;
            traffic.out.clear();
        }
    }
    file.write_all(&traffic.out)?;
    Ok(file.flush()?)
}

impl Traffic {
    fn open(&mut self) -> Result<Connection> {
        self.next_port = if self.next_port < 60_000 { self.next_port + 1 } else { 20_001 };
        let next = [self.chance.u32(1..1 << 31), self.chance.u32(1..1 << 31)];
        let mut connection = Connection { port: self.next_port, next, left: self.chance.u32(self.said.clone()) };
        self.send(&mut connection, 0, "S", b"")?;
        self.send(&mut connection, 1, "SA", b"")?;
        self.send(&mut connection, 0, "A", b"")?;
        Ok(connection)
    }

    fn close(&mut self, connection: &mut Connection) -> Result<()> {
        self.send(connection, 0, "FA", b"")?;
        self.send(connection, 1, "FA", b"")?;
        self.send(connection, 0, "A", b"")
    }

    /// One side says something, mostly short; sometimes it is sent twice, and half of the time it is acknowledged alone.
    fn step(&mut self, connection: &mut Connection, text: &[u8]) -> Result<()> {
        const TIMEOUT_NANOSECONDS: u64 = 300_000_000;
        connection.left -= 1;
        let by = self.chance.usize(..2);
        let short = self.chance.u8(..) < 200;
        let len = if short { self.chance.usize(20..200) } else { self.chance.usize(200..1400) };
        let start = self.chance.usize(..2000);
        let before = connection.next;
        self.send(connection, by, "PA", &text[start..start + len])?;
        if self.chance.u16(..) < 100 {
            self.at += TIMEOUT_NANOSECONDS;
            connection.next = before;
            self.send(connection, by, "PA", &text[start..start + len])?;
        }
        if self.chance.bool() { self.send(connection, 1 - by, "A", b"") } else { Ok(()) }
    }

    fn send(&mut self, connection: &mut Connection, by: usize, bits: &str, data: &[u8]) -> Result<()> {
        let [from, to] = if by == 0 { [connection.port, SERVER_PORT] } else { [SERVER_PORT, connection.port] };
        let ip = PacketBuilder::ethernet2([0; 6], [0; 6]).ipv4([127, 0, 0, 1], [127, 0, 0, 1], TTL);
        let mut segment = ip.tcp(from, to, connection.next[by], WINDOW);
        for bit in bits.bytes() {
            segment = match bit {
                b'S' => segment
                    .syn()
                    .options(&[TcpOptionElement::MaximumSegmentSize(1460), TcpOptionElement::WindowScale(7)])?,
                b'F' => segment.fin(),
                b'P' => segment.psh().options(&[TcpOptionElement::Timestamp(1, 2)])?,
                _ => segment.ack(connection.next[1 - by]),
            };
        }
        self.frame.clear();
        segment.write(&mut self.frame, data)?;
        let occupied = data.len() as u32 + u32::from(bits.contains(['S', 'F']));
        connection.next[by] = connection.next[by].wrapping_add(occupied);
        self.at += self.chance.u64(1000..30_000);
        let original_len = self.frame.len() as u32;
        let packet = Packet {
            at: self.at,
            link: LinkType::ETHERNET,
            interface: 0,
            bytes: &self.frame,
            original_len,
            comment: None,
        };
        self.writer.packet(&packet, &[], &mut self.out);
        Ok(())
    }
}
