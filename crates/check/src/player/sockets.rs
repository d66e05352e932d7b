//! What is said and heard at our ends of connections.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Fault, Played, Player, got, named, quoted, quoted_all};
use crate::manner::Form;
use crate::matcher::numbered;
use crate::peer::{End, Framing, Peer};
use crate::processes::LOOK_EVERY;
use crate::rule::{Cast, Said, Who};
use crate::talker::Talker;

/// A program that was just started may take so long until it comes to us, as long as it does not sleep: where many start at once, each is slow.
const STARTS_MAX: Duration = Duration::from_secs(20);

impl Player<'_> {
    pub(super) fn open(&mut self, who: Who, from: Option<u16>) -> Played {
        // Who came before is dealt with before: the order of those who come is part of what is expected.
        self.settle();
        let peer = Peer::open(&self.stage.place, from, self.patience).map_err(|error| {
            self.refused |= error.kind() == std::io::ErrorKind::ConnectionRefused;
            let fault = Fault::new(format!("{who} is let in"), error.kind().to_string());
            // That a port is not to be had is not the program's fault.
            Fault { is_unseen: error.kind() == std::io::ErrorKind::AddrInUse, ..fault }
        })?;
        self.peers.push((who, peer));
        self.tell(from.map_or_else(|| format!("{who} comes"), |port| format!("{who} comes, from port {port}")));
        Ok(())
    }

    pub(super) fn open_deaf(&mut self, who: Who) -> Played {
        self.settle();
        let opened = Peer::open_deaf(&self.stage.place);
        // It asks nobody to let it in.
        let fault = |error: std::io::Error| Fault {
            is_unseen: true,
            ..Fault::new(format!("{who} has a socket"), error.to_string())
        };
        self.peers.push((who, opened.map_err(fault)?));
        self.tell(format!("{who} comes, and will be gone before any answer"));
        Ok(())
    }

    pub(super) fn accept(&mut self, who: Who) -> Played {
        let mut accepted = None;
        let came = self.wait_at_most(self.patience.max(STARTS_MAX), who, |player| {
            accepted = player.stage.door.as_mut().and_then(crate::door::Door::accept);
            accepted.is_some()
        });
        if let Some(peer) = accepted.filter(|_| came) {
            self.met = true;
            self.peers.push((who, peer));
            self.tell(format!("{} comes to our server", named(who)));
            self.listen();
            return Ok(());
        }
        let expected = format!("{} comes to our server at port {}", named(who), self.stage.place.port());
        Err(Fault::new(expected, "it does not come there"))
    }

    pub(super) fn greet(&mut self, who: Who, text: &str) -> Played {
        if self.manner.greets { self.say_text(who, text) } else { Ok(()) }
    }

    pub(super) fn acknowledge(&mut self, who: Who, text: &str) -> Played {
        if self.manner.form == Form::Acknowledged { self.say_text(who, text) } else { Ok(()) }
    }

    pub(super) fn differ(&mut self) -> Played {
        self.settle();
        let mut said = self.peers.iter().map(|(_, peer)| peer.news());
        let first = said.next().unwrap_or_default();
        if said.all(|other| other == first) {
            let got = format!("all {} say {}", self.peers.len(), quoted(first));
            return Err(Fault::new("the instances say different things", got));
        }
        Ok(())
    }

    /// Says a text as the program speaks.
    pub(super) fn say_text(&mut self, who: Who, text: &str) -> Played {
        let message = self.message(text);
        self.say(who, message.as_bytes())
    }

    /// A text as the program speaks.
    pub(super) fn message(&self, text: &str) -> String {
        let ending = if self.manner.framing == Framing::Lines { "\n" } else { "" };
        format!("{text}{ending}")
    }

    pub(super) fn say_numbered(&mut self, who: Who, text: &str, count: usize) -> Played {
        (1..=count).try_for_each(|number| self.say_text(who, &numbered(text, number)))
    }

    /// Whether the server has closed this one's connection by the time it rests.
    pub(super) fn has_been_closed(&mut self, who: Who) -> bool {
        self.settle();
        self.peer(who).is_none_or(|peer| peer.end.is_some())
    }

    pub(super) fn reply(&mut self, who: Who, answer: fn(&str) -> Option<String>) -> Played {
        let heard = self.peer(who).map(|peer| String::from_utf8_lossy(peer.news()).into_owned()).unwrap_or_default();
        let answer = answer(&heard)
            .ok_or_else(|| Fault::new(format!("{who} asks our server for something"), quoted(heard.as_bytes())))?;
        self.say_text(who, &answer)
    }

    pub(super) fn say(&mut self, who: Who, bytes: &[u8]) -> Played {
        self.settle();
        self.say_at_once(who, bytes, true)
    }

    pub(super) fn say_in_pieces(&mut self, who: Who, text: &str) -> Played {
        let mut rest = text.as_bytes();
        let mut is_first = true;
        while !rest.is_empty() {
            // At least two pieces, of which the first is no whole message.
            let most = if is_first { rest.len().saturating_sub(2).max(1) } else { rest.len() };
            let (piece, behind) = rest.split_at(self.chance.usize(1..=most));
            self.settle();
            self.say_at_once(who, piece, std::mem::take(&mut is_first))?;
            rest = behind;
        }
        self.note_reply(who, text.as_bytes());
        Ok(())
    }

    pub(super) fn say_at_once(&mut self, who: Who, bytes: &[u8], forgets: bool) -> Played {
        let arrow = if self.speaks_as_client() { "→" } else { "←" };
        self.tell(format!("{who} {arrow} {}", quoted(bytes)));
        self.send(who, bytes, forgets)
    }

    pub(super) fn send(&mut self, who: Who, bytes: &[u8], forgets: bool) -> Played {
        self.unanswered = true;
        self.note_reply(who, bytes);
        self.note_said(who, bytes);
        let patience = self.patience;
        let Some(peer) = self.peer(who) else { return Ok(()) };
        if forgets {
            peer.mark();
        }
        let taken = peer.send(bytes, patience);
        taken.map_err(|error| Fault::new(format!("{} is taken", quoted(bytes)), error.kind().to_string()))
    }

    fn note_reply(&mut self, who: Who, bytes: &[u8]) {
        self.replies.retain(|(name, _)| *name != who);
        self.replies.push((who, String::from_utf8_lossy(bytes).trim().to_owned()));
    }

    pub(super) fn hear(&mut self, who: Who, said: Said) -> Played {
        let mut is_heard = false;
        self.wait(who, |player| {
            player.readmit(who);
            let may_come_again = player.stage.door.is_some();
            let Some(peer) = player.peer(who) else { return true };
            is_heard = said.is_in(peer.news(), Timestamp::now());
            is_heard || (peer.end.is_some() && !may_come_again)
        });
        match self.peer(who) {
            Some(peer) if !is_heard => {
                let got = got(peer);
                Err(Fault::new(format!("{} hears {said}", self.our_name(who)), got))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What takes its time is waited for as long as is said, and is not called missing while more of it comes.
    pub(super) fn await_long(&mut self, who: Who, said: Said, longest: Duration) -> Played {
        let end = Instant::now() + longest;
        loop {
            let is_over = self.has_ended(who);
            self.listen();
            let Some(peer) = self.peer(who) else { return Ok(()) };
            if said.is_in(peer.news(), Timestamp::now()) {
                return Ok(());
            }
            let (has_ended, got) = (is_over || peer.end.is_some(), got(peer));
            let is_late = Instant::now() > end;
            if has_ended || is_late {
                let seconds = longest.as_secs();
                let expected = format!("{} hears {said} within {seconds} s", self.our_name(who));
                return Err(Fault { is_unseen: !has_ended, ..Fault::new(expected, got) });
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    pub(super) fn never(&mut self, who: Who, said: Said) -> Played {
        self.settle();
        let Some(peer) = self.peer(who) else { return Ok(()) };
        if said.is_in(peer.news(), Timestamp::now()) {
            let got = got(peer);
            let expected = if matches!(said, Said::Anything) {
                format!("{} hears nothing", self.our_name(who))
            } else {
                format!("{} does not hear {said}", self.our_name(who))
            };
            return Err(Fault::new(expected, got));
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, who: Who) {
        self.tell(format!("{} closes its side", self.our_name(who)));
        if let Some(peer) = self.peer(who) {
            peer.finish();
        }
    }

    pub(super) fn close(&mut self, who: Who) {
        self.tell(format!("{} closes", self.our_name(who)));
        self.peers.retain(|(name, _)| *name != who);
    }

    pub(super) fn reset(&mut self, who: Who) {
        self.tell(format!("{} resets the connection", self.our_name(who)));
        if let Some(at) = self.peers.iter().position(|(name, _)| *name == who) {
            self.peers.remove(at).1.reset();
        }
    }

    pub(super) fn ended(&mut self, who: Who) -> Played {
        let has_ended = |player: &mut Self| player.peer(who).is_none_or(|peer| peer.end.is_some());
        if self.wait_for(self.patience, self.patience, who, has_ended) {
            return Ok(());
        }
        let closes = if self.speaks_as_client() { "the server".to_owned() } else { named(who) };
        Err(Fault::new(format!("{closes} closes the connection"), "it stays open"))
    }

    /// Takes what has arrived for anybody, and says whether there was anything.
    pub(super) fn listen_to_peers(&mut self) -> bool {
        if let Some(door) = &mut self.stage.door {
            door.hand_over(self.peers.iter_mut().map(|(_, peer)| peer));
        }
        let are_clients = self.speaks_as_client();
        let arrow = if are_clients { "←" } else { "→" };
        let mut any = false;
        let mut told = Vec::new();
        for (who, peer) in &mut self.peers {
            let had_ended = peer.end.is_some();
            let start = peer.listen();
            if peer.heard().len() > start {
                any = true;
                let talker = self.talkers.iter().find(|(name, _)| name == who);
                told.push(format!("{who} {arrow} {}", shown(peer, start, talker)));
            }
            match peer.end.filter(|_| !had_ended) {
                Some(End::Closed) if are_clients => told.push(format!("{who} sees the server close")),
                Some(End::Closed) => told.push(format!("{} closes", named(who))),
                Some(End::Reset) => told.push(format!("{who} sees the connection break")),
                None => {}
            }
        }
        told.into_iter().for_each(|line| self.tell(line));
        any
    }

    pub(super) fn peer(&mut self, who: Who) -> Option<&mut Peer> {
        self.peers.iter_mut().find(|(name, _)| *name == who).map(|(_, peer)| peer)
    }

    /// Whether our ends are clients.
    fn speaks_as_client(&self) -> bool {
        self.stage.cast == Cast::Server
    }

    /// Our end of this one's connection.
    pub(super) fn our_name(&self, who: Who) -> String {
        if self.speaks_as_client() { who.to_owned() } else { "our server".to_owned() }
    }
}

/// What came, or what one who talks in secret reads in it.
fn shown(peer: &Peer, start: usize, talker: Option<&(Who, Talker)>) -> String {
    let news = &peer.heard()[start..];
    let Some((_, talker)) = talker.filter(|(_, talker)| talker.block_bytes() > 0) else {
        return quoted_all(peer.came(start));
    };
    match talker.decrypt(news).filter(|text| !text.is_empty()) {
        Some(text) => format!("{}, encrypted", quoted(text.trim_ascii_end())),
        None => format!("{} bytes that it cannot read", news.len()),
    }
}
