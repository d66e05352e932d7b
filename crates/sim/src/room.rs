//! A world of rooms: one machine for all connections, carried as the program's driver carries it.
//!
//! What the driver's tasks do is done here in turns: readers that hand messages to the machine, walkers that deliver what was
//! published a member at a time, a keeper that calls the machine at its deadlines, closed connections that linger. Whose turn it is,
//! is a matter of chance. Whatever the machine hears, a [`Model`] hears too, which knows what each member is to hear; at the
//! end of a run the two are compared.

mod guest;
mod model;
mod reader;
mod walker;
mod wire;

use std::cell::Cell;
use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use fastrand::Rng;
use labs::framing::{Ending, Rules};
use labs::room::Hall;
use labs::{Act, Event, Machine, Now, Outbox, Peer, chat};

use crate::network::Course;
use crate::streams::ProgramEnd;
use crate::{Calendar, Log, assert_safe};

use guest::Guest;
pub use guest::{Deed, Talker};
pub use model::Model;
use reader::Reader;
use walker::Walker;
use wire::Wire;

/// How a service of rooms is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    pub options: chat::Options,
    pub rules: Rules,
    /// The cores over which the members are spread.
    pub shards: usize,
    pub log_bytes_max: usize,
    /// Lines of an earlier run.
    pub earlier: Vec<String>,
    /// How long a peer may take to take the last that it was sent, and to close its side.
    pub linger_max: Duration,
    /// Closing connections of a hundred for which there is no place to linger.
    pub hasty_percent: u8,
    /// How late those who do the program's work may be.
    pub late_max: Duration,
}

/// A server, its members, and what lies between them.
pub struct World {
    uptime: Duration,
    calendar: Calendar,
    chance: Rng,
    log: Log,
    setup: Setup,
    core: Core,
    keeper_at: Duration,
    walkers: Vec<Walker>,
    wires: Vec<Wire>,
    operator: VecDeque<(Duration, Option<Vec<u8>>)>,
    is_ending: bool,
    pub model: Model,
}

/// What the driver holds under its lock.
struct Core {
    machine: chat::Server,
    hall: Hall<usize, Place>,
    out: Outbox,
    places: Rc<Cell<usize>>,
    printed: Vec<String>,
    stored: Vec<Vec<u8>>,
}

/// A place under the limit of members, given back when dropped.
#[derive(Debug)]
struct Place(Rc<Cell<usize>>);

/// What the machine is told.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    Opened(SocketAddr),
    Message(SocketAddr, Vec<u8>),
    Overlong(SocketAddr),
    Finished(SocketAddr),
    Gone(SocketAddr),
    Operator(Vec<u8>),
    ShutDown,
    Timeout,
}

/// How things stand after something happened.
struct Standing {
    is_seated: bool,
    is_ahead: bool,
}

/// Who can do something now.
#[derive(Clone, Copy, Debug)]
enum Turn {
    Newcomer(usize),
    Guest(usize),
    Reader(usize),
    Resumes(usize),
    Walker(usize),
    Lingering(usize),
    Keeper,
    Operator,
}

/// More turns than any run takes: beyond, something goes on for ever.
const TURNS_MAX: usize = 2_000_000;
/// The share of the log by which those who speak may be ahead of the walkers, as in the driver.
const BACKLOG_SHARE: usize = 4;

impl World {
    pub fn new(seed: u64, log: &Log, setup: Setup) -> Self {
        let mut chance = Rng::with_seed(seed);
        let calendar = Calendar::seeded(&mut chance);
        let earlier = setup.earlier.iter().map(|line| line.as_str().into());
        let core = Core {
            machine: chat::Server::new(setup.options, earlier),
            hall: Hall::new(setup.shards),
            out: Outbox::default(),
            places: Rc::default(),
            printed: Vec::new(),
            stored: Vec::new(),
        };
        Self {
            uptime: Duration::ZERO,
            calendar,
            chance,
            log: log.clone(),
            model: Model::new(setup.options, setup.rules.message_bytes_max, &setup.earlier),
            walkers: (0..setup.shards).map(|_| Walker::new(setup.log_bytes_max)).collect(),
            setup,
            core,
            keeper_at: Duration::ZERO,
            wires: Vec::new(),
            operator: VecDeque::new(),
            is_ending: false,
        }
    }

    pub fn now(&self) -> Now {
        self.calendar.now(self.uptime)
    }

    pub fn chance(&mut self) -> &mut Rng {
        &mut self.chance
    }

    /// Adds a guest that connects at a time; gives its number.
    pub fn connect(&mut self, begins_at: Duration, talker: Talker, course: Course) -> usize {
        self.add(begins_at, Guest::Talker(talker), course)
    }

    /// Adds a program that connects at once and plays steps; gives its number.
    pub fn play(&mut self, program: ProgramEnd, course: Course) -> usize {
        self.add(Duration::ZERO, Guest::Program(program), course)
    }

    fn add(&mut self, begins_at: Duration, guest: Guest, course: Course) -> usize {
        let number = self.wires.len();
        self.wires.push(Wire::new(address(number), begins_at, guest, course));
        number
    }

    /// The operator types a line at a time, or ends the service with none. In the order of time.
    pub fn operate(&mut self, at: Duration, line: Option<&str>) {
        self.operator.push_back((at, line.map(|line| line.as_bytes().to_vec())));
    }

    /// Lets time run until nothing is left to happen, or up to a time.
    ///
    /// # Panics
    /// If the world never comes to rest.
    pub fn run_until(&mut self, until: Duration) {
        for _ in 0..TURNS_MAX {
            if self.turn() {
                continue;
            }
            match self.next_due() {
                Some(due) if due <= until => self.uptime = due,
                _ => return,
            }
        }
        panic!("the room never comes to rest");
    }

    /// Lets time run until nothing is left to happen; then everybody has heard what the model says.
    ///
    /// # Panics
    /// If somebody has not.
    pub fn run(&mut self) {
        self.run_until(Duration::MAX);
        assert_eq!(self.core.hall.count(), 0, "somebody is still in");
        assert_eq!(self.core.places.get(), 0, "a place was not given back");
        self.check();
    }

    /// Compares what everybody heard with what the model says.
    ///
    /// # Panics
    /// If they differ.
    pub fn check(&self) {
        for (number, wire) in self.wires.iter().enumerate() {
            if let Some(talker) = wire.talker()
                && let Err(why) = self.model.judge(wire.peer, &talker.heard, wire.ending())
            {
                panic!("guest {number}, {}: {why}\nheard {:?}", wire.peer, String::from_utf8_lossy(&talker.heard));
            }
        }
    }

    /// Does one thing that can be done; says whether there was any.
    fn turn(&mut self) -> bool {
        let uptime = self.uptime;
        self.wires.iter_mut().for_each(|wire| wire.arrive(uptime));
        let mut any = false;
        for number in 0..self.wires.len() {
            any |= self.turn_program(number);
        }
        let ready = self.ready();
        if let Some(&turn) = self.chance.choice(&ready) {
            self.take(turn);
            any = true;
        }
        any
    }

    fn ready(&self) -> Vec<Turn> {
        let now = self.uptime;
        let mut ready = Vec::new();
        for (number, wire) in self.wires.iter().enumerate() {
            let is_due = wire.begins_at <= now;
            ready.extend((is_due && wire.reader.is_none()).then_some(Turn::Newcomer(number)));
            ready.extend((is_due && wire.guest_is_ready(now)).then_some(Turn::Guest(number)));
            ready.extend(self.reader_is_ready(wire).then_some(Turn::Reader(number)));
            ready.extend(wire.lingering_is_ready(now).then_some(Turn::Lingering(number)));
        }
        for (number, walker) in self.walkers.iter().enumerate() {
            ready.extend(walker.is_ready(now).then_some(Turn::Walker(number)));
            ready.extend(walker.resumable(&self.wires).is_some().then_some(Turn::Resumes(number)));
        }
        let due = self.core.machine.deadline().map(|at| at.max(self.keeper_at));
        ready.extend(due.is_some_and(|at| at <= now && !self.is_ending).then_some(Turn::Keeper));
        ready.extend(self.operator.front().is_some_and(|(at, _)| *at <= now).then_some(Turn::Operator));
        ready
    }

    fn take(&mut self, turn: Turn) {
        let now = self.uptime;
        match turn {
            Turn::Newcomer(number) => self.welcome(number),
            Turn::Guest(number) => {
                let peer = self.wires[number].peer;
                let said = self.wires[number].turn_guest(now, &mut self.chance);
                if let Some(said) = said {
                    self.log.note(now, format_args!("guest {number}, {peer}, {said}"));
                }
            }
            Turn::Reader(number) => self.turn_reader(number),
            Turn::Resumes(number) => {
                let walker = &mut self.walkers[number];
                if let Some(index) = walker.resumable(&self.wires) {
                    walker.resume(index);
                }
            }
            Turn::Walker(number) => self.turn_walker(number),
            Turn::Lingering(number) => self.wires[number].turn_lingering(now, &mut self.chance),
            Turn::Keeper => {
                self.happen(None, &[Happening::Timeout]);
            }
            Turn::Operator => match self.operator.pop_front() {
                Some((_, Some(line))) => _ = self.happen(None, &[Happening::Operator(line)]),
                Some((_, None)) => {
                    self.is_ending = true;
                    self.happen(None, &[Happening::ShutDown]);
                }
                None => {}
            },
        }
    }

    fn welcome(&mut self, number: usize) {
        let peer = self.wires[number].peer;
        if self.core.places.get() >= self.setup.options.members_max {
            self.log.note(self.uptime, format_args!("guest {number}, {peer}, is turned away"));
            self.wires[number].turn_away(self.uptime, &mut self.chance);
            return;
        }
        self.core.places.set(self.core.places.get() + 1);
        let place = Place(Rc::clone(&self.core.places));
        assert!(self.core.hall.find(peer).is_none(), "{peer} has a seat already");
        self.core.hall.seat(peer, number, place);
        self.wires[number].reader = Some(Reader::new(self.setup.rules));
        self.happen(Some(peer), &[Happening::Opened(peer)]);
        if self.is_ending {
            self.happen(None, &[Happening::ShutDown]);
        }
    }

    /// Lets something happen under the lock, and carries out what follows from it.
    fn happen(&mut self, about: Option<SocketAddr>, happenings: &[Happening]) -> Standing {
        let now = self.now();
        self.core.out.clear();
        self.core.out.begin(Ending::Lf, about);
        for happening in happenings {
            self.log.note(self.uptime, format_args!("{happening}"));
            let acts_before = self.core.out.acts().count();
            self.core.handle(now, happening, self.setup.rules.message_bytes_max);
            let dismissed = self.core.dismissed(acts_before);
            self.model.hear(now, happening, &dismissed);
        }
        let late = self.late();
        self.keeper_at = self.uptime + late;
        let Core { hall, out, printed, stored, .. } = &mut self.core;
        hall.apply(out);
        out.shown().for_each(|shown| assert_safe(shown.text));
        printed.extend(out.shown().map(|shown| shown.text.to_owned()));
        stored.extend(out.take_stored());
        for (shard, walker) in self.walkers.iter_mut().enumerate() {
            walker.is_rung |= hall.has_news(shard);
        }
        assert_eq!(hall.count(), self.model.count(), "the count of members");
        let is_seated = about.is_some_and(|peer| hall.find(peer).is_some());
        Standing { is_seated, is_ahead: self.is_ahead() }
    }

    fn is_ahead(&self) -> bool {
        self.core.hall.backlog_bytes() > self.setup.log_bytes_max / BACKLOG_SHARE
    }

    /// By how much somebody is late this time: mostly not at all.
    fn late(&mut self) -> Duration {
        if self.chance.u8(0..10) > 0 { Duration::ZERO } else { self.setup.late_max.mul_f64(self.chance.f64()) }
    }

    fn next_due(&self) -> Option<Duration> {
        let now = self.uptime;
        let wires = self.wires.iter().filter_map(|wire| wire.next_due(now));
        let walkers = self.walkers.iter().map(|walker| walker.away_until);
        let keeper = self.core.machine.deadline().filter(|_| !self.is_ending).map(|at| at.max(self.keeper_at));
        let operator = self.operator.front().map(|(at, _)| *at);
        wires.chain(walkers).chain(keeper).chain(operator).filter(|&due| due > now).min()
    }

    /// What a guest heard.
    ///
    /// # Panics
    /// If it is a program.
    pub fn heard(&self, number: usize) -> String {
        match self.wires[number].talker() {
            Some(talker) => String::from_utf8_lossy(&talker.heard).into_owned(),
            None => panic!("guest {number} is a program"),
        }
    }

    /// Where a guest comes from.
    pub fn peer(&self, number: usize) -> SocketAddr {
        self.wires[number].peer
    }

    /// Whether a guest was dropped for reading too slowly.
    pub fn was_slow(&self, number: usize) -> bool {
        self.wires[number].is_slow
    }

    /// A program, as it stands.
    ///
    /// # Panics
    /// If the guest is none.
    pub fn program(&self, number: usize) -> &ProgramEnd {
        match &self.wires[number].guest {
            Guest::Program(program) => program,
            Guest::Talker(_) => panic!("guest {number} is no program"),
        }
    }

    /// The lines the operator was shown.
    pub fn printed(&self) -> &[String] {
        &self.core.printed
    }

    /// The texts that were to be kept.
    pub fn stored(&self) -> Vec<String> {
        self.core.stored.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
    }
}

impl Core {
    /// As the driver's lock holder does it.
    fn handle(&mut self, now: Now, happening: &Happening, message_bytes_max: usize) {
        let Self { machine, out, .. } = self;
        let remote = Peer::Remote;
        match happening {
            Happening::Opened(peer) => machine.handle(now, Event::Opened(remote(*peer)), out),
            Happening::Message(peer, text) => machine.handle(now, Event::Message(remote(*peer), text), out),
            Happening::Overlong(peer) => {
                let why = format_args!("Error: message longer than {message_bytes_max} bytes, closing the connection");
                out.send_text(remote(*peer), why);
                machine.handle(now, Event::Gone(remote(*peer)), out);
                out.dismiss(*peer);
            }
            Happening::Finished(peer) => {
                machine.handle(now, Event::Finished(remote(*peer)), out);
                out.dismiss(*peer);
            }
            Happening::Gone(peer) => {
                machine.handle(now, Event::Gone(remote(*peer)), out);
                out.dismiss(*peer);
            }
            Happening::Operator(line) => machine.handle(now, Event::Message(Peer::Terminal, line), out),
            Happening::ShutDown => machine.handle(now, Event::Finished(Peer::Terminal), out),
            Happening::Timeout => {
                if machine.deadline().is_some_and(|at| at <= now.uptime) {
                    machine.handle(now, Event::Timeout, out);
                }
            }
        }
    }

    /// Whom the machine dismissed after so many acts, in its order.
    fn dismissed(&self, acts_before: usize) -> Vec<SocketAddr> {
        let dismissed = |(act, _): (Act, &[u8])| match act {
            Act::Dismiss(peer) => Some(peer),
            Act::Send(_) | Act::Publish { .. } | Act::Admit { .. } => None,
        };
        self.out.acts().skip(acts_before).filter_map(dismissed).collect()
    }
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(peer, text) => write!(f, "{peer} says {:?}", String::from_utf8_lossy(text)),
            Self::Operator(line) => write!(f, "the operator types {:?}", String::from_utf8_lossy(line)),
            Self::Opened(_) | Self::Overlong(_) | Self::Finished(_) | Self::Gone(_) => write!(f, "{self:?}"),
            Self::ShutDown | Self::Timeout => write!(f, "{self:?}"),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

fn address(number: usize) -> SocketAddr {
    // More guests than ports are in no run.
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 1024 + number as u16)
}
