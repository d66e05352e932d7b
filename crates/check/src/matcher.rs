//! Whether what has accumulated holds what is expected, with the tolerance that the sheets leave.

mod chat;
mod numbers;
mod times;

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::rule::Said;
use chat::{Event, announces, has_line};
use numbers::{answers, computed, counting, has_sum, is_addend, last_numbers};
pub(crate) use numbers::{is_same, numbers};
use times::{dates, has_date, has_time};

impl Said {
    /// Whether it is among these bytes, which came until `now`.
    pub(crate) fn is_in(self, heard: &[u8], now: Timestamp) -> bool {
        let text = || String::from_utf8_lossy(heard);
        match self {
            Self::Anything => !heard.is_empty(),
            Self::Text(wanted) => text().to_lowercase().contains(&wanted.to_lowercase()),
            Self::Bytes(wanted) => heard.windows(wanted.len()).any(|window| window == wanted),
            Self::Number(wanted) => numbers(&text()).any(|number| is_same(number, wanted)),
            Self::Answers(request) => answers(&text(), request),
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
            Self::Joined(who, count) => announces(&text(), who, Event::Came, count),
            Self::Left(who, count) => announces(&text(), who, Event::Went, count),
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
            Self::Answers(request) => match computed(request) {
                Some((_, result, _)) => write!(f, "{result}, and no other result"),
                None => f.write_str(request),
            },
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

fn is_in_order(text: &str, wanted: &[&str]) -> bool {
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    wanted.iter().all(|one| words.any(|word| word == *one))
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

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn is_in(said: Said, heard: &str) -> bool {
        said.is_in(heard.as_bytes(), "2026-11-21T17:10:14Z".parse().unwrap())
    }

    #[test]
    fn words_are_in_order_with_anything_between() {
        let said = Said::InOrder(&["61", "62", "61"]);
        assert!(is_in(said, "11000: 61\n13000: 62\n11000: 61\n"));
        assert!(!is_in(said, "11000: 61\n11000: 61\n13000: 62\n") && !is_in(said, "610 620 610"));
    }

    #[test]
    fn numbered_texts_are_wanted_all() {
        assert!(is_in(Said::Numbered("text #.", 3), "text 3.text 1.text 2."));
        assert!(!is_in(Said::Numbered("text #.", 11), "text 1.text 2.text 3."));
        // The second is not the twelfth.
        assert!(!is_in(Said::Numbered("text #.", 2), "text 1.text 12"));
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
