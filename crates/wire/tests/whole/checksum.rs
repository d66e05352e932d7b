//! Checksums as the kernel leaves them on loopback, right ones, and wrong ones.

use std::net::{Ipv6Addr, SocketAddr};

use wire::checksum::{Verdict, check, fill};
use wire::dissect::dissect;
use wire::{LinkType, story};

use crate::script::{Script, datagram, local, port_unreachable, segment};

fn frames() -> Vec<Vec<u8>> {
    let six = |port| SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port);
    let lost = datagram(local(1), local(2), b"odd");
    vec![
        segment((local(1), local(2)), "PA", (1, 2), 512, b"an odd number"),
        segment((six(1), six(2)), "S", (1, 2), 512, b""),
        datagram(local(1), local(2), b"even"),
        datagram(six(1), six(2), b"odd"),
        port_unreachable(&lost, local(2), local(1)),
    ]
}

fn judge(frame: &[u8]) -> Verdict {
    check(&dissect(LinkType::ETHERNET, frame, frame.len() as u32).unwrap(), frame)
}

#[test]
fn others_checksums_are_right_and_a_changed_bit_is_wrong() {
    for frame in frames() {
        assert_eq!(judge(&frame), Verdict::Right);
        let mut bent = frame.clone();
        *bent.last_mut().unwrap() ^= 1;
        assert!(matches!(judge(&bent), Verdict::Wrong { .. }), "{:?}", judge(&bent));
    }
}

#[test]
fn what_was_left_out_is_known_and_filled_in() {
    for frame in frames() {
        let ip = dissect(LinkType::ETHERNET, &frame, frame.len() as u32).unwrap();
        let (protocol, at) = (ip.protocol, ip.payload_at);
        let mut given = frame.clone();
        let field = match protocol {
            etherparse::IpNumber::TCP => at + 16,
            etherparse::IpNumber::UDP => at + 6,
            _ => continue,
        };
        // Linux leaves the pseudo-header's sum there (CHECKSUM_PARTIAL).
        let mut pseudo = Vec::new();
        match (ip.from, ip.to) {
            (std::net::IpAddr::V4(from), std::net::IpAddr::V4(to)) => {
                pseudo.extend([from.octets(), to.octets()].concat())
            }
            (std::net::IpAddr::V6(from), std::net::IpAddr::V6(to)) => {
                pseudo.extend([from.octets(), to.octets()].concat())
            }
            _ => unreachable!(),
        }
        pseudo.extend([0, protocol.0]);
        pseudo.extend((ip.payload_len as u16).to_be_bytes());
        let sum = pseudo.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum::<u32>();
        let folded = (sum & 0xffff) + (sum >> 16);
        given[field..field + 2].copy_from_slice(&(folded as u16).to_be_bytes());
        assert_eq!(judge(&given), Verdict::LeftOut);
        fill(LinkType::ETHERNET, &mut given);
        assert_eq!(given, frame);
    }
}

#[test]
fn filling_in_makes_any_frame_right() {
    for mut frame in frames() {
        let right = frame.clone();
        let ip = dissect(LinkType::ETHERNET, &frame, frame.len() as u32).unwrap();
        let header_at = ip.header_at;
        if ip.from.is_ipv4() {
            frame[header_at + 10] ^= 0xff;
        }
        fill(LinkType::ETHERNET, &mut frame);
        assert_eq!(frame, right);
    }
}

#[test]
fn what_cannot_be_judged_is_not_called_wrong() {
    let frame = segment((local(1), local(2)), "PA", (1, 2), 512, b"a longer text");
    let cut = &frame[..frame.len() - 3];
    assert_eq!(check(&dissect(LinkType::ETHERNET, cut, frame.len() as u32).unwrap(), cut), Verdict::Unknown);
    let mut without = datagram(local(1), local(2), b"even");
    let at = dissect(LinkType::ETHERNET, &without, without.len() as u32).unwrap().payload_at + 6;
    without[at..at + 2].fill(0);
    assert_eq!(judge(&without), Verdict::Unknown, "UDP over IPv4 may send none");
    let mut script = Script::new();
    script.frame(without);
    let told = crate::trouble::marks_of(&script, 1);
    assert_eq!(told, [] as [story::Mark; 0]);
}
