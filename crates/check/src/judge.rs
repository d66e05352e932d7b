//! Who has the rules played, some at a time, and says what came out.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use labs::Transport;

use crate::peer::Framing;
use crate::replay::replay;
use crate::report::{Advice, Failure, Level, Report, RuleReport, SCHEMA, Verdict, conclude};
use crate::rule::{Lab, Rule};
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
    /// A command line for `sh`, that becomes a server.
    Command { line: String, port: Option<u16>, sandboxed: bool },
    /// A server that runs already.
    At { transport: Transport, addresses: Vec<SocketAddr> },
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

/// Judges a program. What it does to its files in one play is there in the next.
pub fn judge(task: &Task, stages: &Stages, progress: &mut dyn FnMut(Progress)) -> Report {
    let judge = Judge { task, stages };
    let (found, advice) = match judge.sound() {
        Ok(found) => (Some(found), None),
        Err(advice) => (None, Some(advice)),
    };
    let rules = found.map_or_else(Vec::new, |found| judge.play_all(found, progress));
    let verdict = if advice.is_some() { Verdict::CannotJudge } else { conclude(&rules) };
    let (target, sandboxed) = match &task.target {
        Target::Command { line, sandboxed, .. } => (line.clone(), *sandboxed),
        Target::At { addresses, .. } => (addresses.first().map(ToString::to_string).unwrap_or_default(), false),
    };
    Report {
        schema: SCHEMA,
        lab: task.lab.service.name(),
        target,
        sandboxed,
        framing: found.filter(|found| !found.udp).map(|found| found.framing.name()),
        transport: found.map(|found| if found.udp { "udp" } else { "tcp" }),
        port: found.map(|found| found.port),
        seed: task.seed,
        repeat: task.repeat,
        verdict,
        advice,
        rules,
    }
}

struct Judge<'a> {
    task: &'a Task,
    stages: &'a Stages,
}

/// How the program is spoken to.
#[derive(Clone, Copy, Debug)]
struct Found {
    framing: Framing,
    udp: bool,
    port: u16,
}

impl Judge<'_> {
    /// Finds out whether the program speaks the lab at all, and how it ends its messages.
    fn sound(&self) -> Result<Found, Advice> {
        let mut intelligible = None;
        let mut last = String::new();
        for framing in [Framing::Bare, Framing::Lines] {
            match self.play(None, framing, 0) {
                Outcome::CannotJudge(advice) => return Err(advice),
                Outcome::Hindered(why) => return Err(hindered(why)),
                Outcome::Played { failure, heard, over, udp, port, last_words } => {
                    let found = Found { framing, udp, port };
                    if failure.is_none() {
                        return Ok(found);
                    }
                    // One that dies of the question is wrong, and not of another lab.
                    if heard || over {
                        intelligible = intelligible.or(Some(found));
                    }
                    last = last_words;
                    if udp {
                        break;
                    }
                }
            }
        }
        intelligible.ok_or_else(|| {
            let lab = self.task.lab.service;
            let last = if last.is_empty() { last } else { format!("; the last that it printed: {last}") };
            Advice {
                why: format!("it listens, and says nothing to what a client of {lab} says, with newlines or without{last}"),
                mend: format!(
                    "is this {lab}'s server, and the right port (--port)? `socketlab {lab}` against it, or `socketlab watch`, \
                     shows what it does"
                ),
            }
        })
    }

    /// Plays all rules, as many at once as there are jobs, each as often as wanted.
    fn play_all(&self, found: Found, progress: &mut dyn FnMut(Progress)) -> Vec<RuleReport> {
        let rules = &self.task.rules;
        let mut reports: Vec<RuleReport> = rules.iter().map(|rule| self.blank(rule, found.framing)).collect();
        let playable = |rule: &Rule| {
            let transport = if found.udp { Transport::Udp } else { Transport::Tcp };
            let has_program = matches!(self.task.target, Target::Command { .. });
            rule.over.includes(transport) && (has_program || !rule.needs_program())
        };
        let rounds = (0..self.task.repeat).flat_map(|round| (0..rules.len()).map(move |at| (at, round)));
        let plays: VecDeque<(usize, u32)> = rounds.filter(|(at, _)| playable(rules[*at])).collect();
        let all = plays.len();
        let left = &Mutex::new(plays);
        std::thread::scope(|scope| {
            let (sender, outcomes) = mpsc::channel();
            for _ in 0..self.jobs() {
                let sender = sender.clone();
                let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let play = |(at, round): (usize, u32)| (at, self.play(Some(rules[at]), found.framing, round));
                // Where nobody listens any more, we are about to end.
                scope.spawn(move || std::iter::from_fn(next).try_for_each(|turn| sender.send(play(turn))));
            }
            drop(sender);
            for (over, (at, outcome)) in (1..).zip(outcomes) {
                let report = &mut reports[at];
                let passed = report.take(outcome, rules[at]);
                progress(Progress { over, plays: all, rule: rules[at].id, passed });
            }
        });
        reports
    }

    /// A rule that was not played yet.
    fn blank(&self, rule: &'static Rule, framing: Framing) -> RuleReport {
        let level = match (rule.level, framing) {
            (Level::MustOfLines, Framing::Lines) => Level::Must,
            (Level::MustOfLines, Framing::Bare) => Level::Should,
            (level @ (Level::Must | Level::Should), _) => level,
        };
        RuleReport {
            id: rule.id,
            level,
            sentence: rule.sentence,
            verdict: Verdict::NotPlayed,
            played: 0,
            failed: 0,
            failure: None,
            diagnosis: None,
            mending: None,
            advice: None,
            replay: replay(self.task, rule),
            capture: None,
        }
    }

    fn jobs(&self) -> usize {
        match self.task.target {
            Target::Command { sandboxed: true, .. } => self.task.jobs.max(1),
            Target::Command { sandboxed: false, .. } | Target::At { .. } => 1,
        }
    }

    fn play(&self, rule: Option<&Rule>, framing: Framing, round: u32) -> Outcome {
        let Task { lab, target, seed, patience, .. } = self.task;
        let theatre = match target {
            Target::Command { line, port, sandboxed } => {
                Theatre::Program { command: line.clone(), port: *port, alone: *sandboxed }
            }
            Target::At { transport, addresses } => {
                Theatre::At { udp: *transport == Transport::Udp, addresses: addresses.clone() }
            }
        };
        let order = Order {
            lab: lab.service.name().to_owned(),
            rule: rule.map(|rule| rule.id.to_owned()),
            framing,
            theatre,
            // The first round has the seed itself, so that a failure is replayed by the seed it is told with.
            seed: seed.wrapping_add(u64::from(round)),
            patience: *patience,
        };
        match target {
            Target::At { .. } => play(&order),
            Target::Command { sandboxed, .. } => self.stages.play(&order, if *sandboxed { ENTER } else { PLAY }),
        }
    }
}

impl Stages {
    fn play(&self, order: &Order, phase: &str) -> Outcome {
        let played = || -> std::io::Result<Outcome> {
            let mut stage = Command::new(&self.program);
            stage.args(&self.arguments).arg(phase).stdin(Stdio::piped()).stdout(Stdio::piped());
            // Ctrl-C at our terminal is ours to hear: a stage ends when we do.
            stage.process_group(0);
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
            0 => Verdict::Pass,
            failed if failed < self.played => Verdict::Flaky,
            _ => Verdict::Fail,
        };
        passed
    }

    fn fail(&mut self, failure: Failure, rule: &'static Rule) {
        self.failed += 1;
        self.failure = self.failure.take().or(Some(failure));
        self.diagnosis = Some(rule.diagnosis.name);
        self.mending = Some(rule.diagnosis.mending);
    }
}
