//! board, over UDP (TCP on request): `POST <text>` keeps a text, `GET` answers every text kept, then `<<--bye-->>`.
//!
//! Each text is a datagram of its own; over TCP a line of its own, also for a peer that sends none. `POST` is not answered
//! unless the server is told to acknowledge: then `saved`, once the text is safe on disk. A text that was acknowledged is never lost. A `GET`
//! waits for the texts posted before it through the same socket or connection. Over TCP the answers come in the order of the requests.
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
use crate::framing::Ending;
use crate::visible::Text;
use crate::{Event, Machine, NOT_TEXT, Now, Outbox, Peer, Shelf, Transport};

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

/// How answers on a stream end for a peer that sends no line ends: texts come back to back, so that only line ends keep them apart.
pub const BARE_ENDING: Ending = Ending::Lf;

/// Requests that wait for the disk or are being answered.
const QUEUE_MAX: usize = 4096;
/// What is answered in one turn, so that other requests are heard in between.
const PAGE_BYTES: usize = 32 * 1024;
/// And no more texts: the smallest datagram takes several hundred bytes of its receiver's buffer.
const PAGE_TEXTS: usize = 32;
/// A pause between two pages of datagrams, so that the receiver's buffer has time to empty.
const PAGE_PAUSE: Duration = Duration::from_millis(2);
/// Kept back of an address's allowance for the last two lines, without their endings.
const LAST_LINES_BYTES: u64 = 256;

/// Keeps and tells texts, for one connection or for all datagrams.
#[derive(Debug)]
pub struct Server {
    shelf: Shelf,
    acknowledge: bool,
    /// None over TCP, where a connection shows that the peer receives.
    allowances: Option<Allowances>,
    /// In the order of arrival. A reader waits for the texts posted before it, and on a stream every answer for those before it.
    queue: VecDeque<Job>,
    next_page_at: Option<Duration>,
    closing: Option<Peer>,
}

#[derive(Debug)]
struct Job {
    by: SocketAddr,
    /// How the answer is framed, which is as the request was.
    ending: Ending,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A text on its way to the disk.
    Post { bytes: usize },
    /// Texts from `next` up to `end`: those kept when it was asked for, and those its asker had posted before.
    Get { next: usize, end: usize, proven: bool },
    /// A short answer whose turn has not come.
    Say(&'static str),
}

impl Server {
    /// A server that reads from `shelf` and hands texts to keep to [`Peer::Store`]. The secret makes the tokens unguessable.
    pub fn new(shelf: Shelf, transport: Transport, acknowledge: bool, secret: [u8; 16]) -> Self {
        let allowances = (transport == Transport::Udp).then(|| Allowances::new(secret));
        Self { shelf, acknowledge, allowances, queue: VecDeque::new(), next_page_at: None, closing: None }
    }

    fn message(&mut self, now: Now, by: SocketAddr, message: &[u8], out: &mut Outbox) {
        let ending = out.ending();
        if let Some(allowances) = &mut self.allowances {
            allowances.earn(now.uptime, by, ending.framed_bytes(message.len()));
        }
        if message == GET.as_bytes() {
            self.get(now, by, What::Get { next: 0, end: self.shelf.count(), proven: false }, out);
        } else if let Some(text) = message.strip_prefix(POST.as_bytes()) {
            if let Err(why) = self.post(by, text, out) {
                self.refuse(now, by, why, out);
            } else if let Some(allowances) = &mut self.allowances {
                // The answer that follows once the disk has spoken is paid for by the request itself.
                allowances.spend(now.uptime, by, ending.framed_bytes(STORE_ERROR.len()), 0);
            }
        } else if let Some(next) = self.proven_place(now, by, message) {
            self.get(now, by, What::Get { next, end: self.shelf.count(), proven: true }, out);
        } else {
            self.refuse(now, by, FORMAT_ERROR, out);
        }
    }

    fn post(&mut self, by: SocketAddr, text: &[u8], out: &mut Outbox) -> Result<(), &'static str> {
        if text.trim_ascii().is_empty() {
            return Err(FORMAT_ERROR);
        }
        if std::str::from_utf8(text).is_err() {
            return Err(NOT_TEXT);
        }
        if self.queue.len() >= QUEUE_MAX {
            return Err(BUSY_ERROR);
        }
        self.shelf.reserve(text.len()).map_err(|_| FULL_ERROR)?;
        self.queue.push_back(Job { by, ending: out.ending(), what: What::Post { bytes: text.len() } });
        out.send(Peer::Store, text);
        Ok(())
    }

    fn get(&mut self, now: Now, by: SocketAddr, what: What, out: &mut Outbox) {
        if self.queue.len() >= QUEUE_MAX {
            return self.refuse(now, by, BUSY_ERROR, out);
        }
        self.queue.push_back(Job { by, ending: out.ending(), what });
        if self.next_page_at.is_none() {
            self.answer_page(now, out);
        }
    }

    /// Says no: to the sender of a datagram at once, on a stream when the answers before it are given.
    fn refuse(&mut self, now: Now, by: SocketAddr, why: &'static str, out: &mut Outbox) {
        if let Some(allowances) = &mut self.allowances {
            // What the request has just earned is always more.
            allowances.spend(now.uptime, by, out.ending().framed_bytes(why.len()), 0);
        } else if !self.queue.is_empty() && self.queue.len() < QUEUE_MAX {
            return self.queue.push_back(Job { by, ending: out.ending(), what: What::Say(why) });
        }
        out.send(Peer::Remote(by), why.as_bytes());
    }

    /// The place to go on from, if the message is `PROVE <token> <place>` with this address's token.
    fn proven_place(&self, now: Now, by: SocketAddr, message: &[u8]) -> Option<usize> {
        let rest = std::str::from_utf8(message).ok()?.strip_prefix(PROVE)?;
        let (token, place) = rest.split_once(' ')?;
        let token = u64::from_str_radix(token, 16).ok()?;
        self.allowances.as_ref()?.is_token(now.uptime, by, token).then_some(())?;
        place.parse().ok()
    }

    /// Answers the requests at the head of the queue until a page is full or a text is still on its way to the disk.
    fn answer_page(&mut self, now: Now, out: &mut Outbox) {
        self.next_page_at = None;
        while let Some(Job { by, ending, what }) = self.queue.front_mut() {
            if matches!(what, What::Post { .. }) {
                break;
            }
            let mut full = is_page_full(out);
            if !full {
                out.begin(*ending, Some(*by));
                match what {
                    What::Get { next, end, proven } => {
                        let reader = Reader { by: *by, proven: *proven, allowances: self.allowances.as_mut() };
                        full = !reader.read_page(now, &self.shelf, next, *end, out);
                    }
                    What::Say(text) => out.send(Peer::Remote(*by), text.as_bytes()),
                    What::Post { .. } => {}
                }
            }
            if full {
                let pause = if self.allowances.is_some() { PAGE_PAUSE } else { Duration::ZERO };
                self.next_page_at = Some(now.uptime + pause);
                return;
            }
            self.queue.pop_front();
        }
        self.close_if_done(out);
    }

    /// The oldest text on its way is safe at a place of the shelf, or lost.
    fn stored(&mut self, now: Now, place: Option<usize>, out: &mut Outbox) {
        let post = |job: &Job| matches!(job.what, What::Post { .. });
        let Some(at) = self.queue.iter().position(post) else { return };
        let Some(Job { by, ending, what: What::Post { bytes } }) = self.queue.remove(at) else { return };
        let answer = match place {
            Some(place) => {
                self.show_to_later_readers(at, place);
                self.acknowledge.then_some(SAVED)
            }
            None => {
                self.shelf.release(bytes);
                Some(STORE_ERROR)
            }
        };
        match answer {
            Some(text) if self.allowances.is_some() => {
                out.begin(ending, Some(by));
                out.send(Peer::Remote(by), text.as_bytes());
            }
            Some(text) => self.queue.insert(at, Job { by, ending, what: What::Say(text) }),
            None => {}
        }
        if self.next_page_at.is_none() {
            self.answer_page(now, out);
        }
    }

    /// Texts that share a commit are on the shelf together, so each reader's end tells which of them came before it.
    fn show_to_later_readers(&mut self, at: usize, place: usize) {
        for job in self.queue.range_mut(at..) {
            if let What::Get { end, .. } = &mut job.what {
                *end = (*end).max(place.saturating_add(1));
            }
        }
    }

    fn close_if_done(&mut self, out: &mut Outbox) {
        if let Some(peer) = self.closing.take_if(|_| self.queue.is_empty()) {
            out.finish(peer);
        }
    }
}

fn is_page_full(out: &Outbox) -> bool {
    out.wire().len() >= PAGE_BYTES || out.message_count() >= PAGE_TEXTS
}

/// One `GET` under way.
struct Reader<'a> {
    by: SocketAddr,
    proven: bool,
    allowances: Option<&'a mut Allowances>,
}

impl Reader<'_> {
    /// Answers texts from `next` up to `end`, until all are told (`true`) or the page is full.
    fn read_page(mut self, now: Now, shelf: &Shelf, next: &mut usize, end: usize, out: &mut Outbox) -> bool {
        let peer = Peer::Remote(self.by);
        let ending = out.ending();
        let reserve = LAST_LINES_BYTES + 2 * ending.framed_bytes(0) as u64;
        while let Some(text) = shelf.get(*next).filter(|_| *next < end) {
            if is_page_full(out) {
                return false;
            }
            if !self.may_send(now, ending.framed_bytes(text.len()), reserve) {
                self.tell_held_back(now, end - *next, *next, out);
                break;
            }
            out.send(peer, &text);
            *next += 1;
        }
        if self.may_send(now, ending.framed_bytes(BYE.len()), 0) {
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
        if allowances.spend(now.uptime, self.by, out.ending().framed_bytes(line.len()), 0) {
            out.send(Peer::Remote(self.by), line.as_bytes());
        }
    }
}

impl Machine for Server {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(Peer::Remote(by), message) => {
                out.print(format_args!("{by}: {}", Text(message)));
                self.message(now, by, message, out);
            }
            Event::Message(Peer::Store, place) => {
                let place = std::str::from_utf8(place).ok().and_then(|place| place.parse().ok());
                self.stored(now, place, out);
            }
            Event::Gone(Peer::Store) => self.stored(now, None, out),
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
