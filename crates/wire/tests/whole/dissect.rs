//! Frames of all kinds lead to the same segment.

use std::net::IpAddr;

use etherparse::{IpFragOffset, IpNumber, Ipv4Header, PacketBuilder};
use wire::capture::{LinkType, Packet};
use wire::dissect::{Ip, dissect};
use wire::story::{Kind, Mark, Options, Story};
use wire::{Transport, endpoints};

use crate::script::{Script, datagram, local, segment};

const ETHERNET_BYTES: usize = 14;

fn ends(link: LinkType, bytes: &[u8]) -> Option<(Transport, u16, u16)> {
    let original_len = bytes.len() as u32;
    let packet = Packet { at: 0, link, interface: 0, bytes, original_len, comment: None };
    endpoints(&packet).map(|(transport, from, to)| (transport, from.port(), to.port()))
}

#[test]
fn every_link_type_leads_to_the_segment() {
    let frame = segment((local(40001), local(12001)), "PA", (1, 1), 512, b"hello");
    let ip = &frame[ETHERNET_BYTES..];
    let before = |head: &[u8]| [head, ip].concat();
    let mut addresses = vec![0; 12];
    addresses.extend([0x81, 0x00, 0x00, 0x05]);
    let tagged = before(&[&addresses[..], &[0x08, 0x00]].concat());
    let twice = before(&[&addresses[..12], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x08, 0x00]].concat());
    let mut cooked = vec![0; 14];
    cooked.extend([0x08, 0x00]);
    let mut cooked2 = vec![0x08, 0x00];
    cooked2.extend([0; 18]);
    let all = [
        (LinkType::ETHERNET, frame.clone()),
        (LinkType::ETHERNET, tagged),
        (LinkType::ETHERNET, twice),
        (LinkType::NULL, before(&2u32.to_le_bytes())),
        (LinkType::NULL, before(&2u32.to_be_bytes())),
        (LinkType::LOOP, before(&2u32.to_be_bytes())),
        (LinkType::LINUX_SLL, before(&cooked)),
        (LinkType::LINUX_SLL2, before(&cooked2)),
        (LinkType::RAW, ip.to_vec()),
        (LinkType::IPV4, ip.to_vec()),
    ];
    for (link, bytes) in all {
        assert_eq!(ends(link, &bytes), Some((Transport::Tcp, 40001, 12001)), "{link:?}");
    }
    assert_eq!(ends(LinkType(127), ip), None, "a link type that is not known");
}

#[test]
fn options_and_padding_do_not_matter() {
    // The length counts the options, which are added behind its back.
    let mut header = Ipv4Header::new(8 + 8, 64, IpNumber::UDP, [127, 0, 0, 1], [127, 0, 0, 1]).unwrap();
    header.options = [1u8; 8].into();
    let mut packet = Vec::new();
    header.write(&mut packet).unwrap();
    packet.extend([0, 9, 0, 7, 0, 8, 0, 0]);
    // Ethernet frames have at least 60 bytes.
    packet.extend([0; 20]);
    let ip = dissect(LinkType::RAW, &packet, packet.len() as u32).unwrap();
    assert_eq!((ip.payload_len, ip.payload.len()), (8, 8));
    assert_eq!(ends(LinkType::RAW, &packet), Some((Transport::Udp, 9, 7)));
}

#[test]
fn extension_headers_of_ipv6_are_passed_over() {
    let mut frame = Vec::new();
    let builder = PacketBuilder::ethernet2([0; 6], [0; 6]).ipv6([1; 16], [2; 16], 64);
    builder.udp(9, 7).write(&mut frame, b"hello").unwrap();
    let ip = &frame[ETHERNET_BYTES..];
    // Hop-by-hop options, then destination options, then the datagram.
    let mut packet = ip[..40].to_vec();
    packet[5] += 16;
    packet[6] = 0;
    packet.extend([60, 0, 1, 4, 0, 0, 0, 0, 17, 0, 1, 4, 0, 0, 0, 0]);
    packet.extend(&ip[40..]);
    assert_eq!(ends(LinkType::RAW, &packet), Some((Transport::Udp, 9, 7)));
}

/// A datagram's IP packet in fragments of so many bytes.
fn fragments(len: usize, piece: usize) -> Vec<Vec<u8>> {
    let frame = datagram(local(9), local(7), &vec![b'x'; len]);
    let payload = &frame[ETHERNET_BYTES + 20..];
    let pieces = payload.chunks(piece).enumerate().map(|(place, bytes)| {
        let mut header =
            Ipv4Header::new(bytes.len() as u16, 64, IpNumber::UDP, [127, 0, 0, 1], [127, 0, 0, 1]).unwrap();
        header.identification = 4711;
        header.more_fragments = (place + 1) * piece < payload.len();
        header.fragment_offset = IpFragOffset::try_new((place * piece / 8) as u16).unwrap();
        let mut packet = frame[..ETHERNET_BYTES].to_vec();
        header.write(&mut packet).unwrap();
        packet.extend(bytes);
        packet
    });
    pieces.collect()
}

#[test]
fn fragments_are_put_together_in_any_order() {
    let mut pieces = fragments(3000, 1480);
    pieces.reverse();
    pieces.insert(1, pieces[0].clone());
    let mut script = Script::new();
    for piece in pieces {
        script.frame(piece);
    }
    let mut story = Story::new(Options::default());
    let mut told = Vec::new();
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| {
            assert_eq!(event.kind, Kind::Datagram);
            assert!(event.marks.has(Mark::Reassembled));
            told.push((number, event.bytes, event.payload.0.len()));
        });
    }
    assert_eq!(told, [(4, 3000, 3000)]);
    assert_eq!(story.finish().totals.incomplete, 0);
}

#[test]
fn fragments_that_contradict_each_other_or_never_end_are_given_up() {
    let mut script = Script::new();
    let mut pieces = fragments(3000, 1480);
    // Two that overlap.
    let overlapping = fragments(3000, 1472);
    script.frame(pieces[0].clone());
    script.frame(overlapping[1].clone());
    // And very many of which the end never comes.
    for identification in 0..2000u16 {
        pieces[0][ETHERNET_BYTES + 4..ETHERNET_BYTES + 6].copy_from_slice(&identification.to_be_bytes());
        script.frame(pieces[0].clone());
    }
    let mut story = Story::new(Options::default());
    for (number, packet) in script.packets() {
        story.take(&packet, number, &mut |event| panic!("{event:?}"));
    }
    let totals = story.finish().totals;
    assert_eq!((totals.fragments, totals.incomplete), (2002, 2000));
}

#[test]
fn what_stands_behind_an_ipv6_packet_is_not_part_of_it() {
    let mut frame = Vec::new();
    let builder = PacketBuilder::ethernet2([0; 6], [0; 6]).ipv6([1; 16], [2; 16], 64);
    builder.udp(9, 7).write(&mut frame, &[b'x'; 500]).unwrap();
    frame.extend([0; 4]);
    let ip = dissect(LinkType::ETHERNET, &frame, frame.len() as u32).unwrap();
    assert_eq!((ip.payload_len, ip.payload.len()), (508, 508));
}

#[test]
fn what_is_cut_tells_how_long_it_was() {
    let frame = datagram(local(9), local(7), &[b'x'; 500]);
    let ip: Ip<'_> = dissect(LinkType::ETHERNET, &frame[..100], frame.len() as u32).unwrap();
    assert_eq!((ip.payload_len, ip.payload.len()), (508, 100 - 34));
    assert_eq!(ip.from, IpAddr::from([127, 0, 0, 1]));
}
