//! How it is found out whether programs speak a lab at all, and how.

use std::collections::VecDeque;
use std::net::SocketAddr;

use labs::Service;

use super::{Found, Judge, Target, hindered};
use crate::manner::{Form, Manner, left_open};
use crate::peer::Framing;
use crate::program::printed;
use crate::report::Advice;
use crate::rule::{Cast, Part, Step, need_program};
use crate::stage::Outcome;

impl Judge<'_> {
    /// Finds out whether the programs speak the lab at all, how they end their messages, and in which manner they want to be asked.
    pub(super) fn sound(&self, part: &'static Part) -> Result<Found, Advice> {
        let lab = self.task.lab.service;
        if matches!(self.task.target, Target::At { .. }) && need_program(part.visit) {
            return Err(unseen(lab));
        }
        let left_open = left_open(lab, part.cast);
        // A client that was understood once is wrong where it is not.
        let understood_at = part.sounding.iter().position(|step| matches!(step, Step::Gives(..) | Step::Hear(..)));
        let mut furthest = understood_at.filter(|_| part.cast == Cast::Client);
        let mut intelligible = None;
        let mut last = String::new();
        let mut manners = manners(part, lab);
        while let Some(manner) = manners.pop_front() {
            match self.play(part, None, manner, None, 0).outcome {
                Outcome::CannotJudge(advice) => return Err(advice),
                Outcome::Hindered(why) => return Err(hindered(why)),
                Outcome::Unseen(_) => {}
                Outcome::Played { failure, heard, over, udp, port, lines, last_words, refused, passed } => {
                    let found = Found { manner, udp, port };
                    if failure.is_none() {
                        return Ok(found);
                    }
                    if let Target::At { addresses, .. } = &self.task.target
                        && refused
                        && !heard
                    {
                        return Err(nobody_listens(lab, addresses));
                    }
                    // One that dies of the question is wrong, and not of another lab, unless there are other questions; and so is a pair that does not
                    // meet. A client that understands nothing has at least shown how it ends its own messages.
                    if (heard || over || part.cast == Cast::Pair) && left_open.is_none() {
                        let shown = Found { manner: manner.shown_by(lines), ..found };
                        intelligible = intelligible.or(Some(shown));
                    }
                    if left_open.is_some() && furthest.is_some_and(|before| passed > before) {
                        furthest = Some(passed);
                        intelligible = Some(Found { manner: manner.spoken(lines), ..found });
                    }
                    last = last_words;
                    if udp || part.cast == Cast::Pair {
                        manners.retain(|other| other.form != manner.form);
                    }
                    // Who answers has not waited for another end of the message.
                    if heard && part.cast == Cast::Server {
                        manners.make_contiguous().sort_by_key(|other| other.framing != manner.framing);
                    }
                }
            }
        }
        // So is a pair whose client was understood; it is told what that one was.
        let client = self.task.lab.part(Cast::Client).filter(|_| part.cast == Cast::Pair && left_open.is_some());
        if let Some(client) = client {
            return self.sound(client).map(|found| Found { manner: found.manner.of_pair(), ..found });
        }
        intelligible.ok_or_else(|| match left_open {
            Some(tried) => not_understood(lab, part.cast, tried, &last),
            None => unintelligible(lab, part.cast, &last),
        })
    }
}

/// The ways to speak to programs, in the order in which they are tried.
fn manners(part: &Part, lab: Service) -> VecDeque<Manner> {
    let greets =
        part.sounding.iter().any(|step| matches!(step, Step::Greet(..) | Step::Gives(..)) && part.cast == Cast::Client);
    let greetings: &[bool] = if greets { &[false, true] } else { &[false] };
    let mut manners = VecDeque::new();
    for form in Form::of(lab, part.cast) {
        for greets in greetings {
            manners.extend(Framing::BOTH.map(|framing| Manner { framing, greets: *greets, form: *form }));
        }
    }
    manners
}

/// It may be right in a way that the sheet leaves open and we do not know.
fn not_understood(lab: Service, cast: Cast, tried: &str, last: &str) -> Advice {
    let last = printed(last);
    if lab == Service::Talk && cast == Cast::Client {
        return Advice {
            why: format!("the sheet leaves open how the keys are exchanged, and our server heard nothing of what was waited for: {tried}{last}"),
            mend: "if it gives its key in another form, it may be right, and cannot be judged here; `socketlab watch` shows what it sends".to_owned(),
        };
    }
    if cast != Cast::Server {
        return Advice {
            why: format!(
                "the sheet leaves open what the user of a client of {lab} types, and our server heard nothing of what was tried: {tried}{last}"
            ),
            mend: "if it wants something else from its user or its server, it may be right, and cannot be judged here; `socketlab watch` shows what it \
                   sends"
                .to_owned(),
        };
    }
    Advice {
        why: format!(
            "the sheet leaves open how a client of {lab} begins, and it did not understand what was tried: {tried}{last}"
        ),
        mend: format!(
            "if it speaks in another way, it may be right, and cannot be judged here; `socketlab {lab}` against it shows what it does"
        ),
    }
}

fn unintelligible(lab: Service, cast: Cast, last: &str) -> Advice {
    let last = printed(last);
    let (why, what) = match cast {
        Cast::Server => (
            format!("it listens, and says nothing to what a client of {lab} says, with newlines or without{last}"),
            "server, and the right port (--port)",
        ),
        Cast::Client => (
            format!("it runs, and says nothing that a client of {lab} says{last}"),
            "client, and the right port (--port)",
        ),
        Cast::Pair => (format!("together they say nothing of what {lab} says{last}"), "server and client"),
    };
    Advice {
        why,
        mend: format!(
            "is this {lab}'s {what}? `socketlab {lab}` or `socketlab serve {lab}` beside it, or `socketlab watch`, shows what it does"
        ),
    }
}

fn nobody_listens(lab: Service, addresses: &[SocketAddr]) -> Advice {
    let tried: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Advice {
        why: format!("nobody listens at {}: the connection is refused", tried.join(" or ")),
        mend: format!(
            "start the server, and give the port that it listens at; or let it be started here: `socketlab check {lab} --server 'COMMAND'`"
        ),
    }
}

fn unseen(lab: Service) -> Advice {
    Advice {
        why: format!("a server of {lab} answers nothing: what it does is seen at its terminal alone"),
        mend: "give its command with --server instead of its address".to_owned(),
    }
}
