//! The board's server: what it hears, and what follows once the disk has spoken.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::answers::{ByTurns, InOrder, Say};
use super::reading::Reading;
use super::{BUSY_ERROR, FORMAT_ERROR, FULL_ERROR, GET, POST, PROVE, SAVED, STORE_ERROR};
use crate::allowance::Allowances;
use crate::framing::Ending;
use crate::visible::Text;
use crate::{Event, Machine, NOT_TEXT, Now, Outbox, Peer, Shelf, Transport};

/// Texts on their way to the disk.
const POSTS_MAX: usize = 4096;
/// A pause between two pages of datagrams, so that the receiver's buffer has time to empty.
const PAGE_PAUSE: Duration = Duration::from_millis(2);

/// Keeps and tells texts, for one connection or for all datagrams.
#[derive(Debug)]
pub struct Server {
    shelf: Shelf,
    acknowledge: bool,
    /// Texts on their way to the disk, which tells their fates in this order. Apart from the readers, so that these never make a post wait.
    posts: VecDeque<Post>,
    /// So many posts' fates are known.
    decided: u64,
    answers: Answers,
    next_page_at: Option<Duration>,
    closing: Option<Peer>,
}

#[derive(Debug)]
struct Post {
    by: SocketAddr,
    ending: Ending,
}

#[derive(Debug)]
enum Answers {
    /// A connection shows that its peer receives, so there are no allowances.
    Stream(InOrder),
    Datagrams(ByTurns),
}

impl Server {
    /// A server that reads from `shelf` and hands texts to keep to [`Peer::Store`]. The secret makes the tokens unguessable.
    pub fn new(shelf: Shelf, transport: Transport, acknowledge: bool, secret: [u8; 16]) -> Self {
        let answers = match transport {
            Transport::Tcp => Answers::Stream(InOrder::default()),
            Transport::Udp => Answers::Datagrams(ByTurns::new(Allowances::new(secret))),
        };
        Self { shelf, acknowledge, posts: VecDeque::new(), decided: 0, answers, next_page_at: None, closing: None }
    }

    fn message(&mut self, now: Now, by: SocketAddr, message: &[u8], out: &mut Outbox) {
        let ending = out.ending();
        if let Answers::Datagrams(readers) = &mut self.answers {
            readers.allowances.earn(now.uptime, by, ending.framed_bytes(message.len()));
        }
        let heard = if message == GET.as_bytes() {
            self.read(by, 0, false, ending)
        } else if let Some(text) = message.strip_prefix(POST.as_bytes()) {
            self.post(now, by, text, out)
        } else if let Some(place) = self.proven_place(now, by, message) {
            self.read(by, place, true, ending)
        } else {
            Err(FORMAT_ERROR)
        };
        if let Err(why) = heard {
            self.refuse(now, by, why, out);
        }
        // While texts are on their way, nobody new is ready.
        if self.next_page_at.is_none() && self.posts.is_empty() {
            self.answer_page(now, out);
        }
    }

    fn post(&mut self, now: Now, by: SocketAddr, text: &[u8], out: &mut Outbox) -> Result<(), &'static str> {
        if text.trim_ascii().is_empty() {
            return Err(FORMAT_ERROR);
        }
        if std::str::from_utf8(text).is_err() {
            return Err(NOT_TEXT);
        }
        if self.posts.len() >= POSTS_MAX {
            return Err(BUSY_ERROR);
        }
        self.shelf.reserve(text.len()).map_err(|_| FULL_ERROR)?;
        let ending = out.ending();
        self.posts.push_back(Post { by, ending });
        out.send(Peer::Store, text);
        if let Answers::Datagrams(readers) = &mut self.answers {
            // The answer that follows once the disk has spoken is paid for by the request itself.
            readers.allowances.spend(now.uptime, by, ending.framed_bytes(STORE_ERROR.len()));
        }
        Ok(())
    }

    fn read(&mut self, by: SocketAddr, next: usize, proven: bool, ending: Ending) -> Result<(), &'static str> {
        let asked = Reading { by, ending, after: self.posted(), next, end: self.shelf.count(), proven };
        let room = match &mut self.answers {
            Answers::Stream(line) => line.read(asked),
            Answers::Datagrams(readers) => readers.read(asked),
        };
        if room { Ok(()) } else { Err(BUSY_ERROR) }
    }

    /// Says no: to the sender of a datagram at once, on a stream when the answers before it are given.
    fn refuse(&mut self, now: Now, by: SocketAddr, why: &'static str, out: &mut Outbox) {
        let (ending, after) = (out.ending(), self.posted());
        match &mut self.answers {
            Answers::Stream(line) => line.say(Say { by, ending, after, text: why }, out),
            Answers::Datagrams(readers) => {
                // What the request has just earned is always more.
                readers.allowances.spend(now.uptime, by, ending.framed_bytes(why.len()));
                out.send(Peer::Remote(by), why.as_bytes());
            }
        }
    }

    /// How many texts were sent to the disk until now.
    fn posted(&self) -> u64 {
        self.decided + self.posts.len() as u64
    }

    /// The place to go on from, if the message is `PROVE <token> <place>` with this address's token.
    fn proven_place(&self, now: Now, by: SocketAddr, message: &[u8]) -> Option<usize> {
        let Answers::Datagrams(readers) = &self.answers else { return None };
        let rest = std::str::from_utf8(message).ok()?.strip_prefix(PROVE)?;
        let (token, place) = rest.split_once(' ')?;
        let token = u64::from_str_radix(token, 16).ok()?;
        readers.allowances.is_token(now.uptime, by, token).then_some(())?;
        place.parse().ok()
    }

    /// Answers what is ready to be answered, a page of it.
    fn answer_page(&mut self, now: Now, out: &mut Outbox) {
        let (more, pause) = match &mut self.answers {
            Answers::Stream(line) => (line.page(now, self.decided, &self.shelf, out), Duration::ZERO),
            Answers::Datagrams(readers) => (readers.page(now, self.decided, &self.shelf, out), PAGE_PAUSE),
        };
        self.next_page_at = more.then(|| now.uptime + pause);
        self.close_if_done(out);
    }

    /// The oldest text on its way is safe at a place of the shelf, or lost; then the store has given its place back.
    fn stored(&mut self, now: Now, place: Option<usize>, out: &mut Outbox) {
        let Some(Post { by, ending }) = self.posts.pop_front() else { return };
        let number = self.decided;
        self.decided += 1;
        if let Some(place) = place {
            self.show(number, place);
        }
        let answer = match place {
            Some(_) => self.acknowledge.then_some(SAVED),
            None => Some(STORE_ERROR),
        };
        match (answer, &mut self.answers) {
            (Some(text), Answers::Stream(line)) => line.say(Say { by, ending, after: number, text }, out),
            (Some(text), Answers::Datagrams(_)) => {
                out.begin(ending, Some(by));
                out.send(Peer::Remote(by), text.as_bytes());
            }
            (None, _) => {}
        }
        if self.next_page_at.is_none() {
            self.answer_page(now, out);
        }
    }

    /// Texts that share a commit are on the shelf together, so each reader's end tells which of them came before it.
    fn show(&mut self, post: u64, place: usize) {
        let end = place.saturating_add(1);
        match &mut self.answers {
            Answers::Stream(line) => line.show(post, end),
            Answers::Datagrams(readers) => readers.show(post, end),
        }
    }

    fn close_if_done(&mut self, out: &mut Outbox) {
        let answered = match &self.answers {
            Answers::Stream(line) => line.is_empty(),
            Answers::Datagrams(_) => true,
        };
        let done = answered && self.posts.is_empty();
        if let Some(peer) = self.closing.take_if(|_| done) {
            out.finish(peer);
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
