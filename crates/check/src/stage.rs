//! The stage: a process of its own for each play, in namespaces of its own.
//!
//! The judge starts its own program again. That process enters namespaces and becomes the owner of new processes, and goes on as the first of
//! those, as init is. What it starts cannot outlive it, and it cannot outlive the judge. It takes an `Order` from its input, sets the scene, gives back
//! every privilege, plays, and gives an `Outcome` at its output, both in JSON, perhaps with a capture behind it.

use std::io::{self, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use labs::{Service, Transport};
use lan::privileges::Kept;
use rustix::process::{Signal, set_child_subreaper, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::manner::Manner;
use crate::player::{NotPassed, Player, Stage};
use crate::program::{Kind, Place, Program};
use crate::recorder::Recorder;
use crate::report::{Advice, Failure};
use crate::rule::{Cast, Part};
use crate::stages::Performance;
use crate::{bounds, processes, rules, scene, seek};

/// The last argument of a process that is to enter namespaces.
pub(crate) const ENTER: &str = "enter";
/// The same of one that plays where it is.
pub(crate) const PLAY: &str = "play";

/// What to play.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) lab: String,
    pub(crate) cast: Cast,
    /// None for the lab's sounding.
    pub(crate) rule: Option<String>,
    pub(crate) manner: Manner,
    pub(crate) theatre: Theatre,
    pub(crate) seed: u64,
    pub(crate) patience: Duration,
    /// Whether the program gets a copy of the folder it runs in.
    pub(crate) copies: bool,
    /// Whether the packets of a play that fails are wanted.
    pub(crate) keeps: bool,
}

/// To whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Theatre {
    Programs { server: Option<String>, client: Option<String>, port: Option<u16>, alone: bool },
    At { udp: bool, addresses: Vec<SocketAddr> },
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Played {
        failure: Option<Box<Failure>>,
        /// Whether the program said anything at all.
        heard: bool,
        /// Whether it has ended; a client, after it came to our server.
        over: bool,
        udp: bool,
        port: u16,
        /// Whether what it said has newlines in it.
        lines: bool,
        last_words: String,
        /// Whether nobody listened where the server was to be.
        refused: bool,
        /// So many steps went well.
        passed: usize,
    },
    /// It could not be seen whether the rule holds, and why.
    Unseen(String),
    CannotJudge(Advice),
    /// This system allows no namespaces.
    Hindered(String),
}

/// What a process does that was started as a stage, with its last argument. To be called before any thread starts.
pub fn run(phase: &str) -> ExitCode {
    let done = match phase {
        ENTER => enter(),
        _ => take_order().and_then(|order| {
            let performance = play(&order, None);
            processes::end_all();
            give(performance)
        }),
    };
    // The judge sees that nothing came.
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn enter() -> io::Result<()> {
    // Whoever asked for this play is gone if its parent is.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let kept = match lan::namespace::enter_apart() {
        Ok(kept) => kept,
        Err(hindrance) => return give(Outcome::Hindered(hindrance.to_string())),
    };
    // Whoever becomes another user is no longer told.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if let Some(status) = lan::namespace::go_on_as_first()? {
        return if status.success() { Ok(()) } else { Err(io::ErrorKind::Other.into()) };
    }
    perform(kept)
}

fn perform(kept: Kept) -> io::Result<()> {
    let order = take_order()?;
    let Theatre::Programs { server, client, .. } = &order.theatre else {
        return give(cannot("no program was named"));
    };
    let commands: Vec<&str> = server.iter().chain(client).map(String::as_str).collect();
    if let Err(hindrance) = scene::set(&commands, order.copies) {
        return give(Outcome::Hindered(hindrance.to_string()));
    }
    // Where it is not permitted, the play goes on without it.
    let recorder = Recorder::start().ok();
    lan::privileges::give_back_for_good(kept)?;
    give(play(&order, recorder))
}

fn take_order() -> io::Result<Order> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    lan::namespace::hear_signals();
    // Processes whose parents have ended become ours, so that all are found.
    set_child_subreaper(rustix::process::Pid::from_raw(1))?;
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let order: Order = serde_json::from_str(&text)?;
    bounds::set(matches!(order.theatre, Theatre::Programs { alone: true, .. }));
    Ok(order)
}

fn give(performance: impl Into<Performance>) -> io::Result<()> {
    performance.into().write(&mut io::stdout().lock())
}

/// Plays it here and now.
pub(crate) fn play(order: &Order, recorder: Option<Recorder>) -> Performance {
    let Some(lab) = order.lab.parse::<Service>().ok().and_then(rules::of) else {
        return cannot("there is no such lab").into();
    };
    let Some(part) = lab.part(order.cast) else { return cannot("the lab has no such part").into() };
    let (steps, visit) = match &order.rule {
        // A sounding is a visit itself.
        None => (part.sounding, &[][..]),
        Some(id) => match part.rules.iter().find(|rule| rule.id == id) {
            Some(rule) => (rule.play, part.visit),
            None => return cannot("there is no such rule").into(),
        },
    };
    let recorder = recorder.map(|recorder| recorder.of(lab.service));
    let stage = match open(lab.service, part, &order.theatre, recorder) {
        Ok(stage) => stage,
        Err(advice) => return Outcome::CannotJudge(advice).into(),
    };
    let mut player = Player::new(stage, order.manner, order.patience, order.seed);
    let failure = match player.play(steps, visit) {
        Ok(()) => None,
        Err(NotPassed::Failed(failure)) => Some(failure),
        Err(NotPassed::Unseen(why)) => return Outcome::Unseen(why).into(),
        Err(NotPassed::CannotJudge(advice)) => return Outcome::CannotJudge(advice).into(),
    };
    let capture = if failure.is_some() && order.keeps { player.capture() } else { None };
    let outcome = Outcome::Played {
        failure,
        heard: player.has_heard(),
        over: player.is_over() && player.has_met(),
        udp: player.transport() == Transport::Udp,
        port: player.port(),
        lines: player.has_heard_lines(),
        last_words: player.last_words(),
        refused: player.was_refused(),
        passed: player.passed(),
    };
    Performance { outcome, capture: capture.unwrap_or_default() }
}

fn cannot(why: &str) -> Outcome {
    Outcome::CannotJudge(Advice { why: why.to_owned(), mend: "use one socketlab for everything".to_owned() })
}

fn open<'a>(
    service: Service,
    part: &Part,
    theatre: &'a Theatre,
    recorder: Option<Recorder>,
) -> Result<Stage<'a>, Advice> {
    let (server_command, client_command, port, alone) = match theatre {
        Theatre::At { udp, addresses } => {
            let transport = if *udp { Transport::Udp } else { Transport::Tcp };
            let place = Place { transport, addresses: addresses.clone() };
            return Ok(Stage::new(service, part.cast, place));
        }
        Theatre::Programs { server, client, port, alone } => (server.as_deref(), client.as_deref(), *port, *alone),
    };
    let mut server = None;
    let (place, door) = match (server_command, client_command) {
        (Some(command), _) => {
            let program = Program::start(command, Kind::Server, alone).map_err(|error| no_shell(&error))?;
            let place = server.insert(program).wait_until_listening(service, port)?;
            (place, None)
        }
        (None, client) => {
            let wish = || seek::port(client?, service, part, recorder.as_ref()?);
            let port = port.or_else(wish).unwrap_or_else(|| service.port());
            let transport = service.usual_transports().first().copied().unwrap_or(Transport::Tcp);
            let door = Door::open(service, port).map_err(|error| taken(port, &error))?;
            (Place { transport, addresses: vec![(Ipv4Addr::LOCALHOST, port).into()] }, Some(door))
        }
    };
    let stage = Stage::new(service, part.cast, place);
    Ok(Stage { server, door, server_command, client_command, port, alone, recorder, ..stage })
}

fn no_shell(error: &io::Error) -> Advice {
    Advice { why: format!("the shell could not be started: {error}"), mend: "`sh` has to be there".to_owned() }
}

fn taken(port: u16, error: &io::Error) -> Advice {
    Advice {
        why: format!("our server could not listen at port {port}: {error}"),
        mend: "without a sandbox the port has to be free: end the program that has it".to_owned(),
    }
}
