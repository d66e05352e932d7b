//! Whether what has accumulated holds what is expected, with the tolerance that the sheets leave.

use std::fmt;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::rule::Said;

/// Numbers are the same if they differ by less than so much of the larger: binary fractions are not exact.
const RELATIVE_ERROR: f64 = 1e-6;
/// A time read by the program and one read here may lie so far apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(3);

/// How it is said that a member came. A space is before what could also be the end of its opposite.
const JOINED: [&str; 8] = ["joined", "joins", "entered", "enters", " connected", "logged in", "logged on", "signed in"];
/// How it is said that one went.
const LEFT: [&str; 9] =
    ["left", "leaves", "quit", "disconnected", "gone", "exited", "logged out", "logged off", "signed out"];

impl Said {
    /// Whether it is among these bytes, which came until `now`.
    pub(crate) fn is_in(self, heard: &[u8], now: Timestamp) -> bool {
        let text = || String::from_utf8_lossy(heard);
        match self {
            Self::Anything => !heard.is_empty(),
            Self::Text(wanted) => text().to_lowercase().contains(&wanted.to_lowercase()),
            Self::Bytes(wanted) => heard.windows(wanted.len()).any(|window| window == wanted),
            Self::Number(wanted) => numbers(&text()).any(|number| is_same(number, wanted)),
            Self::Numbers(wanted) => numbers(&text()).any(|number| wanted.iter().any(|one| is_same(number, *one))),
            Self::Numbered(wanted, count) => (1..=count).all(|number| text().contains(&numbered(wanted, number))),
            Self::OneOf(wanted) => wanted.iter().any(|one| text().to_lowercase().contains(&one.to_lowercase())),
            Self::InOrder(wanted) => is_in_order(&text(), wanted),
            Self::Addends => {
                let addends: Vec<f64> = numbers(&text()).collect();
                addends.len() == 2 && addends.into_iter().all(is_addend)
            }
            Self::Sum => has_sum(&text()),
            Self::Counting(count) => counting(&text()) >= count,
            Self::Rolled => last_numbers(&text()).collect::<Vec<_>>().windows(2).any(|pair| pair == [100.0, 1.0]),
            Self::Date => dates(now).any(|date| has_date(&text(), date)),
            Self::Time => has_time(&text(), now),
            Self::DateOrTime => Self::Date.is_in(heard, now) || Self::Time.is_in(heard, now),
            Self::Alphanumeric(wanted) => text().lines().any(|line| says_alphanumeric(line) == Some(wanted)),
            Self::Line(who, line) => has_line(&text(), who, line),
            Self::Joined(who, count) => announces(&text(), who, &JOINED, count),
            Self::Left(who, count) => announces(&text(), who, &LEFT, count),
        }
    }
}

/// What a person is told was expected.
impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |f: &mut fmt::Formatter<'_>, count: Option<u32>| {
            count.map_or(Ok(()), |count| write!(f, " Member count={count}"))
        };
        match self {
            Self::Anything => f.write_str("something"),
            Self::Text(text) => write!(f, "“{text}”"),
            Self::Bytes(bytes) => write!(f, "“{}”", wire::Visible(bytes)),
            Self::Number(number) => write!(f, "{number}"),
            Self::Numbers(numbers) => {
                f.write_str("one of ")?;
                for (place, number) in numbers.iter().enumerate() {
                    write!(f, "{}{number}", if place == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::InOrder(texts) => write!(f, "“{}”", texts.join("”, then “")),
            Self::Numbered(text, count) => write!(f, "“{}” to “{}”", numbered(text, 1), numbered(text, *count)),
            Self::OneOf(texts) => {
                f.write_str("one of ")?;
                for (place, text) in texts.iter().enumerate() {
                    write!(f, "{}“{text}”", if place == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::Addends => f.write_str("two numbers from 1 to 10 in one message"),
            Self::Sum => f.write_str("two numbers from 1 to 10, and then their sum"),
            Self::Counting(count) => write!(f, "1, 2 and so on up to {count}"),
            Self::Rolled => f.write_str("1 again after 100"),
            Self::Date => write!(f, "today's date, like {}", Timestamp::now().to_zoned(TimeZone::system()).date()),
            Self::Time => {
                write!(
                    f,
                    "the time of now, like {}",
                    Timestamp::now().to_zoned(TimeZone::system()).strftime("%H:%M:%S")
                )
            }
            Self::DateOrTime => write!(f, "{}, or {}", Self::Date, Self::Time),
            Self::Alphanumeric(true) => f.write_str("“Alphanumeric.”"),
            Self::Alphanumeric(false) => f.write_str("“Not Alphanumeric.”"),
            Self::Line(who, line) => write!(f, "“{who}: {line}”"),
            Self::Joined(who, members) => {
                write!(f, "“{who} has joined.")?;
                count(f, *members)?;
                f.write_str("”")
            }
            Self::Left(who, members) => {
                write!(f, "“{who} has left.")?;
                count(f, *members)?;
                f.write_str("”")
            }
        }
    }
}

/// A text with this number instead of `#`.
pub(crate) fn numbered(text: &str, number: usize) -> String {
    text.replace('#', &number.to_string())
}

pub(crate) fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= RELATIVE_ERROR * one.abs().max(other.abs()).max(1e-300)
}

fn is_addend(number: f64) -> bool {
    // One that is parted from the other by a `-` is no negative one.
    number.fract() == 0.0 && (1.0..=10.0).contains(&number.abs())
}

/// Whether two addends are there, and their sum behind them.
fn has_sum(text: &str) -> bool {
    let all: Vec<f64> = numbers(text).collect();
    let adds_up = |one: usize, other: usize, sum: usize| {
        is_addend(all[one]) && is_addend(all[other]) && is_same(all[one].abs() + all[other].abs(), all[sum])
    };
    (2..all.len()).any(|sum| (1..sum).any(|other| (0..other).any(|one| adds_up(one, other, sum))))
}

/// How far the lines of a text count from 1, with nothing between.
fn counting(text: &str) -> usize {
    last_numbers(text).zip(1_u32..).take_while(|(number, wanted)| is_same(*number, (*wanted).into())).count()
}

/// The number of each line, without what it may be introduced by: `c1: 7` says 7.
fn last_numbers(text: &str) -> impl Iterator<Item = f64> {
    text.lines().filter_map(|line| numbers(line).last())
}

fn is_in_order(text: &str, wanted: &[&str]) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    wanted.iter().all(|one| words.any(|word| word == *one))
}

/// The numbers in a text, with sign, fraction and exponent.
pub(crate) fn numbers(text: &str) -> impl Iterator<Item = f64> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let digit = rest.find(|c: char| c.is_ascii_digit())?;
            let bytes = rest.as_bytes();
            let pointed = if digit > 0 && bytes[digit - 1] == b'.' { digit - 1 } else { digit };
            let start = if pointed > 0 && matches!(bytes[pointed - 1], b'-' | b'+') { pointed - 1 } else { pointed };
            let in_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+');
            let end = rest[digit..].find(|c| !in_number(c)).map_or(rest.len(), |length| digit + length);
            // The longest beginning of it that is a number: `54.` at a sentence's end is 54.
            let longest = (digit + 1..=end).rev().find_map(|end| Some((end, rest[start..end].parse::<f64>().ok()?)));
            let (end, number) = longest.map_or((digit + 1, None), |(end, number)| (end, Some(number)));
            rest = &rest[end..];
            if number.is_some() {
                return number;
            }
        }
    })
}

/// Today, here and in UTC, and the day that may just have ended.
fn dates(now: Timestamp) -> impl Iterator<Item = Date> {
    let zones = [TimeZone::system(), TimeZone::UTC];
    let moments = [now, now - CLOCKS_APART];
    zones.into_iter().flat_map(move |zone| moments.map(|moment| moment.to_zoned(zone.clone()).date()))
}

/// Whether a text names this day, in whatever order, with the month as number or word, and the year with two digits or four.
fn has_date(text: &str, date: Date) -> bool {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let month = MONTHS[usize::from(date.month().unsigned_abs()) - 1];
    let number = |word: &str, wanted: i16| word.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h']).parse() == Ok(wanted);
    let is_year = |word: &str| number(word, date.year()) || (word.len() == 2 && number(word, date.year() % 100));
    let is_month = |word: &str| number(word, date.month().into()) || word.starts_with(month);
    let is_day = |word: &str| number(word, date.day().into());
    let three = |parts: &[&str]| {
        let [a, b, c] = parts else { return false };
        let orders = [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]];
        orders.iter().any(|[year, month, day]| is_year(year) && is_month(month) && is_day(day))
    };
    // Between month and year there may be a time, as in C's `Sat Nov 21 17:10:14 2026`.
    let calendar = |parts: &[&str]| matches!(parts, [a, b, .., last] if three(&[last, a, b]));
    words.windows(3).any(three)
        || words.windows(6).any(calendar)
        || lower.contains(&date.strftime("%Y%m%d").to_string())
}

/// Whether a text holds a time of day that is now, here or in UTC, in 24 hours or in 12.
fn has_time(text: &str, now: Timestamp) -> bool {
    const DAY: i64 = 24 * 60 * 60;
    let zones = [TimeZone::system(), TimeZone::UTC];
    let wanted: Vec<Time> = zones.into_iter().map(|zone| now.to_zoned(zone).time()).collect();
    let lower = text.to_lowercase();
    let has = |half: char| lower.contains(half) && lower.contains('m');
    let (morning, afternoon) = (has('a'), has('p'));
    times(text).any(|(hour, minute, second)| {
        wanted.iter().any(|time| {
            let here = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
            let told = |hour: i64| hour * 3600 + minute * 60 + second;
            let halves = [Some(hour), morning.then_some(hour % 12), afternoon.then_some(hour % 12 + 12)];
            let apart = |told: i64| (told - here).rem_euclid(DAY).min((here - told).rem_euclid(DAY));
            halves.into_iter().flatten().any(|hour| apart(told(hour)) <= CLOCKS_APART.as_secs())
        })
    })
}

/// The times in a text: `HH:MM:SS`, also with dots.
fn times(text: &str) -> impl Iterator<Item = (i64, i64, i64)> {
    text.split(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.'))).filter_map(|word| {
        let mut parts = word.trim_matches([':', '.']).split([':', '.']).map(|part| part.parse::<i64>());
        let (hour, minute, second) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        (hour < 24 && minute < 60 && second < 61).then_some((hour, minute, second))
    })
}

/// What it is said to be, if anything.
fn says_alphanumeric(text: &str) -> Option<bool> {
    let lower = text.to_lowercase().replace(['_', '-', '\t'], " ");
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // The last word may answer what is before it: `Alphanumeric: No`.
    let last = lower.split(|c: char| !c.is_ascii_alphanumeric()).rfind(|word| !word.is_empty()).unwrap_or_default();
    if has(&["not ", "notalnum", "notalpha", "no alpha", "isn't", "non", "false", "invalid"])
        || matches!(last, "no" | "0")
    {
        Some(false)
    } else {
        (has(&["alphanumeric", "alnum", "true", "valid"]) || matches!(last, "yes" | "1")).then_some(true)
    }
}

/// Whether this member's line is there: the name, at most a little between, the line.
fn has_line(text: &str, who: &str, line: &str) -> bool {
    // A name may be followed by a date and a time.
    const BETWEEN_MAX: usize = 40;
    text.match_indices(line).any(|(at, _)| {
        let before = &text[..at];
        before.rfind(who).is_some_and(|name| {
            let between = &before[name + who.len()..];
            // A name that ends its line is nobody's line, unless something says that the next is its.
            let is_parted = !between.contains('\n') || between.trim_start().starts_with([':', '>', '-']);
            between.chars().count() <= BETWEEN_MAX && is_parted && !between.trim_end().contains('\n')
        })
    })
}

/// Whether it is told that this member did this, and that so many are left.
fn announces(text: &str, who: &str, verbs: &[&str], count: Option<u32>) -> bool {
    const BEFORE_VERB_MAX: usize = 32;
    const WITH_COUNT_CHARS_MAX: usize = 64;
    let lower = text.to_lowercase();
    let who = who.to_lowercase();
    lower.match_indices(&who).any(|(at, _)| {
        let rest = &lower[at + who.len()..];
        let verb = verbs.iter().filter_map(|verb| Some((rest.find(verb)?, *verb))).min();
        let Some((verb_at, verb)) = verb.filter(|(at, _)| *at <= BEFORE_VERB_MAX && !rest[..*at].contains('\n')) else {
            return false;
        };
        let told: String = rest[verb_at + verb.len()..].chars().take(WITH_COUNT_CHARS_MAX).collect();
        !is_longer_name(&rest[..verb_at]) && count.is_none_or(|count| counts(&told).any(|told| told == count))
    })
}

/// Whether what follows a name makes another of it, so that each is unique: `Batman_2`, `Batman (2)`.
fn is_longer_name(rest: &str) -> bool {
    let bare = rest.trim_start_matches([' ', '(', '#']);
    let behind = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '#'))
        || (behind.len() < bare.len() && behind.starts_with([' ', ')']))
}

/// The counts of members in a text: `Member count=2`, `Members: 2`, `2 members`.
fn counts(text: &str) -> impl Iterator<Item = u32> {
    const COUNTED: [&str; 7] = ["count", "member", "user", "client", "people", "online", "total"];
    let is_digit = |c: char| c.is_ascii_digit();
    let starts = text.match_indices(is_digit).filter(move |(at, _)| !text[..*at].ends_with(is_digit));
    starts.filter_map(move |(at, _)| {
        let (before, number) = text.split_at(at);
        let length = number.find(|c| !is_digit(c)).unwrap_or(number.len());
        let (number, after) = number.split_at(length);
        let introduced = before.trim_end_matches([' ', '=', ':', '(', '[']).trim_end_matches('s');
        // The minutes in `10.02 Member count=3` are no count.
        let is_whole = !before.ends_with([':', '.']);
        let is_count =
            COUNTED.iter().any(|word| introduced.ends_with(word) || (is_whole && after.trim_start().starts_with(word)));
        is_count.then(|| number.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_in(said: Said, heard: &str) -> bool {
        said.is_in(heard.as_bytes(), "2026-11-21T17:10:14Z".parse().unwrap())
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        for heard in ["-0.75", "Answer = -0.75\r\n", "-.75", "4.5 / -6 = -0.750.", "-7.5e-1", "-0.7500000001"] {
            assert!(is_in(Said::Number(-0.75), heard), "{heard}");
        }
        for heard in ["0.75", "", "no", "-0.7", "-0.75000e5"] {
            assert!(!is_in(Said::Number(-0.75), heard), "{heard}");
        }
        assert!(is_in(Said::Number(54.0), "Hello Ada54"));
        assert!(!is_in(Said::Number(54.0), "540"));
    }

    #[test]
    fn counting_is_by_messages() {
        for heard in ["1\n2\n3\n4\n", "c1: 1\nc1: 2\nc1: 3\n", "1.0\r\n2.0\r\n3.0\r\n"] {
            assert!(is_in(Said::Counting(3), heard), "{heard}");
        }
        for heard in ["1\n3\n3\n", "0\n1\n2\n3\n", "1\n2\n", "1\n1\n2\n3\n", ""] {
            assert!(!is_in(Said::Counting(3), heard), "{heard}");
        }
        assert!(is_in(Said::Rolled, "99\n100\n1\n2\n"));
        assert!(!is_in(Said::Rolled, "99\n100\n101\n1\n"));
    }

    #[test]
    fn words_are_in_order_with_anything_between() {
        let said = Said::InOrder(&["61", "62", "61"]);
        assert!(is_in(said, "11000: 61\n13000: 62\n11000: 61\n"));
        assert!(!is_in(said, "11000: 61\n11000: 61\n13000: 62\n") && !is_in(said, "610 620 610"));
    }

    #[test]
    fn addends_and_sums_are_found_in_their_dress() {
        for heard in ["3 4", "3,4\n", "[10, 1]", "3-4", "a 3 4"] {
            assert!(is_in(Said::Addends, heard), "{heard}");
        }
        for heard in ["34", "3", "3 4 5", "3 11", "3.5 4", "0 4", ""] {
            assert!(!is_in(Said::Addends, heard), "{heard}");
        }
        for shown in ["3 4\nanswer received from Server = 7\n", "client217 sends 3 and 4; 7.0", "3 + 4 = 7"] {
            assert!(is_in(Said::Sum, shown), "{shown}");
        }
        for shown in ["3 4\nanswer received from Server = 34", "3 4", "7 3 4", ""] {
            assert!(!is_in(Said::Sum, shown), "{shown}");
        }
    }

    #[test]
    fn numbered_texts_are_wanted_all() {
        assert!(is_in(Said::Numbered("text #.", 3), "text 3.text 1.text 2."));
        assert!(!is_in(Said::Numbered("text #.", 11), "text 1.text 2.text 3."));
        // The second is not the twelfth.
        assert!(!is_in(Said::Numbered("text #.", 2), "text 1.text 12"));
    }

    #[test]
    fn dates_come_in_every_order() {
        for heard in [
            "2026-11-21",
            "21-11-2026",
            "21/11/2026",
            "11/21/26",
            "21.11.2026",
            "November 21, 2026",
            "20261121",
            "Sat Nov 21 17:10:14 2026",
            "Date: 21st Nov 2026",
            "2026-11-21 17:10:14",
        ] {
            assert!(is_in(Said::Date, heard), "{heard}");
        }
        for heard in ["2026-11-19", "17:10:14", "", "2025-11-21", "21"] {
            assert!(!is_in(Said::Date, heard), "{heard}");
        }
    }

    #[test]
    fn times_are_near_now() {
        for heard in ["17:10:14", "Time: 17:10:12\n", "Time:05:10:15 PM", "17.10.14.", "2026-11-21 17:10:14.123456"] {
            assert!(is_in(Said::Time, heard), "{heard}");
        }
        for heard in ["17:10:04", "05:10:14", "17:10", ""] {
            assert!(!is_in(Said::Time, heard), "{heard}");
        }
        assert!(Said::Time.is_in(b"12:10:14 AM", "2026-11-21T00:10:14Z".parse().unwrap()));
    }

    #[test]
    fn a_members_line_may_be_dressed() {
        for heard in ["Ada: hello", "\n<Ada> hello\n", "[10.01] Ada : hello", "Ada:\nhello"] {
            assert!(is_in(Said::Line("Ada", "hello"), heard), "{heard}");
        }
        for heard in ["hello", "Bob: hello", "Ada has joined.\nBob: hello", "Ada\nhello"] {
            assert!(!is_in(Said::Line("Ada", "hello"), heard), "{heard}");
        }
    }

    #[test]
    fn counts_are_read_in_all_their_forms() {
        for heard in [
            "Server: time=10.01 Ada has joined. Member count=2",
            "Ada has joined. Member count =2",
            "10:01 Ada joined the chat! Count: 2",
            "*** Ada logged in *** (2 members online)",
            "Ada connected at 10.03. Members: 2Server: time=10.04",
        ] {
            assert!(is_in(Said::Joined("Ada", Some(2)), heard), "{heard}");
            assert!(is_in(Said::Joined("Ada", None), heard), "{heard}");
        }
        for heard in [
            "Ada has joined. Member count=3",
            "Ada has joined.",
            "Ada has left. Member count=2",
            "Ada has disconnected. Member count=2",
            "Ada joined at 10.02 Member count=3",
            "Ada_2 has joined. Member count=2",
            "Ada (1) has joined. Member count=2",
            "Bob: Ada",
        ] {
            assert!(!is_in(Said::Joined("Ada", Some(2)), heard), "{heard}");
        }
        assert!(is_in(Said::Left("Ada", Some(12)), "Server: time=13.01 Ada has left. Member count=12\n"));
    }

    #[test]
    fn alphanumeric_is_said_in_many_words() {
        for heard in ["Alphanumeric.", "alphanumeric\n", "True", "The string is alphanumeric", "Alphanumeric: Yes", "1"]
        {
            assert!(is_in(Said::Alphanumeric(true), heard), "{heard}");
            assert!(!is_in(Said::Alphanumeric(false), heard), "{heard}");
        }
        for heard in [
            "Not Alphanumeric.",
            "False",
            "The string is not alphanumeric",
            "Non-alphanumeric",
            "Alphanumeric: No.",
            "0",
        ] {
            assert!(is_in(Said::Alphanumeric(false), heard), "{heard}");
            assert!(!is_in(Said::Alphanumeric(true), heard), "{heard}");
        }
        assert!(!is_in(Said::Alphanumeric(true), "") && !is_in(Said::Alphanumeric(false), "HELLO"));
    }
}
