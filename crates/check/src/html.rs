//! Pages that are read without us: one file each, without scripts, and nothing fetched.
//!
//! All that programs and people wrote passes [`show`], the one place where text becomes HTML.

use std::io;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Output, State, UndefinedBehavior, Value, escape_formatter};
use serde::Serialize;
use wire::Visible;

use crate::class::{Class, Mistake, Submission};
use crate::report::{Count, Level, Report, RuleReport, Verdict};

impl Report {
    /// The report as a page for students.
    ///
    /// # Errors
    /// If the page's template does not fit the report, which would be a bug.
    pub fn html(&self) -> io::Result<String> {
        let page = ReportPage {
            report: self,
            target: self.target(),
            word: self.word(),
            headline: headline(self),
            circumstances: self.circumstances(),
            counts: [Level::Must, Level::Should].map(|level| counted(self, level)),
            mendings: mendings(self),
            rules: self.rules.iter().map(row).collect(),
        };
        render("report.html", &page)
    }
}

impl Class {
    /// The table of the class as a page for teachers, which links to each submission's own.
    ///
    /// # Errors
    /// If the page's template does not fit the class, which would be a bug.
    pub fn html(&self) -> io::Result<String> {
        let counts = [Verdict::Pass, Verdict::Fail, Verdict::CannotJudge, Verdict::NotPlayed];
        let page = ClassPage {
            submissions: self.submissions.iter().map(standing).collect(),
            counts: counts.map(|verdict| self.count(verdict)),
            mistakes: self.mistakes(),
        };
        render("class.html", &page)
    }
}

#[derive(Serialize)]
struct ReportPage<'a> {
    report: &'a Report,
    target: String,
    word: &'static str,
    headline: String,
    circumstances: String,
    counts: [Counted; 2],
    mendings: Vec<Mending<'a>>,
    rules: Vec<Row<'a>>,
}

/// How many rules of a level were kept, and the verdict of each.
#[derive(Serialize)]
struct Counted {
    level: &'static str,
    count: Count,
    verdicts: Vec<Verdict>,
}

/// What is to be mended, and the rules that it costs.
#[derive(Serialize)]
struct Mending<'a> {
    name: &'a str,
    mending: &'a str,
    rules: Vec<&'a str>,
}

#[derive(Serialize)]
struct Row<'a> {
    rule: &'a RuleReport,
    remark: String,
    story: Vec<(Direction, &'a str)>,
    /// Whether there is more to tell of it than this line.
    is_told: bool,
}

/// Who speaks in a line of a story.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    To,
    From,
    Note,
}

#[derive(Serialize)]
struct ClassPage {
    submissions: Vec<Standing>,
    /// Those that passed, failed, cannot be judged, and were not judged.
    counts: [usize; 4],
    mistakes: Vec<Mistake>,
}

#[derive(Serialize)]
struct Standing {
    name: String,
    page: Option<String>,
    lab: &'static str,
    verdict: Verdict,
    word: &'static str,
    must: Option<Count>,
    should: Option<Count>,
    remark: String,
    /// Where it cannot be judged.
    mend: Option<String>,
}

fn headline(report: &Report) -> String {
    let Count { passed, played } = report.count(Level::Must);
    match report.verdict {
        Verdict::CannotJudge if !report.is_played() => "This program cannot be judged yet".to_owned(),
        Verdict::CannotJudge => "Not all of it could be judged".to_owned(),
        _ if !report.is_played() => "No rule was played, and so none was kept".to_owned(),
        Verdict::Pass if played == 0 => "No MUST was played".to_owned(),
        Verdict::Pass => format!("All {played} MUST are kept"),
        Verdict::Fail | Verdict::Flaky | Verdict::NotPlayed => {
            format!("{passed} of {played} MUST are kept, {} to go", played - passed)
        }
    }
}

fn counted(report: &Report, level: Level) -> Counted {
    let of_level = report.rules.iter().filter(|rule| rule.level == level && rule.played > 0);
    Counted { level: level.name(), count: report.count(level), verdicts: of_level.map(|rule| rule.verdict).collect() }
}

/// Every diagnosis once, that which matters most first.
fn mendings(report: &Report) -> Vec<Mending<'_>> {
    let mut mendings: Vec<Mending<'_>> = Vec::new();
    let mistaken = report.rules.iter().filter(|rule| rule.is_mistaken());
    for rule in report.first_to_mend().into_iter().chain(mistaken) {
        let (Some(name), Some(mending)) = (rule.diagnosis, rule.mending) else { continue };
        match mendings.iter_mut().find(|known| known.name == name) {
            Some(known) if known.rules.contains(&rule.id) => {}
            Some(known) => known.rules.push(rule.id),
            None => mendings.push(Mending { name, mending, rules: vec![rule.id] }),
        }
    }
    mendings
}

fn row(rule: &RuleReport) -> Row<'_> {
    let lines = rule.failure.iter().flat_map(|failure| &failure.story);
    Row {
        rule,
        remark: rule.remark(),
        story: lines.map(|line| (direction(line), line.as_str())).collect(),
        is_told: rule.is_mistaken() || rule.verdict == Verdict::CannotJudge,
    }
}

/// The arrow behind a line's first word says who speaks.
fn direction(line: &str) -> Direction {
    match line.split_once(' ') {
        Some((_, rest)) if rest.starts_with('→') => Direction::To,
        Some((_, rest)) if rest.starts_with('←') => Direction::From,
        _ => Direction::Note,
    }
}

fn standing(submission: &Submission) -> Standing {
    Standing {
        name: submission.name.clone(),
        page: submission.page(),
        lab: submission.report.as_ref().map_or("", |report| report.lab),
        verdict: submission.verdict(),
        word: submission.word(),
        must: submission.count(Level::Must),
        should: submission.count(Level::Should),
        remark: submission.remark().to_owned(),
        mend: submission.advice().map(|advice| advice.mend.clone()),
    }
}

fn render(name: &str, page: &impl Serialize) -> io::Result<String> {
    let rendered = || {
        let mut pages = Environment::new();
        pages.set_undefined_behavior(UndefinedBehavior::Strict);
        pages.set_formatter(show);
        pages.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        for (name, source) in [
            ("page.css", include_str!("html/page.css")),
            ("page.html", include_str!("html/page.html")),
            ("parts.html", include_str!("html/parts.html")),
            ("report.html", include_str!("html/report.html")),
            ("class.html", include_str!("html/class.html")),
        ] {
            pages.add_template(name, source)?;
        }
        pages.get_template(name)?.render(Value::from(Serde(page)))
    };
    let page: Result<String, minijinja::Error> = rendered();
    page.map_err(io::Error::other)
}

/// Writes a value into a page: without control characters, apart from line ends, and escaped unless it is a part of the page itself.
fn show(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()) {
        Some(text) => {
            let lines: Vec<String> = text.split('\n').map(|line| Visible(line.as_bytes()).to_string()).collect();
            escape_formatter(out, state, &Value::from(lines.join("\n")))
        }
        None => escape_formatter(out, state, value),
    }
}
