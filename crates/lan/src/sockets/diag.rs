//! The sockets that wait, asked of the kernel by their state: sock_diag(7). It goes through those alone, where a table in /proc is a walk through all.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket as System, Type};
use wire::Transport;

use super::Socket;

/// As large as the kernel makes one part of its answer.
const PART_BYTES: usize = 32 * 1024;
/// `TCP_LISTEN`, and `TCP_CLOSE` where UDP sockets without a peer are: bits of the states that are asked for.
const LISTENS: u32 = 1 << 10;
const HAS_NO_PEER: u32 = 1 << 7;
/// The same of `TCP_ESTABLISHED` and `TCP_CLOSE_WAIT`.
const HAS_PEER: u32 = 1 << 1;
const IS_HALF_CLOSED: u32 = 1 << 8;
/// Where struct inet_diag_msg has how much is to be read, and the socket's number.
const UNREAD_AT: usize = 56;
const INODE_AT: usize = 68;
/// `SOCK_DIAG_BY_FAMILY`.
const BY_FAMILY: u16 = 20;
const HEADER_BYTES: usize = size_of::<libc::nlmsghdr>();

/// All sockets of this network that wait.
pub(super) fn waiting() -> io::Result<Vec<Socket>> {
    let mut found = Vec::new();
    ask(LISTENS, HAS_NO_PEER, &mut |transport, message| found.extend(parse(transport, message)))?;
    Ok(found)
}

/// The numbers of the sockets for which something waits to be read, or somebody to be accepted.
pub(super) fn unread() -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    let with_data = HAS_PEER | IS_HALF_CLOSED;
    ask(LISTENS | with_data, HAS_NO_PEER | HAS_PEER, &mut |_, message| {
        let is_unread = word(message, UNREAD_AT).is_some_and(|unread| unread > 0);
        found.extend(word(message, INODE_AT).filter(|inode| is_unread && *inode != 0).map(u64::from));
    })?;
    Ok(found)
}

/// Asks for all sockets in these states, of TCP and of UDP.
fn ask(tcp: u32, udp: u32, take: &mut dyn FnMut(Transport, &[u8])) -> io::Result<()> {
    let diagnosis = Protocol::from(libc::NETLINK_SOCK_DIAG);
    let mut system = System::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(diagnosis))?;
    for (transport, protocol, states) in
        [(Transport::Tcp, libc::IPPROTO_TCP, tcp), (Transport::Udp, libc::IPPROTO_UDP, udp)]
    {
        for family in [libc::AF_INET, libc::AF_INET6] {
            system.write_all(&request(family as u8, protocol as u8, states))?;
            take_all(&mut system, &mut |message| take(transport, message))?;
        }
    }
    Ok(())
}

/// struct nlmsghdr and struct inet_diag_req_v2, of which the socket's id asks for nothing in particular.
fn request(family: u8, protocol: u8, states: u32) -> Vec<u8> {
    const ID: [u8; 48] = [0; 48];
    let body = [&[family, protocol, 0, 0][..], &states.to_ne_bytes(), &ID].concat();
    let length = (HEADER_BYTES + body.len()) as u32;
    let flags = (libc::NLM_F_REQUEST | libc::NLM_F_DUMP) as u16;
    [&length.to_ne_bytes()[..], &BY_FAMILY.to_ne_bytes(), &flags.to_ne_bytes(), &[0; 8], &body].concat()
}

/// Takes the answer, part by part until the last.
fn take_all(system: &mut System, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let mut part = vec![0; PART_BYTES];
    loop {
        let count = system.read(&mut part)?;
        let mut rest = part.get(..count).unwrap_or_default();
        while let Some(length) = word(rest, 0).filter(|length| *length as usize >= HEADER_BYTES) {
            let message = rest.get(..length as usize).ok_or(io::ErrorKind::InvalidData)?;
            let body = &message[HEADER_BYTES..];
            match half(message, 4).map(i32::from) {
                Some(libc::NLMSG_DONE) => return Ok(()),
                Some(libc::NLMSG_ERROR) => {
                    let number = word(body, 0).unwrap_or_default().cast_signed();
                    return Err(io::Error::from_raw_os_error(-number));
                }
                _ => take(body),
            }
            // Messages begin at multiples of four.
            rest = rest.get((length as usize).next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

/// struct inet_diag_msg: family, state, timer, retransmissions; ports and addresses; and the inode as the last word.
fn parse(transport: Transport, message: &[u8]) -> Option<Socket> {
    let is_v4 = i32::from(*message.first()?) == libc::AF_INET;
    let address = |port_at: usize, at: usize| {
        let port = u16::from_be_bytes(*message.get(port_at..)?.first_chunk()?);
        let ip = if is_v4 {
            IpAddr::V4(Ipv4Addr::from(*message.get(at..)?.first_chunk::<4>()?))
        } else {
            IpAddr::V6(Ipv6Addr::from(*message.get(at..)?.first_chunk::<16>()?)).to_canonical()
        };
        Some(SocketAddr::new(ip, port))
    };
    let (local, remote) = (address(4, 8)?, address(6, 24)?);
    let waits = local.port() != 0 && remote.port() == 0;
    waits.then_some(Socket { transport, local, remote, waits, inode: word(message, INODE_AT)?.into() })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}
