//! Who has the rules played, some at a time, and says what came out.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use labs::{Service, Transport};

use crate::diagnosis::LATE;
use crate::manner::{self, Manner};
use crate::peer::Framing;
use crate::report::{Advice, Failure, Level, PartReport, Report, RuleReport, SCHEMA, Verdict, conclude};
use crate::rule::{Cast, Lab, Part, Rule};
use crate::stage::{ENTER, Order, Outcome, PLAY, Theatre, play};

/// How a process becomes a stage: this program, these arguments, and then one more, with which it calls [`crate::stage::run`].
#[derive(Clone, Debug)]
pub struct Stages {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

/// Who is judged.
#[derive(Clone, Debug)]
pub enum Target {
    /// Command lines for `sh`, that become a server and a client: one of them at least.
    Programs(Programs),
    /// A server that runs already.
    At { transport: Transport, addresses: Vec<SocketAddr> },
}

#[derive(Clone, Debug)]
pub struct Programs {
    pub server: Option<String>,
    pub client: Option<String>,
    /// At which the server listens, or for which the client asks, if it is not to be found out.
    pub port: Option<u16>,
    pub sandboxed: bool,
}

impl Target {
    /// Whether this cast can take the stage.
    pub fn has(&self, cast: Cast) -> bool {
        let (server, client) = match self {
            Self::Programs(programs) => (programs.server.is_some(), programs.client.is_some()),
            Self::At { .. } => (true, false),
        };
        match cast {
            Cast::Server => server,
            Cast::Client => client,
            Cast::Pair => server && client,
        }
    }
}

/// What is to be judged, and how.
#[derive(Clone, Debug)]
pub struct Task {
    pub lab: &'static Lab,
    pub target: Target,
    /// Those to be played, in the lab's order.
    pub rules: Vec<&'static Rule>,
    pub seed: u64,
    /// How often each rule is played: at least once.
    pub repeat: u32,
    /// How long an answer may take.
    pub patience: Duration,
    /// Plays at once; without a sandbox there is one.
    pub jobs: usize,
}

/// What is told while it runs: of so many plays, so many are over.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub over: usize,
    pub plays: usize,
    pub rule: &'static str,
    pub passed: bool,
}

/// Judges programs: each part of the lab for which there is a cast.
pub fn judge(task: &Task, stages: &Stages, progress: &mut dyn FnMut(Progress)) -> Report {
    let judge = Judge { task, stages };
    let mut parts = Vec::new();
    let mut turns = Vec::new();
    for part in task.lab.parts.iter().filter(|part| task.target.has(part.cast)) {
        let rules: Vec<_> = part.rules.iter().filter(|rule| task.rules.iter().any(|one| one.id == rule.id)).collect();
        if rules.is_empty() {
            continue;
        }
        match judge.sound(part) {
            Ok(found) => {
                turns.extend(rules.into_iter().map(|rule| Turn { part, found, rule }));
                parts.push(found.report(part.cast, task.lab.service));
            }
            Err(advice) => parts.push(PartReport {
                part: part.cast,
                framing: None,
                manner: None,
                transport: None,
                port: None,
                advice: Some(advice),
            }),
        }
    }
    let rules = judge.play_all(&turns, progress);
    let (server, client, at, sandboxed) = match &task.target {
        Target::Programs(programs) => (programs.server.clone(), programs.client.clone(), None, programs.sandboxed),
        Target::At { addresses, .. } => (None, None, addresses.first().map(ToString::to_string), false),
    };
    Report {
        schema: SCHEMA,
        lab: task.lab.service.name(),
        server,
        client,
        at,
        sandboxed,
        seed: task.seed,
        repeat: task.repeat,
        verdict: conclude(&parts, &rules),
        parts,
        rules,
    }
}

struct Judge<'a> {
    task: &'a Task,
    stages: &'a Stages,
}

/// How the programs are spoken to.
#[derive(Clone, Copy, Debug)]
struct Found {
    framing: Framing,
    manner: Manner,
    udp: bool,
    port: u16,
}

impl Found {
    fn transport(self) -> Transport {
        if self.udp { Transport::Udp } else { Transport::Tcp }
    }

    fn report(self, part: Cast, lab: Service) -> PartReport {
        PartReport {
            part,
            framing: (!self.udp).then(|| self.framing.name()),
            manner: self.manner.name(lab),
            transport: Some(if self.udp { "udp" } else { "tcp" }),
            port: Some(self.port),
            advice: None,
        }
    }
}

/// A rule that is to be played.
#[derive(Clone, Copy, Debug)]
struct Turn {
    part: &'static Part,
    found: Found,
    rule: &'static Rule,
}

impl Judge<'_> {
    /// Finds out whether the programs speak the lab at all, how they end their messages, and in which manner they want to be asked.
    fn sound(&self, part: &'static Part) -> Result<Found, Advice> {
        let lab = self.task.lab.service;
        let left_open = manner::left_open(lab);
        let mut intelligible = None;
        let mut last = String::new();
        let mut ways =
            VecDeque::from_iter(Manner::of(lab).iter().flat_map(|manner| Framing::BOTH.map(|way| (way, *manner))));
        while let Some((framing, manner)) = ways.pop_front() {
            match self.play(part, None, (framing, manner), None, 0) {
                Outcome::CannotJudge(advice) => return Err(advice),
                Outcome::Hindered(why) => return Err(hindered(why)),
                Outcome::Unseen(_) => {}
                Outcome::Played { failure, heard, over, udp, port, lines, last_words } => {
                    // Who speaks first shows how its messages end; who is spoken to has to be tried.
                    let shown = if lines && part.cast != Cast::Server { Framing::Lines } else { framing };
                    let found = Found { framing: shown, manner, udp, port };
                    if failure.is_none() {
                        return Ok(found);
                    }
                    // One that dies of the question is wrong, and not of another lab; unless there are other questions.
                    if (heard || over) && left_open.is_none() {
                        intelligible = intelligible.or(Some(found));
                    }
                    last = last_words;
                    if udp || part.cast != Cast::Server {
                        ways.retain(|(_, other)| *other != manner);
                    }
                    // Who answers has not waited for another end of the message.
                    if heard {
                        ways.make_contiguous().sort_by_key(|(other, _)| *other != framing);
                    }
                }
            }
        }
        intelligible.ok_or_else(|| match left_open.filter(|_| part.cast == Cast::Server) {
            Some(tried) => not_understood(lab, tried, &last),
            None => unintelligible(lab, part.cast, &last),
        })
    }

    /// Plays all rules, as many at once as there are jobs, each as often as wanted.
    fn play_all(&self, turns: &[Turn], progress: &mut dyn FnMut(Progress)) -> Vec<RuleReport> {
        let mut reports: Vec<RuleReport> =
            turns.iter().map(|turn| blank(turn.part.cast, turn.rule, turn.found.framing)).collect();
        let playable = |turn: &Turn| {
            let has_program = matches!(self.task.target, Target::Programs(_));
            turn.rule.over.includes(turn.found.transport()) && (has_program || !turn.rule.needs_program())
        };
        let rounds = (0..self.task.repeat).flat_map(|round| (0..turns.len()).map(move |at| (at, round)));
        let mut plays: VecDeque<(usize, u32)> = rounds.filter(|(at, _)| playable(&turns[*at])).collect();
        // What waits for time to go by is begun first, and the others are played meanwhile.
        plays.make_contiguous().sort_by_key(|(at, _)| !turns[*at].rule.takes_long());
        let all = plays.len();
        let left = &Mutex::new(plays);
        std::thread::scope(|scope| {
            let (sender, outcomes) = mpsc::channel();
            for _ in 0..self.jobs() {
                let sender = sender.clone();
                let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let play = |(at, round): (usize, u32)| {
                    let Turn { part, found, rule } = turns[at];
                    (at, self.play(part, Some(rule), (found.framing, found.manner), Some(found.port), round))
                };
                // Where nobody listens any more, we are about to end.
                scope.spawn(move || std::iter::from_fn(next).try_for_each(|turn| sender.send(play(turn))));
            }
            drop(sender);
            for (over, (at, outcome)) in (1..).zip(outcomes) {
                let rule = turns[at].rule;
                let passed = reports[at].take(outcome, rule);
                progress(Progress { over, plays: all, rule: rule.id, passed });
            }
        });
        reports
    }

    fn jobs(&self) -> usize {
        match &self.task.target {
            Target::Programs(programs) if programs.sandboxed => self.task.jobs.max(1),
            Target::Programs(_) | Target::At { .. } => 1,
        }
    }

    fn play(
        &self,
        part: &Part,
        rule: Option<&Rule>,
        way: (Framing, Manner),
        found_port: Option<u16>,
        round: u32,
    ) -> Outcome {
        let (framing, manner) = way;
        let Task { lab, target, seed, patience, .. } = self.task;
        let theatre = match target {
            Target::Programs(programs) => Theatre::Programs {
                server: programs.server.clone().filter(|_| part.cast != Cast::Client),
                client: programs.client.clone().filter(|_| part.cast != Cast::Server),
                // What was found out by a sounding is a client's wish; a server says itself where it listens.
                port: programs.port.or_else(|| found_port.filter(|_| part.cast == Cast::Client)),
                alone: programs.sandboxed,
            },
            Target::At { transport, addresses } => {
                Theatre::At { udp: *transport == Transport::Udp, addresses: addresses.clone() }
            }
        };
        let order = Order {
            lab: lab.service.name().to_owned(),
            cast: part.cast,
            rule: rule.map(|rule| rule.id.to_owned()),
            framing,
            manner,
            theatre,
            // The first round has the seed itself, so that a failure is replayed by the seed it is told with.
            seed: seed.wrapping_add(u64::from(round)),
            patience: *patience,
        };
        match target {
            Target::At { .. } => play(&order),
            Target::Programs(programs) => self.stages.play(&order, if programs.sandboxed { ENTER } else { PLAY }),
        }
    }
}

/// It may be right in a way that the sheet leaves open and we do not know.
fn not_understood(lab: Service, tried: &str, last: &str) -> Advice {
    let last = if last.is_empty() { String::new() } else { format!("; the last that it printed: {last}") };
    Advice {
        why: format!(
            "the sheet leaves open how a client of {lab} begins, and it did not understand what was tried: {tried}{last}"
        ),
        mend: format!(
            "if it speaks in another way, it may be right, and cannot be judged here; `socketlab {lab}` against it shows what it does"
        ),
    }
}

fn unintelligible(lab: Service, cast: Cast, last: &str) -> Advice {
    let last = if last.is_empty() { String::new() } else { format!("; the last that it printed: {last}") };
    let (why, what) = match cast {
        Cast::Server => (
            format!("it listens, and says nothing to what a client of {lab} says, with newlines or without{last}"),
            "server, and the right port (--port)",
        ),
        Cast::Client => (
            format!("it runs, and says nothing that a client of {lab} says{last}"),
            "client, and the right port (--port)",
        ),
        Cast::Pair => (format!("together they say nothing of what {lab} says{last}"), "server and client"),
    };
    Advice {
        why,
        mend: format!(
            "is this {lab}'s {what}? `socketlab {lab}` or `socketlab serve {lab}` beside it, or `socketlab watch`, shows what it does"
        ),
    }
}

impl Stages {
    fn play(&self, order: &Order, phase: &str) -> Outcome {
        let played = || -> std::io::Result<Outcome> {
            let mut stage = Command::new(&self.program);
            stage.args(&self.arguments).arg(phase).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut stage = stage.spawn()?;
            let mut input = stage.stdin.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
            // One that was hindered answers without having read its order.
            let _ = input.write_all(&serde_json::to_vec(order)?);
            drop(input);
            let output = stage.wait_with_output()?;
            Ok(serde_json::from_slice(&output.stdout)?)
        };
        played().unwrap_or_else(|error| {
            Outcome::CannotJudge(Advice {
                why: format!("the stage itself failed: {error}"),
                mend: "try again, with fewer --jobs if this computer is short of memory or processes".to_owned(),
            })
        })
    }
}

fn hindered(why: String) -> Advice {
    Advice { why, mend: "or use --no-sandbox, which lets the program do whatever you may do".to_owned() }
}

/// A rule that was not played yet.
fn blank(part: Cast, rule: &'static Rule, framing: Framing) -> RuleReport {
    let level = match (rule.level, framing) {
        (Level::MustOfLines, Framing::Lines) => Level::Must,
        (Level::MustOfLines, Framing::Bare) => Level::Should,
        (level @ (Level::Must | Level::Should), _) => level,
    };
    RuleReport {
        id: rule.id,
        part,
        level,
        sentence: rule.sentence,
        verdict: Verdict::NotPlayed,
        played: 0,
        failed: 0,
        failure: None,
        diagnosis: None,
        mending: None,
        reason: None,
        advice: None,
    }
}

impl RuleReport {
    /// Takes note of one play, and says whether it passed.
    fn take(&mut self, outcome: Outcome, rule: &'static Rule) -> bool {
        let passed = match outcome {
            Outcome::CannotJudge(advice) => {
                self.advice = self.advice.take().or(Some(advice));
                false
            }
            Outcome::Hindered(why) => {
                self.advice = self.advice.take().or_else(|| Some(hindered(why)));
                false
            }
            Outcome::Unseen(why) => {
                self.reason = Some(why);
                true
            }
            Outcome::Played { failure: None, .. } => {
                self.played += 1;
                true
            }
            Outcome::Played { failure: Some(failure), .. } => {
                self.played += 1;
                self.fail(*failure, rule);
                false
            }
        };
        self.verdict = match self.failed {
            0 if self.advice.is_some() => Verdict::CannotJudge,
            0 if self.played == 0 => Verdict::NotPlayed,
            0 => Verdict::Pass,
            failed if failed < self.played => Verdict::Flaky,
            _ => Verdict::Fail,
        };
        passed
    }

    fn fail(&mut self, failure: Failure, rule: &'static Rule) {
        self.failed += 1;
        self.failure = self.failure.take().or(Some(failure));
        // That it is right but late is nearer to the mistake than what the rule is about.
        let is_late = self.failure.as_ref().is_some_and(|failure| failure.is_late);
        let diagnosis = if is_late { &LATE } else { rule.diagnosis };
        self.diagnosis = Some(diagnosis.name);
        self.mending = Some(diagnosis.mending);
    }
}
