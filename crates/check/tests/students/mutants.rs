//! For each rule, a program with the mistake that it is there for: of all rules of the lab, this one is told first.

use check::{Lab, Level, Part, Programs, Report, Rule, Verdict};

use crate::programs::students;
use crate::runner::{SHORT, Test, advice, judge, lab};

const MUTANTS: &[(&str, &str)] = &[
    ("echo.next", "echo_tcp.py echo one-session"),
    ("echo.end", "echo_threads.py echo spins"),
    ("echo.same", "echo_tcp.py echo upper"),
    ("echo.text", "echo_tcp.py echo ascii"),
    ("echo.bytes", "echo_tcp.py echo bytes-kill"),
    ("echo.empty", "echo_udp.py echo empty-ends"),
    ("echo.each-its-own", "echo_udp.py echo by-host"),
    ("echo.unheard", "echo_udp.py echo connects"),
    ("echo.reset", "echo_tcp.py echo reset-kills"),
    ("echo.again", "echo_tcp.py echo one-message"),
    ("echo.pieces", "echo_tcp.py echo dresses"),
    ("echo.several", "echo_threads.py echo lock"),
    ("echo.restart", "echo_threads.py echo no-reuse"),
    ("alnum.next", "echo_tcp.py alnum one-session"),
    ("alnum.end", "echo_threads.py alnum spins"),
    ("alnum.yes", "echo_tcp.py alnum never"),
    ("alnum.no", "echo_tcp.py alnum always"),
    ("alnum.bytes", "echo_tcp.py alnum bytes-kill"),
    ("alnum.empty", "echo_udp.py alnum empty-ends"),
    ("alnum.reset", "echo_tcp.py alnum reset-kills"),
    ("alnum.again", "echo_tcp.py alnum one-message"),
    ("alnum.several", "echo_threads.py alnum lock"),
    ("alnum.restart", "echo_threads.py alnum no-reuse"),
    ("clock.loop", "clock_udp.py answers-once"),
    ("clock.date", "clock_udp.py yesterday"),
    ("clock.time", "clock_udp.py no-seconds"),
    ("clock.current", "clock_udp.py stale"),
    ("clock.bytes", "clock_udp.py bytes-kill"),
    ("clock.empty", "clock_udp.py empty-ends"),
    ("clock.unheard", "clock_udp.py connects"),
    ("clock.each-its-own", "clock_udp.py by-host"),
    ("clock.unknown", "clock_udp.py else-time"),
    ("clock.reset", "clock_tcp.py reset-kills"),
    ("calc.next", "calc.py one-session"),
    ("calc.end", "calc.py spins"),
    ("calc.adds", "calc.py concatenates"),
    ("calc.adds", "calc.py tells-all"),
    ("calc.loop", "calc.py answers-once"),
    ("calc.decimals", "calc.py int"),
    ("calc.negatives", "calc.py no-sign"),
    ("calc.quit", "calc.py no-quit"),
    ("calc.zero", "calc.py zero-kills"),
    ("calc.format", "calc.py format-kills"),
    ("calc.bytes", "calc.py bytes-kill"),
    ("calc.empty", "calc.py empty-kills"),
    ("calc.operator", "calc.py else-divides"),
    ("calc.reset", "calc.py reset-kills"),
    ("calc.prints", "calc.py silent"),
    ("calc.name", "calc_threads.py one-name"),
    ("calc.session-ended", "calc.py silent-end"),
    ("calc.on-after-zero", "calc.py error-ends"),
    ("calc.several", "calc_threads.py lock"),
    ("calc.mute", "calc_threads.py name-in-loop"),
    ("calc.stays", "calc_threads.py closes-all"),
    ("calc.pieces", "calc_lines.py one-recv"),
    ("calc.glued", "calc_lines.py whole-buffer"),
    ("calc.name-glued", "calc_lines.py name-with-more"),
    ("calc.restart", "calc_lines.py no-reuse"),
    ("add.next", "add.py one-session"),
    ("add.end", "add.py spins"),
    ("add.ack", "add.py no-ack"),
    ("add.adds", "add.py one-digit"),
    ("add.adds", "add.py also-multiplies"),
    ("add.several", "add.py lock"),
    ("add.mute", "add.py name-in-loop"),
    ("add.stays", "add.py closes-all"),
    ("add.format", "add.py format-kills"),
    ("add.bytes", "add.py bytes-kill"),
    ("add.initiated", "add.py silent"),
    ("add.pieces", "add_lines.py one-recv"),
    ("add.restart", "add_lines.py no-reuse"),
    ("sum.next", "sum.py one-session"),
    ("sum.end", "sum.py spins"),
    ("sum.adds", "sum.py concatenates"),
    ("sum.adds", "sum.py also-multiplies"),
    ("sum.negatives", "sum.py no-sign"),
    ("sum.invalid", "sum.py invalid-kills"),
    ("sum.bytes", "sum.py bytes-kill"),
    ("sum.empty", "sum_udp.py space empty-ends"),
    ("sum.unheard", "sum_udp.py space connects"),
    ("sum.each-its-own", "sum_udp.py space by-host"),
    ("sum.between", "sum_udp.py each mixes"),
    ("sum.reset", "sum.py reset-kills"),
    ("sum.several", "sum.py lock"),
    ("sum.mute", "sum.py first-in-loop"),
    ("sum.stays", "sum.py closes-another"),
    ("sum.limit-holds", "sum.py unlimited-later"),
    ("sum.limit-frees", "sum.py leaks"),
    ("sum.limit-vanished", "sum.py leaks-lost"),
    ("sum.limit-timeouts", "sum.py leaks-timeouts"),
    ("sum.timeout", "sum.py timeout-once"),
    ("sum.decimals", "sum.py int"),
    ("sum.again", "sum.py answers-once"),
    ("sum.pieces", "sum_lines.py one-recv"),
    ("sum.restart", "sum_lines.py no-reuse"),
    ("board.next", "board_tcp.py one-session"),
    ("board.end", "board_tcp.py spins"),
    ("board.returns", "board.py forgets"),
    ("board.words", "board.py first-word"),
    ("board.all", "board.py last-only"),
    ("board.others", "board.py own-only"),
    ("board.two-posters", "board.py last-poster"),
    ("board.again", "board.py clears"),
    ("board.empty", "board.py empty-kills"),
    ("board.unknown", "board.py unknown-kills"),
    ("board.alone", "board.py alone-kills"),
    ("board.bytes", "board.py bytes-kill"),
    ("board.empty-datagram", "board.py empty-ends"),
    ("board.unheard", "board.py connects"),
    ("board.reset", "board_tcp.py reset-kills"),
    ("board.unicode", "board.py ascii"),
    ("board.order", "board.py newest-first"),
    ("board.long", "board.py short"),
    ("board.many", "board.py ten"),
    ("board.several", "board_tcp.py lock"),
    ("board.restart", "board_tcp.py no-reuse"),
    ("talk.keys", "talk.py private-key"),
    ("talk.reads", "talk.py silent"),
    ("talk.answers", "talk.py wrong-key"),
    ("talk.turns", "talk.py one-round"),
    ("talk.hears-bye", "talk.py deaf-to-bye"),
    ("talk.says-bye", "talk.py goes-on"),
    ("talk.unicode", "talk.py ascii"),
    ("talk.closed", "talk.py closed-crashes"),
    ("talk.long", "talk.py long-crashes"),
    ("talk.garbage", "talk.py garbage-crashes"),
    ("talk.pieces", "talk.py one-recv"),
    ("talk.client.keys", "talk_client.py private-key"),
    ("talk.client.keys", "talk_client.py keyless"),
    ("talk.client.sends", "talk_client.py wrong-key"),
    ("talk.client.sends", "talk_client.py leaks"),
    ("talk.client.shows", "talk_client.py mute"),
    ("talk.client.turns", "talk_client.py one-round"),
    ("talk.client.says-bye", "talk_client.py goes-on"),
    ("talk.client.says-bye", "talk_client_threads.py goes-on"),
    ("talk.client.hears-bye", "talk_client.py deaf-to-bye"),
    ("talk.client.hears-bye", "talk_client_threads.py deaf-to-bye"),
    ("talk.client.unicode", "talk_client.py ascii"),
    ("talk.client.ends", "talk_client.py stays"),
    ("talk.client.server-gone", "talk_client.py spins"),
    ("talk.client.server-gone", "talk_client.py closed-crashes"),
    ("talk.client.long", "talk_client.py long-crashes"),
    ("talk.client.garbage", "talk_client.py garbage-crashes"),
    ("talk.client.pieces", "talk_client.py one-recv"),
    ("talk.pair.turns", "talk.py with talk_client.py mute"),
    ("talk.pair.secret", "talk.py plain with talk_client.py plain"),
    ("talk.pair.secret", "talk_letters.py server with talk_letters.py client"),
    ("talk.pair.client-bye", "talk.py with talk_client.py stays"),
    ("talk.pair.server-bye", "talk.py goes-on with talk_client.py deaf-to-bye"),
    ("talk.pair.unicode", "talk.py ascii with talk_client.py"),
    ("chat.says", "chat.py nameless-lines"),
    ("chat.end", "chat.py spins"),
    ("chat.joins", "chat.py silent-joins"),
    ("chat.leaves", "chat.py count-before"),
    ("chat.everyone", "chat.py only-first"),
    ("chat.closes", "chat.py close-not-told"),
    ("chat.vanishes", "chat.py reset-kills"),
    ("chat.unique", "chat.py duplicates"),
    ("chat.free-again", "chat.py keeps-names"),
    ("chat.mute", "chat.py name-in-loop"),
    ("chat.nameless", "chat.py nameless-joins"),
    ("chat.bytes", "chat.py bytes-kill"),
    ("chat.hears-itself-join", "chat.py not-itself"),
    ("chat.pieces", "chat_lines.py one-recv"),
    ("chat.name-glued", "chat_lines.py name-with-more"),
    ("chat.restart", "chat_lines.py no-reuse"),
    ("numbers.prints", "numbers_server.py wordless"),
    ("numbers.which", "numbers_server.py takes-turns"),
    ("numbers.which", "numbers_server.py nobody"),
    ("numbers.order", "numbers_server.py shuffles"),
    ("numbers.bytes", "numbers_server.py bytes-kill"),
    ("numbers.empty", "numbers_server.py empty-ends"),
    ("numbers.client.counts", "numbers_client.py 11000 0.1 from-0"),
    ("numbers.client.port", "numbers_client.py 11000 0.1 unbound"),
    ("numbers.client.rolls", "numbers_client.py 11000 0.05 no-roll"),
    ("numbers.client.delay", "numbers_client.py 11000 0 no-delay"),
    ("numbers.pair.prints", "numbers_server.py wordless with numbers_client.py 11000 0.5"),
    ("echo.client.sends", "echo_client.py 12001 canned"),
    ("echo.client.answer", "echo_client.py 12001 mute"),
    ("echo.client.pieces", "echo_client_lines.py 12001 one-recv"),
    ("echo.client.again", "echo_client_once.py udp 12001"),
    ("echo.client.server-gone", "echo_client.py 12001 spins"),
    ("echo.client.lost", "echo_client_udp.py 12001 no-timeout"),
    ("echo.client.text", "echo_client.py 12001 ascii"),
    ("echo.pair.answer", "echo_tcp.py echo with echo_client_lines.py 12000"),
    ("echo.pair.prints", "echo_tcp.py echo silent with echo_client.py 12000"),
    ("echo.pair.again", "echo_tcp.py echo one-message with echo_client.py 12000"),
    ("echo.pair.several", "echo_tcp.py echo with echo_client.py 12000"),
    ("alnum.client.sends", "echo_client.py 12002 canned"),
    ("alnum.client.answer", "echo_client.py 12002 mute"),
    ("alnum.client.pieces", "echo_client_lines.py 12002 one-recv"),
    ("alnum.client.again", "echo_client_once.py tcp 12002"),
    ("alnum.client.server-gone", "echo_client.py 12002 spins"),
    ("alnum.client.lost", "echo_client_udp.py 12002 no-timeout"),
    ("alnum.pair.yes", "echo_tcp.py alnum with echo_client.py 12000 mute"),
    ("alnum.pair.no", "echo_tcp.py alnum always with echo_client.py 12000"),
    ("alnum.pair.again", "echo_tcp.py alnum one-message with echo_client.py 12000"),
    ("alnum.pair.several", "echo_tcp.py alnum with echo_client.py 12000"),
    ("clock.client.asks", "clock_client.py lower"),
    ("clock.client.prints", "clock_client.py mute"),
    ("clock.client.loop", "clock_client.py once"),
    ("clock.client.both", "clock_client.py only-times"),
    ("clock.client.lost", "clock_client.py no-timeout"),
    ("clock.client.pause", "clock_client.py hurries"),
    ("clock.client.pause", "clock_client.py always-same"),
    ("clock.pair.answer", "clock_udp.py with clock_client.py mute"),
    ("clock.pair.time", "clock_udp.py with clock_client.py only-dates"),
    ("clock.pair.date", "clock_udp.py with clock_client.py only-times"),
    ("clock.pair.several", "clock_tcp.py with clock_client_lines.py bare"),
    ("calc.client.name", "calc_client.py nameless"),
    ("calc.client.request", "calc_client.py computes"),
    ("calc.client.answer", "calc_client.py mute"),
    ("calc.client.loop", "calc_client.py once"),
    ("calc.client.numbers", "calc_client.py int"),
    ("calc.client.warning", "calc_client.py no-warning"),
    ("calc.client.sends", "calc_client.py sends-all"),
    ("calc.client.empty", "calc_client.py empty-kills"),
    ("calc.client.forwards", "calc_client.py no-q"),
    ("calc.client.quit", "calc_client.py goes-on"),
    ("calc.client.pieces", "calc_client_lines.py one-recv"),
    ("calc.client.server-gone", "calc_client.py spins"),
    ("calc.pair.answer", "calc.py int with calc_client.py"),
    ("calc.pair.ends", "calc.py silent-end with calc_client.py"),
    ("calc.pair.several", "calc.py with calc_client.py"),
    ("add.client.name", "add_client.py nameless"),
    ("add.client.sends", "add_client.py two-sends"),
    ("add.client.answer", "add_client.py mute"),
    ("add.client.loop", "add_client.py once"),
    ("add.client.shows-numbers", "add_client.py mute-numbers"),
    ("add.client.invalid", "add_client.py no-warning"),
    ("add.client.not-sent", "add_client.py sends-all"),
    ("add.client.quit", "add_client.py goes-on"),
    ("add.client.ack", "add_client_lines.py no-wait"),
    ("add.client.unique", "add_client.py same-name"),
    ("add.client.words", "add_client.py other-words"),
    ("add.client.pieces", "add_client_lines.py one-recv"),
    ("add.client.server-gone", "add_client.py spins"),
    ("add.pair.answer", "add.py concatenates with add_client.py"),
    ("add.pair.quit", "add.py with add_client.py goes-on"),
    ("add.pair.next", "add.py one-session with add_client.py"),
    ("add.pair.several", "add.py lock with add_client.py"),
    ("add.pair.initiated", "add.py silent with add_client.py"),
    ("sum.client.answer", "sum_client.py mute"),
    ("sum.client.large", "sum_client.py two-digits"),
    ("sum.client.pieces", "sum_client_lines.py one-recv"),
    ("sum.client.negatives", "sum_client.py digits"),
    ("sum.client.again", "sum_client_once.py"),
    ("sum.client.lost", "sum_client_udp.py no-timeout"),
    ("sum.client.server-gone", "sum_client.py spins"),
    ("sum.client.server-gone", "sum_client_plain.py spins"),
    ("sum.client.busy", "sum_client.py only-welcome"),
    ("sum.client.leaves", "sum_client.py stays"),
    ("sum.pair.answer", "sum.py concatenates with sum_client.py"),
    ("sum.pair.several", "sum.py lock with sum_client.py"),
    ("sum.pair.again", "sum_plain.py once with sum_client_once.py"),
    ("board.client.posts", "board_client.py first-word"),
    ("board.client.shows", "board_client.py mute"),
    ("board.client.all", "board_client.py first-line"),
    ("board.client.again", "board_client.py once"),
    ("board.client.each", "board_client_plain.py"),
    ("board.client.lost", "board_client.py no-timeout"),
    ("board.client.text", "board_client.py ascii"),
    ("board.pair.others", "board.py own-only with board_client.py"),
    ("board.pair.again", "board.py with board_client.py once"),
    ("board.pair.all", "board.py last-only with board_client.py"),
    ("chat.client.login", "chat_client.py nameless"),
    ("chat.client.sends", "chat_client.py keeps"),
    ("chat.client.shows", "chat_client.py mute"),
    ("chat.client.at-prompt", "chat_client_alternating.py"),
    ("chat.client.quit", "chat_client.py no-quit"),
    ("chat.client.glued", "chat_client_lines.py first-line"),
    ("chat.client.pieces", "chat_client_lines.py one-recv"),
    ("chat.client.asks", "chat_client.py no-prompt"),
    ("chat.client.taken", "chat_client.py swallows"),
    ("chat.client.empty", "chat_client.py empty-kills"),
    ("chat.client.server-gone", "chat_client.py spins"),
    ("chat.pair.says", "chat.py nameless-lines with chat_client.py"),
    ("chat.pair.joins", "chat.py silent-joins with chat_client.py"),
    ("chat.pair.quit", "chat.py with chat_client.py no-quit"),
    ("chat.pair.leaves", "chat.py count-before with chat_client.py"),
    ("chat.pair.unique", "chat.py duplicates with chat_client.py"),
    ("chat.pair.transcript", "chat.py not-itself with chat_client.py"),
    ("chat.pair.another-name", "chat.py with chat_client.py one-name"),
];

/// Mistakes that show in a rule which is about something else, and are told by their own name.
const NAMED: &[(&str, &str, &str)] = &[
    ("calc.end", "calc.py storms", "the end of the stream is not handled"),
    ("calc.pair.answer", "calc.py late with calc_client.py", "output that only appears at exit"),
];

pub(crate) fn tests() -> Vec<Test> {
    let test = |(rule, command): &(&'static str, &'static str)| -> Option<Test> {
        let (rule, programs) = (*rule, programs(rule, command)?);
        let test = move || is_condemned_first(rule, programs.clone()).map(drop);
        Some((format!("mutant {rule} {command}"), Box::new(test)))
    };
    let named = |(rule, command, name): &(&'static str, &'static str, &'static str)| -> Option<Test> {
        let (rule, name, programs) = (*rule, *name, programs(rule, command)?);
        Some((format!("named {rule} {command}"), Box::new(move || is_named(rule, programs.clone(), name))))
    };
    MUTANTS.iter().filter_map(test).chain(NAMED.iter().filter_map(named)).collect()
}

/// The mutant's programs, if they can be run here.
fn programs(rule: &str, command: &str) -> Option<Programs> {
    students(part_of(rule).cast, command)
}

/// The part that a rule belongs to.
fn part_of(id: &str) -> &'static Part {
    let has = |part: &&&'static Part| part.rules.iter().any(|rule| rule.id == id);
    lab(id.split('.').next().unwrap()).parts.iter().find(has).unwrap()
}

pub(crate) fn every_rule_has_one() {
    for rule in check::ALL.iter().flat_map(Lab::rules) {
        assert!(MUTANTS.iter().any(|(id, _)| *id == rule.id), "{} has no mutant", rule.id);
    }
    for (id, _) in MUTANTS {
        assert!(check::ALL.iter().any(|lab| lab.rule(id).is_some()), "{id} is no rule");
    }
}

/// Its own rule fails, and nothing that is to be mended before: what is to be mended later need not be played.
fn is_condemned_first(id: &'static str, programs: Programs) -> Result<Report, String> {
    let name = id.split('.').next().unwrap();
    let report = judge(name, programs, &up_to(part_of(id), id), 1, SHORT);
    let first = report.first_to_mend();
    let is_undecided = report.rules.iter().any(|rule| rule.verdict == Verdict::CannotJudge);
    if first.is_some_and(|rule| rule.id == id && rule.verdict == Verdict::Fail) && !is_undecided {
        return Ok(report);
    }
    let verdicts: Vec<_> = report.rules.iter().map(|rule| (rule.id, rule.verdict)).collect();
    Err(format!("{verdicts:?}\n{:?} {:?}", advice(&report), first))
}

fn is_named(id: &'static str, programs: Programs, name: &str) -> Result<(), String> {
    let report = is_condemned_first(id, programs)?;
    let told = report.first_to_mend().and_then(|rule| rule.diagnosis);
    if told == Some(name) { Ok(()) } else { Err(format!("{told:?}")) }
}

/// This rule, and those that are to be mended before it.
fn up_to(part: &Part, id: &str) -> Vec<&'static Rule> {
    let rules = part.rules;
    let own = rules.iter().position(|rule| rule.id == id).unwrap();
    let is_should = rules[own].level == Level::Should;
    let counts = |(at, rule): &(usize, &Rule)| match rule.level {
        Level::Must | Level::MustOfLines => *at <= own || is_should,
        Level::Should => *at <= own && is_should,
    };
    rules.iter().enumerate().filter(counts).map(|(_, rule)| rule).collect()
}
