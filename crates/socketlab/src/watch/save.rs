//! The capture that is left: pcapng with nanoseconds, our explanations as comments, and what became of the packets.

use std::fs::File;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use wire::capture::{Drops, LinkType, Packet, Writer};

/// So much is gathered before it is written.
const BUFFER_BYTES: usize = 256 * 1024;

/// Writes a capture file.
pub(super) struct Saver {
    path: PathBuf,
    file: File,
    writer: Writer,
    buffer: Vec<u8>,
    /// The interfaces told of, as the packets number them.
    interfaces: Vec<(u32, LinkType)>,
}

impl Saver {
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
        let mut buffer = Vec::with_capacity(BUFFER_BYTES);
        let writer = Writer::new(concat!("socketlab ", env!("CARGO_PKG_VERSION")), "", &mut buffer);
        Ok(Self { path: path.to_owned(), file, writer, buffer, interfaces: Vec::new() })
    }

    /// Writes a packet with what we say of it. `interface` names its interface, where it is the first from there.
    pub(super) fn packet(&mut self, packet: &Packet<'_>, says: &str, interface: &str) -> anyhow::Result<()> {
        let key = (packet.interface, packet.link);
        let known = self.interfaces.iter().position(|known| *known == key);
        let number = known.unwrap_or_else(|| {
            self.writer.interface(interface, packet.link, 0, &mut self.buffer);
            self.interfaces.push(key);
            self.interfaces.len() - 1
        });
        let packet = Packet { interface: u32::try_from(number)?, ..*packet };
        self.writer.packet(&packet, &[says], &mut self.buffer);
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Ends the file with what the addresses are called, and with what was captured and dropped where that is known.
    pub(super) fn finish(mut self, names: &[(IpAddr, String)], drops: Option<Drops>) -> anyhow::Result<()> {
        if !names.is_empty() {
            let names = names.iter().map(|(address, name)| (*address, name.as_str()));
            self.writer.names(names, &mut self.buffer);
        }
        if let Some(drops) = drops.filter(|_| !self.interfaces.is_empty()) {
            self.writer.drops(0, drops, &mut self.buffer);
        }
        self.flush()
    }

    /// Writes what was gathered.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written.with_context(|| format!("writing {}", self.path.display()))
    }
}
