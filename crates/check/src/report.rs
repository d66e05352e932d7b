//! What came out, as values: the report that people read and programs take.

use serde::{Deserialize, Serialize};

use crate::rule::Lab;

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

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::MustOfLines => "MUST of lines",
        }
    }
}

/// A terminal as it looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// Whose it is.
    pub who: String,
    /// Its rows, with newlines between them.
    pub text: String,
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
    /// The sequence diagram of its packets, in lines of about 100 columns.
    #[serde(default)]
    pub ladder: Option<String>,
    #[serde(default)]
    pub terminals: Vec<Screen>,
}

/// Why nothing can be said of a program, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    pub why: String,
    pub mend: String,
}

/// What became of one rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleReport {
    pub id: &'static str,
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
    /// Of the first play that could not be judged.
    pub advice: Option<Advice>,
    /// The command that plays this rule alone, quoted for a shell.
    pub replay: String,
    /// The name of the file in which the packets of the first play that failed are kept.
    pub capture: Option<String>,
}

/// Of the rules that were played, those that were kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    pub passed: usize,
    pub played: usize,
}

/// What became of a program.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub schema: u32,
    pub lab: &'static str,
    /// The command, or the address.
    pub target: String,
    pub sandboxed: bool,
    /// `bare` or `lines`: how the program ends its messages, as far as it was found out.
    pub framing: Option<&'static str>,
    pub transport: Option<&'static str>,
    pub port: Option<u16>,
    pub seed: u64,
    pub repeat: u32,
    /// That of the program: pass if no MUST failed.
    pub verdict: Verdict,
    /// Why no rule could be played.
    pub advice: Option<Advice>,
    pub rules: Vec<RuleReport>,
}

impl RuleReport {
    pub fn is_mistaken(&self) -> bool {
        matches!(self.verdict, Verdict::Fail | Verdict::Flaky)
    }
}

impl Report {
    /// Of a program to which nothing can be played. A lab that is not known is called so.
    pub fn unplayable(lab: Option<&Lab>, target: String, advice: Advice, seed: u64) -> Self {
        Self {
            schema: SCHEMA,
            lab: lab.map_or("unknown", |lab| lab.service.name()),
            target,
            sandboxed: true,
            framing: None,
            transport: None,
            port: None,
            seed,
            repeat: 1,
            verdict: Verdict::CannotJudge,
            advice: Some(advice),
            rules: Vec::new(),
        }
    }

    /// What became of the rules of this level.
    pub fn count(&self, level: Level) -> Count {
        let played = || self.rules.iter().filter(move |rule| rule.level == level && rule.played > 0);
        Count { passed: played().filter(|rule| rule.verdict == Verdict::Pass).count(), played: played().count() }
    }

    pub fn is_played(&self) -> bool {
        self.rules.iter().any(|rule| rule.played > 0)
    }

    /// The verdict as a headline.
    pub fn word(&self) -> &'static str {
        match self.verdict {
            Verdict::Pass => "PASSED",
            Verdict::CannotJudge if self.advice.is_some() => "CANNOT JUDGE IT",
            Verdict::CannotJudge => "CANNOT JUDGE ALL OF IT",
            Verdict::Fail | Verdict::Flaky | Verdict::NotPlayed => "FAILED",
        }
    }

    /// Where and how it was played, in a line.
    pub fn circumstances(&self) -> String {
        let speaks = match self.framing {
            Some("lines") => ", ends its messages with newlines",
            Some(_) => ", sends its messages bare",
            None => "",
        };
        let place = match (self.transport, self.port) {
            (Some(transport), Some(port)) => format!("{} port {port}{speaks}; ", transport.to_uppercase()),
            _ => String::new(),
        };
        let stage = if self.sandboxed { "each rule in a network of its own" } else { "NO SANDBOX" };
        format!("{place}{stage}; seed {}", self.seed)
    }

    /// What is to be said of a rule beside its verdict: what is wrong, how often, or why it was not played.
    pub fn remark(&self, rule: &RuleReport) -> String {
        match (rule.verdict, rule.diagnosis) {
            (Verdict::Flaky, name) => {
                format!("failed {} of {} times: {}", rule.failed, rule.played, name.unwrap_or_default())
            }
            (Verdict::NotPlayed, _) if self.transport == Some("udp") => "not played: it is about TCP".to_owned(),
            (Verdict::NotPlayed, _) => "not played: it is about UDP, or needs --server".to_owned(),
            (_, name) => name.unwrap_or_default().to_owned(),
        }
    }

    /// What is to be mended first: the most important MUST that failed, else the most important SHOULD.
    pub fn first_to_mend(&self) -> Option<&RuleReport> {
        let mistaken = |level| self.rules.iter().find(move |rule| rule.is_mistaken() && rule.level == level);
        mistaken(Level::Must).or_else(|| mistaken(Level::Should))
    }
}

/// The verdict of all rules together. Where none was played, nothing was passed.
pub(crate) fn conclude(rules: &[RuleReport]) -> Verdict {
    let must =
        |verdicts: &[Verdict]| rules.iter().any(|rule| rule.level == Level::Must && verdicts.contains(&rule.verdict));
    let any = |verdict| rules.iter().any(|rule| rule.verdict == verdict);
    if must(&[Verdict::Fail, Verdict::Flaky]) {
        Verdict::Fail
    } else if any(Verdict::CannotJudge) {
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
        let (failure, diagnosis, mending, advice, capture) = (None, None, None, None, None);
        let (id, sentence, replay) = ("a.b", "", String::new());
        RuleReport {
            id,
            level,
            sentence,
            verdict,
            played,
            failed,
            failure,
            diagnosis,
            mending,
            advice,
            replay,
            capture,
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
            assert_eq!(conclude(&rules), verdict, "{rules:?}");
        }
    }
}
