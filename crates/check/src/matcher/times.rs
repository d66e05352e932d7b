//! Dates and times of day in what is heard.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A time read by the program and one read here may lie so far apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(3);

/// Today, here and in UTC, and the day that may just have ended.
pub(super) fn dates(now: Timestamp) -> impl Iterator<Item = Date> {
    let zones = [TimeZone::system(), TimeZone::UTC];
    let moments = [now, now - CLOCKS_APART];
    zones.into_iter().flat_map(move |zone| moments.map(|moment| moment.to_zoned(zone.clone()).date()))
}

/// Whether a text names this day, in whatever order, with the month as number or word, and the year with two digits or four.
pub(super) fn has_date(text: &str, date: Date) -> bool {
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
pub(super) fn has_time(text: &str, now: Timestamp) -> bool {
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

#[cfg(test)]
mod tests {
    use super::super::tests::is_in;
    use crate::rule::Said;

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
}
