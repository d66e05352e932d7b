//! What is said in the room, as one who hears everything and says nothing hears it; all others must have heard the same.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use anyhow::{Context as _, Result, ensure};

/// A line, by what it takes to compare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Heard {
    hash: u64,
    /// Lines that somebody says never come back to him.
    by: u64,
}

/// All lines that not every follower has heard yet, and what the earlier ones add up to.
#[derive(Default)]
pub(crate) struct Record {
    lines: VecDeque<Heard>,
    /// Lines before those.
    forgotten: u64,
    /// The last number that each member said.
    numbers: BTreeMap<String, u64>,
    /// The members, as last announced.
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    pub(crate) announcements: u64,
}

/// One who must hear the same in the same order.
pub(crate) struct Follower {
    own: u64,
    at: u64,
    /// Lines heard before the record has them.
    ahead: VecDeque<Heard>,
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

impl Heard {
    fn new(line: &[u8]) -> Self {
        let name = line.iter().position(|&byte| byte == b':').map_or(line, |end| &line[..end]);
        Self { hash: hash(line), by: hash(name) }
    }
}

impl Record {
    /// Lines heard since the beginning.
    pub(crate) fn len(&self) -> u64 {
        self.forgotten + self.lines.len() as u64
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.numbers.get(name).copied().unwrap_or_default()
    }

    /// Takes the next line: an announcement that adds up, or the next number that a member says.
    pub(crate) fn add(&mut self, line: &[u8]) -> Result<()> {
        self.lines.push_back(Heard::new(line));
        self.bytes += line.len() as u64 + 1;
        let line = str::from_utf8(line).context("a line is not text")?;
        let (name, said) = line.split_once(": ").with_context(|| format!("not a line of chat: {line}"))?;
        if name == "Server" {
            self.announcements += 1;
            let (change, count) = announcement(said).with_context(|| format!("not an announcement: {line}"))?;
            let expected = self.count.checked_add_signed(change);
            ensure!(expected == Some(count), "the count does not follow from {}: {line}", self.count);
            self.count = count;
            return Ok(());
        }
        let number = said.split(' ').next().and_then(|number| number.parse().ok());
        let last = self.numbers.entry(name.to_owned()).or_default();
        ensure!(number == Some(*last + 1), "lost or repeated: {line} after {last}");
        *last += 1;
        Ok(())
    }

    /// Lets go of what all have heard.
    pub(crate) fn forget(&mut self, followers: &[Follower]) {
        let everybody = followers.iter().map(|follower| follower.at).min().unwrap_or(self.len());
        let count = everybody.saturating_sub(self.forgotten) as usize;
        self.lines.drain(..count);
        self.forgotten += count as u64;
    }
}

/// Reads `time=10.01 A has joined, 2 have left. Member count=3`: by how much the count changes, and what it is then.
fn announcement(said: &str) -> Option<(i64, u64)> {
    let (changes, count) = said.strip_prefix("time=")?.split_once(". Member count=")?;
    let (_time, changes) = changes.split_once(' ')?;
    let mut sum = 0;
    for change in changes.split(", ") {
        let mut words = change.split(' ');
        let (who, _has, did) = (words.next()?, words.next()?, words.next()?);
        let number = who.parse().unwrap_or(1);
        sum += match did {
            "joined" => number,
            "left" => -number,
            _ => return None,
        };
    }
    Some((sum, count.parse().ok()?))
}

impl Follower {
    /// One who has heard all that the record holds so far.
    pub(crate) fn new(name: &str, record: &Record) -> Self {
        Self { own: hash(name.as_bytes()), at: record.len(), ahead: VecDeque::new() }
    }

    pub(crate) fn hear(&mut self, line: &[u8]) {
        self.ahead.push_back(Heard::new(line));
    }

    /// Compares as far as both have heard; says whether it has heard everything.
    pub(crate) fn compare(&mut self, record: &Record) -> Result<bool> {
        while let Some(&recorded) = record.lines.get((self.at - record.forgotten) as usize) {
            if recorded.by != self.own {
                let Some(heard) = self.ahead.pop_front() else { return Ok(false) };
                ensure!(heard == recorded, "line {} is not what another heard there", self.at);
            }
            self.at += 1;
        }
        Ok(self.ahead.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announcements_add_up() {
        let read = |said| announcement(said);
        assert_eq!(read("time=10.01 Batman has joined. Member count=1"), Some((1, 1)));
        assert_eq!(read("time=13.01 12 have joined, 3 have left. Member count=1234"), Some((9, 1234)));
        assert_eq!(read("time=13.01 Robin has left. Member count=0"), Some((-1, 0)));
        assert_eq!(read("the operator removed you"), None);
        let mut record = Record::default();
        record.add(b"Server: time=10.01 k000 has joined. Member count=1").unwrap();
        assert!(record.add(b"Server: time=10.01 k001 has joined. Member count=3").is_err());
    }

    #[test]
    fn numbers_neither_skip_nor_repeat() {
        let mut record = Record::default();
        record.add(b"k001: 1 hello").unwrap();
        record.add(b"k002: 1 hello").unwrap();
        record.add(b"k001: 2 hello").unwrap();
        assert!(record.add(b"k001: 2 hello").is_err());
        assert!(record.add(b"k002: 3 hello").is_err());
    }

    #[test]
    fn followers_hear_the_same_but_their_own_lines() {
        let mut record = Record::default();
        let mut follower = Follower::new("k001", &record);
        record.add(b"k001: 1").unwrap();
        record.add(b"k002: 1").unwrap();
        assert!(!follower.compare(&record).unwrap());
        follower.hear(b"k002: 1");
        assert!(follower.compare(&record).unwrap());
        record.forget(std::slice::from_ref(&follower));
        record.add(b"k002: 2").unwrap();
        record.add(b"k003: 1").unwrap();
        follower.hear(b"k003: 1");
        assert!(follower.compare(&record).is_err());
    }
}
