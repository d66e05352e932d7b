//! A class as text.

use std::path::Path;

use check::{Class, Count, Level, Submission, Verdict};

pub(super) use crate::check::tell::visible;
use crate::check::tell::wrapped;

/// Longer names than that push their line to the right.
const NAME_WIDTH_MAX: usize = 32;
/// The columns between a name and its remark.
const COLUMNS: usize = 36;
/// So many mistakes are told; the page has all.
const MISTAKES_MAX: usize = 8;

/// One line a submission, then what many got wrong, then the sum.
pub(super) fn class(class: &Class, index: &Path) -> String {
    let names = class.submissions.iter().map(|submission| visible(&submission.name).chars().count());
    let width = names.chain(["submission".len()]).max().unwrap_or_default().min(NAME_WIDTH_MAX);
    let mut page = line(width, ["submission", "verdict", "MUST", "SHOULD"], "mend first");
    page += &class.submissions.iter().map(|submission| row(width, submission)).collect::<String>();
    page.push('\n');
    page += &mistakes(class);
    page + &sum(class) + &format!("Reports: {}\n", visible(&index.display().to_string()))
}

fn row(width: usize, submission: &Submission) -> String {
    let [must, should] = [Level::Must, Level::Should].map(|level| {
        let count = submission.count(level);
        count.map_or_else(|| "-".to_owned(), |Count { passed, played }| format!("{passed} of {played}"))
    });
    line(width, [&visible(&submission.name), submission.word(), &must, &should], &visible(submission.remark()))
}

fn line(width: usize, [name, verdict, must, should]: [&str; 4], remark: &str) -> String {
    let columns = format!("{name:<width$}  {verdict:<12}  {must:<8}  {should:<8}");
    wrapped(columns.trim_end(), remark, width + COLUMNS)
}

fn mistakes(class: &Class) -> String {
    let mistakes = class.mistakes();
    if mistakes.is_empty() {
        return String::new();
    }
    let of = class.submissions.len();
    let mut page = "Mistakes, the most common first\n".to_owned();
    for mistake in mistakes.iter().take(MISTAKES_MAX) {
        let level = if mistake.costs_must { Level::Must } else { Level::Should };
        page += &format!("{:>5} of {of}  {:<7} {}\n", mistake.submissions.len(), level.name(), mistake.name);
    }
    if mistakes.len() > MISTAKES_MAX {
        page += &format!("      and {} more\n", mistakes.len() - MISTAKES_MAX);
    }
    page + "\n"
}

fn sum(class: &Class) -> String {
    let [passed, failed, unknown, left] =
        [Verdict::Pass, Verdict::Fail, Verdict::CannotJudge, Verdict::NotPlayed].map(|verdict| class.count(verdict));
    let mut line =
        format!("{passed} of {} passed, {failed} failed, {unknown} cannot be judged", class.submissions.len());
    if left > 0 {
        line += &format!(", {left} not judged");
    }
    line + "\n"
}
