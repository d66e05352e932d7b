//! Finds the addresses of a host.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// Which version of IP is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    #[default]
    Any,
    V4,
    V6,
}

impl Family {
    pub fn allows(self, address: &SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}

/// The host name for this computer: by RFC 6761, section 6.3, always both loopback addresses, whatever a resolver knows.
const LOCALHOST: &str = "localhost";

/// The addresses to try, in order: IPv4 first, since that is what most programs written for the labs listen at.
///
/// # Errors
/// If the host is not known.
pub(crate) async fn resolve(host: &str, port: u16, family: Family) -> io::Result<Vec<SocketAddr>> {
    let mut addresses: Vec<SocketAddr> = if host.eq_ignore_ascii_case(LOCALHOST) {
        vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
    } else {
        tokio::net::lookup_host((host, port)).await?.collect()
    };
    addresses.retain(|address| family.allows(address));
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.dedup();
    Ok(addresses)
}
