//! What crosses the stage's network, recorded from the start: whom a program asked for, the sequence diagram, and a capture file.

use std::collections::HashMap;
use std::io::{self, PipeReader, PipeWriter};
use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use labs::Service;
use lan::capture::{Capture, Filter, Frame, LOOPBACK};
use lan::privileges::{self, Kept};
use names::{LabNames, carrier};
use rustix::event::{PollFd, PollFlags, poll};
use wire::capture::Writer;
use wire::{Event, Ladder, LinkType, Options, Packet, Story};

/// So much is kept of what crosses, in bytes.
const RECORDED_BYTES_MAX: usize = 16 << 20;
/// Packets that are kept, however small.
const PACKETS_MAX: usize = 100_000;
/// The columns of a sequence diagram.
const LADDER_COLUMNS: usize = 100;
/// The lines of one.
const LADDER_LINES_MAX: usize = 300;
/// The destinations that are kept.
const TRIED_MAX: usize = 1024;

/// Records until it is dropped.
#[derive(Debug)]
pub struct Recorder {
    recorded: Arc<Mutex<Recorded>>,
    service: Option<Service>,
    /// With it the thread that records ends.
    _open: PipeWriter,
}

impl Recorder {
    /// Begins to record what crosses loopback. For a process in a network of its own, while it still has the capability to capture there.
    pub fn start() -> io::Result<Self> {
        let capture = Capture::open_small(LOOPBACK, &Filter::default()).map_err(io::Error::other)?;
        let socket = capture.as_fd().try_clone_to_owned()?;
        let recorded = Arc::new(Mutex::new(Recorded { frames: Frames::new(capture.link()), capture }));
        let (closed, open) = io::pipe()?;
        let shared = Arc::clone(&recorded);
        std::thread::Builder::new().spawn(move || record(&shared, &socket, &closed))?;
        Ok(Self { recorded, service: None, _open: open })
    }

    /// Names messages as this lab's, at whatever port they are said.
    #[must_use]
    pub fn of(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// To whom somebody sent a handshake's first segment, or a datagram, whether or not anybody was there; in the order of their first.
    pub fn tried(&self) -> Vec<(labs::Transport, SocketAddr)> {
        self.with(|frames, _| frames.tried.clone())
    }

    /// Whether somebody said this ASCII text for everybody to read, in however many packets, and in UTF-8 or UTF-16.
    pub fn has_seen(&self, text: &str) -> bool {
        let mut said: HashMap<(u32, u32), Vec<u8>> = HashMap::new();
        self.with(|frames, _| {
            let mut story = frames.story(self.service);
            for (number, packet) in frames.packets() {
                story.take(&packet, number, &mut |event: &Event<'_>| {
                    // UTF-16 has a zero beside each letter.
                    let letters = event.payload.0.iter().filter(|byte| **byte != 0);
                    said.entry((event.conversation, event.from.index)).or_default().extend(letters);
                });
            }
        });
        said.values().any(|said| said.windows(text.len()).any(|window| window == text.as_bytes()))
    }

    /// The sequence diagram so far, as `socketlab watch --ladder` draws it.
    pub fn ladder(&self) -> String {
        self.with(|frames, missing| {
            let (mut ladder, mut picture) = (Ladder::new(LADDER_COLUMNS), String::new());
            let mut story = frames.story(self.service);
            for (number, packet) in frames.packets() {
                story.take(&packet, number, &mut |event: &Event<'_>| ladder.draw(event, &mut picture));
            }
            cut(&mut picture, LADDER_LINES_MAX);
            if missing > 0 {
                picture += &format!("{missing} more packets were too many to be kept\n");
            }
            picture
        })
    }

    /// The packets so far as a capture file, with our explanations as comments.
    pub fn pcapng(&self) -> Vec<u8> {
        self.with(|frames, _| {
            let mut file = Vec::new();
            let mut writer = Writer::new(concat!("socketlab ", env!("CARGO_PKG_VERSION")), "", &mut file);
            writer.interface(LOOPBACK, frames.link, 0, &mut file);
            let mut story = frames.story(self.service);
            let mut says = String::new();
            for (number, packet) in frames.packets() {
                says.clear();
                story.take(&packet, number, &mut |event: &Event<'_>| wire::explain(event, &mut says));
                writer.packet(&packet, &[&says], &mut file);
            }
            file
        })
    }

    /// Writes that file.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, self.pcapng())
    }

    /// Shows what crossed until now, and how many packets of it are missing.
    fn with<T>(&self, show: impl FnOnce(&Frames, u64) -> T) -> T {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        let Recorded { capture, frames } = &mut *recorded;
        // Without the kernel's counts there is what has come.
        let dropped = capture.catch_up(&mut |frame| frames.take(frame)).map_or(0, |counts| counts.dropped);
        show(frames, frames.left_out + dropped)
    }
}

/// Takes what comes until the other end of the pipe is closed.
fn record(recorded: &Mutex<Recorded>, socket: &OwnedFd, closed: &PipeReader) {
    // The socket is open; what a thread may is its own.
    let _ = privileges::give_back_for_good(Kept::None);
    loop {
        let mut sources = [PollFd::new(socket, PollFlags::IN), PollFd::new(closed, PollFlags::IN)];
        let polled = poll(&mut sources, None);
        if !sources[1].revents().is_empty() || polled.is_err_and(|error| error != rustix::io::Errno::INTR) {
            return;
        }
        let mut recorded = recorded.lock().unwrap_or_else(PoisonError::into_inner);
        let Recorded { capture, frames } = &mut *recorded;
        capture.take(&mut |frame| frames.take(frame));
    }
}

#[derive(Debug)]
struct Recorded {
    capture: Capture,
    frames: Frames,
}

/// The packets so far.
#[derive(Debug)]
struct Frames {
    link: LinkType,
    kept: Vec<Stored>,
    bytes: usize,
    left_out: u64,
    tried: Vec<(labs::Transport, SocketAddr)>,
}

#[derive(Debug)]
struct Stored {
    /// In nanoseconds since 1970.
    at: u64,
    bytes: Vec<u8>,
    original_len: u32,
}

impl Frames {
    fn new(link: LinkType) -> Self {
        Self { link, kept: Vec::new(), bytes: 0, left_out: 0, tried: Vec::new() }
    }

    fn take(&mut self, frame: Frame<'_>) {
        let mut bytes = frame.bytes.to_vec();
        if frame.lacks_checksum {
            wire::checksum::fill(self.link, &mut bytes);
        }
        let stored =
            Stored { at: frame.at, bytes, original_len: u32::try_from(frame.original_len).unwrap_or(u32::MAX) };
        if let Some((transport, address)) = wire::dissect::asked(&self.packet(&stored)) {
            let asked = (carrier(transport), address);
            if self.tried.len() < TRIED_MAX && !self.tried.contains(&asked) {
                self.tried.push(asked);
            }
        }
        if self.bytes + stored.bytes.len() > RECORDED_BYTES_MAX || self.kept.len() >= PACKETS_MAX {
            self.left_out += 1;
        } else {
            self.bytes += stored.bytes.len();
            self.kept.push(stored);
        }
    }

    fn packet<'a>(&self, stored: &'a Stored) -> Packet<'a> {
        let Stored { at, bytes, original_len } = stored;
        Packet { at: *at, link: self.link, interface: 0, bytes, original_len: *original_len, comment: None }
    }

    /// Numbered from 1.
    fn packets(&self) -> impl Iterator<Item = (u64, Packet<'_>)> {
        (1..).zip(self.kept.iter().map(|stored| self.packet(stored)))
    }

    fn story(&self, service: Option<Service>) -> Story {
        let asked: Vec<u16> = self.tried.iter().map(|(_, address)| address.port()).collect();
        let (naming, _) = LabNames::new(service, &asked, false);
        let service_ports = asked.into_iter().chain(Service::ALL.into_iter().map(Service::port)).collect();
        Story::new(Options { acknowledgements: false, checksums: false, service_ports, naming: Box::new(naming) })
    }
}

/// Leaves out the lines beyond so many, and says how many they are.
fn cut(picture: &mut String, lines_max: usize) {
    if let Some((end, _)) = picture.match_indices('\n').nth(lines_max.saturating_sub(1)) {
        let more = picture[end + 1..].lines().count();
        picture.truncate(end + 1);
        if more > 0 {
            *picture += &format!("… {more} more lines\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_picture_is_cut() {
        let mut picture = "a\nb\nc\nd\n".to_owned();
        cut(&mut picture, 4);
        assert_eq!(picture, "a\nb\nc\nd\n");
        cut(&mut picture, 2);
        assert_eq!(picture, "a\nb\n… 2 more lines\n");
    }
}
