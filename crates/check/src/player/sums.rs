//! Two numbers, given in the manner in which the program wants them.

use super::terminals::Wanted;
use super::waiting::WAITS_FOR_REST_MAX;
use super::{Fault, Played, Player, got, named};
use crate::door::Door;
use crate::manner::Form;
use crate::matcher::{is_same, numbers};
use crate::questions;
use crate::rule::{Cast, Said, Who};
use labs::sum::{BUSY, EXIT};

/// What the server says that was published with the sheet, before it is asked and between the two numbers.
const WELCOME: &str = "welcome";
const RECEIVED: &str = "num1 received";
/// With what users leave: the published client's word first.
const LEAVING: [&str; 4] = [EXIT, "exit", "quit", "q"];

impl Player<'_> {
    pub(super) fn begin(&mut self, who: Who, first: &str) -> Played {
        self.manner.form.begin(first).map_or(Ok(()), |text| self.say_text(who, &text))
    }

    pub(super) fn complete(&mut self, who: Who, first: &str, second: &str) -> Played {
        let text = self.manner.form.complete(first, second);
        self.say_text(who, &text)
    }

    pub(super) fn ask(&mut self, who: Who, first: &str, second: &str) -> Played {
        self.begin(who, first)?;
        self.complete(who, first, second)
    }

    pub(super) fn ask_in_pieces(&mut self, who: Who, first: &str, second: &str) -> Played {
        if let Some(text) = self.manner.form.begin(first) {
            self.say_in_pieces(who, &(text + "\n"))?;
        }
        let text = self.manner.form.complete(first, second);
        self.say_in_pieces(who, &(text + "\n"))
    }

    pub(super) fn gives(&mut self, who: Who, first: &str, second: &str) -> Played {
        let form = self.manner.form;
        self.agrees_to_go_on(who)?;
        self.admit(who);
        let start = self.peer(who).map_or(0, |peer| peer.heard().len());
        if let Some(line) = form.begin(first) {
            let asked = self.prompt(who);
            self.type_line(who, &line)?;
            if form == Form::Acknowledged {
                self.hear_numbers(who, start, &[first])?;
                self.say_text(who, RECEIVED)?;
            }
            self.asks_for_another(who, &asked)?;
        }
        self.type_line(who, &form.complete(first, second))?;
        if self.stage.cast == Cast::Client { self.hear_numbers(who, start, &[first, second]) } else { Ok(()) }
    }

    /// Where the program asks whether it is to go on, it is.
    fn agrees_to_go_on(&mut self, who: Who) -> Played {
        self.settle();
        questions::consent(&self.prompt(who)).map_or(Ok(()), |yes| self.type_line(who, yes))
    }

    fn prompt(&mut self, who: Who) -> String {
        self.program(who).map(|program| program.terminal.prompt_now()).unwrap_or_default()
    }

    /// One that takes a line as a whole shows what our server says to the first number for its answer, and asks the same again.
    fn asks_for_another(&mut self, who: Who, asked: &str) -> Played {
        self.settle();
        let has_shown = |player: &mut Self, said| player.is_shown(who, &Wanted::Said(Said::Text(said)));
        if self.prompt(who) == asked && (has_shown(self, WELCOME) || has_shown(self, RECEIVED)) {
            let got = self.what_is_shown(who);
            return Err(Fault::new(format!("{} takes one number, and then another", named(who)), got));
        }
        Ok(())
    }

    pub(super) fn server_is_busy(&mut self, who: Who, line: &str) -> Played {
        self.settle();
        // One that comes only when it has its numbers gets them.
        let form = self.manner.form;
        let mut lines = form.begin(line).into_iter().chain([form.complete(line, line)]);
        while !self.turns_away(who) {
            let Some(line) = lines.next() else {
                return Err(Fault::new(format!("{} comes to our server", named(who)), "it does not come"));
            };
            self.type_line(who, &line)?;
            self.settle();
        }
        self.notices_the_end(who, line)
    }

    /// Turns it away if it has come.
    fn turns_away(&mut self, who: Who) -> bool {
        let Some(peer) = self.stage.door.as_mut().and_then(Door::accept) else { return false };
        self.met = true;
        if let Some(program) = self.program(who) {
            program.terminal.forget();
        }
        self.peers.push((who, peer));
        self.tell(format!("{} comes to our server, which is busy", named(who)));
        let told = self.message(BUSY);
        // Who has gone already need not be told.
        let _ = self.say_at_once(who, told.as_bytes(), false);
        self.listen();
        self.peers.clear();
        true
    }

    pub(super) fn quits(&mut self, who: Who) -> Played {
        let was_there = self.peer(who).is_some_and(|peer| peer.end.is_none());
        // The program itself may say which it is.
        let shown = self.program(who).map(|program| program.terminal.picture()).unwrap_or_default();
        let mut words = LEAVING;
        words.sort_by_key(|word| !shown.split(|c: char| !c.is_alphanumeric()).any(|one| one == *word));
        for word in words {
            self.settle();
            // One that has ended takes no word any more.
            if self.has_ended(who) || self.type_line(who, word).is_err() {
                return self.has_left_well(who);
            }
            self.settle();
            // The published server closes when it hears the word.
            if let Some(peer) = self.peer(who)
                && peer.news().trim_ascii().eq_ignore_ascii_case(word.as_bytes())
            {
                peer.finish();
            }
        }
        if let Some(program) = self.program(who) {
            program.end_input();
        }
        let Err(fault) = self.exits(who) else { return self.has_left_well(who) };
        // One that connects for each sum has not left.
        let has_left = was_there && self.peer(who).is_some_and(|peer| peer.end.is_some());
        let tried = LEAVING.join(", ");
        let got = if has_left {
            "it closes the connection, and goes on".to_owned()
        } else {
            format!("neither {tried} nor the end of what is typed does, and the sheet leaves it open")
        };
        if has_left { Err(Fault { got, ..fault }) } else { Err(way_out_unknown(who, got)) }
    }

    /// A program that takes no word for leaving may crash at it as at any other: it was not asked to end.
    fn has_left_well(&mut self, who: Who) -> Played {
        self.nobody_has_crashed().map_err(|fault| way_out_unknown(who, fault.got))
    }

    /// What was heard behind so many bytes has these numbers.
    fn hear_numbers(&mut self, who: Who, start: usize, wanted: &[&str]) -> Played {
        let mut is_heard = false;
        let is_there = |player: &mut Self| {
            player.admit(who);
            let heard = player.peer(who).map_or(&[][..], |peer| &peer.heard()[start..]);
            is_heard = are_in(&String::from_utf8_lossy(heard), wanted);
            is_heard
        };
        // One that sleeps on the second number waits for something: it may be an acknowledgement of the first.
        if self.manner.form == Form::Each {
            self.wait_for(self.patience, 2 * WAITS_FOR_REST_MAX, who, is_there);
        } else {
            self.wait(who, is_there);
        }
        if is_heard {
            return Ok(());
        }
        let expected = format!("{} hears {}", self.our_name(who), wanted.join(" and "));
        let got = self.peer(who).map_or_else(|| format!("{} does not come to it", named(who)), |peer| got(peer));
        Err(Fault::new(expected, got))
    }

    /// Lets the client in if it has come, and greets it if it waits for that.
    fn admit(&mut self, who: Who) {
        let has_come = if self.peer(who).is_some() {
            self.readmit(who)
        } else if let Some(peer) = self.stage.door.as_mut().and_then(Door::accept) {
            self.met = true;
            self.peers.push((who, peer));
            self.tell(format!("{} comes to our server", named(who)));
            self.listen();
            true
        } else {
            false
        };
        if has_come && self.manner.greets {
            let greeting = self.message(WELCOME);
            // Who has gone already needs no greeting.
            let _ = self.say_at_once(who, greeting.as_bytes(), false);
        }
    }
}

fn way_out_unknown(who: Who, got: impl Into<String>) -> Fault {
    Fault { is_unseen: true, ..Fault::new(format!("what ends {} was not found", named(who)), got) }
}

/// Whether these numbers are in a text: in whatever form, or one right behind the other, since what is sent at once may arrive as one.
fn are_in(text: &str, wanted: &[&str]) -> bool {
    let is_number = |one: &&str| one.parse().is_ok_and(|value| numbers(text).any(|number| is_same(number, value)));
    let mut rest = Some(text);
    for one in wanted {
        rest = rest.and_then(|rest| rest.split_once(one)).map(|(_, behind)| behind);
    }
    wanted.iter().all(is_number) || rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_numbers_are_found_however_they_are_sent() {
        for text in ["17 25", "17\n25\n", "1725", "17.025.0", "(17.0, 25.0)", "num1=17&num2=25", "[25, 17]"] {
            assert!(are_in(text, &["17", "25"]), "{text}");
        }
        for text in ["", "17", "25", "42", "1.7 25", "17 2"] {
            assert!(!are_in(text, &["17", "25"]), "{text}");
        }
        assert!(are_in("-70 12", &["-70", "12"]) && !are_in("70 12", &["-70", "12"]));
    }
}
