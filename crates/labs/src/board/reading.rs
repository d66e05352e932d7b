//! One `GET` or `PROVE` that is being answered.

use std::net::SocketAddr;

use super::{BYE, HELD_BACK};
use crate::allowance::{Allowances, HEADER_BYTES};
use crate::framing::Ending;
use crate::{Now, Outbox, Peer, Shelf};

/// What is answered in one turn, so that other requests are heard in between.
const PAGE_BYTES: usize = 32 * 1024;
/// And no more texts: the smallest datagram takes several hundred bytes of its receiver's buffer.
const PAGE_TEXTS: usize = 32;
/// What a datagram over IPv4 holds.
const DATAGRAM_BYTES_MAX: usize = 65_507;
/// Kept back of an address's allowance for the last two lines, without their endings.
const LAST_LINES_BYTES: u64 = 256;

/// Texts from `next` up to `end`: those kept when it was asked for, and those that had been posted before.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) by: SocketAddr,
    /// How the answer is framed, which is as the request was.
    pub(super) ending: Ending,
    /// So many posts came before it; it waits until their fate is decided.
    pub(super) after: u64,
    pub(super) next: usize,
    pub(super) end: usize,
    /// Whether its asker has shown that it receives.
    pub(super) proven: bool,
}

impl Reading {
    /// Answers until all is told (`true`) or the page is full. Without allowances all is paid for, and a text may be of any size.
    pub(super) fn page(
        &mut self,
        now: Now,
        shelf: &Shelf,
        mut allowances: Option<&mut Allowances>,
        out: &mut Outbox,
    ) -> bool {
        out.begin(self.ending, Some(self.by));
        let peer = Peer::Remote(self.by);
        while self.next < self.end {
            let Some(text) = shelf.get(self.next) else { break };
            if is_page_full(out) {
                return false;
            }
            let too_large = allowances.is_some() && self.ending.framed_bytes(text.len()) > DATAGRAM_BYTES_MAX;
            let notice = too_large
                .then(|| format!("Error: a text of {} bytes is too large for a datagram; ask over TCP", text.len()));
            let told = notice.as_deref().map_or(&*text, str::as_bytes);
            if !self.is_lent(now, told.len(), allowances.as_deref_mut()) {
                self.hold_back(now, allowances, out);
                return true;
            }
            out.send(peer, told);
            self.next += 1;
        }
        let bye_bytes = self.ending.framed_bytes(BYE.len());
        if self.proven || allowances.is_none_or(|allowances| allowances.spend(now.uptime, self.by, bye_bytes)) {
            out.send(peer, BYE.as_bytes());
        }
        true
    }

    fn is_lent(&self, now: Now, text_bytes: usize, allowances: Option<&mut Allowances>) -> bool {
        let Some(allowances) = allowances.filter(|_| !self.proven) else { return true };
        let reserve = LAST_LINES_BYTES + 2 * self.ending.framed_bytes(0) as u64;
        allowances.spend_on_text(now.uptime, self.by, self.ending.framed_bytes(text_bytes), reserve)
    }

    /// Tells how to get the rest, and ends. Both lines or none.
    fn hold_back(&self, now: Now, allowances: Option<&mut Allowances>, out: &mut Outbox) {
        let Some(allowances) = allowances else { return };
        let token = allowances.token(now.uptime, self.by);
        let line = format!("Error: {} {HELD_BACK} {token:016x} {}", self.end - self.next, self.next);
        let lines_bytes = self.ending.framed_bytes(line.len()) + self.ending.framed_bytes(BYE.len());
        if allowances.spend(now.uptime, self.by, lines_bytes + HEADER_BYTES as usize) {
            out.send(Peer::Remote(self.by), line.as_bytes());
            out.send(Peer::Remote(self.by), BYE.as_bytes());
        }
    }
}

pub(super) fn is_page_full(out: &Outbox) -> bool {
    out.wire().len() >= PAGE_BYTES || out.message_count() >= PAGE_TEXTS
}
