//! Who has the rules played, some at a time, and says what came out.

mod cause;
mod sounding;
mod stranger;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use labs::{Service, Transport};

use crate::diagnosis::{APART, LATE};
use crate::manner::Manner;
use crate::peer::Framing;
use crate::replay::replay;
use crate::report::{Advice, Failure, Flaw, Level, PartReport, Report, RuleReport, SCHEMA, Verdict, conclude};
use crate::rule::{Cast, Lab, Over, Part, Rule};
use crate::scene;
use crate::stage::{ENTER, Order, Outcome, PLAY, Theatre, play};
use crate::stages::Performance;

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
    /// The folder for the captures of rules that fail; it is there. Without a sandbox there are none.
    pub keep: Option<PathBuf>,
}

/// What is told while it runs: of so many plays, so many are over.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub over: usize,
    pub plays: usize,
    pub rule: &'static str,
    pub passed: bool,
}

/// Judges programs: each part of the lab for which there is a cast. Each play begins with the same files; without a sandbox, what programs do to them in one
/// play is there in the next.
pub fn judge(task: &Task, stages: &Stages, progress: &mut dyn FnMut(Progress)) -> Report {
    let surveyed = matches!(&task.target, Target::Programs(programs) if programs.sandboxed).then(scene::survey);
    let judge = Judge { task, stages, copies: surveyed == Some(Ok(())) };
    let mut notes = surveyed.and_then(Result::err).into_iter().collect();
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
            Err(advice) => parts.push(PartReport::cannot(part.cast, advice)),
        }
    }
    let mut rules = judge.play_all(&turns, &mut notes, progress);
    cause::tell_causes(&mut rules, &turns);
    judge.set_strangers_apart(&mut parts, &mut rules);
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
        notes,
        rules,
    }
}

struct Judge<'a> {
    task: &'a Task,
    stages: &'a Stages,
    /// Whether each play gets a copy of the folder that we are in.
    copies: bool,
}

/// How the programs are spoken to.
#[derive(Clone, Copy, Debug)]
struct Found {
    manner: Manner,
    udp: bool,
    port: u16,
}

impl Found {
    fn report(self, part: Cast, lab: Service) -> PartReport {
        PartReport {
            part,
            framing: (!self.udp).then(|| self.manner.framing.name()),
            manner: self.manner.form.name(lab),
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
    /// Plays all rules, as many at once as there are jobs, each as often as wanted.
    fn play_all(&self, turns: &[Turn], notes: &mut Vec<String>, progress: &mut dyn FnMut(Progress)) -> Vec<RuleReport> {
        let mut reports: Vec<RuleReport> = turns.iter().map(|turn| self.blank(turn)).collect();
        for (report, turn) in reports.iter_mut().zip(turns) {
            report.reason = self.hindrance(turn).map(str::to_owned);
        }
        let rounds = (0..self.task.repeat).flat_map(|round| (0..turns.len()).map(move |at| (at, round)));
        let playable = rounds.filter(|(at, _)| self.hindrance(&turns[*at]).is_none());
        let mut plays: VecDeque<(usize, u32)> = playable.collect();
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
                    (at, self.play(part, Some(rule), found.manner, Some(found.port), round))
                };
                // Where nobody listens any more, we are about to end.
                scope.spawn(move || std::iter::from_fn(next).try_for_each(|turn| sender.send(play(turn))));
            }
            drop(sender);
            for (over, (at, Performance { outcome, capture })) in (1..).zip(outcomes) {
                let (report, rule) = (&mut reports[at], turns[at].rule);
                let failed = matches!(outcome, Outcome::Played { failure: Some(_), .. });
                if failed && report.capture.is_none() {
                    report.capture = self.keep(rule, &capture, notes);
                }
                let passed = report.take(outcome, rule);
                progress(Progress { over, plays: all, rule: rule.id, passed });
            }
        });
        reports
    }

    /// Why a rule is not to be played.
    fn hindrance(&self, turn: &Turn) -> Option<&'static str> {
        let has_program = matches!(self.task.target, Target::Programs(_));
        match turn.rule.over {
            Over::Streams if turn.found.udp => Some("it is about TCP"),
            Over::Datagrams if !turn.found.udp => Some("it is about UDP"),
            Over::Both | Over::Streams | Over::Datagrams => {
                (turn.rule.needs_program() && !has_program).then_some("it needs --server")
            }
        }
    }

    /// A rule that was not played yet.
    fn blank(&self, turn: &Turn) -> RuleReport {
        let Turn { part, found, rule } = turn;
        let level = match (rule.level, found.manner.framing) {
            (Level::MustOfLines, Framing::Lines) => Level::Must,
            (Level::MustOfLines, Framing::Bare) => Level::Should,
            (level @ (Level::Must | Level::Should), _) => level,
        };
        RuleReport {
            id: rule.id,
            part: part.cast,
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
            replay: replay(self.task, rule),
            capture: None,
        }
    }

    /// Keeps the capture of a play that failed, and gives its file's name.
    fn keep(&self, rule: &Rule, capture: &[u8], notes: &mut Vec<String>) -> Option<String> {
        let folder = self.task.keep.as_ref()?;
        let name = format!("{}.pcapng", rule.id);
        if capture.is_empty() {
            notes.push(format!("There is no {name}: this system lets no packets be captured on the stage."));
            return None;
        }
        match std::fs::write(folder.join(&name), capture) {
            Ok(()) => Some(name),
            Err(error) => {
                notes.push(format!("The capture {} could not be written: {error}.", folder.join(&name).display()));
                None
            }
        }
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
        manner: Manner,
        found_port: Option<u16>,
        round: u32,
    ) -> Performance {
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
            manner,
            theatre,
            // The first round has the seed itself, so that a failure is replayed by the seed it is told with.
            seed: seed.wrapping_add(u64::from(round)),
            patience: *patience,
            copies: self.copies,
            keeps: rule.is_some() && self.task.keep.is_some(),
        };
        match target {
            Target::At { .. } => play(&order, None),
            Target::Programs(programs) => self.stages.play(&order, if programs.sandboxed { ENTER } else { PLAY }),
        }
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
        // What happened is nearer to the mistake than what the rule is about.
        let diagnosis = match self.failure.as_ref().and_then(|failure| failure.flaw) {
            Some(Flaw::Late) => &LATE,
            Some(Flaw::Apart { .. }) => &APART,
            None => rule.diagnosis,
        };
        self.diagnosis = Some(diagnosis.name);
        self.mending = Some(diagnosis.mending);
    }
}
