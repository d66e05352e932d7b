//! What a client of the load says, and what must come back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail, ensure};

/// One kind of client: all of them say the same, each begins somewhere else.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// Said first, and answered by nothing.
    pub(crate) greeting: &'static [u8],
    /// Said in turn, the next when the last is answered.
    pub(crate) bursts: Vec<Burst>,
    /// The requests in each burst.
    pub(crate) in_flight: u64,
}

/// Requests that are written together.
#[derive(Clone, Debug)]
pub(crate) struct Burst {
    pub(crate) requests: Vec<u8>,
    pub(crate) answers: Answers,
}

/// What must come back.
#[derive(Clone, Debug)]
pub(crate) enum Answers {
    /// These bytes, in however many pieces.
    Exactly(Vec<u8>),
    /// `HH:MM:SS` in some zone, in one datagram.
    TimeOfDay,
}

/// Different bursts, so that no server can get by with remembering one.
const VARIETY: usize = 61;

impl Script {
    /// Calculations, written together.
    pub(crate) fn calc(in_flight: usize, arithmetic: Arithmetic) -> Self {
        let burst = |first: usize| {
            let (mut requests, mut answers) = (String::new(), String::new());
            for index in first..first + in_flight {
                let (request, answer) = arithmetic.exercise(index);
                requests += &(request + "\n");
                answers += &(answer + "\n");
            }
            Burst { requests: requests.into_bytes(), answers: Answers::Exactly(answers.into_bytes()) }
        };
        let bursts = (0..VARIETY).map(|index| burst(index * in_flight)).collect();
        Self { greeting: b"load\n", bursts, in_flight: in_flight as u64 }
    }

    /// Inline commands of a peer that knows calculations by another name.
    pub(crate) fn redis(in_flight: usize) -> Self {
        let answers = Answers::Exactly(b"+PONG\r\n".repeat(in_flight));
        let burst = Burst { requests: b"PING\r\n".repeat(in_flight), answers };
        Self { greeting: b"", bursts: vec![burst], in_flight: in_flight as u64 }
    }

    /// Asks for the time.
    pub(crate) fn clock() -> Self {
        let burst = Burst { requests: b"SEND_TIME".to_vec(), answers: Answers::TimeOfDay };
        Self { greeting: b"", bursts: vec![burst], in_flight: 1 }
    }

    /// The same requests to a floor, which sends back what it gets.
    pub(crate) fn echoed(self) -> Self {
        let echo = |Burst { requests, .. }: Burst| {
            let answers = Answers::Exactly(requests.clone());
            Burst { requests, answers }
        };
        Self { greeting: b"", bursts: self.bursts.into_iter().map(echo).collect(), in_flight: self.in_flight }
    }
}

/// What is calculated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    /// Whole numbers are added, like `12 + 42`.
    Sums,
    /// The four operators in turn, half of them with decimals.
    Mixed,
}

impl Arithmetic {
    /// A request and its answer.
    fn exercise(self, index: usize) -> (String, String) {
        let (a, b) = ((index * 37 % 991) as i64 + 1, (index * 53 % 89) as i64 + 2);
        match (self, index % 4) {
            (Self::Sums, _) | (Self::Mixed, 0) => (format!("{a} + {b}"), (a + b).to_string()),
            (Self::Mixed, 1) => (format!("{a}.25 - {b}"), hundredths(a * 100 + 25 - b * 100)),
            (Self::Mixed, 2) => (format!("{a} * -{b}"), (a * -b).to_string()),
            (Self::Mixed, _) => (format!("{} / {b}", hundredths((a * 100 + 5) * b)), hundredths(a * 100 + 5)),
        }
    }
}

/// A number of hundredths as it is written, without zeros that say nothing.
fn hundredths(count: i64) -> String {
    let (sign, count) = (if count < 0 { "-" } else { "" }, count.abs());
    let text = format!("{sign}{}.{:02}", count / 100, count % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Answers {
    /// Takes a piece that follows `before` bytes; says whether the answers are complete.
    pub(crate) fn check(&self, before: usize, piece: &[u8]) -> Result<bool> {
        match self {
            Self::Exactly(expected) => {
                let rest = expected.get(before..).unwrap_or_default();
                ensure!(rest.starts_with(piece), "expected {}, got {}", rest.escape_ascii(), piece.escape_ascii());
                Ok(rest.len() == piece.len())
            }
            Self::TimeOfDay => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
                check_time_of_day(piece, now)?;
                Ok(true)
            }
        }
    }
}

/// Zones differ by quarters of an hour, so whatever the server's is, the rest must be that of `now`.
fn check_time_of_day(answer: &[u8], now: Duration) -> Result<()> {
    const QUARTER: u64 = 15 * 60;
    const TOLERANCE: u64 = 1;
    let two_digits = |at: usize, below: u64| {
        let digit = |at: usize| answer.get(at).filter(|byte| byte.is_ascii_digit()).map(|byte| u64::from(byte - b'0'));
        Some(digit(at)? * 10 + digit(at + 1)?).filter(|&number| number < below)
    };
    let is_formed = answer.len() == "HH:MM:SS".len() && answer[2] == b':' && answer[5] == b':';
    let (true, Some(_), Some(minute), Some(second)) =
        (is_formed, two_digits(0, 24), two_digits(3, 60), two_digits(6, 60))
    else {
        bail!("expected HH:MM:SS, got {}", answer.escape_ascii())
    };
    let off = (now.as_secs() + QUARTER - (minute * 60 + second) % QUARTER) % QUARTER;
    ensure!(off <= TOLERANCE || off >= QUARTER - TOLERANCE, "{} is not the time", answer.escape_ascii());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exercises_are_right() {
        assert_eq!(Arithmetic::Sums.exercise(1), ("38 + 55".to_owned(), "93".to_owned()));
        assert_eq!(Arithmetic::Mixed.exercise(1), ("38.25 - 55".to_owned(), "-16.75".to_owned()));
        assert_eq!(Arithmetic::Mixed.exercise(2), ("75 * -19".to_owned(), "-1425".to_owned()));
        assert_eq!(Arithmetic::Mixed.exercise(3), ("8067.6 / 72".to_owned(), "112.05".to_owned()));
    }

    #[test]
    fn answers_may_come_in_pieces() {
        let script = Script::calc(2, Arithmetic::Sums);
        assert_eq!(script.bursts[0].requests, b"1 + 2\n38 + 55\n");
        let answers = &script.bursts[0].answers;
        assert!(!answers.check(0, b"3").unwrap());
        assert!(answers.check(1, b"\n93\n").unwrap());
        assert!(answers.check(0, b"4\n").is_err());
        assert!(answers.check(0, b"3\n93\n0").is_err());
    }

    #[test]
    fn the_time_is_checked_in_any_zone() {
        let now = Duration::from_secs(1_000_000 * 900 + 7 * 60 + 3);
        for right in ["00:07:03", "13:22:03", "23:52:02", "05:37:04"] {
            assert!(check_time_of_day(right.as_bytes(), now).is_ok(), "{right}");
        }
        for wrong in ["00:07:05", "00:08:03", "24:07:03", "00:67:03", "0:07:03", "00:07:03\n", "00-07-03", ""] {
            assert!(check_time_of_day(wrong.as_bytes(), now).is_err(), "{wrong}");
        }
        assert!(check_time_of_day(b"00:15:00", Duration::from_secs(899)).is_ok());
    }
}
