//! What programs do by themselves: ask again and again, come by another socket, tell those apart who speak to them.

use std::time::{Duration, Instant};

use super::{Fault, Played, Player, named, quoted};
use crate::processes::LOOK_EVERY;
use crate::rule::{Cast, Step, Who};

/// So many pauses make an average.
const PAUSES_MIN: usize = 4;
/// Where so many are the same, they do not vary.
const PAUSES_MAX: usize = 12;
/// Pauses that differ by less are the same.
const VARIES: Duration = Duration::from_millis(200);

/// One of the student's clients that is answered as soon as it asks.
pub(super) struct Answered {
    who: Who,
    answer: fn(&str) -> Option<String>,
    /// So much of what was heard from it is dealt with.
    done: usize,
}

/// What one of our clients said to the server.
pub(super) struct SaidToServer {
    who: Who,
    text: String,
    /// What the server's terminal had shown by then, in bytes.
    shown: usize,
}

impl Player<'_> {
    /// A client may come by a new socket for each message: who is alone and had nothing to say at its old one is the same. Whether it has.
    pub(super) fn readmit(&mut self, who: Who) -> bool {
        let is_answered = self.answered.iter().any(|answered| answered.who == who);
        if self.stage.cast != Cast::Client || self.clients.len() > 1 {
            return false;
        }
        let Some(at) = self.peers.iter().position(|(name, _)| *name == who) else { return false };
        if !is_answered && !self.peers[at].1.news().is_empty() {
            return false;
        }
        let Some(fresh) = self.stage.door.as_mut().and_then(crate::door::Door::accept) else { return false };
        let (_, earlier) = self.peers.remove(at);
        self.peers.insert(at, (who, fresh.after(earlier)));
        self.tell(format!("{} comes again, by another socket", named(who)));
        self.listen_to_peers();
        true
    }

    pub(super) fn answer_from_here(&mut self, who: Who, answer: fn(&str) -> Option<String>) {
        let done = self.peer(who).map_or(0, |peer| peer.news_start());
        self.answered.push(Answered { who, answer, done });
    }

    /// Answers whatever has been asked by those who are answered at once.
    pub(super) fn answer_requests(&mut self) {
        for at in 0..self.answered.len() {
            let Answered { who, answer, done } = self.answered[at];
            self.readmit(who);
            let Some(peer) = self.peer(who) else { continue };
            let heard = String::from_utf8_lossy(&peer.heard()[done..]).into_owned();
            self.answered[at].done = peer.heard().len();
            for reply in heard.lines().filter_map(answer) {
                let message = self.message(&reply);
                // Who is gone needs no answer.
                let _ = self.say_at_once(who, message.as_bytes(), false);
            }
        }
    }

    pub(super) fn lose(&mut self, who: Who) {
        self.tell("our server does not answer, as if that had been lost".to_owned());
        if let Some(peer) = self.peer(who) {
            peer.mark();
        }
    }

    pub(super) fn comes_from(&mut self, who: Who, ports: &[u16]) -> Played {
        let Some(remote) = self.peer(who).and_then(|peer| peer.remote()) else { return Ok(()) };
        if ports.contains(&remote.port()) {
            return Ok(());
        }
        let wanted: Vec<String> = ports.iter().map(ToString::to_string).collect();
        let expected = format!("{} is bound to port {}", named(who), wanted.join(" or "));
        Err(Fault::new(expected, format!("it sends from port {}", remote.port())))
    }

    pub(super) fn pauses(&mut self, who: Who, least: u64, most: u64) -> Played {
        let mut known = self.peer(who).map_or(0, |peer| peer.heard().len());
        let mut pauses: Vec<Duration> = Vec::new();
        let mut last = None;
        let mut waited_since = Instant::now();
        let vary = |pauses: &[Duration]| {
            pauses.iter().max().zip(pauses.iter().min()).is_some_and(|(most, least)| *most - *least > VARIES)
        };
        while pauses.len() < PAUSES_MIN || (pauses.len() < PAUSES_MAX && !vary(&pauses)) {
            let has_ended = self.has_ended(who);
            self.listen();
            let heard = self.peer(who).map_or(0, |peer| peer.heard().len());
            if heard > known {
                let now = Instant::now();
                pauses.extend(last.map(|last| now - last));
                (known, last, waited_since) = (heard, Some(now), now);
            } else if has_ended || waited_since.elapsed() > self.sleeps.max(self.patience) {
                let expected = format!("{} asks again and again", named(who));
                return Err(Fault::new(expected, format!("it asks {} times", pauses.len() + 1)));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        let average = pauses.iter().sum::<Duration>() / u32::try_from(pauses.len()).unwrap_or(u32::MAX);
        let told = |bound: u64| Duration::from_millis(bound).as_secs_f32();
        let expected =
            format!("on average {} to {} s between its requests, not always the same", told(least), told(most));
        let range = Duration::from_millis(least)..=Duration::from_millis(most);
        if !range.contains(&average) {
            return Err(Fault::new(expected, format!("{:.2} s on average", average.as_secs_f32())));
        }
        if !vary(&pauses) {
            let got = format!("{:.2} s each time, for {} times", average.as_secs_f32(), pauses.len());
            return Err(Fault::new(expected, got));
        }
        Ok(())
    }

    /// A step that need not go well with a program that has ended of itself and without an error.
    pub(super) fn unless_exits(&mut self, who: Who, step: Step, is_fine: bool) -> Played {
        let Err(fault) = self.step(step) else { return Ok(()) };
        // One that is about to end has its last words still to say.
        self.settle();
        if !self.program(who).is_some_and(|program| program.has_ended_well()) {
            return Err(fault);
        }
        if is_fine { Ok(()) } else { Err(Fault { is_unseen: true, got: "it has ended before".to_owned(), ..fault }) }
    }

    /// Notes what is said to the student's server.
    pub(super) fn note_said(&mut self, who: Who, bytes: &[u8]) {
        if let Some(server) = &self.stage.server {
            let (_, shown) = server.terminal.shown_behind(0);
            self.said.push(SaidToServer { who, text: String::from_utf8_lossy(bytes).trim().to_owned(), shown });
        }
    }

    pub(super) fn tells_apart(&mut self, one: Who, other: Who) -> Played {
        self.settle();
        let [first, second] = [one, other].map(|who| self.shown_of(who));
        if first == second {
            let expected = format!("the server's terminal shows which message came from {one}, and which from {other}");
            let got = match first.as_deref() {
                Some("") | None => "the messages alone, without their sender".to_owned(),
                Some(same) => format!("beside the messages the same of both: {}", quoted(same.as_bytes())),
            };
            return Err(Fault::new(expected, got));
        }
        Ok(())
    }

    pub(super) fn not_taken_for(&mut self, who: Who, other: Who) -> Played {
        self.settle();
        let shown = self.shown_of(who).unwrap_or_default();
        if shown.contains(other) && !shown.contains(who) {
            let expected = format!("the server's terminal names nobody but {who} beside {who}'s message");
            return Err(Fault::new(expected, quoted(shown.as_bytes())));
        }
        Ok(())
    }

    /// What the server's terminal showed between the last message of this one and the next of anybody, without that message.
    fn shown_of(&self, who: Who) -> Option<String> {
        let at = self.said.iter().rposition(|said| said.who == who)?;
        let SaidToServer { text, shown: start, .. } = &self.said[at];
        let (bytes, end) = self.stage.server.as_ref()?.terminal.shown_behind(*start);
        let end = self.said.get(at + 1).map_or(end, |next| next.shown);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(end - start)]).into_owned();
        Some(shown.replace(text.as_str(), "").trim().to_owned())
    }
}
