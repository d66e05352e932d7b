//! Programs of which nothing can be said, with a word of the reason.

use check::{Cast, Programs, Rule, Verdict};

use crate::programs::students;
use crate::runner::{Test, USUAL, advice, judge, lab, part, server};

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
const STRANGERS: [(&str, Cast, &str, &str); 5] = [
    ("calc", Cast::Server, "chat.py", "chat"),
    ("calc", Cast::Server, "echo_tcp.py echo", "echo"),
    ("chat", Cast::Server, "echo_threads.py echo", "echo"),
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
    UNDECIDABLE.into_iter().map(test).chain(STRANGERS.into_iter().filter_map(stranger)).collect()
}

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
