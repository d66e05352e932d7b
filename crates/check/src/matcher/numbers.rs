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
