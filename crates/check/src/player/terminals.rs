//! What is typed and shown at the programs' terminals.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use labs::Service;

use super::{Fault, Played, Player, named, quoted};
use crate::crash;
use crate::matcher::{is_same, numbers};
use crate::program::{Kind, Program};
use crate::questions::Person;
use crate::rule::{SERVER, Said, Who};

/// How long one may take to end that is asked to.
const END_MAX: Duration = Duration::from_millis(1500);
/// How often a line is typed to a client whose server has gone: the first may still be sent without an error.
const LINES_TO_NOTICE: usize = 2;
/// Lines of its output among which a crash is looked for.
const LAST_LINES: usize = 100;

/// What a terminal is to show.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Said(Said),
    /// What our server answered.
    Reply(String),
    /// The numbers that the program sent.
    Numbers(Vec<f64>),
}

impl Wanted {
    fn is_in(&self, shown: &str) -> bool {
        match self {
            Self::Said(said) => said.is_in(shown.as_bytes(), Timestamp::now()),
            // A number may be shown as another form of it, and not as a part of another number.
            Self::Reply(reply) => match reply.parse() {
                Ok(wanted) => numbers(shown).any(|number| is_same(number, wanted)),
                Err(_) => !reply.is_empty() && shown.contains(reply.as_str()),
            },
            Self::Numbers(wanted) => {
                let is_there = |wanted: &f64| numbers(shown).any(|number| is_same(number, *wanted));
                !wanted.is_empty() && wanted.iter().all(is_there)
            }
        }
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(said) => said.fmt(f),
            Self::Reply(reply) => write!(f, "what our server answered: {}", quoted(reply.as_bytes())),
            Self::Numbers(numbers) => {
                let told: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                write!(f, "the numbers that it sent: {}", told.join(" and "))
            }
        }
    }
}

impl Player<'_> {
    pub(super) fn start(&mut self, who: Who) -> Played {
        // Who came before is dealt with before.
        self.settle();
        let Some(command) = self.stage.client_command else { return Ok(()) };
        let program = Program::start(command, Kind::Client, self.stage.alone)
            .map_err(|error| Fault::new("the shell starts", error.to_string()))?;
        self.tell(format!("{who} starts the client"));
        self.clients.push((who, program));
        // One that is still to ask its first question sleeps now and then while it starts.
        self.unanswered = true;
        self.answer_questions(who)
    }

    /// What the program asks of its user before it begins.
    pub(super) fn answer_questions(&mut self, who: Who) -> Played {
        let mut person = Person::new(self.stage.service, who, self.stage.place.port());
        loop {
            self.rests = true;
            self.rests = self.settle();
            let answer = self.program(who).and_then(|program| person.answer(&program.terminal));
            let Some(answer) = answer else { return Ok(()) };
            self.type_line(who, &answer)?;
        }
    }

    pub(super) fn type_line(&mut self, who: Who, line: &str) -> Played {
        self.settle();
        self.tell(format!("{who} types {}", quoted(line.as_bytes())));
        if let Some(peer) = self.peer(who) {
            peer.mark();
        }
        let Some(program) = self.program(who) else { return Ok(()) };
        if let Some(how) = program.ended() {
            return Err(Fault::new(format!("{} takes “{line}”", named(who)), format!("it {how}")));
        }
        let typed = program.terminal.type_line(line);
        self.unanswered = true;
        typed.map_err(|error| Fault::new(format!("“{line}” can be typed"), error.to_string()))
    }

    pub(super) fn shows(&mut self, who: Who, wanted: Wanted) -> Played {
        if self.wait(who, |player| player.is_shown(who, &wanted)) {
            return Ok(());
        }
        let fault = Fault::new(format!("{who}'s terminal shows {wanted}"), self.what_is_shown(who));
        // At its end a program may print anything.
        let is_telling = !matches!(wanted, Wanted::Said(Said::Anything));
        Err(Fault { not_shown: is_telling.then_some((who, wanted)), ..fault })
    }

    pub(super) fn shows_unless_waits(&mut self, who: Who, said: Said, line: &'static str) -> Played {
        let Err(fault) = self.shows(who, Wanted::Said(said)) else { return Ok(()) };
        if self.has_ended(who) {
            let has_ended_well = self.program(who).is_some_and(Program::has_ended_well);
            return Err(Fault { is_unseen: !has_ended_well, ..fault });
        }
        let goes_on = self.type_line(who, line).is_ok() && self.hear(who, Said::Text(line)).is_ok();
        if goes_on {
            return Err(fault);
        }
        Err(Fault { is_unseen: true, got: "it waits for more, and the sheet leaves open what".to_owned(), ..fault })
    }

    pub(super) fn shows_reply(&mut self, who: Who) -> Played {
        let reply = self.replies.iter().find(|(name, _)| *name == who).map(|(_, reply)| reply.clone());
        self.shows(who, Wanted::Reply(reply.unwrap_or_default()))
    }

    pub(super) fn shows_numbers(&mut self, who: Who) -> Played {
        let heard = self.peer(who).map(|peer| String::from_utf8_lossy(peer.news()).into_owned()).unwrap_or_default();
        self.shows(who, Wanted::Numbers(numbers(&heard).collect()))
    }

    pub(super) fn hides(&mut self, who: Who, said: Said) -> Played {
        self.settle();
        if self.is_shown(who, &Wanted::Said(said)) {
            let got = self.what_is_shown(who);
            return Err(Fault::new(format!("{who}'s terminal does not show {said}"), got));
        }
        Ok(())
    }

    pub(super) fn exits(&mut self, who: Who) -> Played {
        if self.wait_for(self.patience, self.patience, who, |player| player.has_ended(who)) {
            return Ok(());
        }
        Err(Fault::new(format!("{} ends", named(who)), "it goes on"))
    }

    pub(super) fn server_ends(&mut self, who: Who, line: &str) -> Played {
        self.settle();
        if let Some(program) = self.program(who) {
            program.terminal.forget();
        }
        self.tell("our server ends".to_owned());
        self.stage.door = None;
        self.peers.clear();
        self.notices_the_end(who, line)
    }

    /// At the latest when this line is typed twice, the client tells its user that its connection has ended, or ends.
    pub(super) fn notices_the_end(&mut self, who: Who, line: &str) -> Played {
        self.rest()?;
        // Half of what it takes would be another mistake.
        let line = if self.stage.service == Service::Sum { &self.manner.form.complete(line, line) } else { line };
        let something = Wanted::Said(Said::Anything);
        let mut is_told = self.is_shown(who, &something);
        for _ in 0..LINES_TO_NOTICE {
            self.has_not_crashed(who)?;
            // One that ends meanwhile takes no line any more.
            if self.has_ended(who) || self.type_line(who, line).is_err() {
                break;
            }
            // What is shown at last is waited for; where it was shown before, it is enough to see what the line does.
            is_told = is_told || self.wait(who, |player| player.is_shown(who, &something));
            self.rest()?;
        }
        self.has_not_crashed(who)?;
        if is_told || self.has_ended(who) {
            return Ok(());
        }
        Err(Fault::new(format!("{} tells its user that the server has gone, or ends", named(who)), "nothing"))
    }

    /// Those programs that have ended wanted to.
    pub(super) fn nobody_has_crashed(&mut self) -> Played {
        self.settle();
        for program in self.stage.server.iter_mut().chain(self.clients.iter_mut().map(|(_, program)| program)) {
            let Some(how) = program.ended() else {
                // Of one that goes on a part may have ended so.
                let printed = program.terminal.last_lines(LAST_LINES).join("\n");
                if crash::is_of_thread(&printed) {
                    return Err(Fault::new("the program goes on", "one of its threads has crashed"));
                }
                continue;
            };
            program.hear_out();
            let printed = program.terminal.last_lines(LAST_LINES).join("\n");
            if crash::is_end(&how) || crash::is_printed(&printed) {
                let got = format!("it {how}, with what a crash leaves behind");
                return Err(Fault::new("the program goes on, or says why it ends", got));
            }
        }
        Ok(())
    }

    fn has_not_crashed(&mut self, who: Who) -> Played {
        self.has_ended(who);
        let Some(program) = self.program(who) else { return Ok(()) };
        let shown = program.terminal.news();
        let how = program.ended().unwrap_or_default();
        if crash::is_printed(&shown) || crash::is_end(&how) {
            let got = format!("it crashes: {}", if how.is_empty() { program.last_words() } else { how });
            return Err(Fault::new(format!("{} tells its user that the server has gone, or ends", named(who)), got));
        }
        Ok(())
    }

    /// Whether this is shown once the program ends: what it prints comes then only.
    pub(super) fn comes_late(&mut self, who: Who, wanted: &Wanted) -> bool {
        if self.has_ended(who) {
            return false;
        }
        let ends: [fn(&Program); 2] = [Program::end_input, Program::interrupt];
        for end in ends {
            let Some(program) = self.program(who) else { return false };
            end(program);
            // On a busy computer it may take longer, and is awake all the while.
            let comes = |player: &mut Self| player.is_shown(who, wanted) || player.has_ended(who);
            self.wait_for(END_MAX, END_MAX, who, comes);
        }
        // What it wrote is perhaps still to be read.
        self.settle();
        self.is_shown(who, wanted)
    }

    pub(super) fn is_shown(&mut self, who: Who, wanted: &Wanted) -> bool {
        self.program(who).is_some_and(|program| wanted.is_in(program.terminal.news().trim()))
    }

    pub(super) fn what_is_shown(&mut self, who: Who) -> String {
        let Some(program) = self.program(who) else { return "nothing".to_owned() };
        let news = program.terminal.news();
        let how = program.ended().map(|how| format!(", then it {how}")).unwrap_or_default();
        if news.trim().is_empty() {
            format!("nothing{how}")
        } else {
            format!("{}{how}", quoted(news.trim().as_bytes()))
        }
    }

    /// Whether what the programs wrote before they came to rest was read.
    pub(super) fn terminals_are_read(&self) -> bool {
        let clients = self.clients.iter().map(|(_, program)| program);
        self.stage.server.iter().chain(clients).all(|program| program.terminal.is_read_out())
    }

    /// Tells what the terminals have shown since, and says whether it was anything.
    pub(super) fn read_terminals(&mut self) -> bool {
        let server = self.stage.server.iter().map(|program| (SERVER, program));
        let all = server.chain(self.clients.iter().map(|(who, program)| (*who, program)));
        let mut told = Vec::new();
        for (who, program) in all {
            let at = self.shown.iter().position(|(name, _)| *name == who);
            let known = at.map_or(0, |at| self.shown[at].1);
            let (fresh, end) = program.terminal.shown_behind(known);
            if end > known {
                told.push(format!("{who}'s screen: {}", quoted(&fresh)));
                match at {
                    Some(at) => self.shown[at].1 = end,
                    None => self.shown.push((who, end)),
                }
            }
        }
        let any = !told.is_empty();
        told.into_iter().for_each(|line| self.tell(line));
        any
    }

    pub(super) fn program(&mut self, who: Who) -> Option<&mut Program> {
        if who == SERVER {
            return self.stage.server.as_mut();
        }
        self.clients.iter_mut().find(|(name, _)| *name == who).map(|(_, program)| program)
    }
}
