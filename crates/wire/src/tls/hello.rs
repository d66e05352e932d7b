//! ClientHello and ServerHello (RFC 8446, sections 4.1.2 and 4.1.3), and the few extensions that say who and how.

use serde::Serialize;

use super::{Cipher, Version};
use crate::visible::Visible;

pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;
const RANDOM_BYTES: usize = 32;
/// More protocols than these are not kept.
const PROTOCOLS_MAX: usize = 16;

/// What a client says before anything is encrypted; control characters made visible.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClientHello {
    /// The host it wants to reach (RFC 6066, section 3).
    pub server_name: Option<String>,
    /// The protocols it would speak inside (ALPN, RFC 7301).
    pub protocols: Vec<String>,
}

/// What a server answers; control characters made visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerHello {
    pub version: Version,
    pub cipher: Cipher,
    /// The protocol it chose, where that is not yet encrypted: up to TLS 1.2.
    pub protocol: Option<String>,
}

/// The handshake message that `bytes` begin with, if it is all there.
pub(super) fn whole(bytes: &[u8]) -> Option<&[u8]> {
    const HEAD_BYTES: usize = 4;
    let &[_, high, middle, low] = bytes.first_chunk()?;
    bytes.get(..HEAD_BYTES + u32::from_be_bytes([0, high, middle, low]) as usize)
}

/// Reads fields one after another; `None` where a field is not all there.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(field)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// A field behind its length in one byte.
    fn short(&mut self) -> Option<&'a [u8]> {
        let len = self.u8()?;
        self.take(usize::from(len))
    }

    /// A field behind its length in two bytes.
    fn long(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }

    fn extension(&mut self) -> Option<(u16, &'a [u8])> {
        Some((self.u16()?, self.long()?))
    }
}

impl ClientHello {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let _version = fields.u16()?;
        let _random = fields.take(RANDOM_BYTES)?;
        let _session = fields.short()?;
        let _ciphers = fields.long()?;
        let _compressions = fields.short()?;
        let mut hello = Self::default();
        let mut extensions = Fields(fields.long().unwrap_or_default());
        while let Some((kind, value)) = extensions.extension() {
            match kind {
                SERVER_NAME => hello.server_name = server_name(value),
                ALPN => hello.protocols = protocols(value),
                _ => {}
            }
        }
        Some(hello)
    }
}

impl ServerHello {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let mut version = fields.u16()?;
        let _random = fields.take(RANDOM_BYTES)?;
        let _session = fields.short()?;
        let cipher = Cipher(fields.u16()?);
        let _compression = fields.u8()?;
        let mut protocol = None;
        let mut extensions = Fields(fields.long().unwrap_or_default());
        while let Some((kind, value)) = extensions.extension() {
            match kind {
                SUPPORTED_VERSIONS => version = Fields(value).u16().unwrap_or(version),
                ALPN => protocol = protocols(value).pop(),
                _ => {}
            }
        }
        Some(Self { version: Version(version), cipher, protocol })
    }
}

fn server_name(value: &[u8]) -> Option<String> {
    const HOST_NAME: u8 = 0;
    // No name is longer (RFC 1035, section 2.3.4).
    const HOST_BYTES_MAX: usize = 255;
    let mut names = Fields(Fields(value).long()?);
    let kind = names.u8()?;
    let name = names.long()?;
    (kind == HOST_NAME).then(|| Visible(&name[..name.len().min(HOST_BYTES_MAX)]).to_string())
}

fn protocols(value: &[u8]) -> Vec<String> {
    let mut names = Fields(Fields(value).long().unwrap_or_default());
    let names = std::iter::from_fn(|| names.short()).take(PROTOCOLS_MAX);
    names.map(|name| Visible(name).to_string()).collect()
}
