//! Plays a rule's steps to a program, and sees what it does.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use labs::{Service, Transport};
use wire::Visible;

use crate::peer::{Client, End, Framing};
use crate::processes::Rest;
use crate::program::{Place, Program};
use crate::report::Failure;
use crate::rule::{Said, Step, Who};

/// How often an open question is asked again.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// A program that is not at rest after so long is busy with something else than us.
const REST_MAX: Duration = Duration::from_secs(3);
/// An answer is not awaited longer from a program all of whose threads have slept for so much of the patience.
const ASLEEP_SHARE: f32 = 0.4;
/// One that hears a message without a newline may wait that long for the rest of it, asleep with a timer, before it takes it for whole; ours does.
const WAITS_FOR_REST_MAX: Duration = Duration::from_millis(150);
/// Where the program cannot be seen, it has dealt with what it was sent when it is quiet for so long.
const QUIET: Duration = Duration::from_millis(300);
/// The lines of a story that are kept.
const STORY_LINES_MAX: usize = 60;
/// The characters that are shown of what came.
const SHOWN_CHARS_MAX: usize = 300;

/// What is played to.
pub(crate) struct Stage<'a> {
    pub(crate) service: Service,
    pub(crate) place: Place,
    /// None where only its address is known.
    pub(crate) program: Option<Program>,
    /// To start it again.
    pub(crate) command: Option<&'a str>,
    pub(crate) port: Option<u16>,
    pub(crate) alone: bool,
}

pub(crate) struct Player<'a> {
    stage: Stage<'a>,
    framing: Framing,
    patience: Duration,
    chance: fastrand::Rng,
    /// In the order of their coming.
    clients: Vec<(Who, Client)>,
    story: Vec<String>,
    /// Whether the program was sent something since it last came to rest, and has not said anything since.
    unanswered: bool,
    /// Whether the program said anything at all.
    heard: bool,
    /// Whether the program was seen at rest: one that never is can not be told to spin.
    rests: bool,
}

/// How a step can fail: what was expected, and what was got.
type Played = Result<(), (String, String)>;

impl<'a> Player<'a> {
    pub(crate) fn new(stage: Stage<'a>, framing: Framing, patience: Duration, seed: u64) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        let (clients, story) = (Vec::new(), Vec::new());
        let mut player =
            Self { stage, framing, patience, chance, clients, story, unanswered: false, heard: false, rests: false };
        player.rests = player.settle();
        player
    }

    /// Plays the steps, and then the newcomer's visit.
    pub(crate) fn play(&mut self, steps: &[Step], visit: &[Step]) -> Result<(), Box<Failure>> {
        self.play_steps(steps).map_err(|(expected, got)| self.failure(expected, got))?;
        self.clients.clear();
        self.settle();
        self.tell("everyone is gone; a newcomer comes".to_owned());
        let served = |expected| format!("after all that, a newcomer is served: {expected}");
        self.play_steps(visit).map_err(|(expected, got)| self.failure(served(expected), got))
    }

    pub(crate) fn has_heard(&self) -> bool {
        self.heard || self.clients.iter().any(|(_, client)| client.has_heard())
    }

    fn failure(&mut self, expected: String, got: String) -> Box<Failure> {
        // One that is about to end has its last words still to say.
        self.settle();
        let program = self.stage.program.as_mut().and_then(|program| {
            program.obituary().map(|how| format!("it {how}")).or_else(|| {
                let last = program.last_words();
                let is_error = ["Error", "Exception", "Traceback", "error:"].iter().any(|word| last.contains(word));
                is_error.then(|| format!("it still runs; the last that it printed: {last}"))
            })
        });
        let story = std::mem::take(&mut self.story);
        Box::new(Failure { expected, got, program, story, ladder: None, terminals: Vec::new() })
    }

    fn play_steps(&mut self, steps: &[Step]) -> Played {
        steps.iter().try_for_each(|step| self.step(*step))
    }

    fn step(&mut self, step: Step) -> Played {
        match step {
            Step::Open(who) => self.open(who),
            Step::Say(who, text) => {
                let ending = if self.framing == Framing::Lines { "\n" } else { "" };
                self.say(who, format!("{text}{ending}").as_bytes())
            }
            Step::Send(who, bytes) => self.say(who, bytes),
            Step::Pieces(who, text) => self.say_in_pieces(who, text),
            Step::Hear(who, said) => self.hear(who, said),
            Step::Never(who, said) => self.never(who, said),
            Step::Finish(who) => {
                self.tell(format!("{who} closes its side"));
                self.client(who).map_or(Ok(()), |client| {
                    client.finish();
                    Ok(())
                })
            }
            Step::Close(who) => {
                self.tell(format!("{who} closes"));
                self.clients.retain(|(name, _)| *name != who);
                Ok(())
            }
            Step::Reset(who) => {
                self.tell(format!("{who} resets the connection"));
                if let Some(at) = self.clients.iter().position(|(name, _)| *name == who) {
                    self.clients.remove(at).1.reset();
                }
                Ok(())
            }
            Step::Ended(who) => self.ended(who),
            Step::Rest => self.rest(),
            Step::Pass(milliseconds) => {
                std::thread::sleep(Duration::from_millis(milliseconds));
                Ok(())
            }
            Step::Restart => self.restart(),
        }
    }

    fn open(&mut self, who: Who) -> Played {
        // Who came before is dealt with before: the order of those who come is part of what is expected.
        self.settle();
        let expected = || format!("{who} is let in");
        let client =
            Client::open(&self.stage.place, self.patience).map_err(|error| (expected(), error.kind().to_string()))?;
        self.clients.push((who, client));
        self.tell(format!("{who} comes"));
        Ok(())
    }

    fn say(&mut self, who: Who, bytes: &[u8]) -> Played {
        self.settle();
        self.tell(format!("{who} → {}", quoted(bytes)));
        let patience = self.patience;
        self.unanswered = true;
        let Some(client) = self.client(who) else { return Ok(()) };
        client.mark();
        client.send(bytes, patience).map_err(|error| (format!("{} is taken", quoted(bytes)), error.kind().to_string()))
    }

    fn say_in_pieces(&mut self, who: Who, text: &str) -> Played {
        let mut rest = text.as_bytes();
        let mut first = true;
        while !rest.is_empty() {
            // At least two pieces, of which the first is no whole message.
            let most = if first { rest.len().saturating_sub(2).max(1) } else { rest.len() };
            let (piece, behind) = rest.split_at(self.chance.usize(1..=most));
            self.settle();
            self.tell(format!("{who} → {}", quoted(piece)));
            let patience = self.patience;
            self.unanswered = true;
            let Some(client) = self.client(who) else { return Ok(()) };
            if std::mem::take(&mut first) {
                client.mark();
            }
            let taken = client.send(piece, patience);
            taken.map_err(|error| (format!("{} is taken", quoted(piece)), error.kind().to_string()))?;
            rest = behind;
        }
        Ok(())
    }

    fn hear(&mut self, who: Who, said: Said) -> Played {
        let end = Instant::now() + self.patience;
        let asleep_max = self.patience.mul_f32(ASLEEP_SHARE);
        let mut rest = Rest::new();
        loop {
            let asleep = rest.look().filter(|_| self.stage.program.is_some());
            // In this order: what it sent before it ended counts.
            let over = self.stage.program.as_mut().is_some_and(|program| program.ended().is_some());
            self.listen();
            let Some(client) = self.client(who) else { return Ok(()) };
            if said.is_in(client.news(), Timestamp::now()) {
                return Ok(());
            }
            let is_late = Instant::now() > end || asleep.is_some_and(|long| long > asleep_max);
            if client.end.is_some() || over || is_late {
                let got = got(client);
                return Err((format!("{who} hears {said}"), got));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn never(&mut self, who: Who, said: Said) -> Played {
        self.settle();
        let Some(client) = self.client(who) else { return Ok(()) };
        if said.is_in(client.news(), Timestamp::now()) {
            return Err((format!("{who} does not hear {said}"), got(client)));
        }
        Ok(())
    }

    fn ended(&mut self, who: Who) -> Played {
        let end = Instant::now() + self.patience;
        loop {
            self.listen();
            let Some(client) = self.client(who) else { return Ok(()) };
            if client.end.is_some() {
                return Ok(());
            }
            if Instant::now() > end {
                return Err((format!("the server closes {who}'s connection"), "it stays open".to_owned()));
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn rest(&mut self) -> Played {
        if self.stage.program.is_none() || !self.rests {
            return Ok(());
        }
        let end = Instant::now() + self.patience;
        while Instant::now() < end {
            if self.settle() {
                return Ok(());
            }
        }
        let expected = "the program waits for what comes next".to_owned();
        Err((expected, format!("it runs without a pause for {} s: it spins", self.patience.as_secs())))
    }

    fn restart(&mut self) -> Played {
        let Some(command) = self.stage.command else { return Ok(()) };
        self.settle();
        self.tell("the program is killed and started again".to_owned());
        if let Some(program) = self.stage.program.take() {
            program.kill();
        }
        self.clients.clear();
        let expected = || "it starts again at once, and listens".to_owned();
        let mut program = Program::start(command, self.stage.alone).map_err(|error| (expected(), error.to_string()))?;
        let place = program.wait_until_listening(self.stage.service, self.stage.port);
        self.stage.program = Some(program);
        self.stage.place = place.map_err(|advice| (expected(), advice.why))?;
        Ok(())
    }

    /// Waits until the program has dealt with all it was sent: until all its threads sleep, or it is quiet. Whether it has come to that.
    fn settle(&mut self) -> bool {
        let end = Instant::now() + REST_MAX;
        let mut rest = Rest::new();
        let mut quiet_since = Instant::now();
        while Instant::now() < end {
            if self.listen() {
                quiet_since = Instant::now();
            }
            let rests = match self.stage.program {
                Some(_) => rest.look().is_some_and(|asleep| !self.unanswered || asleep > WAITS_FOR_REST_MAX),
                None => quiet_since.elapsed() > QUIET,
            };
            if rests {
                self.listen();
                self.unanswered = false;
                return true;
            }
            std::thread::sleep(LOOK_EVERY);
        }
        false
    }

    /// Takes what has arrived for anybody, and says whether there was anything.
    fn listen(&mut self) -> bool {
        let mut any = false;
        let mut told = Vec::new();
        for (who, client) in &mut self.clients {
            let had_ended = client.end.is_some();
            let news = client.listen();
            if !news.is_empty() {
                any = true;
                told.push(format!("{who} ← {}", quoted(news)));
            }
            match client.end.filter(|_| !had_ended) {
                Some(End::Closed) => told.push(format!("{who} sees the server close")),
                Some(End::Reset) => told.push(format!("{who} sees the connection break")),
                None => {}
            }
        }
        self.heard |= any;
        self.unanswered &= !any;
        told.into_iter().for_each(|line| self.tell(line));
        any
    }

    fn client(&mut self, who: Who) -> Option<&mut Client> {
        self.clients.iter_mut().find(|(name, _)| *name == who).map(|(_, client)| client)
    }

    fn tell(&mut self, line: String) {
        if self.story.len() < STORY_LINES_MAX {
            self.story.push(line);
        }
    }

    pub(crate) fn transport(&self) -> Transport {
        self.stage.place.transport
    }

    pub(crate) fn port(&self) -> u16 {
        self.stage.place.port()
    }

    /// Whether the program has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.stage.program.as_mut().is_some_and(|program| program.ended().is_some())
    }

    /// The last that the program printed.
    pub(crate) fn last_words(&self) -> String {
        self.stage.program.as_ref().map(Program::last_words).unwrap_or_default()
    }
}

/// What a client has heard, and how its connection ended.
fn got(client: &Client) -> String {
    let heard = if client.news().is_empty() { "nothing".to_owned() } else { quoted(client.news()) };
    match client.end {
        None => heard,
        Some(End::Closed) => format!("{heard}, then the server closed the connection"),
        Some(End::Reset) => format!("{heard}, then the connection broke"),
    }
}

/// Bytes as they would be read, with their control characters shown.
fn quoted(bytes: &[u8]) -> String {
    let shown = Visible(bytes).to_string();
    let cut: String = shown.chars().take(SHOWN_CHARS_MAX).collect();
    let more = if cut.len() < shown.len() { "…" } else { "" };
    format!("“{cut}{more}”")
}
