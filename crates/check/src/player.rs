//! Plays a rule's steps to the programs on a stage, and sees what they do.

mod crowd;
mod habits;
mod sockets;
mod sums;
mod talks;
mod terminals;
mod waiting;

use std::time::Duration;

use labs::{Service, Transport};
use wire::Visible;

use crate::crash;
use crate::door::Door;
use crate::manner::Manner;
use crate::peer::{End, Peer};
use crate::program::{Kind, Place, Program};
use crate::recorder::Recorder;
use crate::report::{Advice, Failure, Flaw, Screen};
use crate::rule::{Cast, SERVER, Step, Who};
use crate::talker::Talker;
use terminals::Wanted;

/// The lines of a story that are kept.
const STORY_LINES_MAX: usize = 60;
/// The characters that are shown of what came.
const SHOWN_CHARS_MAX: usize = 300;

/// What is played to.
pub(crate) struct Stage<'a> {
    pub(crate) service: Service,
    pub(crate) cast: Cast,
    /// Where the server is, the student's or ours.
    pub(crate) place: Place,
    /// The student's server.
    pub(crate) server: Option<Program>,
    /// Where the student's client finds ours.
    pub(crate) door: Option<Door>,
    /// To start them: the server again, the clients at all.
    pub(crate) server_command: Option<&'a str>,
    pub(crate) client_command: Option<&'a str>,
    pub(crate) port: Option<u16>,
    pub(crate) alone: bool,
    /// None where there is no network of one's own to record.
    pub(crate) recorder: Option<Recorder>,
}

impl Stage<'_> {
    /// Where a server is that runs already.
    pub(crate) fn new(service: Service, cast: Cast, place: Place) -> Self {
        let (server, door, server_command, client_command, port) = (None, None, None, None, None);
        let (alone, recorder) = (false, None);
        Self { service, cast, place, server, door, server_command, client_command, port, alone, recorder }
    }
}

pub(crate) struct Player<'a> {
    stage: Stage<'a>,
    manner: Manner,
    patience: Duration,
    chance: fastrand::Rng,
    /// Our ends of connections, in the order of their coming.
    peers: Vec<(Who, Peer)>,
    /// What each was last told by our server.
    replies: Vec<(Who, String)>,
    /// Who is answered as soon as it asks.
    answered: Vec<habits::Answered>,
    /// What was last said to the server, by whom.
    said: Vec<habits::SaidToServer>,
    /// The student's clients, in the order of their start.
    clients: Vec<(Who, Program)>,
    /// The keys of those who talk in secret.
    talkers: Vec<(Who, Talker)>,
    crowd: crowd::Crowd,
    /// After what time the first was closed who said nothing.
    timeout: Option<Duration>,
    /// How much of each terminal's text is in the story.
    shown: Vec<(Who, usize)>,
    story: Vec<String>,
    /// Whether a program was told something since it last came to rest, and has not said anything since.
    unanswered: bool,
    /// The sockets for which something waits that their program does not read.
    left_unread: Vec<u64>,
    /// Whether the programs said anything at all.
    heard: bool,
    /// Whether a connection was refused.
    refused: bool,
    /// So many steps went well.
    passed: usize,
    /// Whether a client came to our server.
    met: bool,
    /// Whether the programs were seen at rest: what never is can not be told to spin.
    rests: bool,
    /// For so long they may sleep before they do what is waited for.
    sleeps: Duration,
}

/// Why a step failed.
struct Fault {
    expected: String,
    got: String,
    /// What a terminal did not show, which may come when its program ends.
    not_shown: Option<(Who, Wanted)>,
    /// It is no mistake: what was to be seen takes longer than we wait.
    is_unseen: bool,
    /// It is none that could be told: what was done may be right, and cannot be judged.
    advice: Option<Box<Advice>>,
}

impl Fault {
    fn new(expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { expected: expected.into(), got: got.into(), not_shown: None, is_unseen: false, advice: None }
    }
}

type Played = Result<(), Fault>;

impl<'a> Player<'a> {
    pub(crate) fn new(stage: Stage<'a>, manner: Manner, patience: Duration, seed: u64) -> Self {
        let mut player = Self {
            stage,
            manner,
            patience,
            chance: fastrand::Rng::with_seed(seed),
            peers: Vec::new(),
            replies: Vec::new(),
            answered: Vec::new(),
            said: Vec::new(),
            clients: Vec::new(),
            talkers: Vec::new(),
            crowd: crowd::Crowd::default(),
            timeout: None,
            shown: Vec::new(),
            story: Vec::new(),
            unanswered: false,
            left_unread: Vec::new(),
            heard: false,
            refused: false,
            passed: 0,
            met: false,
            rests: true,
            sleeps: Duration::ZERO,
        };
        player.rests = player.settle();
        player
    }

    /// Plays the steps, and then the newcomer's visit.
    pub(crate) fn play(&mut self, steps: &[Step], visit: &[Step]) -> Result<(), NotPassed> {
        self.play_steps(steps).map_err(|fault| self.not_passed(fault))?;
        if visit.is_empty() {
            return Ok(());
        }
        // One after the other, since what is left unread makes a reset of a close: RFC 1122, section 4.2.2.13.
        while !self.peers.is_empty() {
            self.settle();
            self.peers.remove(0);
        }
        self.settle();
        self.tell("everyone is gone; a newcomer comes".to_owned());
        self.play_steps(visit).map_err(|fault| {
            let expected = format!("after all that, a newcomer is served: {}", fault.expected);
            self.not_passed(Fault { expected, ..fault })
        })
    }

    pub(crate) fn has_heard(&self) -> bool {
        self.heard || self.peers.iter().any(|(_, peer)| peer.has_heard())
    }

    /// Whether the system answered for the server that nobody listens there.
    pub(crate) fn was_refused(&self) -> bool {
        let is_unreachable = |peer: &Peer| peer.transport() == Transport::Udp && peer.end == Some(End::Reset);
        self.refused || self.peers.iter().any(|(_, peer)| is_unreachable(peer))
    }

    /// How many steps went well.
    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    /// Whether those met who are to speak with each other.
    pub(crate) fn has_met(&self) -> bool {
        self.stage.cast != Cast::Client || self.met
    }

    /// Whether what was heard has newlines in it.
    pub(crate) fn has_heard_lines(&self) -> bool {
        self.peers.iter().any(|(_, peer)| peer.has_heard_newline())
    }

    fn not_passed(&mut self, fault: Fault) -> NotPassed {
        // One that is about to end has its last words still to say.
        self.settle();
        if let Some(advice) = fault.advice {
            return NotPassed::CannotJudge(*advice);
        }
        if fault.is_unseen {
            return NotPassed::Unseen(format!("{}: {}", fault.expected, fault.got));
        }
        let program = self.say_how_programs_are();
        let terminals = self.pictures();
        let story = std::mem::take(&mut self.story);
        let ladder = self.stage.recorder.as_ref().map(Recorder::ladder);
        let flaw = self.find_flaw(fault.not_shown.as_ref());
        let Fault { expected, got, .. } = fault;
        let step = self.passed;
        NotPassed::Failed(Box::new(Failure { expected, got, step, program, story, ladder, terminals, flaw }))
    }

    /// What is wrong, if that can be told from what happened rather than from what the rule is about.
    fn find_flaw(&mut self, not_shown: Option<&(Who, Wanted)>) -> Option<Flaw> {
        let port = self.port();
        let tried = self.stage.recorder.as_ref().map(Recorder::tried).unwrap_or_default();
        let is_apart =
            self.stage.cast == Cast::Pair && !tried.is_empty() && tried.iter().all(|(_, at)| at.port() != port);
        if is_apart {
            return Some(Flaw::Apart { server: port, client: tried[0].1.port() });
        }
        not_shown.is_some_and(|(who, wanted)| self.comes_late(who, wanted)).then_some(Flaw::Late)
    }

    /// How those programs ended that have, and what looks like an error where they have not.
    fn say_how_programs_are(&mut self) -> Option<String> {
        let server = self.stage.server.iter_mut().map(|program| (SERVER, program));
        let all = server.chain(self.clients.iter_mut().map(|(who, program)| (*who, program)));
        let is_one = self.stage.cast == Cast::Server;
        let told: Vec<String> = all
            .filter_map(|(who, program)| {
                let name = if is_one { "it".to_owned() } else { named(who) };
                let ended = program.obituary().map(|how| format!("{name} {how}"));
                ended.or_else(|| {
                    let last = program.last_words();
                    crash::looks_like_error(&last)
                        .then(|| format!("{name} still runs; the last that it printed: {last}"))
                })
            })
            .collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    fn pictures(&self) -> Vec<Screen> {
        let server = self.stage.server.iter().map(|program| (SERVER, program));
        let all = server.chain(self.clients.iter().map(|(who, program)| (*who, program)));
        let all = all.map(|(who, program)| Screen { who: who.to_owned(), text: program.terminal.picture() });
        all.filter(|screen| !screen.text.is_empty()).collect()
    }

    fn play_steps(&mut self, steps: &[Step]) -> Played {
        for step in steps {
            if let Step::IfOpen(who) = step
                && self.has_been_closed(who)
            {
                break;
            }
            self.step(*step)?;
            self.passed += 1;
        }
        Ok(())
    }

    fn step(&mut self, step: Step) -> Played {
        match step {
            Step::Start(who) => return self.start(who),
            Step::Type(who, line) => return self.type_line(who, line),
            Step::Gives(who, first, second) => return self.gives(who, first, second),
            Step::ShowsUnlessWaits(who, said, line) => return self.shows_unless_waits(who, said, line),
            Step::Acknowledge(who, text) => return self.acknowledge(who, text),
            Step::Shows(who, said) => return self.shows(who, Wanted::Said(said)),
            Step::ShowsReply(who) => return self.shows_reply(who),
            Step::ShowsNumbers(who) => return self.shows_numbers(who),
            Step::Hides(who, said) => return self.hides(who, said),
            Step::Exits(who) => return self.exits(who),
            Step::Open(who) => return self.open(who, None),
            Step::OpenFrom(who, port) => return self.open(who, Some(port)),
            Step::OpenDeaf(who) => return self.open_deaf(who),
            Step::TellsApart(one, other) => return self.tells_apart(one, other),
            Step::NotTakenFor(who, other) => return self.not_taken_for(who, other),
            Step::From(who, ports) => return self.comes_from(who, ports),
            Step::Pauses(who, least, most) => return self.pauses(who, least, most),
            Step::OrExits(who, step) => return self.unless_exits(who, *step, true),
            Step::UnlessExits(who, step) => return self.unless_exits(who, *step, false),
            Step::Answers(who, answer) => self.answer_from_here(who, answer),
            Step::Lose(who) => self.lose(who),
            Step::Sleeps(seconds) => self.sleeps = Duration::from_secs(seconds),
            Step::Accept(who) => return self.accept(who),
            Step::Greet(who, text) => return self.greet(who, text),
            Step::Differ => return self.differ(),
            Step::ServerEnds(who, line) => return self.server_ends(who, line),
            Step::ServerIsBusy(who, line) => return self.server_is_busy(who, line),
            Step::Quits(who) => return self.quits(who),
            Step::Reply(who, answer) => return self.reply(who, answer),
            Step::Say(who, text) => return self.say_text(who, text),
            Step::Send(who, bytes) => return self.say(who, bytes),
            Step::Pieces(who, text) => return self.say_in_pieces(who, text),
            Step::Hear(who, said) => return self.hear(who, said),
            Step::Await(who, said, seconds) => return self.await_long(who, said, Duration::from_secs(seconds)),
            Step::Never(who, said) => return self.never(who, said),
            Step::Ended(who) => return self.ended(who),
            Step::SayNumbered(who, text, count) => return self.say_numbered(who, text, count),
            Step::Ask(who, first, second) => return self.ask(who, first, second),
            Step::Begin(who, first) => return self.begin(who, first),
            Step::Complete(who, first, second) => return self.complete(who, first, second),
            Step::AskInPieces(who, first, second) => return self.ask_in_pieces(who, first, second),
            Step::TimedOut(who) => return self.timed_out(who),
            Step::Crowd(step) => return self.crowd_step(step),
            Step::Talk(who, step) => return self.talk_step(who, step),
            Step::NoCrash => return self.nobody_has_crashed(),
            Step::Rest => return self.rest(),
            Step::Restart => return self.restart(),
            Step::Finish(who) => self.finish(who),
            Step::Close(who) => self.close(who),
            Step::Reset(who) => self.reset(who),
            Step::CloseDoor => {
                self.tell("our server is there no more".to_owned());
                self.stage.door = None;
            }
            Step::IfOpen(_) => {}
            Step::Pass(milliseconds) => std::thread::sleep(Duration::from_millis(milliseconds)),
        }
        Ok(())
    }

    fn restart(&mut self) -> Played {
        let Some(command) = self.stage.server_command else { return Ok(()) };
        self.settle();
        self.tell("the program is killed and started again".to_owned());
        self.stage.server = None;
        self.peers.clear();
        let fault = |got: String| Fault::new("it starts again at once, and listens", got);
        let mut program =
            Program::start(command, Kind::Server, self.stage.alone).map_err(|error| fault(error.to_string()))?;
        let place = program.wait_until_listening(self.stage.service, self.stage.port);
        self.shown.retain(|(who, _)| *who != SERVER);
        self.stage.server = Some(program);
        self.stage.place = place.map_err(|advice| fault(advice.why))?;
        Ok(())
    }

    /// Takes what has arrived for anybody and what terminals have shown, and says whether there was anything.
    fn listen(&mut self) -> bool {
        let from_terminals = self.read_terminals();
        let from_peers = self.listen_to_peers();
        self.answer_requests();
        let any = from_terminals || from_peers;
        self.heard |= from_peers;
        // What a terminal shows may be the echo of what was typed, or what its program is about to do.
        self.unanswered &= !from_peers;
        any
    }

    fn sees_programs(&self) -> bool {
        self.stage.server.is_some() || self.stage.client_command.is_some()
    }

    fn tell(&mut self, line: String) {
        if self.story.len() < STORY_LINES_MAX {
            self.story.push(line);
        }
    }

    /// The packets so far, as a capture file.
    pub(crate) fn capture(&self) -> Option<Vec<u8>> {
        self.stage.recorder.as_ref().map(Recorder::pcapng)
    }

    pub(crate) fn transport(&self) -> Transport {
        let accepted = self.peers.first().filter(|_| self.stage.door.is_some()).map(|(_, peer)| peer.transport());
        accepted.unwrap_or(self.stage.place.transport)
    }

    pub(crate) fn port(&self) -> u16 {
        self.stage.place.port()
    }

    /// Whether a program has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        let clients = self.clients.iter_mut().map(|(_, program)| program);
        self.stage.server.iter_mut().chain(clients).any(|program| program.ended().is_some())
    }

    /// The last that a program printed.
    pub(crate) fn last_words(&self) -> String {
        let programs = self.stage.server.iter().chain(self.clients.iter().map(|(_, program)| program));
        programs.map(Program::last_words).filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" / ")
    }
}

/// How a play did not pass.
pub(crate) enum NotPassed {
    Failed(Box<Failure>),
    /// It could not be seen whether the rule holds, and why.
    Unseen(String),
    CannotJudge(Advice),
}

/// A program by whose terminal it is.
fn named(who: Who) -> String {
    if who == SERVER { SERVER.to_owned() } else { format!("{who}'s client") }
}

/// What one of our ends has heard, and how its connection ended.
fn got(peer: &Peer) -> String {
    let heard = if peer.news().is_empty() { "nothing".to_owned() } else { quoted_all(peer.came(peer.news_start())) };
    match peer.end {
        None => heard,
        Some(End::Closed) => format!("{heard}, then the connection was closed"),
        Some(End::Reset) => format!("{heard}, then the connection broke"),
    }
}

/// Bytes as they would be read, with their control characters shown.
fn quoted(bytes: &[u8]) -> String {
    quoted_all(std::iter::once(bytes))
}

/// Messages as they would be read, one behind the other.
fn quoted_all<'a>(messages: impl Iterator<Item = &'a [u8]>) -> String {
    let shown = messages.map(|bytes| Visible(bytes).to_string()).collect::<Vec<_>>().join("” “");
    let cut: String = shown.chars().take(SHOWN_CHARS_MAX).collect();
    let more = if cut.len() < shown.len() { "…" } else { "" };
    format!("“{cut}{more}”")
}
