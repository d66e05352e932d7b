//! Addresses as users write them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use drive::Scheme;

/// `[tcp://|tls://|udp://]HOST[:PORT]`, or a port alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: Option<Scheme>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = match text.split_once("://") {
            None => (None, text),
            Some(("tcp", rest)) => (Some(Scheme::Tcp), rest),
            Some(("tls", rest)) => (Some(Scheme::Tls), rest),
            Some(("udp", rest)) => (Some(Scheme::Udp), rest),
            Some((other, _)) => return Err(format!("`{other}://` is none of tcp://, tls:// and udp://")),
        };
        if rest.is_empty() {
            return Err("an address is HOST:PORT, HOST or PORT".to_owned());
        }
        if rest.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self { scheme, host: None, port: Some(parse_port(rest)?) });
        }
        let (host, port) = split_port(rest)?;
        Ok(Self { scheme, host: Some(host.to_owned()), port })
    }
}

/// IPv6 addresses hold colons themselves, so those with a port stand in brackets.
fn split_port(text: &str) -> Result<(&str, Option<u16>), String> {
    if let Some(inside) = text.strip_prefix('[') {
        let Some((host, after)) = inside.split_once(']') else {
            return Err(format!("`{text}` lacks its closing bracket, as in [::1]:12000"));
        };
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(parse_port(port)?))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(format!("`{after}` after the bracket is not :PORT")),
        };
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Ok((text, None));
    }
    match text.rsplit_once(':') {
        Some((host, _)) if host.contains(':') => {
            Err(format!("write an IPv6 address with a port as [ADDRESS]:PORT, not `{text}`"))
        }
        Some(("", _)) => Err(format!("`{text}` has no host before its port")),
        Some((host, port)) => Ok((host, Some(parse_port(port)?))),
        None => Ok((text, None)),
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_error| format!("`{text}` is not a port from 0 to 65535"))
}

impl Address {
    /// The socket addresses that the host stands for on this computer.
    pub(crate) fn local(&self, default_port: u16, anywhere: bool) -> Result<Vec<SocketAddr>, String> {
        let port = self.port.unwrap_or(default_port);
        match &self.host {
            None => Ok(own_addresses(anywhere).map(|ip| SocketAddr::new(ip, port)).into()),
            Some(host) if host.eq_ignore_ascii_case("localhost") => {
                Ok(own_addresses(false).map(|ip| SocketAddr::new(ip, port)).into())
            }
            Some(host) => (host.as_str(), port)
                .to_socket_addrs()
                .map(Iterator::collect)
                .map_err(|error| format!("the host `{host}` is not known: {error}")),
        }
    }
}

/// Loopback, or all addresses, in both versions of IP.
fn own_addresses(anywhere: bool) -> [IpAddr; 2] {
    if anywhere {
        [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]
    } else {
        [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{scheme}://")?;
        }
        match (&self.host, self.port) {
            (Some(host), Some(port)) if host.contains(':') => write!(f, "[{host}]:{port}"),
            (Some(host), Some(port)) => write!(f, "{host}:{port}"),
            (Some(host), None) => f.write_str(host),
            (None, Some(port)) => write!(f, "{port}"),
            (None, None) => Ok(()),
        }
    }
}

/// Our own end of a client: `PORT`, `ADDRESS` or `ADDRESS:PORT`.
pub(crate) fn parse_bind(text: &str) -> Result<SocketAddr, String> {
    let address: Address = text.parse()?;
    if let Some(scheme) = address.scheme {
        return Err(format!("our own end has no scheme: leave out `{scheme}://`"));
    }
    let port = address.port.unwrap_or(0);
    let host = match address.host {
        None => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Some(host) => host.parse().map_err(|_error| format!("`{host}` is not an IP address"))?,
    };
    Ok(SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, scheme: Option<Scheme>, host: Option<&str>, port: Option<u16>) {
        let address: Address = text.parse().unwrap();
        assert_eq!(address, Address { scheme, host: host.map(str::to_owned), port }, "{text}");
        assert_eq!(address.to_string().parse::<Address>().unwrap(), address, "{text} printed and read again");
    }

    #[test]
    fn every_form_is_read() {
        check("9004", None, None, Some(9004));
        check("udp://0", Some(Scheme::Udp), None, Some(0));
        check("127.0.0.1:9004", None, Some("127.0.0.1"), Some(9004));
        check("udp://[::1]:9006", Some(Scheme::Udp), Some("::1"), Some(9006));
        check("::1", None, Some("::1"), None);
        check("[fe80::1%eth0]:1", None, Some("fe80::1%eth0"), Some(1));
        check("tls://[::1]:9009", Some(Scheme::Tls), Some("::1"), Some(9009));
        check("tcp://lab.example", Some(Scheme::Tcp), Some("lab.example"), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for bad in ["", "http://x:1", "host:", ":80", "host:99999", "99999", "[::1", "[::1]9", "1:2:3:x:80"] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
