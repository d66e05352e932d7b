//! What came out, as values: the report that people read and programs take.

use serde::{Deserialize, Serialize};

use crate::rule::Cast;

/// The version of the report's form; it grows when a field changes its meaning.
pub(crate) const SCHEMA: u32 = 1;

/// How much a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    Must,
    Should,
    /// MUST for a program that speaks in lines, where a message has an end that can be found; SHOULD for one that speaks bare.
    #[serde(rename = "MUST of lines")]
    MustOfLines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Pass,
    Fail,
    /// It failed at some of its repetitions.
    Flaky,
    CannotJudge,
    /// It is about another transport, or needs the program itself.
    NotPlayed,
}

/// What went wrong in a play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    pub expected: String,
    /// What came, its control characters shown.
    pub got: String,
    /// How the program ended, if it did, with the last that it printed.
    pub program: Option<String>,
    /// Everything that was said until then, a line each.
    pub story: Vec<String>,
    /// The terminals as they looked.
    pub terminals: Vec<Screen>,
    /// Whether what was expected was printed once the program ended.
    pub is_late: bool,
}

/// A terminal as it looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    pub who: String,
    pub text: String,
}

/// Why nothing can be said of a program, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    pub why: String,
    pub mend: String,
}

/// How the programs of one part were spoken to.
#[derive(Clone, Debug, Serialize)]
pub struct PartReport {
    pub part: Cast,
    /// `bare` or `lines`: how messages are ended on a stream, as far as it was found out.
    pub framing: Option<&'static str>,
    /// How it wants to be asked, where the sheet leaves that open: in `sum`, `space`, `comma`, or `each` number in a message of its own.
    pub manner: Option<&'static str>,
    pub transport: Option<&'static str>,
    pub port: Option<u16>,
    /// Why none of its rules could be played.
    pub advice: Option<Advice>,
}

/// What became of one rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    pub id: &'static str,
    pub part: Cast,
    /// MUST or SHOULD, as it counts for this program.
    pub level: Level,
    pub sentence: &'static str,
    pub verdict: Verdict,
    pub played: u32,
    pub failed: u32,
    /// Of the first play that failed.
    pub failure: Option<Failure>,
    /// What is wrong, by name, and how to mend it; only where it failed.
    pub diagnosis: Option<&'static str>,
    pub mending: Option<&'static str>,
    /// Why it was not played, or could not be seen.
    pub reason: Option<String>,
    /// Of the first play that could not be judged.
    pub advice: Option<Advice>,
}

/// What became of the programs.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub schema: u32,
    pub lab: &'static str,
    /// The server's command.
    pub server: Option<String>,
    /// The client's command.
    pub client: Option<String>,
    /// The address of a server that ran already.
    pub at: Option<String>,
    pub sandboxed: bool,
    pub seed: u64,
    pub repeat: u32,
    /// Pass if no MUST failed.
    pub verdict: Verdict,
    pub parts: Vec<PartReport>,
    pub rules: Vec<RuleReport>,
}

impl RuleReport {
    pub fn is_mistaken(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Flaky)
    }
}

impl Report {
    pub fn part(&self, cast: Cast) -> Option<&PartReport> {
        self.parts.iter().find(|part| part.part == cast)
    }

    /// Who is judged, in the words of the command.
    pub fn target(&self) -> String {
        let both = self.server.iter().chain(&self.client).chain(&self.at).cloned();
        both.collect::<Vec<_>>().join(" and ")
    }

    /// What is to be mended first: the most important MUST that failed, else the most important SHOULD.
    pub fn first_to_mend(&self) -> Option<&RuleReport> {
        let mistaken = |level| self.rules.iter().find(move |rule| rule.is_mistaken() && rule.level == level);
        mistaken(Level::Must).or_else(|| mistaken(Level::Should))
    }
}

/// The verdict of all rules together. Where none was played, nothing was passed.
pub(crate) fn conclude(parts: &[PartReport], rules: &[RuleReport]) -> Verdict {
    let must =
        |verdicts: &[Verdict]| rules.iter().any(|rule| rule.level == Level::Must && verdicts.contains(&rule.verdict));
    let any = |verdict| rules.iter().any(|rule| rule.verdict == verdict);
    if must(&[Verdict::Fail, Verdict::Flaky]) {
        Verdict::Fail
    } else if any(Verdict::CannotJudge) || parts.iter().any(|part| part.advice.is_some()) {
        Verdict::CannotJudge
    } else if rules.iter().any(|rule| rule.played > 0) {
        Verdict::Pass
    } else {
        Verdict::Fail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(level: Level, verdict: Verdict) -> RuleReport {
        let played = u32::from(verdict != Verdict::NotPlayed);
        let failed = u32::from(verdict == Verdict::Fail);
        let (failure, diagnosis, mending, reason, advice) = (None, None, None, None, None);
        RuleReport {
            id: "a.b",
            part: Cast::Server,
            level,
            sentence: "",
            verdict,
            played,
            failed,
            failure,
            diagnosis,
            mending,
            reason,
            advice,
        }
    }

    #[test]
    fn only_a_must_condemns_and_nothing_played_is_no_pass() {
        use Level::{Must, Should};
        use Verdict::{CannotJudge, Fail, Flaky, NotPlayed, Pass};
        for (rules, verdict) in [
            (vec![], Fail),
            (vec![rule(Must, NotPlayed)], Fail),
            (vec![rule(Must, Pass), rule(Should, Fail)], Pass),
            (vec![rule(Must, Pass), rule(Must, Flaky)], Fail),
            (vec![rule(Must, Pass), rule(Should, CannotJudge)], CannotJudge),
            (vec![rule(Must, Fail), rule(Must, CannotJudge)], Fail),
        ] {
            assert_eq!(conclude(&[], &rules), verdict, "{rules:?}");
        }
    }
}
