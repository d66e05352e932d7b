//! Packets written by hand, as two programs on loopback would send them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use etherparse::{IpHeaders, PacketBuilder, PacketBuilderStep, TcpOptionElement};
use wire::capture::{LinkType, Packet};

const MILLISECOND: u64 = 1_000_000;
/// 2026-01-05 10:00:00 UTC.
const BEGIN: u64 = 1_767_607_200_000_000_000;
const MAC: [u8; 6] = [0; 6];
const TTL: u8 = 64;
const WINDOW: u16 = 512;

/// Frames with their times.
pub(crate) struct Script {
    pub(crate) frames: Vec<(u64, Vec<u8>)>,
    now: u64,
}

/// A TCP connection as it is being written: the numbers each side sends next.
#[derive(Clone, Copy)]
pub(crate) struct Tcp {
    pub(crate) ends: [SocketAddr; 2],
    pub(crate) next: [u32; 2],
}

/// Who sends.
pub(crate) const CLIENT: usize = 0;
pub(crate) const SERVER: usize = 1;

pub(crate) fn local(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

pub(crate) fn ethernet(from: SocketAddr, to: SocketAddr) -> PacketBuilderStep<IpHeaders> {
    let builder = PacketBuilder::ethernet2(MAC, MAC);
    match (from.ip(), to.ip()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => builder.ipv4(from.octets(), to.octets(), TTL),
        (IpAddr::V6(from), IpAddr::V6(to)) => builder.ipv6(from.octets(), to.octets(), TTL),
        _ => panic!("a packet has one version"),
    }
}

/// The control bits of a segment, as `"SA"` for SYN and ACK.
pub(crate) type Bits = &'static str;

pub(crate) fn segment(
    ends: (SocketAddr, SocketAddr),
    bits: Bits,
    numbers: (u32, u32),
    window: u16,
    data: &[u8],
) -> Vec<u8> {
    let (from, to) = ends;
    let mut step = ethernet(from, to).tcp(from.port(), to.port(), numbers.0, window);
    for bit in bits.chars() {
        step = match bit {
            'S' => {
                let options = [
                    TcpOptionElement::MaximumSegmentSize(1460),
                    TcpOptionElement::SelectiveAcknowledgementPermitted,
                    TcpOptionElement::Noop,
                    TcpOptionElement::WindowScale(7),
                ];
                step.syn().options(&options).unwrap()
            }
            'A' => step.ack(numbers.1),
            'P' => step.psh(),
            'F' => step.fin(),
            'R' => step.rst(),
            other => panic!("no such bit: {other}"),
        };
    }
    let mut frame = Vec::new();
    step.write(&mut frame, data).unwrap();
    frame
}

pub(crate) fn datagram(from: SocketAddr, to: SocketAddr, data: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    ethernet(from, to).udp(from.port(), to.port()).write(&mut frame, data).unwrap();
    frame
}

/// The ICMP error that nobody listens where `frame` was to go.
pub(crate) fn port_unreachable(frame: &[u8], from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    use etherparse::icmpv4::DestUnreachableHeader::Port;
    const ETHERNET_BYTES: usize = 14;
    let mut error = Vec::new();
    let kind = etherparse::Icmpv4Type::DestinationUnreachable(Port);
    ethernet(from, to).icmpv4(kind).write(&mut error, &frame[ETHERNET_BYTES..]).unwrap();
    error
}

impl Script {
    pub(crate) fn new() -> Self {
        Self { frames: Vec::new(), now: BEGIN }
    }

    /// Lets time pass, in milliseconds.
    pub(crate) fn wait(&mut self, milliseconds: u64) {
        self.now += milliseconds * MILLISECOND;
    }

    /// Writes a frame; the next comes 20 microseconds later.
    pub(crate) fn frame(&mut self, frame: Vec<u8>) {
        self.frames.push((self.now, frame));
        self.now += 20_000;
    }

    /// Writes the three segments of the handshake.
    pub(crate) fn open(&mut self, client: SocketAddr, server: SocketAddr, first: [u32; 2]) -> Tcp {
        let mut tcp = Tcp { ends: [client, server], next: first };
        self.send(&mut tcp, CLIENT, "S", b"");
        self.send(&mut tcp, SERVER, "SA", b"");
        self.send(&mut tcp, CLIENT, "A", b"");
        tcp
    }

    /// Writes a segment whose numbers follow on those before.
    pub(crate) fn send(&mut self, tcp: &mut Tcp, by: usize, bits: Bits, data: &[u8]) {
        self.send_with_window(tcp, by, bits, WINDOW, data);
    }

    pub(crate) fn send_with_window(&mut self, tcp: &mut Tcp, by: usize, bits: Bits, window: u16, data: &[u8]) {
        let ends = (tcp.ends[by], tcp.ends[1 - by]);
        let frame = segment(ends, bits, (tcp.next[by], tcp.next[1 - by]), window, data);
        let occupied = data.len() as u32 + u32::from(bits.contains(['S', 'F']));
        tcp.next[by] = tcp.next[by].wrapping_add(occupied);
        self.frame(frame);
    }

    /// Data, and the acknowledgement that follows at once.
    pub(crate) fn say(&mut self, tcp: &mut Tcp, by: usize, data: &[u8]) {
        self.send(tcp, by, "PA", data);
        self.send(tcp, 1 - by, "A", b"");
    }

    /// The four segments of a close that `by` begins.
    pub(crate) fn close(&mut self, tcp: &mut Tcp, by: usize) {
        self.send(tcp, by, "FA", b"");
        self.send(tcp, 1 - by, "A", b"");
        self.wait(1);
        self.send(tcp, 1 - by, "FA", b"");
        self.send(tcp, by, "A", b"");
    }

    pub(crate) fn datagram(&mut self, from: SocketAddr, to: SocketAddr, data: &[u8]) {
        self.frame(datagram(from, to, data));
    }

    /// The packets, numbered from 1.
    pub(crate) fn packets(&self) -> impl Iterator<Item = (u64, Packet<'_>)> {
        self.frames.iter().zip(1..).map(|((at, frame), number)| {
            let original_len = frame.len() as u32;
            let link = LinkType::ETHERNET;
            (number, Packet { at: *at, link, interface: 0, bytes: frame, original_len, comment: None })
        })
    }
}
