//! Programs of which nothing can be said, with a word of the reason.

use check::{Rule, Verdict};

use crate::runner::{Test, USUAL, advice, judge, lab, server};

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

pub(crate) fn tests() -> Vec<Test> {
    let test = |(lab, command, why): (&'static str, &'static str, &'static str)| -> Test {
        (format!("undecidable {lab} {command}"), Box::new(move || is_undecidable(lab, command, why)))
    };
    UNDECIDABLE.into_iter().map(test).collect()
}

fn is_undecidable(name: &str, command: &str, why: &str) -> Result<(), String> {
    let rules: Vec<&Rule> = lab(name).rules().collect();
    let report = judge(name, server(command), &rules, 1, USUAL);
    let told = advice(&report);
    let is_fine = report.verdict == Verdict::CannotJudge && report.rules.is_empty() && told.contains(why);
    if is_fine { Ok(()) } else { Err(format!("{:?} {told}", report.verdict)) }
}
