//! Programs that do what their sheet says, each in its way.

use std::sync::atomic::{AtomicU32, Ordering};

use check::Cast::{self, Client, Pair, Server};
use check::{Level, Rule, Verdict};

use crate::runner::{Test, USUAL, advice, judge, part, students};

/// Lab, cast, and programs.
const RIGHT: &[(&str, Cast, &str)] = &[
    ("echo", Server, "echo_tcp.py echo"),
    ("echo", Server, "echo_threads.py echo"),
    ("echo", Server, "echo_udp.py echo"),
    ("alnum", Server, "echo_tcp.py alnum"),
    ("alnum", Server, "echo_threads.py alnum"),
    ("alnum", Server, "echo_udp.py alnum"),
    ("clock", Server, "clock_udp.py"),
    ("clock", Server, "clock_tcp.py"),
    ("calc", Server, "calc.py"),
    ("calc", Server, "calc_threads.py"),
    ("calc", Server, "calc_lines.py"),
    ("add", Server, "add.py"),
    ("sum", Server, "sum.py"),
    ("sum", Server, "sum_plain.py space"),
    ("sum", Server, "sum_plain.py comma"),
    ("sum", Server, "sum_plain.py once"),
    ("sum", Server, "sum_plain.py pool"),
    ("sum", Server, "sum_lines.py"),
    ("sum", Server, "sum_udp.py space"),
    ("sum", Server, "sum_udp.py each"),
    ("board", Server, "board.py"),
    ("board", Server, "board.py quoted-only"),
    ("board", Server, "board_tcp.py"),
    ("talk", Server, "talk.py"),
    ("chat", Server, "chat.py"),
    ("chat", Server, "chat_lines.py"),
    ("calc", Client, "calc_client.py"),
    ("calc", Pair, "calc.py with calc_client.py"),
];

static PLAYS: AtomicU32 = AtomicU32::new(0);
static FALSE_VERDICTS: AtomicU32 = AtomicU32::new(0);

pub(crate) fn tests() -> Vec<Test> {
    let repeat = std::env::var("CHECK_REPEAT").map_or(1, |text| text.parse().unwrap());
    let test = |(lab, cast, command): (&'static str, Cast, &'static str)| -> Test {
        (format!("right {lab} {command}"), Box::new(move || is_right(lab, cast, command, repeat)))
    };
    RIGHT.iter().copied().map(test).collect()
}

/// How often right programs were played, and how often wrongly judged.
pub(crate) fn tell_plays() {
    println!(
        "{} plays of right programs, {} false verdicts",
        PLAYS.load(Ordering::Relaxed),
        FALSE_VERDICTS.load(Ordering::Relaxed)
    );
}

/// No MUST fails, and no rule fails only sometimes.
fn is_right(name: &str, cast: Cast, command: &str, repeat: u32) -> Result<(), String> {
    let rules: Vec<&Rule> = part(name, cast).rules.iter().collect();
    let report = judge(name, students(cast, command), &rules, repeat, USUAL);
    let is_false = |level, verdict| match verdict {
        Verdict::CannotJudge | Verdict::Flaky => true,
        Verdict::Fail => level == Level::Must,
        Verdict::Pass | Verdict::NotPlayed => false,
    };
    let mistaken: Vec<_> = report.rules.iter().filter(|rule| is_false(rule.level, rule.verdict)).collect();
    PLAYS.fetch_add(report.rules.iter().map(|rule| rule.played).sum(), Ordering::Relaxed);
    FALSE_VERDICTS.fetch_add(mistaken.iter().map(|rule| rule.failed.max(1)).sum(), Ordering::Relaxed);
    let is_fine = report.verdict == Verdict::Pass && mistaken.is_empty();
    if is_fine { Ok(()) } else { Err(format!("{:?} {:?}\n{mistaken:#?}", report.verdict, advice(&report))) }
}
