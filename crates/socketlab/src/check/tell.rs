//! The report as text.

use check::{Advice, Count, Lab, Level, Report, RuleReport, Verdict};

/// The column in which a section's text begins.
const INDENT: usize = 15;
/// Text is broken at this column, where a word ends.
const WIDTH: usize = 100;

/// All rules of these labs.
pub(super) fn list(labs: &[&Lab]) -> String {
    let mut page = String::new();
    for lab in labs {
        page += &format!("{}\n", lab.service);
        for rule in lab.rules() {
            page += &format!("  {:<24} {}\n", rule.id, rule.level.name());
            page += &wrapped("", rule.sentence, 4);
        }
        page.push('\n');
    }
    page + "MUST of lines: MUST for a program that ends its messages with newlines, else SHOULD.\n"
}

/// What became of a program: first what to mend first.
pub(super) fn report(report: &Report) -> String {
    let mut page = format!("{}: {}\n{}\n\n", report.lab, visible(&report.target()), report.circumstances());
    for note in &report.notes {
        page += &format!("{}\n", wrapped("note", note, INDENT));
    }
    for part in &report.parts {
        if let Some(advice) = &part.advice {
            page += &told_advice(&format!("Cannot judge the {}", part.part.name()), advice);
        }
    }
    if report.rules.is_empty() {
        return page;
    }
    let first = report.first_to_mend().and_then(|rule| rule.diagnosis);
    if let Some(first) = first {
        page += &format!("Mend this first: {first}\n\n{}", told_diagnosis(report, first, true));
    }
    page += &report.rules.iter().map(row).collect::<String>();
    page.push('\n');
    let mut told = vec![first];
    for rule in &report.rules {
        if rule.is_mistaken() && !told.contains(&rule.diagnosis) {
            let name = rule.diagnosis.unwrap_or_default();
            page += &format!("Then: {name}\n\n{}", told_diagnosis(report, name, false));
            told.push(rule.diagnosis);
        }
        if let Some(advice) = rule.advice.as_ref().filter(|_| rule.verdict == Verdict::CannotJudge) {
            page += &told_advice(&format!("Cannot judge {}", rule.id), advice);
        }
    }
    page + &conclusion(report)
}

/// One line a rule.
fn row(rule: &RuleReport) -> String {
    let verdict = match rule.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "FAIL",
        Verdict::Flaky => "FLAKY",
        Verdict::CannotJudge => "?",
        Verdict::NotPlayed => "-",
    };
    format!("{:<6} {:<7} {:<24} {}", verdict, rule.level.name(), rule.id, rule.remark()).trim_end().to_owned() + "\n"
}

/// All rules that failed for this reason, and how to mend it; the first with all that was said.
fn told_diagnosis(report: &Report, name: &str, with_story: bool) -> String {
    let mut page = String::new();
    let failed = report.rules.iter().filter(|rule| rule.is_mistaken() && rule.diagnosis == Some(name));
    for (place, rule) in failed.clone().enumerate() {
        page += &wrapped(rule.level.name(), &format!("{}: {}", rule.id, rule.sentence), INDENT);
        let Some(failure) = &rule.failure else { continue };
        page += &wrapped("expected", &failure.expected, INDENT);
        page += &wrapped("got", &failure.got, INDENT);
        if let Some(program) = &failure.program {
            page += &wrapped("the program", program, INDENT);
        }
        if with_story && place == 0 {
            for (line, told) in failure.story.iter().enumerate() {
                page += &wrapped(if line == 0 { "what was said" } else { "" }, told, INDENT);
            }
        }
        page.push('\n');
    }
    let mending = failed.filter_map(|rule| rule.mending).next().unwrap_or_default();
    page + &wrapped("mend it", mending, INDENT) + "\n"
}

fn told_advice(title: &str, advice: &Advice) -> String {
    format!("{title}\n\n{}{}\n", wrapped("why", &advice.why, INDENT), wrapped("what to do", &advice.mend, INDENT))
}

fn conclusion(report: &Report) -> String {
    let count = |level: Level| {
        let Count { passed, played } = report.count(level);
        format!("{passed} of {played} {}", level.name())
    };
    let mut line = format!("{}: {} passed, {}", report.word(), count(Level::Must), count(Level::Should));
    if !report.is_played() {
        line += "; no rule was played, and so none was kept";
    }
    line + "\n"
}

pub(super) fn visible(text: &str) -> String {
    wire::Visible(text.as_bytes()).to_string()
}

/// A title, and beside it text in lines of at most [`WIDTH`], unless a word is longer.
pub(super) fn wrapped(title: &str, text: &str, indent: usize) -> String {
    let mut page = String::new();
    let mut line = format!("{title:<width$}", width = indent.saturating_sub(1));
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH && line.chars().count() > indent {
            page += line.trim_end();
            page.push('\n');
            line = " ".repeat(indent.saturating_sub(1));
        }
        line.push(' ');
        line += word;
    }
    page + line.trim_end() + "\n"
}
