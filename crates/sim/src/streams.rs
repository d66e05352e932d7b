//! A world of streams: pairs of ends, a network between them, and perhaps a store that the servers share.

mod machine;
mod pipe;
mod program;

use std::fmt;
use std::time::Duration;

use fastrand::Rng;
use labs::{Connection, Now};

use crate::network::Course;
use crate::{Calendar, Log, Store, Terminal};

pub use machine::MachineEnd;
pub(crate) use pipe::Pipe;
pub use program::ProgramEnd;

/// What sits at an end of a stream.
pub enum End {
    Machine(Box<MachineEnd>),
    Program(ProgramEnd),
}

impl End {
    /// A machine that speaks through `connection`, and whoever sits at its terminal.
    pub fn machine(connection: Connection, terminal: Terminal) -> Self {
        Self::Machine(Box::new(MachineEnd::new(connection, terminal)))
    }
}

/// Streams that run at the same time.
pub struct World {
    uptime: Duration,
    calendar: Calendar,
    chance: Rng,
    log: Log,
    pub store: Option<Store>,
    streams: Vec<Stream>,
}

struct Stream {
    begins_at: Duration,
    reset_at: Option<Duration>,
    /// The client's end, then the server's.
    ends: [End; 2],
    /// What the end of the same place says.
    pipes: [Pipe; 2],
    torn: bool,
}

/// What an end sees of the world in one turn.
pub(crate) struct Side<'a> {
    pub(crate) now: Now,
    pub(crate) chance: &'a mut Rng,
    pub(crate) incoming: &'a mut Pipe,
    pub(crate) outgoing: &'a mut Pipe,
    pub(crate) stored: &'a mut Vec<Vec<u8>>,
    pub(crate) reset: &'a mut bool,
    pub(crate) log: &'a Log,
    pub(crate) stream: usize,
    pub(crate) place: usize,
}

impl Side<'_> {
    fn note(&self, line: fmt::Arguments<'_>) {
        let who = ["client", "server"][self.place];
        self.log.note(self.now.uptime, format_args!("{who} {} {line}", self.stream));
    }
}

/// More turns than any run takes: beyond, something goes on for ever.
const TURNS_MAX: usize = 2_000_000;

impl World {
    pub fn new(seed: u64, log: &Log) -> Self {
        let mut chance = Rng::with_seed(seed);
        let calendar = Calendar::seeded(&mut chance);
        Self { uptime: Duration::ZERO, calendar, chance, log: log.clone(), store: None, streams: Vec::new() }
    }

    pub fn now(&self) -> Now {
        self.calendar.now(self.uptime)
    }

    pub fn chance(&mut self) -> &mut Rng {
        &mut self.chance
    }

    /// Adds a stream that begins at a time; gives its number.
    pub fn connect(&mut self, begins_at: Duration, client: End, server: End, course: Course) -> usize {
        let pipes = [Pipe::new(course), Pipe::new(course)];
        let reset_at = course.reset_at.map(|after| begins_at + after);
        self.streams.push(Stream { begins_at, reset_at, ends: [client, server], pipes, torn: false });
        self.streams.len() - 1
    }

    /// Lets time run until nothing is left to happen.
    ///
    /// # Panics
    /// If that never comes.
    pub fn run(&mut self) {
        self.run_until(Duration::MAX);
    }

    /// Lets time run until nothing is left to happen, or up to a time.
    ///
    /// # Panics
    /// If the streams never come to rest.
    pub fn run_until(&mut self, until: Duration) {
        for _ in 0..TURNS_MAX {
            if self.turn() {
                continue;
            }
            match self.next_due() {
                Some(due) if due <= until => self.uptime = self.uptime.max(due),
                _ => return self.uptime = if until == Duration::MAX { self.uptime } else { until },
            }
        }
        panic!("the streams never come to rest");
    }

    /// Every end does one thing if it can; says whether any did.
    fn turn(&mut self) -> bool {
        let mut any = self.hand_out_kept();
        for index in 0..self.streams.len() {
            any |= self.turn_stream(index);
        }
        any
    }

    fn hand_out_kept(&mut self) -> bool {
        let kept = self.store.as_mut().and_then(|store| store.next_kept(self.uptime));
        let Some((owner, kept)) = kept else { return false };
        self.log.note(self.uptime, format_args!("store, for server {owner}: {kept:?}"));
        if let End::Machine(server) = &mut self.streams[owner].ends[1] {
            server.kept.push_back(kept);
        }
        true
    }

    fn turn_stream(&mut self, index: usize) -> bool {
        let uptime = self.uptime;
        let stream = &mut self.streams[index];
        if stream.torn || stream.begins_at > uptime {
            return false;
        }
        if stream.reset_at.is_some_and(|at| at <= uptime) {
            self.tear(index);
            return true;
        }
        let mut any = stream.pipes[0].arrive(uptime) | stream.pipes[1].arrive(uptime);
        let mut reset = false;
        for place in [0, 1] {
            any |= self.with_side(index, place, &mut reset, |end, side| match end {
                End::Machine(machine) => machine.turn(side),
                End::Program(program) => program.turn(side),
            });
        }
        if reset {
            self.tear(index);
        }
        any
    }

    fn with_side<T>(
        &mut self,
        index: usize,
        place: usize,
        reset: &mut bool,
        act: impl FnOnce(&mut End, &mut Side<'_>) -> T,
    ) -> T {
        let now = self.now();
        let stream = &mut self.streams[index];
        let mut stored = Vec::new();
        let [first, second] = &mut stream.pipes;
        let (outgoing, incoming) = if place == 0 { (first, second) } else { (second, first) };
        let (chance, log) = (&mut self.chance, &self.log);
        let mut side = Side { now, chance, incoming, outgoing, stored: &mut stored, reset, log, stream: index, place };
        let result = act(&mut stream.ends[place], &mut side);
        for text in stored {
            if let Some(store) = &mut self.store {
                store.accept(now.uptime, index, text, &mut self.chance);
            }
        }
        result
    }

    /// Breaks a stream: what is under way is lost, and both ends learn of it.
    pub fn tear(&mut self, index: usize) {
        self.log.note(self.uptime, format_args!("stream {index} is reset"));
        self.streams[index].torn = true;
        self.streams[index].pipes.iter_mut().for_each(Pipe::tear);
        for place in [0, 1] {
            self.with_side(index, place, &mut false, |end, side| match end {
                End::Machine(machine) => machine.lose(side),
                End::Program(program) => program.lose(),
            });
        }
    }

    /// The service at a stream's far end is shut down.
    pub fn shut_down(&mut self, index: usize) {
        let now = self.now();
        self.with_side(index, 1, &mut false, |end, side| match end {
            End::Machine(machine) => machine.shut_down(now, side),
            End::Program(_) => {}
        });
    }

    fn next_due(&self) -> Option<Duration> {
        let streams = self.streams.iter().filter(|stream| !stream.torn && !stream.is_over());
        let store = self.store.as_ref().and_then(Store::deadline);
        streams.filter_map(|stream| stream.next_due(self.uptime)).chain(store).min()
    }

    /// The machine at the client's end.
    ///
    /// # Panics
    /// If a program sits there.
    pub fn client(&self, index: usize) -> &MachineEnd {
        self.machine(index, 0)
    }

    /// The machine at the server's end.
    ///
    /// # Panics
    /// If a program sits there.
    pub fn server(&self, index: usize) -> &MachineEnd {
        self.machine(index, 1)
    }

    fn machine(&self, index: usize, place: usize) -> &MachineEnd {
        match &self.streams[index].ends[place] {
            End::Machine(machine) => machine,
            End::Program(_) => panic!("a program is at this end"),
        }
    }

    /// The program at the client's end.
    ///
    /// # Panics
    /// If a machine sits there.
    pub fn program(&self, index: usize) -> &ProgramEnd {
        match &self.streams[index].ends[0] {
            End::Program(program) => program,
            End::Machine(_) => panic!("a machine is at this end"),
        }
    }
}

impl Stream {
    fn is_over(&self) -> bool {
        let over = self.ends.iter().all(|end| match end {
            End::Machine(machine) => machine.is_over(),
            End::Program(program) => program.is_over(),
        });
        over && self.pipes.iter().all(Pipe::is_empty)
    }

    fn next_due(&self, now: Duration) -> Option<Duration> {
        if self.begins_at > now {
            return Some(self.begins_at);
        }
        let ends = self.ends.iter().map(|end| match end {
            End::Machine(machine) => machine.deadline(),
            End::Program(program) => program.deadline(),
        });
        let due = ends.chain(self.pipes.iter().map(|pipe| pipe.deadline(now))).chain([self.reset_at]).flatten();
        // What is due and yet waits, waits for the other end.
        due.filter(|&due| due > now).min()
    }
}
