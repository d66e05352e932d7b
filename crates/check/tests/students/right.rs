//! Programs that do what their sheet says, each in its way.

use std::sync::atomic::{AtomicU32, Ordering};

use check::{Level, Rule, Verdict};

use crate::programs::command;
use crate::runner::{Test, USUAL, judge, lab};

/// Lab, and program.
const RIGHT: &[(&str, &str)] = &[
    ("echo", "echo_tcp.py echo"),
    ("echo", "echo_threads.py echo"),
    ("echo", "echo_udp.py echo"),
    ("echo", "echo_asyncio.py"),
    ("echo", "echo_template.py"),
    ("alnum", "echo_tcp.py alnum"),
    ("alnum", "echo_threads.py alnum"),
    ("alnum", "echo_udp.py alnum"),
    ("alnum", "alnum_words.py"),
    ("alnum", "alnum_yes_no.py"),
    ("clock", "clock_udp.py"),
    ("clock", "clock_tcp.py"),
    ("clock", "clock_twelve.py"),
    ("clock", "clock_words.py"),
    ("clock", "clock_else.py"),
    ("calc", "calc.py"),
    ("calc", "calc_threads.py"),
    ("calc", "calc_lines.py"),
    ("calc", "calc_eval.py"),
    ("calc", "calc_prompts.py"),
    ("calc", "calc_select.py"),
    ("calc", "calc_pool.py 4242"),
    ("calc", "calc_process.py"),
    ("calc", "calc_threads.c"),
    ("calc", "calc_padded.c"),
    ("calc", "CalcServer.java"),
    ("add", "add.py"),
    ("add", "add_lines.py"),
    ("add", "add_asyncio.py"),
    ("add", "add_crlf.c"),
    ("chat", "chat.py"),
    ("chat", "chat_lines.py"),
    ("chat", "chat_select.py"),
    ("chat", "chat_asyncio.py"),
    ("chat", "chat_class.py"),
    ("chat", "chat_polls.py"),
    ("chat", "chat_poll.c"),
];

static PLAYS: AtomicU32 = AtomicU32::new(0);
static FALSE_VERDICTS: AtomicU32 = AtomicU32::new(0);

pub(crate) fn tests() -> Vec<Test> {
    let repeat = std::env::var("CHECK_REPEAT").map_or(1, |text| text.parse().unwrap());
    let test = |(lab, program): &(&'static str, &'static str)| -> Option<Test> {
        let (lab, command) = (*lab, command(program)?);
        Some((format!("right {lab} {program}"), Box::new(move || is_right(lab, &command, repeat))))
    };
    RIGHT.iter().filter_map(test).collect()
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
fn is_right(name: &str, command: &str, repeat: u32) -> Result<(), String> {
    let rules: Vec<&Rule> = lab(name).rules.iter().collect();
    let report = judge(name, command, &rules, repeat, USUAL);
    let is_false = |level, verdict| match verdict {
        Verdict::CannotJudge | Verdict::Flaky => true,
        Verdict::Fail => level == Level::Must,
        Verdict::Pass | Verdict::NotPlayed => false,
    };
    let mistaken: Vec<_> = report.rules.iter().filter(|rule| is_false(rule.level, rule.verdict)).collect();
    PLAYS.fetch_add(report.rules.iter().map(|rule| rule.played).sum(), Ordering::Relaxed);
    FALSE_VERDICTS.fetch_add(mistaken.iter().map(|rule| rule.failed.max(1)).sum(), Ordering::Relaxed);
    let is_fine = report.verdict == Verdict::Pass && mistaken.is_empty();
    if is_fine { Ok(()) } else { Err(format!("{:?} {:?}\n{mistaken:#?}", report.verdict, report.advice)) }
}
