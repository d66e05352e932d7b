//! Which packets the kernel hands over, as a program for its classic BPF machine.
//!
//! Loads are relative to the network header (`SKF_NET_OFF`) and the kind of packet comes from the kernel (`SKF_AD_PROTOCOL`), so one program
//! fits every link, with VLAN tags and without. Source: Documentation/networking/filter.rst of Linux.

use std::net::IpAddr;

use socket2::SockFilter;
use wire::Transport;

/// The packets wanted. An empty list asks for nothing in particular; all lists hold at once.
///
/// Later fragments of a datagram and IPv6 packets with extension headers tell no port where the kernel's machine can look, and pass with any.
/// ICMP errors pass if the packet that they quote is of the ports wanted, whoever sent them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub transports: Vec<Transport>,
    /// Either end's; at most [`Filter::PLACES_MAX`].
    pub ports: Vec<u16>,
    /// Either end's; at most [`Filter::PLACES_MAX`].
    pub hosts: Vec<IpAddr>,
}

impl Filter {
    /// So many ports and hosts fit into a program of the kernel's 4096 instructions with room to spare.
    pub const PLACES_MAX: usize = 64;

    /// Whether every packet passes, of whatever protocol.
    pub fn is_open(&self) -> bool {
        self == &Self::default()
    }

    /// The program, for `SO_ATTACH_FILTER`.
    pub(super) fn program(&self) -> Vec<SockFilter> {
        let mut program = Program::default();
        if self.is_open() {
            program.push(RETURN, WHOLE);
            return program.assemble();
        }
        program.push(LOAD_WORD, KIND);
        program.jump_if(EQUAL, ETHERTYPE_IPV4, Label::V4);
        program.jump_if(EQUAL, ETHERTYPE_IPV6, Label::V6);
        program.push(RETURN, NOTHING);
        self.ipv4(&mut program);
        self.ipv6(&mut program);
        program.place(Label::Pass);
        program.push(RETURN, WHOLE);
        program.assemble()
    }

    /// RFC 791, section 3.1.
    fn ipv4(&self, program: &mut Program) {
        program.place(Label::V4);
        program.push(LOAD_BYTE, NET + 9);
        program.jump_if(EQUAL, ICMP, Label::V4Error);
        self.want_transport(program, Label::V4Transport);
        program.place(Label::V4Transport);
        self.want_host(program, [12, 16], Label::V4Ports);
        program.place(Label::V4Ports);
        program.push(LOAD_HALF, NET + 6);
        program.jump_if(ANY_BIT, FRAGMENT_OFFSET, Label::Pass);
        program.push(X_FROM_HEADER, NET);
        self.want_port(program, LOAD_HALF_AT_X, NET);
        // RFC 792: an error quotes the packet's header and eight bytes more, after eight of its own.
        program.place(Label::V4Error);
        program.push(X_FROM_HEADER, NET);
        program.push(LOAD_BYTE_AT_X, NET);
        for kind in ICMP_ERRORS {
            program.jump_if(EQUAL, kind, Label::V4Quoted);
        }
        program.push(RETURN, NOTHING);
        program.place(Label::V4Quoted);
        program.push(LOAD_BYTE_AT_X, NET + 8 + 9);
        self.want_transport(program, Label::V4QuotedPorts);
        program.place(Label::V4QuotedPorts);
        program.push(LOAD_BYTE_AT_X, NET + 8);
        program.push(AND, 0xf);
        program.push(SHIFT_LEFT, 2);
        program.push(ADD_X, 0);
        program.push(X_FROM_A, 0);
        self.want_port(program, LOAD_HALF_AT_X, NET + 8);
    }

    /// RFC 8200, section 3.
    fn ipv6(&self, program: &mut Program) {
        program.place(Label::V6);
        program.push(LOAD_BYTE, NET + 6);
        program.jump_if(EQUAL, ICMP_V6, Label::V6Error);
        for extension in EXTENSIONS {
            program.jump_if(EQUAL, extension, Label::V6Extended);
        }
        self.want_transport(program, Label::V6Transport);
        program.place(Label::V6Extended);
        self.want_host(program, [8, 24], Label::Pass);
        program.place(Label::V6Transport);
        self.want_host(program, [8, 24], Label::V6Ports);
        program.place(Label::V6Ports);
        self.want_port(program, LOAD_HALF, NET + 40);
        // RFC 4443, section 2.1: errors have the types below 128.
        program.place(Label::V6Error);
        program.push(LOAD_BYTE, NET + 40);
        program.jump_if(ANY_BIT, 0x80, Label::Drop);
        program.push(LOAD_BYTE, NET + 48 + 6);
        self.want_transport(program, Label::V6Quoted);
        program.place(Label::V6Quoted);
        self.want_port(program, LOAD_HALF, NET + 48 + 40);
        program.place(Label::Drop);
        program.push(RETURN, NOTHING);
    }

    /// With the protocol loaded: on to `next` if it is wanted, else dropped.
    fn want_transport(&self, program: &mut Program, next: Label) {
        let wanted = |transport| self.transports.is_empty() || self.transports.contains(&transport);
        for (transport, number) in [(Transport::Tcp, TCP), (Transport::Udp, UDP)] {
            if wanted(transport) {
                program.jump_if(EQUAL, number, next);
            }
        }
        program.push(RETURN, NOTHING);
    }

    /// On to `next` if the source or the destination, which stand at `places`, is wanted, else dropped.
    fn want_host(&self, program: &mut Program, places: [u32; 2], next: Label) {
        if self.hosts.is_empty() {
            return program.jump(next);
        }
        let is_v4 = places[1] - places[0] == 4;
        for host in self.hosts.iter().take(Self::PLACES_MAX).filter(|host| host.is_ipv4() == is_v4) {
            let words: Vec<u32> = match host {
                IpAddr::V4(host) => vec![host.to_bits()],
                IpAddr::V6(host) => host.octets().chunks_exact(4).map(be_word).collect(),
            };
            for place in places {
                program.jump_if_words(&words, NET + place, next);
            }
        }
        program.push(RETURN, NOTHING);
    }

    /// Passes if the source or the destination port, which stand at `place` (after X, if `load` adds it), is wanted, else drops.
    fn want_port(&self, program: &mut Program, load: u16, place: u32) {
        if self.ports.is_empty() {
            return program.jump(Label::Pass);
        }
        for place in [place, place + 2] {
            program.push(load, place);
            for port in self.ports.iter().take(Self::PLACES_MAX) {
                program.jump_if(EQUAL, u32::from(*port), Label::Pass);
            }
        }
        program.push(RETURN, NOTHING);
    }
}

fn be_word(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte))
}

/// A program that lets nothing pass.
pub(super) fn closed() -> Vec<SockFilter> {
    vec![SockFilter::new(RETURN, 0, 0, NOTHING)]
}

/// Where a program goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Label {
    V4,
    V4Transport,
    V4Ports,
    V4Error,
    V4Quoted,
    V4QuotedPorts,
    V6,
    V6Extended,
    V6Transport,
    V6Ports,
    V6Error,
    V6Quoted,
    Drop,
    Pass,
}

/// A program whose jumps still name their ends.
#[derive(Debug, Default)]
struct Program {
    instructions: Vec<Instruction>,
    places: Vec<(Label, usize)>,
}

#[derive(Debug)]
enum Instruction {
    Plain {
        code: u16,
        skip_if_not: u8,
        k: u32,
    },
    /// A conditional jump reaches 255 instructions; this one reaches all.
    Jump(Label),
}

impl Program {
    fn push(&mut self, code: u16, k: u32) {
        self.instructions.push(Instruction::Plain { code, skip_if_not: 0, k });
    }

    fn jump(&mut self, label: Label) {
        self.instructions.push(Instruction::Jump(label));
    }

    fn jump_if(&mut self, code: u16, k: u32, label: Label) {
        self.instructions.push(Instruction::Plain { code, skip_if_not: 1, k });
        self.jump(label);
    }

    /// Jumps if these words stand at `place`.
    fn jump_if_words(&mut self, words: &[u32], place: u32, label: Label) {
        let mut offset = place;
        let mut left = words.len();
        for word in words {
            self.push(LOAD_WORD, offset);
            offset += 4;
            left -= 1;
            // What follows for each word left is its load and its comparison; after the last comes the jump.
            let skip_if_not = u8::try_from(left * 2 + 1).unwrap_or(u8::MAX);
            self.instructions.push(Instruction::Plain { code: EQUAL, skip_if_not, k: *word });
        }
        self.jump(label);
    }

    fn place(&mut self, label: Label) {
        self.places.push((label, self.instructions.len()));
    }

    fn assemble(self) -> Vec<SockFilter> {
        let end_of = |label: &Label| self.places.iter().find(|(placed, _)| placed == label).map_or(0, |(_, at)| *at);
        let assembled = self.instructions.iter().enumerate().map(|(at, instruction)| match instruction {
            Instruction::Plain { code, skip_if_not, k } => SockFilter::new(*code, 0, *skip_if_not, *k),
            Instruction::Jump(label) => {
                // Every label is placed after the jumps to it: the kernel's machine only goes forward.
                let distance = end_of(label).saturating_sub(at + 1);
                SockFilter::new(ALWAYS, 0, 0, u32::try_from(distance).unwrap_or(u32::MAX))
            }
        });
        assembled.collect()
    }
}

/// `SKF_NET_OFF`: offsets from here count from the network header.
const NET: u32 = 0xfff0_0000;
/// `SKF_AD_OFF + SKF_AD_PROTOCOL`: the packet's EtherType.
const KIND: u32 = 0xffff_f000;

const LOAD_WORD: u16 = 0x20;
const LOAD_HALF: u16 = 0x28;
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF_AT_X: u16 = 0x48;
const LOAD_BYTE_AT_X: u16 = 0x50;
/// X becomes the length of the IPv4 header there.
const X_FROM_HEADER: u16 = 0xb1;
const X_FROM_A: u16 = 0x07;
const AND: u16 = 0x54;
const SHIFT_LEFT: u16 = 0x64;
const ADD_X: u16 = 0x0c;
const ALWAYS: u16 = 0x05;
const EQUAL: u16 = 0x15;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

const WHOLE: u32 = u32::MAX;
const NOTHING: u32 = 0;

const ETHERTYPE_IPV4: u32 = 0x0800;
const ETHERTYPE_IPV6: u32 = 0x86dd;
const FRAGMENT_OFFSET: u32 = 0x1fff;

const ICMP: u32 = 1;
const TCP: u32 = 6;
const UDP: u32 = 17;
const ICMP_V6: u32 = 58;
/// Destination unreachable, source quench, redirect, time exceeded, parameter problem.
const ICMP_ERRORS: [u32; 5] = [3, 4, 5, 11, 12];
/// Hop-by-hop options, routing, fragment, authentication, destination options.
const EXTENSIONS: [u32; 5] = [0, 43, 44, 51, 60];
