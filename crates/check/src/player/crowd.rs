//! A crowd of clients: whether there is a limit to them, and whether it holds whoever comes and goes.
//!
//! Its members say nothing, since a server may end a session with its first answer. Who is turned away is told so, or closed, or left
//! unanswered. Where nobody is told anything, we cannot know how many are in, but only whether a newcomer is served.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use super::waiting::ASLEEP_SHARE;
use super::{Fault, Played, Player, got};
use crate::manner::Form;
use crate::peer::Peer;
use crate::processes::LOOK_EVERY;
use crate::rule::{Crowd as Step, Said, Who};

/// A limit beyond this is not looked for.
const MEMBERS_MAX: usize = 20;
/// A timeout beyond this is not waited for.
const TIMEOUT_MAX: Duration = Duration::from_secs(12);
/// A second timeout may come so much later than the first.
const TIMEOUT_LATE_MAX: Duration = Duration::from_secs(3);
/// The pause before one that was turned away comes again, since a server may look only now and then who has left.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
/// What one client too many is told, in these words or others.
const BUSY: [&str; 12] =
    ["busy", "full", "limit", "max", "many", "later", "wait", "sorry", "reject", "refuse", "capacity", "denied"];
/// What the published program's client says when it leaves.
const EXIT: &str = "Exit";

/// More than can be there at once.
const NAMES: [Who; MEMBERS_MAX + 4] = [
    "Abe", "Bea", "Cem", "Dan", "Eva", "Fay", "Gus", "Hal", "Ida", "Jon", "Kim", "Lea", "Mia", "Nia", "Ola", "Pia",
    "Quy", "Ray", "Sue", "Tom", "Uma", "Vic", "Wim", "Xia",
];

#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// How many have come until now, also those who have left.
    come: usize,
    /// How many were in when the first was turned away; none where nobody is told so.
    limit: Option<usize>,
    /// The places that were left since somebody was last let in.
    left: usize,
    /// What the first was told when it came.
    greeting: Option<String>,
    /// Those who were told that there is no room, and not closed.
    rejected: Vec<Who>,
}

impl Player<'_> {
    pub(super) fn crowd_step(&mut self, step: Step) -> Played {
        match step {
            Step::Comes => return self.comes(),
            Step::Leaves(count) => self.leave(count),
            Step::Vanishes(count) => self.vanish(count),
            Step::TimesOut => return self.time_out(),
            Step::IsLetIn => return self.is_let_in(),
            Step::IsTurnedAway => return self.is_turned_away(),
        }
        Ok(())
    }

    /// Clients come until one is turned away.
    fn comes(&mut self) -> Played {
        for _ in 0..MEMBERS_MAX {
            match self.newcomer() {
                Newcomer::In(_) if self.members() == self.peers.len() => {}
                Newcomer::In(_) | Newcomer::TurnedAway => return self.find_limit(),
                Newcomer::Queued => return Ok(()),
            }
        }
        if self.newcomer_is_served().is_none() {
            return Ok(());
        }
        Err(unseen("nobody is turned away", format!("{MEMBERS_MAX} are let in at once, and more were not tried")))
    }

    fn find_limit(&mut self) -> Played {
        // One that was turned away may see so late.
        self.unanswered = true;
        self.settle();
        let mute: Vec<Who> = self.peers.iter().map(|(who, _)| *who).collect();
        mute.into_iter().for_each(|who| self.note_rejection(who));
        let limit = self.peers.iter().take_while(|(who, peer)| self.is_in(who, peer)).count();
        if limit != self.members() {
            return Err(too_soon());
        }
        if limit == 0 {
            return Err(Fault::new("the first client is let in", "it is turned away"));
        }
        self.crowd.limit = Some(limit);
        self.tell(format!("so the limit is {limit}"));
        self.dismiss_rejected();
        Ok(())
    }

    /// So many members leave as the lab has it. Where we do not know who is in, all do.
    fn leave(&mut self, count: usize) {
        for who in self.leavers(count) {
            if self.manner.form == Form::Each {
                // One that the server has closed meanwhile has left, too.
                let _ = self.say_text(who, EXIT);
                self.settle();
            }
            self.tell(format!("{who} leaves"));
            self.peers.retain(|(name, _)| *name != who);
            self.settle();
        }
    }

    /// So many members end their connections with a reset.
    fn vanish(&mut self, count: usize) {
        for who in self.leavers(count) {
            self.tell(format!("{who} resets the connection"));
            if let Some(at) = self.peers.iter().position(|(name, _)| *name == who) {
                self.peers.remove(at).1.reset();
            }
            self.settle();
        }
    }

    /// All members wait until the server closes them.
    fn time_out(&mut self) -> Played {
        let end = Instant::now() + TIMEOUT_MAX;
        self.crowd.left += self.members();
        while self.members() > 0 {
            if Instant::now() > end {
                return Err(unseen(
                    "the server closes no silent clients",
                    format!("within {} s, and a longer timeout is not waited for", TIMEOUT_MAX.as_secs()),
                ));
            }
            std::thread::sleep(LOOK_EVERY);
            self.listen();
        }
        self.dismiss_rejected();
        Ok(())
    }

    /// As many newcomers are let in and served as have left.
    fn is_let_in(&mut self) -> Played {
        let places = if self.crowd.limit.is_some() { std::mem::take(&mut self.crowd.left) } else { 1 };
        for _ in 0..places {
            let end = Instant::now() + self.patience.mul_f32(ASLEEP_SHARE);
            while self.newcomer_is_served().is_none() {
                if Instant::now() > end {
                    let got = self.peers.last().map_or_else(|| "it is refused".to_owned(), |(_, peer)| got(peer));
                    return Err(Fault::new("a newcomer is let in and served, since there is room again", got));
                }
                self.dismiss_rejected();
                std::thread::sleep(AGAIN_AFTER);
            }
        }
        Ok(())
    }

    /// Once as many are there as the limit allows, the next is turned away.
    fn is_turned_away(&mut self) -> Played {
        self.crowd.left = 0;
        self.dismiss_rejected();
        let full = self.crowd.limit.unwrap_or(MEMBERS_MAX);
        for _ in self.members()..full {
            // Where no place was given again, that is another flaw than this one.
            let Newcomer::In(_) = self.newcomer() else {
                self.dismiss_rejected();
                return Ok(());
            };
        }
        let Some(who) = self.newcomer_is_served() else {
            self.dismiss_rejected();
            return Ok(());
        };
        if self.peers.iter().filter(|(name, peer)| *name != who && self.is_in(name, peer)).count() < full {
            return Err(too_soon());
        }
        let expected = match self.crowd.limit {
            Some(limit) => format!("{who} is turned away, as somebody was at first when {limit} were there"),
            None => format!("{who} is not served, as somebody was not at first when so many were there"),
        };
        Err(Fault::new(expected, "it is let in and served"))
    }

    /// The server closes one who says nothing; once it has closed one in time, it has to close others, too.
    pub(super) fn timed_out(&mut self, who: Who) -> Played {
        let longest = self.timeout.map_or(TIMEOUT_MAX, |first| 2 * first + TIMEOUT_LATE_MAX);
        let start = Instant::now();
        self.tell(format!("{who} says nothing"));
        while self.peer(who).is_some_and(|peer| peer.end.is_none()) {
            if start.elapsed() > longest {
                let seconds = longest.as_secs();
                return Err(match self.timeout {
                    None => unseen(
                        "the server closes no silent client",
                        format!("within {seconds} s, and a longer timeout is not waited for"),
                    ),
                    Some(first) => Fault::new(
                        format!(
                            "the server closes {who}, who is silent, as it closed the first after {:.1} s",
                            first.as_secs_f32()
                        ),
                        format!("the connection stays open for {seconds} s"),
                    ),
                });
            }
            std::thread::sleep(LOOK_EVERY);
            self.listen();
        }
        self.timeout.get_or_insert_with(|| start.elapsed());
        Ok(())
    }

    fn newcomer(&mut self) -> Newcomer {
        let is_free = |name: &&Who| self.peers.iter().all(|(who, _)| who != *name);
        let Some(who) = NAMES.iter().cycle().skip(self.crowd.come).take(NAMES.len()).find(is_free) else {
            return Newcomer::TurnedAway;
        };
        self.settle();
        match Peer::open(&self.stage.place, None, self.patience) {
            Ok(peer) => self.peers.push((who, peer)),
            Err(error) => {
                self.tell(format!("{who} does not get in: {}", error.kind()));
                return if error.kind() == ErrorKind::TimedOut { Newcomer::Queued } else { Newcomer::TurnedAway };
            }
        }
        self.tell(format!("{who} comes"));
        // It may take its time to turn somebody away.
        self.unanswered = true;
        self.settle();
        self.crowd.come += 1;
        self.note_rejection(who);
        let is_in = self.peers.last().is_some_and(|(who, peer)| self.is_in(who, peer));
        if is_in { Newcomer::In(who) } else { Newcomer::TurnedAway }
    }

    /// Whether one who has said nothing yet was told that there is no room.
    fn note_rejection(&mut self, who: Who) {
        let heard = self.peer(who).map(|peer| String::from_utf8_lossy(peer.news()).to_lowercase()).unwrap_or_default();
        let greeting = self.crowd.greeting.get_or_insert_with(|| heard.clone());
        if BUSY.iter().any(|word| heard.contains(word) && !greeting.contains(word)) {
            self.crowd.rejected.push(who);
        }
    }

    /// Somebody comes and asks; who it is, if it is answered.
    fn newcomer_is_served(&mut self) -> Option<Who> {
        let Newcomer::In(who) = self.newcomer() else { return None };
        // What is not taken is not answered.
        let is_asked = self.ask(who, "9", "8").is_ok();
        (is_asked && self.hear(who, Said::Number(17.0)).is_ok()).then_some(who)
    }

    fn is_in(&self, who: Who, peer: &Peer) -> bool {
        peer.end.is_none() && !self.crowd.rejected.contains(&who)
    }

    fn members(&self) -> usize {
        self.peers.iter().filter(|(who, peer)| self.is_in(who, peer)).count()
    }

    fn leavers(&mut self, count: usize) -> Vec<Who> {
        let count = if self.crowd.limit.is_some() { count } else { self.peers.len() };
        let members = self.peers.iter().filter(|(who, peer)| self.is_in(who, peer));
        let leavers: Vec<Who> = members.map(|(who, _)| *who).take(count).collect();
        self.crowd.left += leavers.len();
        leavers
    }

    /// Those go who were turned away, or whom the server has closed.
    fn dismiss_rejected(&mut self) {
        let rejected = std::mem::take(&mut self.crowd.rejected);
        self.peers.retain(|(who, peer)| peer.end.is_none() && !rejected.contains(who));
    }
}

/// What becomes of one who comes.
enum Newcomer {
    In(Who),
    TurnedAway,
    /// The server does not even take its connection.
    Queued,
}

fn too_soon() -> Fault {
    unseen("it cannot be counted who is in", "the server closes silent clients too soon")
}

fn unseen(expected: impl Into<String>, got: impl Into<String>) -> Fault {
    Fault { is_unseen: true, ..Fault::new(expected, got) }
}
