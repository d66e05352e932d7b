//! Programs that do what their sheet says, each in its way.

use std::sync::atomic::{AtomicU32, Ordering};

use check::Cast::{self, Client, Pair, Server};
use check::{Level, Programs, Rule, Verdict};

use crate::programs::students;
use crate::runner::{Test, USUAL, advice, judge, part};

/// Lab, cast, and programs.
const RIGHT: &[(&str, Cast, &str)] = &[
    ("echo", Server, "echo_tcp.py echo"),
    ("echo", Server, "echo_threads.py echo"),
    ("echo", Server, "echo_udp.py echo"),
    ("echo", Server, "echo_asyncio.py"),
    ("echo", Server, "echo_template.py"),
    ("alnum", Server, "echo_tcp.py alnum"),
    ("alnum", Server, "echo_threads.py alnum"),
    ("alnum", Server, "echo_udp.py alnum"),
    ("alnum", Server, "alnum_words.py"),
    ("alnum", Server, "alnum_yes_no.py"),
    ("clock", Server, "clock_udp.py"),
    ("clock", Server, "clock_tcp.py"),
    ("clock", Server, "clock_twelve.py"),
    ("clock", Server, "clock_words.py"),
    ("clock", Server, "clock_else.py"),
    ("calc", Server, "calc.py"),
    ("calc", Server, "calc_threads.py"),
    ("calc", Server, "calc_lines.py"),
    ("calc", Server, "calc_eval.py"),
    ("calc", Server, "calc_prompts.py"),
    ("calc", Server, "calc_select.py"),
    ("calc", Server, "calc_pool.py 4242"),
    ("calc", Server, "calc_pool.py"),
    ("calc", Server, "calc_process.py"),
    ("calc", Server, "calc_threads.c"),
    ("calc", Server, "calc_padded.c"),
    ("calc", Server, "CalcServer.java"),
    ("add", Server, "add.py"),
    ("add", Server, "add_lines.py"),
    ("add", Server, "add_asyncio.py"),
    ("add", Server, "add_crlf.c"),
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
    ("talk", Client, "talk_client.py"),
    ("talk", Client, "talk_client.py by-lines"),
    ("talk", Client, "talk_client_plain.py 2048"),
    ("talk", Client, "talk_client_threads.py"),
    ("talk", Pair, "talk.py with talk_client.py"),
    ("chat", Server, "chat.py"),
    ("chat", Server, "chat_lines.py"),
    ("chat", Server, "chat_select.py"),
    ("chat", Server, "chat_asyncio.py"),
    ("chat", Server, "chat_class.py stars"),
    ("chat", Server, "chat_class.py before"),
    ("chat", Server, "chat_class.py long"),
    ("chat", Server, "chat_class.py is"),
    ("chat", Server, "chat_polls.py"),
    ("chat", Server, "chat_poll.c"),
    ("numbers", Server, "numbers_server.py"),
    ("numbers", Server, "numbers_names.py"),
    ("numbers", Client, "numbers_client.py 11000 0.05"),
    ("numbers", Client, "numbers_client.py 13000 1"),
    ("numbers", Pair, "numbers_server.py with numbers_client.py 13000 0.5"),
    ("numbers", Pair, "numbers_names.py with numbers_client.py 11000 2"),
    ("echo", Client, "echo_client.py 12001"),
    ("echo", Client, "echo_client_udp.py 12001"),
    ("echo", Client, "echo_client_once.py tcp 12001"),
    ("echo", Client, "echo_client_once.py udp 12001"),
    ("echo", Client, "echo_client_lines.py 12001"),
    ("echo", Pair, "echo_tcp.py echo with echo_client.py 12000"),
    ("echo", Pair, "echo_udp.py echo with echo_client_udp.py 12000"),
    ("alnum", Client, "echo_client.py 12002"),
    ("alnum", Client, "echo_client_udp.py 12002"),
    ("alnum", Client, "echo_client_once.py tcp 12002"),
    ("alnum", Client, "echo_client_once.py udp 12002"),
    ("alnum", Client, "echo_client_lines.py 12002"),
    ("alnum", Pair, "echo_tcp.py alnum with echo_client.py 12000"),
    ("alnum", Pair, "echo_udp.py alnum with echo_client_udp.py 12000"),
    ("alnum", Pair, "echo_udp.py alnum with echo_client_once.py udp 12000"),
    ("clock", Client, "clock_client.py"),
    ("clock", Client, "clock_client_fresh.py"),
    ("clock", Client, "clock_client_lines.py"),
    ("clock", Pair, "clock_udp.py with clock_client.py"),
    ("clock", Pair, "clock_udp.py with clock_client_fresh.py"),
    ("calc", Client, "calc_client.py"),
    ("calc", Client, "calc_client_lines.py"),
    ("calc", Pair, "calc.py with calc_client.py"),
    ("calc", Pair, "calc_lines.py with calc_client_lines.py not-greeted"),
    ("add", Client, "add_client.py"),
    ("add", Client, "add_client_lines.py"),
    ("add", Pair, "add.py with add_client.py"),
    ("add", Pair, "add_lines.py with add_client_lines.py"),
    ("sum", Client, "sum_client.py"),
    ("sum", Client, "sum_client_lines.py"),
    ("sum", Client, "sum_client_udp.py"),
    ("sum", Client, "sum_client_once.py"),
    ("sum", Client, "sum_client_once.py on"),
    ("sum", Client, "sum_client_plain.py"),
    ("sum", Pair, "sum.py with sum_client.py"),
    ("sum", Pair, "sum_udp.py each with sum_client_udp.py acknowledged"),
    ("sum", Pair, "sum_plain.py once with sum_client_once.py"),
    ("board", Client, "board_client.py"),
    ("board", Client, "board_client_plain.py"),
    ("board", Client, "board_client_tcp.py"),
    ("board", Pair, "board.py with board_client.py"),
    ("board", Pair, "board_tcp.py with board_client_tcp.py"),
    ("chat", Client, "chat_client.py"),
    ("chat", Client, "chat_client_select.py"),
    ("chat", Client, "chat_client_lines.py"),
    ("chat", Pair, "chat.py with chat_client.py"),
    ("chat", Pair, "chat_lines.py with chat_client_lines.py none 9999"),
];

static PLAYS: AtomicU32 = AtomicU32::new(0);
static FALSE_VERDICTS: AtomicU32 = AtomicU32::new(0);

pub(crate) fn tests() -> Vec<Test> {
    let repeat = std::env::var("CHECK_REPEAT").map_or(1, |text| text.parse().unwrap());
    let test = |(lab, cast, named): &(&'static str, Cast, &'static str)| -> Option<Test> {
        let (lab, cast, programs) = (*lab, *cast, students(*cast, named)?);
        Some((format!("right {lab} {named}"), Box::new(move || is_right(lab, cast, programs.clone(), repeat))))
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
fn is_right(name: &str, cast: Cast, programs: Programs, repeat: u32) -> Result<(), String> {
    let rules: Vec<&Rule> = part(name, cast).rules.iter().collect();
    let report = judge(name, programs, &rules, repeat, USUAL);
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
