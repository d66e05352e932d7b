//! Numbers in what is heard: results, sums, and counting.

/// Numbers are the same if they differ by less than so much of the larger: binary fractions are not exact.
const RELATIVE_ERROR: f64 = 1e-6;

pub(crate) fn is_same(one: f64, other: f64) -> bool {
    (one - other).abs() <= RELATIVE_ERROR * one.abs().max(other.abs()).max(1e-300)
}

pub(super) fn is_addend(number: f64) -> bool {
    // One that is parted from the other by a `-` is no negative one.
    number.fract() == 0.0 && (1.0..=10.0).contains(&number.abs())
}

/// Whether two addends are there, and their sum behind them.
pub(super) fn has_sum(text: &str) -> bool {
    let all: Vec<f64> = numbers(text).collect();
    let adds_up = |one: usize, other: usize, sum: usize| {
        is_addend(all[one]) && is_addend(all[other]) && is_same(all[one].abs() + all[other].abs(), all[sum])
    };
    (2..all.len()).any(|sum| (1..sum).any(|other| (0..other).any(|one| adds_up(one, other, sum))))
}

/// How far the lines of a text count from 1, with nothing between.
pub(super) fn counting(text: &str) -> usize {
    last_numbers(text).zip(1_u32..).take_while(|(number, wanted)| is_same(*number, (*wanted).into())).count()
}

/// The number of each line, without what it may be introduced by: `c1: 7` says 7.
pub(super) fn last_numbers(text: &str) -> impl Iterator<Item = f64> {
    text.lines().filter_map(|line| numbers(line).last())
}

/// Whether the result of `12 + 42` is there, and that of no other operation on the same two numbers: who tells all four has computed nothing that was
/// asked for.
pub(super) fn answers(text: &str, request: &str) -> bool {
    let Some((one, wanted, other)) = computed(request) else { return false };
    // What is repeated of the request is no result. A small whole number may be the time, or count messages.
    let is_of_clock = |result: f64| result.fract() == 0.0 && (0.0..60.0).contains(&result);
    let is_known = |result: f64| [wanted, one, other].iter().any(|known| is_same(known.abs(), result.abs()));
    let mut others = [one + other, one - other, one * other, one / other].to_vec();
    others.retain(|result| !is_of_clock(*result) && !is_known(*result));
    let is_other = |number: f64| others.iter().any(|other| is_same(number, *other));
    // The `-` in a date is no sign.
    let is_of_date = |at: usize| text[at..].starts_with('-') && text[..at].ends_with(|c: char| c.is_ascii_digit());
    numbers(text).any(|number| is_same(number, wanted))
        && !numbers_at(text).any(|(at, number)| is_other(number) && !is_of_date(at))
}

/// The first number of a request like `12 + 42`, its result, and its second number.
pub(super) fn computed(request: &str) -> Option<(f64, f64, f64)> {
    let mut parts = request.split(' ');
    let (one, operator, other): (f64, _, f64) =
        (parts.next()?.parse().ok()?, parts.next()?, parts.next()?.parse().ok()?);
    let result = match operator {
        "+" => one + other,
        "-" => one - other,
        "*" => one * other,
        "/" => one / other,
        _ => return None,
    };
    Some((one, result, other))
}

/// The numbers in a text, with sign, fraction and exponent.
pub(crate) fn numbers(text: &str) -> impl Iterator<Item = f64> {
    numbers_at(text).map(|(_, number)| number)
}

/// The same, with where each begins.
fn numbers_at(text: &str) -> impl Iterator<Item = (usize, f64)> {
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
            let at = text.len() - rest.len() + start;
            rest = &rest[end..];
            if let Some(number) = number {
                return Some((at, number));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_in;
    use crate::rule::Said;

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
    fn an_answer_is_one_result_in_any_dress() {
        for heard in [
            "54",
            "54.0\n",
            "Answer = 54",
            "12 + 42 = 54",
            "12+42=54",
            "Ada: 12 + 42 = 54",
            "Hello Ada, the answer of request 3 is 54. Next:",
            "54\n[2]> ",
            "[10:30] 54",
            "2026-11-30 10:30:54.285714: 54",
            "The sum of 12.0 and 42.0 is 54.000",
            "12 + 42 - 30 = 24? No, 54",
        ] {
            assert!(is_in(Said::Answers("12 + 42"), heard), "{heard}");
        }
        for heard in [
            "12+42=54 12-42=-30 12*42=504 12/42=0.28",
            "sum 54.0 diff -30.0 prod 504.0",
            "54 or 504",
            "1242",
            "540",
            "12 42",
            "",
        ] {
            assert!(!is_in(Said::Answers("12 + 42"), heard), "{heard}");
        }
        for (request, heard) in [
            ("1 + 2", "1 + 2 = 3"),
            ("6 * 7", "[10:13] 42"),
            ("2 + 2", "4"),
            ("9 / 4", "2.25"),
            ("4.5 / -6", "4.5 / -6 = -0.75"),
        ] {
            assert!(is_in(Said::Answers(request), heard), "{heard}");
        }
        assert!(is_in(Said::Answers("-7 + 3"), "-7 + 3 = -4") && !is_in(Said::Answers("80 / 40"), "120 40 3200 2"));
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
}
