//! Members who only listen, at the plain door or at that for TLS, and count what they are told without decrypting it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

/// How long a server may say nothing while something is still to come.
const SILENCE_MAX: Duration = Duration::from_secs(5);
const BUFFER_BYTES: usize = 1024 * 1024;
const EVENTS_MAX: usize = 256;
/// A record's header: RFC 8446, 5.1.
const HEADER_BYTES: usize = 5;
/// What a record of TLS 1.3 holds besides what is said: the kind of its content, and the tag of AES-GCM. RFC 8446, 5.2.
const SEALING_BYTES: usize = 17;

/// Records by the bytes that are said in them, and how many there were.
pub(crate) type Records = BTreeMap<usize, u64>;

pub(crate) struct Listeners {
    epoll: OwnedFd,
    members: Vec<Member>,
    events: Vec<epoll::Event>,
    buffer: Box<[u8]>,
    /// The bytes that all have been told.
    pub(crate) told: u64,
    pub(crate) records: Records,
}

struct Member {
    stream: TcpStream,
    records: Option<Record>,
}

/// Where a stream of records is.
#[derive(Default)]
struct Record {
    header: [u8; HEADER_BYTES],
    header_bytes: usize,
    /// What is left of the record.
    left: usize,
}

impl Listeners {
    /// Lets so many in, one after the other; `tls` says how those come in that use TLS.
    pub(crate) fn join(at: SocketAddr, tls: Option<&Arc<ClientConfig>>, count: usize, first: usize) -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let mut members = Vec::with_capacity(count);
        for number in 0..count {
            let stream =
                log_in(at, tls, &format!("l{:05}", first + number)).with_context(|| format!("member {number}"))?;
            stream.set_nonblocking(true)?;
            epoll::add(&epoll, &stream, EventData::new_u64(number as u64), EventFlags::IN | EventFlags::ET)?;
            members.push(Member { stream, records: tls.map(|_| Record::default()) });
        }
        let events = Vec::with_capacity(EVENTS_MAX);
        let buffer = vec![0; BUFFER_BYTES].into_boxed_slice();
        Ok(Self { epoll, members, events, buffer, told: 0, records: Records::new() })
    }

    /// Hears until all together have been told so many bytes.
    pub(crate) fn hear_until(&mut self, wanted: u64) -> Result<()> {
        while self.told < wanted {
            ensure!(self.hear(SILENCE_MAX)?, "{} bytes of {wanted} came", self.told);
        }
        ensure!(self.told == wanted, "{} bytes came instead of {wanted}", self.told);
        Ok(())
    }

    /// Hears until nothing has come for so long, which does not count.
    pub(crate) fn settle(&mut self, quiet: Duration) -> Result<()> {
        let began = Instant::now();
        while self.hear(quiet)? {
            ensure!(began.elapsed() < 20 * quiet, "the server never falls silent");
        }
        self.told = 0;
        self.records.clear();
        Ok(())
    }

    /// Hears what comes next; false if nothing does for so long.
    fn hear(&mut self, longest: Duration) -> Result<bool> {
        self.events.clear();
        let timeout = Timespec::try_from(longest)?;
        epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&timeout))?;
        for event in &self.events {
            let member = &mut self.members[event.data.u64() as usize];
            let size = match rustix::io::read(&member.stream, &mut *self.buffer) {
                Ok(0) => bail!("the server closed a connection"),
                Ok(size) => size,
                Err(Errno::AGAIN) => continue,
                Err(error) => bail!("reading: {error}"),
            };
            match &mut member.records {
                None => self.told += size as u64,
                Some(record) => self.told += record.count(&self.buffer[..size], &mut self.records),
            }
        }
        Ok(!self.events.is_empty())
    }
}

impl Record {
    /// The bytes said in the records that begin here.
    fn count(&mut self, mut bytes: &[u8], records: &mut Records) -> u64 {
        let mut said = 0;
        while !bytes.is_empty() {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            let taken = (HEADER_BYTES - self.header_bytes).min(bytes.len());
            self.header[self.header_bytes..][..taken].copy_from_slice(&bytes[..taken]);
            self.header_bytes += taken;
            bytes = &bytes[taken..];
            if self.header_bytes == HEADER_BYTES {
                self.header_bytes = 0;
                self.left = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
                let inside = self.left.saturating_sub(SEALING_BYTES);
                *records.entry(inside).or_default() += 1;
                said += inside as u64;
            }
        }
        said
    }
}

/// A member who is in. What is said to it later is encrypted with keys that nobody has any more.
fn log_in(at: SocketAddr, tls: Option<&Arc<ClientConfig>>, name: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    let Some(config) = tls else {
        stream.write_all(format!("{name}\n").as_bytes())?;
        ensure!(stream.read(&mut [0; 4096])? > 0, "it was not let in");
        return Ok(stream);
    };
    let server = ServerName::from(at.ip());
    let mut session = StreamOwned::new(ClientConnection::new(Arc::clone(config), server)?, stream);
    session.write_all(format!("{name}\n").as_bytes())?;
    ensure!(session.read(&mut [0; 4096])? > 0, "it was not let in");
    Ok(session.sock)
}

/// One who speaks, at the plain door, and hears nothing.
pub(crate) struct Speaker(TcpStream);

impl Speaker {
    pub(crate) fn join(address: SocketAddr, name: &str) -> Result<Self> {
        let speaker = Self(log_in(address, None, name)?);
        speaker.0.set_nonblocking(true)?;
        Ok(speaker)
    }

    pub(crate) fn say(&mut self, text: &[u8]) -> Result<()> {
        // What the others said is not left to fill its buffer.
        let mut ignored = [0; 64 * 1024];
        while self.0.read(&mut ignored).is_ok_and(|size| size > 0) {}
        Ok(self.0.write_all(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_counted_however_they_are_cut() {
        let mut stream = Vec::new();
        for said in [60usize, 1, 5000] {
            stream.extend([23, 3, 3]);
            stream.extend(u16::try_from(said + SEALING_BYTES).unwrap().to_be_bytes());
            stream.extend(std::iter::repeat_n(7, said + SEALING_BYTES));
        }
        for piece in [1, 4, 17, stream.len()] {
            let (mut record, mut records) = (Record::default(), Records::new());
            let said: u64 = stream.chunks(piece).map(|bytes| record.count(bytes, &mut records)).sum();
            assert_eq!((said, records), (5061, Records::from([(1, 1), (60, 1), (5000, 1)])), "{piece}");
        }
    }
}
