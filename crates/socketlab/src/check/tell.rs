//! The report as text.

use check::{Advice, Cast, Lab, Level, PartReport, Report, RuleReport, Verdict};

/// The column in which a section's text begins.
const INDENT: usize = 15;
/// Why a rule was not played that says nothing itself.
const NEEDS_OTHER: &str = "it is about the other transport, or needs the program and not its address";
/// Text is broken at this column, where a word ends.
const WIDTH: usize = 100;

/// All rules of these labs.
pub(super) fn list(labs: &[&Lab]) -> String {
    let mut page = String::new();
    for lab in labs {
        page += &format!("{}\n", lab.service);
        for rule in lab.rules() {
            page += &format!("  {:<24} {}\n", rule.id, level(rule.level));
            page += &wrapped("", rule.sentence, 4);
        }
        page.push('\n');
    }
    page + "MUST of lines: MUST for a server that ends its messages with newlines, else SHOULD.\n"
}

/// What became of a program: first what to mend first.
pub(super) fn report(report: &Report) -> String {
    let mut page = format!("{}: {}\n{}\n\n", report.lab, visible(&report.target()), circumstances(report));
    for part in &report.parts {
        if let Some(advice) = &part.advice {
            page += &told_advice(&format!("Cannot judge the {}", cast(part.part)), advice);
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

fn circumstances(report: &Report) -> String {
    let places: String = report.parts.iter().filter_map(place).collect();
    let stage = if report.sandboxed { "each rule in a network of its own" } else { "NO SANDBOX" };
    format!("{places}{stage}; seed {}", report.seed)
}

/// Where the programs of a part met.
fn place(part: &PartReport) -> Option<String> {
    let (transport, port) = (part.transport?.to_uppercase(), part.port?);
    let speaks = match part.framing {
        Some("lines") => ", ends its messages with newlines",
        Some(_) => ", sends its messages bare",
        None => "",
    };
    let takes = match part.manner {
        Some("space") => ", takes both numbers in one message",
        Some("comma") => ", takes both numbers in one message with a comma between",
        Some(_) => ", takes one number a message",
        None => "",
    };
    Some(match part.part {
        Cast::Server => format!("{transport} port {port}{speaks}{takes}; "),
        Cast::Client => format!("client to {transport} port {port}{speaks}; "),
        Cast::Pair => format!("together at port {port}; "),
    })
}

pub(super) fn cast(cast: Cast) -> &'static str {
    match cast {
        Cast::Server => "server",
        Cast::Client => "client",
        Cast::Pair => "pair",
    }
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
    let remark = match (rule.verdict, rule.diagnosis) {
        (Verdict::Flaky, name) => {
            format!("failed {} of {} times: {}", rule.failed, rule.played, name.unwrap_or_default())
        }
        (Verdict::NotPlayed, _) => format!("not played: {}", rule.reason.as_deref().unwrap_or(NEEDS_OTHER)),
        (_, name) => name.unwrap_or_default().to_owned(),
    };
    format!("{:<6} {:<7} {:<24} {remark}", verdict, level(rule.level), rule.id).trim_end().to_owned() + "\n"
}

/// All rules that failed for this reason, and how to mend it; the first with all that was said.
fn told_diagnosis(report: &Report, name: &str, with_story: bool) -> String {
    let mut page = String::new();
    let failed = report.rules.iter().filter(|rule| rule.is_mistaken() && rule.diagnosis == Some(name));
    for (place, rule) in failed.clone().enumerate() {
        page += &wrapped(level(rule.level), &format!("{}: {}", rule.id, rule.sentence), INDENT);
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
        let played = || report.rules.iter().filter(move |rule| rule.level == level && rule.played > 0);
        let passed = played().filter(|rule| rule.verdict == Verdict::Pass).count();
        format!("{passed} of {} {}", played().count(), self::level(level))
    };
    let verdict = match report.verdict {
        Verdict::Pass => "PASSED",
        Verdict::CannotJudge => "CANNOT JUDGE ALL OF IT",
        Verdict::Fail | Verdict::Flaky | Verdict::NotPlayed => "FAILED",
    };
    let mut line = format!("{verdict}: {} passed, {}", count(Level::Must), count(Level::Should));
    if report.rules.iter().all(|rule| rule.played == 0) {
        line += "; no rule was played, and so none was kept";
    }
    line + "\n"
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Must => "MUST",
        Level::Should => "SHOULD",
        Level::MustOfLines => "MUST of lines",
    }
}

fn visible(text: &str) -> String {
    wire::Visible(text.as_bytes()).to_string()
}

/// A title, and beside it text in lines of at most [`WIDTH`], unless a word is longer.
fn wrapped(title: &str, text: &str, indent: usize) -> String {
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
