//! Checksums as the kernel leaves them on loopback, right ones, and wrong ones.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

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

/// Leaves the checksum of TCP or UDP out as Linux does: only the pseudo-header's sum stands there (CHECKSUM_PARTIAL).
fn leave_out(frame: &[u8]) -> Option<Vec<u8>> {
    let ip = dissect(LinkType::ETHERNET, frame, frame.len() as u32)?;
    let field = match ip.protocol {
        etherparse::IpNumber::TCP => ip.payload_at + 16,
        etherparse::IpNumber::UDP => ip.payload_at + 6,
        _ => return None,
    };
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let lengths = (ip.payload_len as u16).to_be_bytes();
    let pseudo = [octets(ip.from), octets(ip.to), vec![0, ip.protocol.0], lengths.to_vec()].concat();
    let sum = pseudo.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum::<u32>();
    let mut given = frame.to_vec();
    given[field..field + 2].copy_from_slice(&((sum & 0xffff) + (sum >> 16)).to_be_bytes()[2..]);
    Some(given)
}

#[test]
fn what_was_left_out_is_known_and_filled_in() {
    for frame in frames() {
        let Some(mut given) = leave_out(&frame) else { continue };
        assert_eq!(judge(&given), Verdict::LeftOut);
        fill(LinkType::ETHERNET, &mut given);
        assert_eq!(given, frame);
    }
}

#[test]
fn what_was_left_out_in_a_quoted_packet_is_filled_in_too() {
    let lost = datagram(local(1), local(2), b"odd");
    let mut error = port_unreachable(&leave_out(&lost).unwrap(), local(2), local(1));
    fill(LinkType::ETHERNET, &mut error);
    assert_eq!(error, port_unreachable(&lost, local(2), local(1)));
}

#[test]
fn what_is_wrong_or_right_stays_as_it_is() {
    for mut frame in frames() {
        for _ in 0..2 {
            let given = frame.clone();
            fill(LinkType::ETHERNET, &mut frame);
            assert_eq!(frame, given);
            *frame.last_mut().unwrap() ^= 1;
        }
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
