//! A world of datagrams: services and those who speak to them, and a network that promises nothing.

mod caller;
mod program;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;
use labs::{Datagrams, Event, Now, Outbox, Peer};

use crate::network::{Fate, Packet, Rule, kind};
use crate::store::Kept;
use crate::terminal::Line;
use crate::{Calendar, Log, Store, assert_safe};

pub use caller::Caller;
pub use program::{Action, DatagramProgram};

/// Who sits at an address.
pub enum Host {
    Server(Server),
    Caller(Caller),
    Program(DatagramProgram),
}

/// A datagram service, and all that its terminal showed.
pub struct Server {
    datagrams: Datagrams,
    pub shown: Vec<Line>,
    /// Whether texts it wants kept go to the world's store.
    stores: bool,
}

/// A datagram that was sent, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub at: Duration,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub payload: Vec<u8>,
    pub fate: Fate,
}

/// A datagram that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    pub at: Duration,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub payload: Vec<u8>,
}

/// Hosts that speak to each other, over one network.
pub struct World {
    uptime: Duration,
    calendar: Calendar,
    chance: Rng,
    log: Log,
    rule: Rule,
    pub store: Option<Store>,
    hosts: BTreeMap<SocketAddr, Host>,
    flight: BTreeMap<(Duration, u64), Delivered>,
    number: u64,
    pub sent: Vec<Sent>,
    pub delivered: Vec<Delivered>,
    out: Outbox,
}

/// The network's own delay.
const DELAY: Duration = Duration::from_millis(1);
/// More turns than any run takes: beyond, something goes on for ever.
const TURNS_MAX: usize = 500_000;
/// Of a hundred datagrams to nobody, so many are told to their sender.
const UNREACHABLE_PERCENT: u8 = 50;

impl World {
    pub fn new(seed: u64, log: &Log) -> Self {
        let mut chance = Rng::with_seed(seed);
        Self {
            uptime: Duration::ZERO,
            calendar: Calendar::seeded(&mut chance),
            chance,
            log: log.clone(),
            rule: kind(),
            store: None,
            hosts: BTreeMap::new(),
            flight: BTreeMap::new(),
            number: 0,
            sent: Vec::new(),
            delivered: Vec::new(),
            out: Outbox::default(),
        }
    }

    /// The same world with another network.
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    pub fn set_rule(&mut self, rule: Rule) {
        self.rule = rule;
    }

    pub fn now(&self) -> Now {
        self.calendar.now(self.uptime)
    }

    pub fn chance(&mut self) -> &mut Rng {
        &mut self.chance
    }

    pub fn serve(&mut self, address: SocketAddr, datagrams: Datagrams) {
        let stores = self.store.is_some();
        self.hosts.insert(address, Host::Server(Server { datagrams, shown: Vec::new(), stores }));
    }

    pub fn call(&mut self, address: SocketAddr, caller: Caller) {
        self.hosts.insert(address, Host::Caller(caller));
    }

    pub fn play(&mut self, address: SocketAddr, program: DatagramProgram) {
        self.hosts.insert(address, Host::Program(program));
    }

    /// Entrusts a datagram to the network, in anybody's name.
    pub fn send(&mut self, from: SocketAddr, to: SocketAddr, payload: &[u8]) {
        let fate = (self.rule)(&Packet { from, to, payload }, &mut self.chance);
        let text = String::from_utf8_lossy(payload);
        self.log.note(self.uptime, format_args!("{from} to {to}: {text:?} {fate:?}"));
        self.sent.push(Sent { at: self.uptime, from, to, payload: payload.to_vec(), fate });
        let delays = match fate {
            Fate::Pass => [Some(Duration::ZERO), None],
            Fate::Deliver(delay) => [Some(delay), None],
            Fate::Drop => [None, None],
            Fate::Duplicate(first, second) => [Some(first), Some(second)],
        };
        for delay in delays.into_iter().flatten() {
            let at = self.uptime + DELAY + delay;
            self.number += 1;
            self.flight.insert((at, self.number), Delivered { at, from, to, payload: payload.to_vec() });
        }
    }

    /// Lets time run until nothing is left to happen, or up to a time.
    ///
    /// # Panics
    /// If the hosts do ever more at one time.
    pub fn run_until(&mut self, until: Duration) {
        for _ in 0..TURNS_MAX {
            let Some(due) = self.next_due().filter(|&due| due <= until) else {
                return self.uptime = if until == Duration::MAX { self.uptime } else { until };
            };
            self.uptime = self.uptime.max(due);
            self.turn();
        }
        panic!("the hosts never come to rest");
    }

    /// Lets time run until nothing is left to happen.
    ///
    /// # Panics
    /// If that never comes.
    pub fn run(&mut self) {
        self.run_until(Duration::MAX);
    }

    fn next_due(&self) -> Option<Duration> {
        let hosts = self.hosts.values().filter_map(|host| match host {
            Host::Server(server) => server.datagrams.deadline(),
            Host::Caller(caller) => caller.deadline(),
            Host::Program(program) => program.deadline(),
        });
        let flight = self.flight.first_key_value().map(|(&(due, _), _)| due);
        hosts.chain(flight).chain(self.store.as_ref().and_then(Store::deadline)).min()
    }

    /// Everything that is due happens, once.
    fn turn(&mut self) {
        while let Some(packet) = self.flight.first_entry().filter(|first| first.key().0 <= self.uptime) {
            let packet = packet.remove();
            self.deliver(packet);
        }
        if let Some((_, kept)) = self.store.as_mut().and_then(|store| store.next_kept(self.uptime)) {
            self.tell_kept(&kept);
        }
        let addresses: Vec<_> = self.hosts.keys().copied().collect();
        for address in addresses {
            let now = self.now();
            self.with_host(address, |host, _, out| match host {
                Host::Server(server) => server.datagrams.tick(now, out),
                Host::Caller(caller) => caller.turn(now, out),
                Host::Program(program) => program.turn(now.uptime, out),
            });
        }
    }

    fn deliver(&mut self, packet: Delivered) {
        let Delivered { from, to, ref payload, .. } = packet;
        let now = self.now();
        if self.hosts.contains_key(&to) {
            self.with_host(to, |host, _, out| match host {
                Host::Server(server) => server.datagrams.receive(now, from, payload, out),
                Host::Caller(caller) => caller.receive(now, from, payload, out),
                Host::Program(program) => program.receive(from, payload),
            });
            self.delivered.push(packet);
        } else if self.chance.u8(0..100) < UNREACHABLE_PERCENT {
            self.log.note(self.uptime, format_args!("{from} hears that nobody is at {to}"));
            self.with_host(from, |host, _, out| {
                if let Host::Caller(caller) = host {
                    caller.unreachable(now, out);
                }
            });
        }
    }

    fn tell_kept(&mut self, kept: &Kept) {
        let now = self.now();
        self.log.note(self.uptime, format_args!("store: {kept:?}"));
        let storing = |(&address, host): (&SocketAddr, &Host)| match host {
            Host::Server(server) => server.stores.then_some(address),
            Host::Caller(_) | Host::Program(_) => None,
        };
        let Some(address) = self.hosts.iter().find_map(storing) else { return };
        let event = match kept {
            Kept::Safe(place) => Event::Message(Peer::Store, place.as_bytes()),
            Kept::Lost => Event::Gone(Peer::Store),
        };
        self.pass(address, event, now);
    }

    /// Tells a server what comes neither from the network nor from the clock.
    pub fn tell(&mut self, address: SocketAddr, event: Event<'_>) {
        self.pass(address, event, self.now());
    }

    fn pass(&mut self, address: SocketAddr, event: Event<'_>, now: Now) {
        self.with_host(address, |host, _, out| {
            if let Host::Server(server) = host {
                server.datagrams.pass(now, event, out);
            }
        });
    }

    /// Lets a host act, and carries out what it wrote.
    fn with_host(&mut self, address: SocketAddr, act: impl FnOnce(&mut Host, &mut Rng, &mut Outbox)) {
        let Some(host) = self.hosts.get_mut(&address) else { return };
        let mut out = std::mem::take(&mut self.out);
        act(host, &mut self.chance, &mut out);
        match host {
            Host::Server(server) => {
                for shown in out.shown() {
                    assert_safe(shown.text);
                    self.log.note(self.uptime, format_args!("{address} shows {:?}", shown.text));
                    server.shown.push(Line { at: self.uptime, tone: shown.tone, text: shown.text.to_owned() });
                }
                if let Some(store) = &mut self.store {
                    out.take_stored().for_each(|text| store.accept(self.uptime, 0, text, &mut self.chance));
                }
            }
            Host::Caller(caller) => {
                out.shown()
                    .for_each(|shown| self.log.note(self.uptime, format_args!("{address} shows {:?}", shown.text)));
                caller.absorb(self.uptime, &out, &mut self.chance);
            }
            Host::Program(_) => {}
        }
        for (to, payload) in out.datagrams() {
            self.send(address, to, payload);
        }
        out.clear();
        self.out = out;
    }

    /// The program at a server's address dies and starts again with what its disk holds.
    pub fn crash(&mut self, address: SocketAddr, restart: impl FnOnce(&Store) -> Datagrams) {
        self.log.note(self.uptime, format_args!("{address} crashes and starts again"));
        let Some(store) = &mut self.store else { return };
        store.crash(&mut self.chance);
        let datagrams = restart(store);
        self.serve(address, datagrams);
    }

    /// Nobody is at an address any more.
    pub fn remove(&mut self, address: SocketAddr) -> Option<Host> {
        self.hosts.remove(&address)
    }

    /// What a server has shown.
    pub fn shown(&self, address: SocketAddr) -> Vec<&str> {
        match self.hosts.get(&address) {
            Some(Host::Server(server)) => server.shown.iter().map(|line| line.text.as_str()).collect(),
            Some(Host::Caller(_) | Host::Program(_)) | None => Vec::new(),
        }
    }

    /// The client machine at an address.
    ///
    /// # Panics
    /// If there is none.
    pub fn caller(&self, address: SocketAddr) -> &Caller {
        match self.hosts.get(&address) {
            Some(Host::Caller(caller)) => caller,
            Some(Host::Server(_) | Host::Program(_)) | None => panic!("no client machine at {address}"),
        }
    }

    /// The program at an address.
    ///
    /// # Panics
    /// If there is none.
    pub fn program(&self, address: SocketAddr) -> &DatagramProgram {
        match self.hosts.get(&address) {
            Some(Host::Program(program)) => program,
            Some(Host::Server(_) | Host::Caller(_)) | None => panic!("no program at {address}"),
        }
    }
}
