//! Programs of which nothing can be said, with a word of the reason.

use check::{Cast, Level, Programs, Rule, Verdict};

use crate::programs::students;
use crate::runner::{SHORT, Test, USUAL, advice, judge, lab, part, server};

const UNDECIDABLE: [(&str, &str, &str); 5] = [
    ("calc", "python3 -c 'raise SystemExit(\"no\")'", "ended with exit code 1 before it listened"),
    ("calc", "sleep 1000", "listens at no port"),
    ("calc", "python3 -c 'import no_such_module'", "No module named"),
    ("calc", "python3 STUDENTS/clock_udp.py", "listens at UDP port 12003"),
    (
        "chat",
        "python3 -c 'import socket,time; s=socket.create_server((\"\",9)); s.accept(); time.sleep(99)'",
        "says nothing",
    ),
];

/// Right programs of another lab: the lab that they are given for, whose part they play, and the lab that they are of.
const STRANGERS: [(&str, Cast, &str, &str); 3] = [
    ("calc", Cast::Server, "chat.py", "chat"),
    ("add", Cast::Server, "calc.py", "calc"),
    ("chat", Cast::Client, "calc_client.py", "calc"),
];

pub(crate) fn tests() -> Vec<Test> {
    let test = |(lab, command, why): (&'static str, &'static str, &'static str)| -> Test {
        (format!("undecidable {lab} {command}"), Box::new(move || is_undecidable(lab, command, why)))
    };
    let stranger = |(lab, cast, program, other): (&'static str, Cast, &'static str, &'static str)| -> Option<Test> {
        let programs = students(cast, program)?;
        Some((format!("stranger {lab} {program}"), Box::new(move || is_strange(lab, cast, programs.clone(), other))))
    };
    let unfinished = |(lab, cast, program): (&'static str, Cast, &'static str)| -> Option<Test> {
        let programs = students(cast, program)?;
        Some((format!("unfinished {lab} {program}"), Box::new(move || is_wrong(lab, cast, programs.clone()))))
    };
    let padded = students(Cast::Client, "talk_client.py pkcs1").map(|programs| -> Test {
        ("undecidable talk another padding".to_owned(), Box::new(move || is_padded_otherwise(programs.clone())))
    });
    let known = UNDECIDABLE.into_iter().map(test).chain(STRANGERS.into_iter().filter_map(stranger));
    known.chain(UNFINISHED.into_iter().filter_map(unfinished)).chain(padded).collect()
}

/// What an unfinished program of this lab does as well, so that it is called wrong: it echoes, or sends what is typed.
const UNFINISHED: [(&str, Cast, &str); 3] = [
    ("chat", Cast::Server, "echo_threads.py echo"),
    ("calc", Cast::Server, "echo_tcp.py echo"),
    ("calc", Cast::Client, "echo_client.py 12004"),
];

/// It is not called wrong, and the lab is named that it seems to be of.
fn is_strange(name: &str, cast: Cast, programs: Programs, other: &str) -> Result<(), String> {
    let rules: Vec<&Rule> = part(name, cast).rules.iter().collect();
    let report = judge(name, programs, &rules, 1, USUAL);
    let told = advice(&report);
    let is_fine = report.verdict == Verdict::CannotJudge && report.rules.is_empty() && told.contains(other);
    if is_fine { Ok(()) } else { Err(format!("{:?} {told}", report.verdict)) }
}

fn is_undecidable(name: &str, command: &str, why: &str) -> Result<(), String> {
    let rules: Vec<&Rule> = lab(name).rules().collect();
    let report = judge(name, server(command), &rules, 1, USUAL);
    let told = advice(&report);
    let is_fine = report.verdict == Verdict::CannotJudge && report.rules.is_empty() && told.contains(why);
    if is_fine { Ok(()) } else { Err(format!("{:?} {told}", report.verdict)) }
}

/// It fails, and nobody takes it for another lab's.
fn is_wrong(name: &str, cast: Cast, programs: Programs) -> Result<(), String> {
    let rules: Vec<&Rule> = part(name, cast).rules.iter().collect();
    let report = judge(name, programs, &rules, 1, SHORT);
    if report.verdict == Verdict::Fail { Ok(()) } else { Err(format!("{:?} {}", report.verdict, advice(&report))) }
}

/// What may be right is not called wrong, and it is said why it cannot be judged.
fn is_padded_otherwise(programs: Programs) -> Result<(), String> {
    let rules: Vec<&Rule> = part("talk", Cast::Client).rules.iter().filter(|rule| rule.level == Level::Must).collect();
    let report = judge("talk", programs, &rules, 1, USUAL);
    let none_fails = report.rules.iter().all(|rule| rule.failed == 0);
    let is_told =
        report.rules.iter().filter_map(|rule| rule.advice.as_ref()).any(|advice| advice.why.contains("padding"));
    let is_fine = report.verdict == Verdict::CannotJudge && none_fails && is_told;
    if is_fine { Ok(()) } else { Err(format!("{:?} {:#?}", report.verdict, report.rules)) }
}
