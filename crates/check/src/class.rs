//! A class: what became of each submission, and what many got wrong.

use serde::Serialize;

use crate::report::{Advice, Count, Level, Report, Verdict};

/// All submissions, in the order in which they were given.
#[derive(Debug, Default)]
pub struct Class {
    pub submissions: Vec<Submission>,
}

/// One of a class.
#[derive(Debug)]
pub struct Submission {
    /// What it is called: its folder.
    pub name: String,
    /// The stem of the names of its own report's files, which lie beside the class's.
    pub file: String,
    /// None if its turn did not come, or did not end.
    pub report: Option<Report>,
}

/// A mistake, and who made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The diagnosis.
    pub name: &'static str,
    pub mending: &'static str,
    /// Whether it costs a MUST; else it costs a SHOULD alone.
    pub costs_must: bool,
    /// The names of the submissions.
    pub submissions: Vec<String>,
}

impl Class {
    /// What was got wrong: first what costs a MUST, and then what most got wrong.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes: Vec<Mistake> = Vec::new();
        for submission in &self.submissions {
            let rules = submission.report.iter().flat_map(|report| &report.rules);
            for rule in rules.filter(|rule| rule.is_mistaken()) {
                let (Some(name), Some(mending)) = (rule.diagnosis, rule.mending) else { continue };
                let costs_must = rule.level == Level::Must;
                let known = mistakes.iter().position(|mistake| mistake.name == name).unwrap_or_else(|| {
                    mistakes.push(Mistake { name, mending, costs_must, submissions: Vec::new() });
                    mistakes.len() - 1
                });
                let mistake = &mut mistakes[known];
                mistake.costs_must |= costs_must;
                if mistake.submissions.last() != Some(&submission.name) {
                    mistake.submissions.push(submission.name.clone());
                }
            }
        }
        // Stable, so that those of the first submissions stay first among equals.
        mistakes.sort_by_key(|mistake| (!mistake.costs_must, std::cmp::Reverse(mistake.submissions.len())));
        mistakes
    }

    /// How many have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.submissions.iter().filter(|submission| submission.verdict() == verdict).count()
    }

    /// The table for a gradebook: CSV as RFC 4180 has it, a line a submission.
    pub fn csv(&self) -> String {
        let head = "submission,lab,verdict,must_passed,must_played,should_passed,should_played,mend_first,report\r\n";
        self.submissions.iter().map(Submission::csv).fold(head.to_owned(), |table, line| table + &line)
    }
}

impl Submission {
    /// Pass, fail, cannot-judge, or not-played where it was interrupted.
    pub fn verdict(&self) -> Verdict {
        self.report.as_ref().map_or(Verdict::NotPlayed, |report| report.verdict)
    }

    /// The verdict as a word of a table.
    pub fn word(&self) -> &'static str {
        match self.verdict() {
            Verdict::Pass => "passed",
            Verdict::Fail | Verdict::Flaky => "failed",
            Verdict::CannotJudge => "cannot judge",
            Verdict::NotPlayed => "not judged",
        }
    }

    /// What became of its rules of this level; none where nothing was played.
    pub fn count(&self, level: Level) -> Option<Count> {
        self.report.as_ref().filter(|report| report.is_played()).map(|report| report.count(level))
    }

    /// Why it cannot be judged.
    pub fn advice(&self) -> Option<&Advice> {
        let report = self.report.as_ref().filter(|report| report.verdict == Verdict::CannotJudge)?;
        report.advice().or_else(|| report.rules.iter().find_map(|rule| rule.advice.as_ref()))
    }

    /// What to mend first, or why there is no verdict.
    pub fn remark(&self) -> &str {
        let Some(report) = &self.report else { return "interrupted" };
        let first = || report.first_to_mend().and_then(|rule| rule.diagnosis).unwrap_or_default();
        self.advice().map_or_else(first, |advice| &advice.why)
    }

    /// The file of its own report, if there is one.
    pub fn page(&self) -> Option<String> {
        self.report.as_ref().map(|_| format!("{}.html", self.file))
    }

    fn csv(&self) -> String {
        let counted = |level| {
            self.count(level)
                .map_or_else(Default::default, |count| [count.passed.to_string(), count.played.to_string()])
        };
        let [must, must_played] = counted(Level::Must);
        let [should, should_played] = counted(Level::Should);
        let lab = self.report.as_ref().map_or("", |report| report.lab);
        let page = self.page().unwrap_or_default();
        let name = unevaluated(&self.name);
        let fields = [&name, lab, self.word(), &must, &must_played, &should, &should_played, self.remark(), &page];
        fields.map(csv_field).join(",") + "\r\n"
    }
}

/// A folder's name that no spreadsheet takes for a formula: the same folder, named from here.
fn unevaluated(name: &str) -> String {
    if name.starts_with(['=', '+', '-', '@']) { format!("./{name}") } else { name.to_owned() }
}

fn csv_field(text: &str) -> String {
    let text = wire::Visible(text.as_bytes()).to_string();
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::RuleReport;

    fn rule(level: Level, diagnosis: Option<&'static str>) -> RuleReport {
        let verdict = if diagnosis.is_some() { Verdict::Fail } else { Verdict::Pass };
        RuleReport {
            part: crate::rule::Cast::Server,
            id: "calc.x",
            level,
            sentence: "",
            verdict,
            played: 1,
            failed: u32::from(diagnosis.is_some()),
            failure: None,
            diagnosis,
            mending: diagnosis,
            reason: None,
            advice: None,
            replay: String::new(),
            capture: None,
        }
    }

    fn submission(name: &str, rules: Vec<RuleReport>) -> Submission {
        let advice = Advice { why: "it says \"no\", and ends".to_owned(), mend: String::new() };
        let mut report = Report::unplayable(None, None, None, advice);
        if !rules.is_empty() {
            (report.lab, report.verdict, report.parts) = ("calc", crate::report::conclude(&[], &rules), Vec::new());
            report.rules = rules;
        }
        Submission { name: name.to_owned(), file: "file".to_owned(), report: Some(report) }
    }

    #[test]
    fn mistakes_are_counted_by_submission_and_those_of_musts_come_first() {
        use Level::{Must, Should};
        let submissions = vec![
            submission("ada", vec![rule(Should, Some("several")), rule(Must, Some("zero")), rule(Must, Some("zero"))]),
            submission("ben", vec![rule(Should, Some("several")), rule(Must, None)]),
            submission("cem", vec![]),
            submission("dea", vec![rule(Should, Some("several")), rule(Must, Some("loop"))]),
            submission("eli", vec![rule(Should, Some("loop"))]),
        ];
        let mistakes = Class { submissions }.mistakes();
        let told: Vec<_> =
            mistakes.iter().map(|found| (found.name, found.costs_must, found.submissions.join(" "))).collect();
        let wanted = [("loop", true, "dea eli"), ("zero", true, "ada"), ("several", false, "ada ben dea")];
        assert_eq!(told, wanted.map(|(name, must, who)| (name, must, who.to_owned())));
    }

    #[test]
    fn a_gradebook_takes_every_name_for_a_name() {
        let mut submissions = vec![
            submission("=1+1", vec![rule(Level::Must, None), rule(Level::Should, Some("several"))]),
            submission("a, b\n", vec![]),
        ];
        submissions.push(Submission { name: "late".to_owned(), file: "late".to_owned(), report: None });
        let table = Class { submissions }.csv();
        let lines: Vec<&str> = table.split_terminator("\r\n").skip(1).collect();
        let wanted = [
            "./=1+1,calc,passed,1,1,0,1,several,file.html",
            "\"a, b␊\",unknown,cannot judge,,,,,\"it says \"\"no\"\", and ends\",file.html",
            "late,,not judged,,,,,interrupted,",
        ];
        assert_eq!(lines, wanted);
    }
}
