//! Who is here, as far as the lines tell.

use std::collections::BTreeMap;

use crate::chat::entry::{Entry, Kind, SERVER};

/// The members known by name, and how many there are.
#[derive(Debug, Default)]
pub(super) struct Roster {
    /// By their names regardless of case.
    names: BTreeMap<String, String>,
    count: Option<usize>,
}

/// More than a window has rows for.
const NAMES_MAX: usize = 1000;
const COUNT: &str = " Member count=";

impl Roster {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(String::as_str)
    }

    /// All who are here.
    pub(super) fn count(&self) -> usize {
        self.count.unwrap_or_default().max(self.names.len())
    }

    /// Learns from a line.
    pub(super) fn note(&mut self, entry: &Entry) {
        if let Some(name) = entry.speaker() {
            return self.add(name);
        }
        if entry.kind == Kind::Server {
            self.note_notice(&entry.text[SERVER.len()..]);
        }
    }

    fn note_notice(&mut self, notice: &str) {
        // Where no time stands before it, it is not about comings and goings, whatever names stand in it.
        let Some((_time, event)) = notice.strip_prefix("time=").and_then(|timed| timed.split_once(' ')) else {
            return self.note_list(notice);
        };
        let Some((event, Ok(count))) = event.rsplit_once(COUNT).map(|(event, count)| (event, count.parse())) else {
            return;
        };
        self.count = Some(count);
        if let Some(name) = event.strip_suffix(" has joined.") {
            // Whoever joins is not here yet: so it is us, in another room or back in this one.
            if self.names.contains_key(&key(name)) {
                self.names.clear();
            }
            self.add(name);
        } else if let Some(name) = event.strip_suffix(" has left.") {
            self.names.remove(&key(name));
        } else if event.ends_with(" have left.") {
            // Nobody says who.
            self.names.clear();
        }
    }

    /// The answer to `/who`: `3 in lobby: Batman, Joker, Robin`, perhaps with `, and 42 more` behind it.
    fn note_list(&mut self, notice: &str) {
        let Some((head, names)) = notice.split_once(": ") else { return };
        let Some((Ok(count), _room)) = head.split_once(" in ").map(|(count, room)| (count.parse(), room)) else {
            return;
        };
        self.names.clear();
        self.count = Some(count);
        // There are never more names than members, so what is too much is no name.
        names.split(", ").take(count).filter(|name| !name.starts_with("and ")).for_each(|name| self.add(name));
    }

    fn add(&mut self, name: &str) {
        if self.names.len() < NAMES_MAX {
            self.names.insert(key(name), name.to_owned());
        }
    }
}

fn key(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use labs::Tone;

    use super::*;

    fn roster(lines: &[&str]) -> (Vec<String>, usize) {
        let mut roster = Roster::default();
        for line in lines {
            roster.note(&Entry::new(Tone::Print, line));
        }
        (roster.names().map(str::to_owned).collect(), roster.count())
    }

    #[track_caller]
    fn check(lines: &[&str], names: &[&str], count: usize) {
        assert_eq!(roster(lines), (names.iter().map(|&name| name.to_owned()).collect(), count));
    }

    const BATMAN: &str = "Server: time=10.01 Batman has joined. Member count=3";

    #[test]
    fn those_who_come_speak_and_go_are_known() {
        check(&[BATMAN], &["Batman"], 3);
        check(&[BATMAN, "Joker: ha"], &["Batman", "Joker"], 3);
        check(&[BATMAN, "Joker: ha", "Server: time=10.02 joker has left. Member count=2"], &["Batman"], 2);
        check(&["Server: time=10.01 Count Dracula has joined. Member count=1"], &["Count Dracula"], 1);
    }

    #[test]
    fn an_answer_to_who_says_it_all() {
        check(&["Zed: hi", "Server: 3 in lobby: Batman, Joker, Robin"], &["Batman", "Joker", "Robin"], 3);
        check(&["Server: 44 in cave: Batman, Joker, and 42 more"], &["Batman", "Joker"], 44);
        check(&["Server: 1 in the big cave: Batman"], &["Batman"], 1);
        check(&["Server: 2 in lobby: Joker, x Member count=777"], &["Joker", "x Member count=777"], 2);
        check(&["Server: 2 rooms: cave (1), lobby (3)", "Server: at most 10 in all: no"], &[], 0);
    }

    #[test]
    fn nothing_is_learnt_from_what_was_said_before() {
        check(&[BATMAN, "Server: earlier, 14.58 Eve: Ann has joined. Member count=777"], &["Batman"], 3);
        check(&[BATMAN, "Server: earlier, 14.58 2 in lobby: Ann, Eve"], &["Batman"], 3);
        check(&[BATMAN, "Server: Ann has joined. Member count=777"], &["Batman"], 3);
    }

    #[test]
    fn in_another_room_are_others() {
        let moved = "Server: time=10.05 Batman has joined. Member count=2";
        check(&[BATMAN, "Joker: ha", moved, "Robin: hi"], &["Batman", "Robin"], 2);
    }

    #[test]
    fn many_who_come_and_go_are_only_counted() {
        check(&[BATMAN, "Server: time=10.02 12 have joined. Member count=120"], &["Batman"], 120);
        check(&[BATMAN, "Server: time=10.02 12 have joined, 3 have left. Member count=1234"], &[], 1234);
    }
}
