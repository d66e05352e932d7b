//! The reader: bytes are pushed in as they are read, packets come out.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::classic::{self, Classic};
use super::pcapng::Pcapng;
use super::{LinkType, Packet, block};

/// Why a capture file cannot be read, or not to its end. What was handed on before is good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaptureError {
    #[error("The file is empty: nothing was captured, or not yet written.")]
    Empty,
    #[error(
        "This is no capture that can be read: it begins neither as pcap nor as pcapng, as which Wireshark saves any other."
    )]
    NotACapture,
    #[error("The file is compressed with gzip: unpack it with gunzip first.")]
    Compressed,
    #[error(
        "The file ends in the middle of what follows packet {packets}, at byte {at}: it was cut, or is still being written."
    )]
    Cut { at: u64, packets: u64 },
    #[error("The file is damaged after packet {packets}, at byte {at}: {damage}.")]
    Damaged { at: u64, packets: u64, damage: Damage },
}

/// What cannot be true in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    #[error("the next packet claims {0} bytes")]
    PacketTooLong(u32),
    #[error("a block claims {0} bytes")]
    BlockLength(u32),
    #[error("a block tells its length twice, and differently")]
    LengthsDiffer,
    #[error("a block is too short for what it should hold")]
    BlockTooShort,
    #[error("a packet names an interface that was not described")]
    UnknownInterface,
    #[error("a section has no mark of its byte order")]
    ByteOrder,
}

impl From<Damage> for CaptureError {
    /// The place is filled in by the reader, which knows it.
    fn from(damage: Damage) -> Self {
        Self::Damaged { at: 0, packets: 0, damage }
    }
}

/// Where packets were captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub name: Option<String>,
    pub link: LinkType,
    /// Packets that the kernel or the interface dropped, if the file tells.
    pub dropped: Option<u64>,
}

/// What the bytes at hand were good for.
pub(super) enum Step {
    /// So many bytes are needed to go on.
    Need(usize),
    /// A packet took so many.
    Packet(usize),
    /// Something else took so many.
    Other(usize),
    /// So many are to be passed over.
    Skip(u64),
}

enum Format {
    Classic(Classic),
    Pcapng(Pcapng),
}

/// Reads a capture file that is pushed in, pcap or pcapng. It keeps at most one packet or block that lies across two pieces; others are
/// borrowed from the caller's buffer.
#[derive(Default)]
pub struct Reader {
    format: Option<Format>,
    /// The beginning of what is not yet whole.
    begun: Vec<u8>,
    skip: u64,
    at: u64,
    packets: u64,
    failed: Option<CaptureError>,
}

impl Reader {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the file and hands on each packet that is whole.
    ///
    /// # Errors
    /// If the file is no capture or is damaged; the same again for all that follows.
    pub fn feed(&mut self, mut bytes: &[u8], each: &mut impl FnMut(Packet<'_>)) -> Result<(), CaptureError> {
        while !bytes.is_empty() {
            if let Some(error) = &self.failed {
                return Err(error.clone());
            }
            let skipped = self.skip.min(bytes.len() as u64);
            if skipped > 0 {
                self.skip -= skipped;
                self.at += skipped;
                bytes = &bytes[skipped as usize..];
            } else if self.begun.is_empty() {
                let used = self.drain(bytes, each)?;
                bytes = &bytes[used..];
                if self.skip == 0 {
                    self.begun.extend_from_slice(bytes);
                    return Ok(());
                }
            } else {
                bytes = self.complete(bytes, each)?;
            }
        }
        Ok(())
    }

    /// Adds to what has begun until it is whole, and returns what was not needed for it.
    fn complete<'b>(&mut self, bytes: &'b [u8], each: &mut impl FnMut(Packet<'_>)) -> Result<&'b [u8], CaptureError> {
        let mut begun = std::mem::take(&mut self.begun);
        let result = match self.step(&begun, each) {
            Ok(Step::Need(needed)) => {
                let (more, rest) = bytes.split_at(needed.saturating_sub(begun.len()).min(bytes.len()));
                begun.extend_from_slice(more);
                self.drain(&begun, each).map(|used| {
                    begun.drain(..used);
                    rest
                })
            }
            // Whatever was whole was taken before it was kept.
            Ok(Step::Packet(_) | Step::Other(_) | Step::Skip(_)) => Ok(bytes),
            Err(error) => Err(error),
        };
        self.begun = begun;
        // What is passed over may begin in what was kept.
        let kept = self.skip.min(self.begun.len() as u64);
        self.begun.drain(..kept as usize);
        self.skip -= kept;
        self.at += kept;
        result
    }

    /// Takes all that is whole in `bytes` and returns how many bytes that was.
    fn drain(&mut self, bytes: &[u8], each: &mut impl FnMut(Packet<'_>)) -> Result<usize, CaptureError> {
        let mut used = 0;
        loop {
            match self.step(&bytes[used..], each)? {
                Step::Need(_) => return Ok(used),
                Step::Packet(taken) => {
                    self.packets += 1;
                    used += taken;
                    self.at += taken as u64;
                }
                Step::Other(taken) => {
                    used += taken;
                    self.at += taken as u64;
                }
                Step::Skip(bytes) => {
                    self.skip = bytes;
                    return Ok(used);
                }
            }
        }
    }

    fn step(&mut self, bytes: &[u8], each: &mut impl FnMut(Packet<'_>)) -> Result<Step, CaptureError> {
        let result = match &mut self.format {
            Some(Format::Classic(classic)) => classic.step(bytes, each),
            Some(Format::Pcapng(pcapng)) => pcapng.step(bytes, each),
            None => self.begin(bytes),
        };
        result.map_err(|error| {
            let error = match error {
                CaptureError::Damaged { damage, .. } => {
                    CaptureError::Damaged { at: self.at, packets: self.packets, damage }
                }
                other @ (CaptureError::Empty
                | CaptureError::NotACapture
                | CaptureError::Compressed
                | CaptureError::Cut { .. }) => other,
            };
            self.failed = Some(error.clone());
            error
        })
    }

    /// Finds out what kind of file it is.
    fn begin(&mut self, bytes: &[u8]) -> Result<Step, CaptureError> {
        const GZIP: [u8; 2] = [0x1f, 0x8b];
        let Some(&magic) = bytes.first_chunk() else { return Ok(Step::Need(4)) };
        if Classic::is_one(magic) {
            let Some(classic) = bytes.get(..classic::HEADER_BYTES).and_then(Classic::new) else {
                return Ok(Step::Need(classic::HEADER_BYTES));
            };
            self.format = Some(Format::Classic(classic));
            return Ok(Step::Other(classic::HEADER_BYTES));
        }
        if u32::from_le_bytes(magic) == block::SECTION_HEADER {
            self.format = Some(Format::Pcapng(Pcapng::default()));
            return Ok(Step::Other(0));
        }
        Err(if magic.starts_with(&GZIP) { CaptureError::Compressed } else { CaptureError::NotACapture })
    }

    /// Tells that the file is at its end.
    ///
    /// # Errors
    /// If that was not to be expected: the file is empty, or ends within a packet or block.
    pub fn finish(&mut self) -> Result<(), CaptureError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.at == 0 && self.begun.is_empty() {
            return Err(CaptureError::Empty);
        }
        if self.format.is_none() {
            return Err(CaptureError::NotACapture);
        }
        if self.skip > 0 || !self.begun.is_empty() {
            return Err(CaptureError::Cut { at: self.at + self.begun.len() as u64, packets: self.packets });
        }
        Ok(())
    }

    /// How many packets were handed on.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// The interfaces of the section that is being read.
    pub fn interfaces(&self) -> Vec<Interface> {
        match &self.format {
            None => Vec::new(),
            Some(Format::Classic(classic)) => vec![Interface { name: None, link: classic.link(), dropped: None }],
            Some(Format::Pcapng(pcapng)) => pcapng.interfaces(),
        }
    }

    /// The names that the file gives to addresses.
    pub fn names(&self) -> Option<&BTreeMap<IpAddr, String>> {
        match &self.format {
            Some(Format::Pcapng(pcapng)) => Some(pcapng.names()),
            Some(Format::Classic(_)) | None => None,
        }
    }
}
