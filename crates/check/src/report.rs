//! What came out, as values: the report that people read and programs take.

use serde::{Deserialize, Serialize};

use crate::rule::{Cast, Lab};

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
    /// How many steps of the play, and of the newcomer's visit behind it, went well before.
    pub step: usize,
    /// How the program ended, if it did, with the last that it printed.
    pub program: Option<String>,
    /// Everything that was said until then, a line each.
    pub story: Vec<String>,
    /// The sequence diagram until then; none without a sandbox.
    pub ladder: Option<String>,
    /// The terminals as they looked.
    pub terminals: Vec<Screen>,
    /// What is wrong, where what happened tells it.
    pub flaw: Option<Flaw>,
}

/// What is wrong whatever the rule was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// What was expected was printed once the program ended.
    Late,
    /// The client looks for its server at another port than the server's.
    Apart { server: u16, client: u16 },
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
    /// What is otherwise than usual about the stage, a whole sentence each.
    pub notes: Vec<String>,
    pub rules: Vec<RuleReport>,
}

impl PartReport {
    pub(crate) fn cannot(part: Cast, advice: Advice) -> Self {
        Self { part, framing: None, manner: None, transport: None, port: None, advice: Some(advice) }
    }

    /// Where its programs met, and how they speak.
    fn place(&self) -> Option<String> {
        let (transport, port) = (self.transport?.to_uppercase(), self.port?);
        let speaks = match self.framing {
            Some("lines") => ", spoken to in lines",
            Some(_) => ", spoken to without newlines",
            None => "",
        };
        let takes = match self.manner {
            Some("space") => ", takes both numbers in one message",
            Some("comma") => ", takes both numbers in one message with a comma between",
            Some(_) => ", takes one number a message",
            None => "",
        };
        Some(match self.part {
            Cast::Server => format!("{transport} port {port}{speaks}{takes}; "),
            Cast::Client => format!("client to {transport} port {port}{speaks}; "),
            Cast::Pair => format!("together at port {port}; "),
        })
    }
}

impl RuleReport {
    /// What is to be said of it beside its verdict: what is wrong, how often, or why it was not played.
    pub fn remark(&self) -> String {
        let name = self.diagnosis.unwrap_or_default();
        match self.verdict {
            Verdict::Flaky => format!("failed {} of {} times: {name}", self.failed, self.played),
            Verdict::NotPlayed => format!("not played: {}", self.reason.as_deref().unwrap_or("nobody asked for it")),
            Verdict::Pass | Verdict::Fail | Verdict::CannotJudge => name.to_owned(),
        }
    }

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

    /// Why the first part of which nothing can be said cannot be judged.
    pub fn advice(&self) -> Option<&Advice> {
        self.parts.iter().find_map(|part| part.advice.as_ref())
    }

    /// Of programs to which nothing can be played. A lab that is not known is called so.
    pub fn unplayable(lab: Option<&Lab>, server: Option<String>, client: Option<String>, advice: Advice) -> Self {
        let cast = if server.is_none() && client.is_some() { Cast::Client } else { Cast::Server };
        Self {
            schema: SCHEMA,
            lab: lab.map_or("unknown", |lab| lab.service.name()),
            server,
            client,
            at: None,
            sandboxed: true,
            seed: 0,
            repeat: 1,
            verdict: Verdict::CannotJudge,
            parts: vec![PartReport::cannot(cast, advice)],
            notes: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// With the reason why this part's program cannot be judged, beside what was judged.
    #[must_use]
    pub fn lacking(mut self, cast: Cast, advice: Advice) -> Self {
        self.parts.insert(0, PartReport::cannot(cast, advice));
        self.verdict = conclude(&self.parts, &self.rules);
        self
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
            Verdict::CannotJudge if !self.is_played() => "CANNOT JUDGE IT",
            Verdict::CannotJudge => "CANNOT JUDGE ALL OF IT",
            Verdict::Fail | Verdict::Flaky | Verdict::NotPlayed => "FAILED",
        }
    }

    /// Where and how it was played, in a line.
    pub fn circumstances(&self) -> String {
        let places: String = self.parts.iter().filter_map(PartReport::place).collect();
        let stage = if self.sandboxed { "each rule in a network of its own" } else { "NO SANDBOX" };
        format!("{places}{stage}; seed {}", self.seed)
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
        let (failure, capture, diagnosis, mending, reason, advice) = (None, None, None, None, None, None);
        RuleReport {
            id: "a.b",
            part: Cast::Server,
            level,
            sentence: "",
            verdict,
            played,
            failed,
            failure,
            capture,
            diagnosis,
            mending,
            reason,
            advice,
            replay: String::new(),
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
