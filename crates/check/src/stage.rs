//! The stage: a process of its own for each play, in namespaces of its own.
//!
//! The judge starts its own program again, twice: the first process enters a network and becomes the owner of new processes, the second is the first of
//! those, as init is. What it starts cannot outlive it, and it cannot outlive the judge. It takes an `Order` from its input and gives an
//! `Outcome` at its output, both in JSON.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode};
use std::time::Duration;

use labs::{Service, Transport};
use rustix::process::{Signal, set_child_subreaper, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use crate::door::Door;
use crate::manner::Manner;
use crate::peer::Framing;
use crate::player::{NotPassed, Player, Stage};
use crate::processes;
use crate::program::{self, Kind, Place, Program};
use crate::report::{Advice, Failure};
use crate::rule::Cast;
use crate::rules;

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
    pub(crate) framing: Framing,
    pub(crate) manner: Manner,
    pub(crate) theatre: Theatre,
    pub(crate) seed: u64,
    pub(crate) patience: Duration,
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
        /// Whether it has ended.
        over: bool,
        udp: bool,
        port: u16,
        /// Whether the first that it said ended with a newline.
        lines: bool,
        last_words: String,
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
            let outcome = play(&order);
            processes::end_all();
            give(&outcome)
        }),
    };
    // The judge sees that nothing came.
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn enter() -> io::Result<()> {
    // Whoever asked for this play is gone if its parent is.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if let Err(hindrance) = lan::namespace::enter_with_processes() {
        return give(&Outcome::Hindered(hindrance.to_string()));
    }
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let before = arguments.split_last().map_or(&[][..], |(_, before)| before);
    let status = Command::new(std::env::current_exe()?).args(before).arg(PLAY).status()?;
    if status.success() { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
}

fn take_order() -> io::Result<Order> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // Processes whose parents have ended become ours, so that all are found.
    set_child_subreaper(rustix::process::Pid::from_raw(1))?;
    program::bound();
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

fn give(outcome: &Outcome) -> io::Result<()> {
    let text = serde_json::to_vec(outcome)?;
    io::stdout().write_all(&text)
}

/// Plays it here and now.
pub(crate) fn play(order: &Order) -> Outcome {
    let Some(lab) = order.lab.parse::<Service>().ok().and_then(rules::of) else {
        return cannot("there is no such lab");
    };
    let Some(part) = lab.part(order.cast) else { return cannot("the lab has no such part") };
    let (steps, visit) = match &order.rule {
        // A sounding is a visit itself.
        None => (part.sounding, &[][..]),
        Some(id) => match part.rules.iter().find(|rule| rule.id == id) {
            Some(rule) => (rule.play, part.visit),
            None => return cannot("there is no such rule"),
        },
    };
    let stage = match open(lab.service, order.cast, &order.theatre) {
        Ok(stage) => stage,
        Err(advice) => return Outcome::CannotJudge(advice),
    };
    let mut player = Player::new(stage, order.framing, order.manner, order.patience, order.seed);
    let failure = match player.play(steps, visit) {
        Ok(()) => None,
        Err(NotPassed::Failed(failure)) => Some(failure),
        Err(NotPassed::Unseen(why)) => return Outcome::Unseen(why),
    };
    Outcome::Played {
        failure,
        heard: player.has_heard(),
        over: player.is_over(),
        udp: player.transport() == Transport::Udp,
        port: player.port(),
        lines: player.has_heard_lines(),
        last_words: player.last_words(),
    }
}

fn cannot(why: &str) -> Outcome {
    Outcome::CannotJudge(Advice { why: why.to_owned(), mend: "use one socketlab for everything".to_owned() })
}

fn open(service: Service, cast: Cast, theatre: &Theatre) -> Result<Stage<'_>, Advice> {
    let (server_command, client_command, port, alone) = match theatre {
        Theatre::At { udp, addresses } => {
            let transport = if *udp { Transport::Udp } else { Transport::Tcp };
            let place = Place { transport, addresses: addresses.clone() };
            return Ok(Stage::new(service, cast, place));
        }
        Theatre::Programs { server, client, port, alone } => (server.as_deref(), client.as_deref(), *port, *alone),
    };
    let mut server = None;
    let (place, door) = match server_command {
        Some(command) => {
            let program = Program::start(command, Kind::Server, alone).map_err(no_shell)?;
            let place = server.insert(program).wait_until_listening(service, port)?;
            (place, None)
        }
        None => {
            let port = port.unwrap_or_else(|| service.port());
            let transport = service.usual_transports().first().copied().unwrap_or(Transport::Tcp);
            let door = Door::open(service, port).map_err(|error| taken(port, &error))?;
            (Place { transport, addresses: vec![(Ipv4Addr::LOCALHOST, port).into()] }, Some(door))
        }
    };
    Ok(Stage { server, door, server_command, client_command, port, alone, ..Stage::new(service, cast, place) })
}

fn no_shell(error: io::Error) -> Advice {
    Advice { why: format!("the shell could not be started: {error}"), mend: "`sh` has to be there".to_owned() }
}

fn taken(port: u16, error: &io::Error) -> Advice {
    Advice {
        why: format!("our server could not listen at port {port}: {error}"),
        mend: "without a sandbox the port has to be free: end the program that has it".to_owned(),
    }
}
