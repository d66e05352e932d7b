//! The sockets of the network this process is in, from /proc/net, proc_pid_net(5); or those that wait alone, from the kernel itself.

mod diag;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use wire::Transport;

/// A TCP or UDP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Socket {
    pub transport: Transport,
    /// An IPv4 address also where the socket is a dual-stack one of IPv6.
    pub local: SocketAddr,
    /// Port 0 where it has no peer.
    pub remote: SocketAddr,
    /// Whether it waits for whoever comes: a TCP listener, or a UDP socket without a peer.
    pub waits: bool,
    /// By which a process's descriptor is found; 0 where no process holds it.
    pub inode: u64,
}

/// All sockets of this network. Families that the system lacks have none.
pub fn all() -> io::Result<Vec<Socket>> {
    let mut sockets = Vec::new();
    for (transport, name) in
        [(Transport::Tcp, "tcp"), (Transport::Tcp, "tcp6"), (Transport::Udp, "udp"), (Transport::Udp, "udp6")]
    {
        match std::fs::read_to_string(format!("/proc/self/net/{name}")) {
            Ok(table) => sockets.extend(table.lines().filter_map(|row| parse(transport, row))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(sockets)
}

/// Those that wait for whoever comes. It takes a hundredth of the time of [`all`] where the kernel has much room for connections.
pub fn waiting() -> io::Result<Vec<Socket>> {
    // Not every kernel has what answers.
    diag::waiting().or_else(|_error| {
        let mut waiting = all()?;
        waiting.retain(|socket| socket.waits);
        Ok(waiting)
    })
}

/// The numbers of those for which something waits to be read, or somebody to be accepted.
///
/// # Errors
/// Where the kernel does not have what answers.
pub fn unread() -> io::Result<Vec<u64>> {
    diag::unread()
}

/// Reads a row; the head of the table is none.
fn parse(transport: Transport, row: &str) -> Option<Socket> {
    let mut columns = row.split_ascii_whitespace().skip(1);
    let local = parse_address(columns.next()?)?;
    let remote = parse_address(columns.next()?)?;
    let state = columns.next()?;
    let inode = columns.nth(5)?.parse().ok()?;
    let waits = match transport {
        Transport::Tcp => state == TCP_LISTEN,
        Transport::Udp => remote.port() == 0 && local.port() != 0,
    };
    Some(Socket { transport, local, remote, waits, inode })
}

/// `0100007F:1F90`: the address's words as the machine has them, in hexadecimal.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let word = |at| Some(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    let ip = match address.len() {
        8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        _ => {
            let mut octets = [0; 16];
            for (part, at) in octets.chunks_exact_mut(4).zip([0, 8, 16, 24]) {
                part.copy_from_slice(&word(at)?);
            }
            IpAddr::V6(Ipv6Addr::from(octets)).to_canonical()
        }
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

const TCP_LISTEN: &str = "0A";

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};

    #[test]
    fn sockets_of_both_families_are_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let datagrams = UdpSocket::bind("[::1]:0").unwrap();
        let sockets = all().unwrap();
        for (transport, local) in
            [(Transport::Tcp, listener.local_addr().unwrap()), (Transport::Udp, datagrams.local_addr().unwrap())]
        {
            let found = sockets.iter().find(|socket| socket.transport == transport && socket.local == local);
            assert!(found.is_some_and(|socket| socket.waits && socket.inode != 0), "{local}: {found:?}");
            assert!(waiting().unwrap().iter().any(|socket| Some(socket) == found), "{local}");
        }
    }

    #[test]
    fn both_ways_find_the_same_that_wait() {
        let any = TcpListener::bind("[::]:0").unwrap();
        let connected = UdpSocket::bind("127.0.0.1:0").unwrap();
        connected.connect("127.0.0.1:9").unwrap();
        let ours = [any.local_addr().unwrap(), connected.local_addr().unwrap()];
        let is_ours = |socket: &Socket| ours.iter().any(|own| own.port() == socket.local.port());
        let asked: Vec<Socket> = diag::waiting().unwrap().into_iter().filter(is_ours).collect();
        let read: Vec<Socket> = all().unwrap().into_iter().filter(|socket| socket.waits && is_ours(socket)).collect();
        assert_eq!(asked, read);
        assert_eq!(asked.len(), 1);
    }

    #[test]
    fn what_is_not_read_yet_is_known() {
        let inode = |socket: &UdpSocket| {
            let link =
                std::fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(socket))).unwrap();
            link.to_str().unwrap().trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().unwrap()
        };
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(!unread().unwrap().contains(&inode(&socket)));
        socket.send_to(b"unread", socket.local_addr().unwrap()).unwrap();
        assert!(unread().unwrap().contains(&inode(&socket)));
        socket.recv(&mut [0; 16]).unwrap();
        assert!(!unread().unwrap().contains(&inode(&socket)));
    }

    #[test]
    fn a_row_of_a_dual_stack_connection_shows_ipv4() {
        let row = "   1: 0000000000000000FFFF00000100007F:2EE9 0000000000000000FFFF00000100007F:C350 01 \
                   00000000:00000000 00:00000000 00000000  1000        0 98765 1 0000000000000000";
        if cfg!(target_endian = "little") {
            let socket = parse(Transport::Tcp, row).unwrap();
            assert_eq!(socket.local, "127.0.0.1:12009".parse().unwrap());
            assert_eq!((socket.remote.port(), socket.waits, socket.inode), (50000, false, 98765));
        }
        assert_eq!(parse(Transport::Tcp, "  sl  local_address rem_address   st tx_queue"), None);
    }
}
