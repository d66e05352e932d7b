//! The two requests of rtnetlink(7) that a new network needs.

use std::io::{self, Read as _, Write as _};

use socket2::{Domain, Protocol, Socket, Type};

/// In a new network loopback is the only interface, and has the first number.
const LOOPBACK_INDEX: u32 = 1;

/// A conversation with the kernel about its networks.
pub(super) struct Netlink(Socket);

impl Netlink {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self(Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(Protocol::from(libc::NETLINK_ROUTE)))?))
    }

    /// `ip link set lo up`.
    pub(super) fn raise_loopback(&mut self) -> io::Result<()> {
        let up = libc::IFF_UP as u32;
        // struct ifinfomsg: family, padding, type, index, flags, which of them change.
        let fields = [0, LOOPBACK_INDEX, up, up];
        self.request(libc::RTM_NEWLINK, 0, &fields.map(u32::to_ne_bytes).concat())
    }

    /// `ip route add local 0.0.0.0/0 dev lo table local`.
    pub(super) fn take_all_addresses(&mut self) -> io::Result<()> {
        let (family, everywhere) = (libc::AF_INET as u8, 0);
        // struct rtmsg: family, lengths of destination and source, TOS, table, protocol, scope, type; then its flags.
        let route = [family, everywhere, 0, 0];
        let kind = [libc::RT_TABLE_LOCAL, libc::RTPROT_BOOT, libc::RT_SCOPE_HOST, libc::RTN_LOCAL];
        let interface = [attribute_header(size_of::<u32>(), libc::RTA_OIF), LOOPBACK_INDEX.to_ne_bytes()];
        let message = [&[route, kind, [0; 4]][..], &interface].concat().concat();
        self.request(libc::RTM_NEWROUTE, libc::NLM_F_CREATE | libc::NLM_F_EXCL, &message)
    }

    /// Sends one request, and waits for the kernel's word on it. netlink(7).
    fn request(&mut self, kind: u16, flags: i32, message: &[u8]) -> io::Result<()> {
        const HEADER_BYTES: usize = size_of::<libc::nlmsghdr>();
        let flags = (flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
        let length = (HEADER_BYTES + message.len()) as u32;
        // struct nlmsghdr: length, type, flags, sequence number, sender.
        let header = [&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &flags.to_ne_bytes(), &[0; 8]].concat();
        self.0.write_all(&[header, message.to_vec()].concat())?;
        let mut answer = [0; 4096];
        let count = self.0.read(&mut answer)?;
        // struct nlmsgerr: a negated error number, or zero for done.
        match answer[..count].get(HEADER_BYTES..).and_then(|error| error.first_chunk()) {
            Some(number) => match i32::from_ne_bytes(*number) {
                0 => Ok(()),
                number => Err(io::Error::from_raw_os_error(-number)),
            },
            None => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

/// struct rtattr: length with itself, type.
fn attribute_header(bytes: usize, kind: u16) -> [u8; 4] {
    let length = (size_of::<libc::rtattr>() + bytes) as u16;
    let ([a, b], [c, d]) = (length.to_ne_bytes(), kind.to_ne_bytes());
    [a, b, c, d]
}
