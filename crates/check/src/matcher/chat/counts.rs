//! How many members there are, as a chat's server tells it.

use super::{PEOPLE, ends_with_word, first_verb};

/// Of whom there are so many.
const COUNTED: [&[&str]; 2] = [&PEOPLE, &["count", "people", "online", "total", "connected", "chatter"]];
/// What may stand between them and the number: `Total number of members in the room is now 2`.
const BEFORE_COUNT: [&str; 17] = [
    "of",
    "in",
    "the",
    "this",
    "chat",
    "room",
    "chatroom",
    "server",
    "group",
    "is",
    "are",
    "now",
    "currently",
    "left",
    "remaining",
    "has",
    "number",
];
/// What else may follow the number of those who are there: `2 in the room`, `2 active users`.
const AFTER_COUNT: [&str; 10] =
    ["in the", "in chat", "here", "of us", "of you", "left", "remaining", "present", "active", "other"];

/// Whether so many are told of behind a verb, or else before it in its line: `[2 online] Batman joined`.
pub(super) fn tells_count(line: &str, behind: &str, count: u32) -> bool {
    const WITH_COUNT_CHARS_MAX: usize = 100;
    let end = behind.char_indices().nth(WITH_COUNT_CHARS_MAX).map_or(behind.len(), |(at, _)| at);
    let told = &behind[..end];
    let Some((first, _)) = counts(told).next() else {
        return first_verb(line).is_none() && counts(line).any(|(_, number)| number == count);
    };
    // Where another verb follows, the next count is its.
    counts(told).any(|(at, number)| number == count && first_verb(&told[first..at]).is_none())
}

/// The counts of members in a text, and where they are: `Member count=2`, `Members: 2`, `2 members`.
fn counts(text: &str) -> impl Iterator<Item = (usize, u32)> {
    let is_digit = |c: char| c.is_ascii_digit();
    let starts = text.match_indices(is_digit).filter(move |(at, _)| !text[..*at].ends_with(is_digit));
    starts.filter_map(move |(at, _)| {
        let (before, number) = text.split_at(at);
        let length = number.find(|c| !is_digit(c)).unwrap_or(number.len());
        let (number, after) = number.split_at(length);
        // The minutes in `10.02 Member count=3` are no count.
        let is_whole = !before.ends_with([':', '.', '-', '/']);
        let is_bracketed = before.ends_with(['(', '[']) && after.starts_with([')', ']', '/']);
        let is_count = is_introduced(before) || is_bracketed || (is_whole && is_counting(after));
        is_count.then(|| Some((at, number.parse().ok()?)))?
    })
}

/// Whether this text, before a number, says what it counts.
fn is_introduced(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_end_matches([' ', '=', ':', '(', '[', '"', '\'', '-', '>', '#']);
        let singular = rest.strip_suffix('s').unwrap_or(rest);
        // `We are 2`.
        if COUNTED.into_iter().flatten().any(|word| singular.ends_with(word)) || ends_with_word(rest, "we") {
            return true;
        }
        let Some(word) = BEFORE_COUNT.iter().find(|word| ends_with_word(rest, word)) else { return false };
        rest = &rest[..rest.len() - word.len()];
    }
}

/// Whether this text, behind a number, says what it counts.
pub(super) fn is_counting(text: &str) -> bool {
    let text = text.trim_start();
    COUNTED.into_iter().flatten().chain(&AFTER_COUNT).any(|word| text.starts_with(word))
}
