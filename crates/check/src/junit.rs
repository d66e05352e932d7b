//! The report for a course's machinery: JUnit's XML.
//!
//! A MUST that failed is a failure, and what could not be judged is an error. A SHOULD that failed is skipped, with what is wrong in its message: no
//! machinery may fail a program for what its sheet does not ask for, and none may call it passed.

use std::io;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};
use wire::Visible;

use crate::report::{Advice, Level, PartReport, Report, RuleReport, Verdict};

impl Report {
    /// The report as JUnit's XML: a suite a part, named after the lab and the programs that were judged, and in it a case a rule.
    ///
    /// # Errors
    /// If the XML writer fails.
    pub fn junit(&self) -> io::Result<String> {
        let mut page = quick_junit::Report::new("socketlab check");
        for part in &self.parts {
            page.add_test_suite(self.suite(part));
        }
        page.to_string().map_err(io::Error::other)
    }

    fn suite(&self, part: &PartReport) -> TestSuite {
        let mut suite = TestSuite::new(format!("{}.{}", self.lab, part.part.name()));
        let told =
            [("target", visible(&self.target())), ("how", self.circumstances()), ("verdict", self.word().to_owned())];
        suite.add_properties(told.map(|(name, value)| Property::new(name, value)));
        let rules: Vec<&RuleReport> = self.rules.iter().filter(|rule| rule.part == part.part).collect();
        suite.add_test_cases(rules.iter().map(|rule| case(self.lab, rule.id, status_of(rule))));
        if let Some(advice) = &part.advice {
            suite.add_test_case(case(self.lab, self.lab, not_judged(advice)));
        } else if rules.iter().all(|rule| rule.played == 0) {
            // Machinery takes cases that were all skipped for success.
            let status = status(NonSuccessKind::Failure, "no rule was played, and so none was kept", String::new());
            suite.add_test_case(case(self.lab, self.lab, status));
        }
        suite
    }
}

fn status_of(rule: &RuleReport) -> TestCaseStatus {
    let remark = rule.remark();
    match (rule.verdict, &rule.advice) {
        (Verdict::Pass, _) => TestCaseStatus::success(),
        (Verdict::Fail | Verdict::Flaky, _) if rule.level == Level::Must => {
            status(NonSuccessKind::Failure, &remark, told(rule))
        }
        (Verdict::Fail | Verdict::Flaky, _) => skipped(&format!("SHOULD, not kept: {remark}"), told(rule)),
        (Verdict::CannotJudge, Some(advice)) => not_judged(advice),
        (Verdict::CannotJudge, None) => status(NonSuccessKind::Error, "it cannot be judged", String::new()),
        (Verdict::NotPlayed, _) => skipped(&remark, String::new()),
    }
}

fn case(lab: &str, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(lab);
    case
}

fn not_judged(advice: &Advice) -> TestCaseStatus {
    status(
        NonSuccessKind::Error,
        &format!("cannot judge: {}", advice.why),
        format!("what to do: {}", visible(&advice.mend)),
    )
}

fn status(kind: NonSuccessKind, message: &str, text: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(visible(message)).set_description(text);
    status
}

fn skipped(message: &str, text: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(visible(message)).set_description(text);
    status
}

/// All that is known of a failure, a line each.
fn told(rule: &RuleReport) -> String {
    let mut lines = vec![rule.sentence.to_owned()];
    if let Some(failure) = &rule.failure {
        lines.push(format!("expected: {}", failure.expected));
        lines.push(format!("got: {}", failure.got));
        lines.extend(failure.program.iter().map(|program| format!("the program: {program}")));
        lines.push("what was said:".to_owned());
        lines.extend(failure.story.iter().map(|line| format!("  {line}")));
    }
    lines.extend(rule.mending.map(|mending| format!("mend it: {mending}")));
    lines.push(format!("replay it: {}", rule.replay));
    lines.iter().map(|line| visible(line)).collect::<Vec<_>>().join("\n")
}

/// Text without control characters, and without the two that XML cannot hold either.
fn visible(text: &str) -> String {
    Visible(text.as_bytes()).to_string().replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
