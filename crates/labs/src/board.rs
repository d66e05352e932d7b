//! board, over UDP (TCP on request): `POST <text>` keeps a text, `GET` answers every text kept, then `<<--bye-->>`.
//!
//! Each text is a datagram of its own; over TCP a line of its own, also for a peer that sends none. `POST` is not answered
//! unless the server is told to acknowledge: then `saved`, once the text is safe on disk. A text that was acknowledged is never lost. A `GET`
//! waits for the texts posted before it through the same socket or connection.
//!
//! The sender of a datagram may be forged, so an address that has not shown that it receives gets a limited amount (16 KiB and what its
//! requests earn); what is held back is told in one line, `Error: <n> more texts held back; to receive them, send PROVE <token> <place>`,
//! before the `<<--bye-->>`. Whoever repeats that `PROVE …` gets the rest. Loopback and TCP have no such limit.
//! Sheet: "Socket programming" project 2. Stateless to its clients: every request can be understood alone.

mod client;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use crate::allowance::Allowances;
use crate::{Event, Machine, Now, Outbox, Peer, Shelf, Transport};

pub use client::Client;

pub const GET: &str = "GET";
pub const POST: &str = "POST ";
pub const BYE: &str = "<<--bye-->>";
pub const SAVED: &str = "saved";
pub const FORMAT_ERROR: &str = "Error: expected GET or POST <text>";
pub const FULL_ERROR: &str = "Error: the board is full";
pub const BUSY_ERROR: &str = "Error: busy, try again";
pub const STORE_ERROR: &str = "Error: the text could not be saved";
const PROVE: &str = "PROVE ";
const HELD_BACK: &str = "more texts held back; to receive them, send PROVE";

/// Requests that wait for the disk or are being answered.
const QUEUE_MAX: usize = 4096;
/// What is answered in one turn, so that other requests are heard in between.
const PAGE_BYTES: usize = 32 * 1024;
/// A pause between two pages of datagrams, so that the receiver's buffer has time to empty.
const PAGE_PAUSE: Duration = Duration::from_millis(2);
/// Kept back of an address's allowance for the last two lines.
const LAST_LINES_BYTES: u64 = 256;

/// Keeps and tells texts, for one connection or for all datagrams.
#[derive(Debug)]
pub struct Server {
    shelf: Shelf,
    acknowledge: bool,
    /// None over TCP, where a connection shows that the peer receives.
    allowances: Option<Allowances>,
    /// In the order of arrival. A reader waits for the texts posted before it.
    queue: VecDeque<Job>,
    next_page_at: Option<Duration>,
    closing: Option<Peer>,
}

#[derive(Debug)]
enum Job {
    /// A text on its way to the disk.
    Post {
        by: Peer,
        bytes: usize,
    },
    Get {
        by: SocketAddr,
        next: usize,
        proven: bool,
    },
}

impl Server {
    /// A server that reads from `shelf` and hands texts to keep to [`Peer::Store`]. The secret makes the tokens unguessable.
    pub fn new(shelf: Shelf, transport: Transport, acknowledge: bool, secret: [u8; 16]) -> Self {
        let allowances = (transport == Transport::Udp).then(|| Allowances::new(secret));
        Self { shelf, acknowledge, allowances, queue: VecDeque::new(), next_page_at: None, closing: None }
    }

    fn message(&mut self, now: Now, by: SocketAddr, message: &[u8], out: &mut Outbox) {
        if let Some(allowances) = &mut self.allowances {
            allowances.earn(now.uptime, by, message.len());
        }
        let peer = Peer::Remote(by);
        if message == GET.as_bytes() {
            self.get(now, by, 0, false, out);
        } else if let Some(text) = message.strip_prefix(POST.as_bytes()) {
            self.post(peer, text, out);
        } else if let Some(place) = self.proven_place(now, by, message) {
            self.get(now, by, place, true, out);
        } else {
            out.send(peer, FORMAT_ERROR.as_bytes());
        }
    }

    fn post(&mut self, by: Peer, text: &[u8], out: &mut Outbox) {
        if text.trim_ascii().is_empty() {
            out.send(by, FORMAT_ERROR.as_bytes());
        } else if self.queue.len() >= QUEUE_MAX {
            out.send(by, BUSY_ERROR.as_bytes());
        } else if self.shelf.reserve(text.len()).is_err() {
            out.send(by, FULL_ERROR.as_bytes());
        } else {
            self.queue.push_back(Job::Post { by, bytes: text.len() });
            out.send(Peer::Store, text);
        }
    }

    fn get(&mut self, now: Now, by: SocketAddr, next: usize, proven: bool, out: &mut Outbox) {
        if self.queue.len() >= QUEUE_MAX {
            return out.send(Peer::Remote(by), BUSY_ERROR.as_bytes());
        }
        self.queue.push_back(Job::Get { by, next, proven });
        if self.next_page_at.is_none() {
            self.answer_page(now, out);
        }
    }

    /// The place to go on from, if the message is `PROVE <token> <place>` with this address's token.
    fn proven_place(&self, now: Now, by: SocketAddr, message: &[u8]) -> Option<usize> {
        let rest = std::str::from_utf8(message).ok()?.strip_prefix(PROVE)?;
        let (token, place) = rest.split_once(' ')?;
        let token = u64::from_str_radix(token, 16).ok()?;
        self.allowances.as_ref()?.is_token(now.uptime, by, token).then_some(())?;
        place.parse().ok()
    }

    /// Answers the readers at the head of the queue until a page is full.
    fn answer_page(&mut self, now: Now, out: &mut Outbox) {
        self.next_page_at = None;
        let start = out.wire().len();
        while let Some(Job::Get { by, next, proven }) = self.queue.front_mut() {
            let reader = Reader { by: *by, proven: *proven, allowances: self.allowances.as_mut() };
            let done = reader.read_page(now, &self.shelf, next, start + PAGE_BYTES, out);
            if !done {
                let pause = if self.allowances.is_some() { PAGE_PAUSE } else { Duration::ZERO };
                self.next_page_at = Some(now.uptime + pause);
                return;
            }
            self.queue.pop_front();
        }
        self.close_if_done(out);
    }

    /// The oldest text on its way is safe, or lost.
    fn stored(&mut self, now: Now, kept: bool, out: &mut Outbox) {
        let posts = |job: &Job| matches!(job, Job::Post { .. });
        let Some(Job::Post { by, bytes }) = self.queue.iter().position(posts).and_then(|at| self.queue.remove(at))
        else {
            return;
        };
        if !kept {
            self.shelf.release(bytes);
            out.send(by, STORE_ERROR.as_bytes());
        } else if self.acknowledge {
            out.send(by, SAVED.as_bytes());
        }
        if self.next_page_at.is_none() {
            self.answer_page(now, out);
        }
    }

    fn close_if_done(&mut self, out: &mut Outbox) {
        if let Some(peer) = self.closing.take_if(|_| self.queue.is_empty()) {
            out.finish(peer);
        }
    }
}

/// One `GET` under way.
struct Reader<'a> {
    by: SocketAddr,
    proven: bool,
    allowances: Option<&'a mut Allowances>,
}

impl Reader<'_> {
    /// Answers texts from `next` on, until all are told (`true`) or the outbox holds `bytes_max`.
    fn read_page(mut self, now: Now, shelf: &Shelf, next: &mut usize, bytes_max: usize, out: &mut Outbox) -> bool {
        let peer = Peer::Remote(self.by);
        while let Some(text) = shelf.get(*next) {
            if out.wire().len() >= bytes_max {
                return false;
            }
            if !self.may_send(now, text.len(), LAST_LINES_BYTES) {
                self.tell_held_back(now, shelf.len() - *next, *next, out);
                break;
            }
            out.send(peer, &text);
            *next += 1;
        }
        if self.may_send(now, BYE.len(), 0) {
            out.send(peer, BYE.as_bytes());
        }
        true
    }

    fn may_send(&mut self, now: Now, bytes: usize, reserve: u64) -> bool {
        match &mut self.allowances {
            Some(allowances) if !self.proven => allowances.spend(now.uptime, self.by, bytes, reserve),
            _ => true,
        }
    }

    fn tell_held_back(&mut self, now: Now, texts: usize, place: usize, out: &mut Outbox) {
        let Some(allowances) = &mut self.allowances else { return };
        let token = allowances.token(now.uptime, self.by);
        let line = format!("Error: {texts} {HELD_BACK} {token:016x} {place}");
        if allowances.spend(now.uptime, self.by, line.len(), 0) {
            out.send(Peer::Remote(self.by), line.as_bytes());
        }
    }
}

impl Machine for Server {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(Peer::Remote(by), message) => {
                out.print(format_args!("{by}: {}", String::from_utf8_lossy(message)));
                self.message(now, by, message, out);
            }
            Event::Message(Peer::Store, _) => self.stored(now, true, out),
            Event::Gone(Peer::Store) => self.stored(now, false, out),
            Event::Timeout => self.answer_page(now, out),
            Event::Finished(peer @ Peer::Remote(_)) => {
                self.closing = Some(peer);
                self.close_if_done(out);
            }
            Event::Opened(_) | Event::Message(..) | Event::Finished(_) | Event::Gone(_) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.next_page_at
    }
}
