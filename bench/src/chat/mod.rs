//! Chat beside a floor and its peers: what one says goes to all others, and that is where the work is.

mod burst;
mod crowd;
mod dialect;
pub(crate) mod floor;
mod joining;
mod paced;
mod report;
mod rooms;
mod servers;
mod talk;
mod watcher;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use self::crowd::Invitation;
use self::joining::join;
use self::report::Latencies;
use self::rooms::Cost;
pub(crate) use self::servers::start_ours;
use self::servers::{Kind, Server};
use self::talk::{Shape, Talk};
use crate::cpu::{Cores, pin_to, pin_to_any};
use crate::idle::connections_within_limit;
use crate::report::{Comparison, Spread};
use crate::rounds::{Entry, Plan, Role, Source as _};
use crate::services::build;

/// Many talk at once, so that a server may write several messages together: up to 64 are under way, six of each who talks.
const BUSY: Shape = Shape { members: 500, senders: 10, burst: 6, all_have_it: false };
const BUSY_GOAL: f64 = 1.5;
/// How many times our work the best peer is to have.
const PEER_GOAL: f64 = 5.0;
/// One message at a time: each delivery is a write of its own, for any server.
const SINGLE: Shape = Shape { members: 1000, senders: 1, burst: 1, all_have_it: true };
const SINGLE_GOAL: f64 = 1.05;
const LATENCY_LENGTH: Duration = Duration::from_secs(2);
const LATENCY_GOAL: Duration = Duration::from_millis(5);
/// Each sender's share of a burst that nobody reads: 640 000 deliveries together.
const UNREAD_BURST: u64 = 128;
const TWO_CORES_ROUNDS: usize = 15;
const TWO_CORES_GOAL: f64 = 1.7;
const IDLE_GOAL_KIB: f64 = 1.5;
const LOGINS: usize = 9000;
/// IRC tells everybody of everybody who comes, which grows with the square of their number.
const LOGINS_IRC: usize = 1000;
const LOGIN_GOAL: f64 = 40.0;
const STORM: usize = 10_000;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Rounds of each server and load that count
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// The length of a round, in milliseconds
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    round_ms: u64,
    /// Idle members to let in, if the system allows so many
    #[arg(long, default_value_t = 18_000)]
    idle: usize,
    /// Only the cases whose name contains this: `busy`, `latency`, `single`, `two cores`, `idle`, `logins` or `storm`
    #[arg(long, default_value = "", hide_default_value = true)]
    only: String,
    /// Measure this socketlab and build none
    #[arg(long)]
    server: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// The latency is measured with the same members, since its rate comes from there.
    Busy,
    Single,
    TwoCores,
    Members,
    Storm,
}

const CASES: [Case; 5] = [Case::Busy, Case::Single, Case::TwoCores, Case::Members, Case::Storm];

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy, latency",
            Self::Single => "single",
            Self::TwoCores => "two cores",
            Self::Members => "idle, logins",
            Self::Storm => "storm",
        })
    }
}

pub(crate) fn measure(options: &Options) -> Result<()> {
    let cases: Vec<Case> = CASES.into_iter().filter(|case| case.to_string().contains(&options.only)).collect();
    ensure!(!cases.is_empty(), "no case is called that");
    ensure!(!cfg!(debug_assertions), "a floor without optimization is none: cargo run --release -p bench -- chat");
    let bench = Bench::new(options)?;
    let Cores { server, load } = bench.cores;
    println!(
        "Each server in turn on core {server}, the load on core {load}; messages of 64 bytes, everything checked.\n"
    );
    for case in cases {
        eprintln!("{case}");
        bench.run(case).with_context(|| case.to_string())?;
    }
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_there()) {
        println!("{} is not installed, and was not compared with.", kind.program());
    }
    Ok(())
}

struct Bench<'o> {
    options: &'o Options,
    ours: PathBuf,
    /// For the peers' settings; removed with everything in it.
    folder: TempDir,
    cores: Cores,
    kinds: Vec<Kind>,
    idle: usize,
}

impl<'o> Bench<'o> {
    fn new(options: &'o Options) -> Result<Self> {
        let cores = Cores::choose()?;
        let ours = match &options.server {
            Some(path) => path.clone(),
            None => build()?,
        };
        let folder = tempfile::tempdir()?;
        let idle = connections_within_limit(options.idle)?;
        let kinds = Kind::ALL.into_iter().filter(|kind| kind.is_there()).collect();
        Ok(Self { options, ours, folder, cores, kinds, idle })
    }

    fn run(&self, case: Case) -> Result<()> {
        match case {
            Case::Busy => self.busy(),
            Case::Single => self.talk("1000 members, 1 in flight", SINGLE, SINGLE_GOAL, |comparison, _| {
                println!("{}", report::talk(&comparison, None));
            }),
            Case::TwoCores => self.two_cores(),
            Case::Members => self.members(),
            Case::Storm => self.storm(),
        }
    }

    fn busy(&self) -> Result<()> {
        self.talk("500 members, 10 × 6", BUSY, BUSY_GOAL, |comparison, entries| {
            println!("{}", report::talk(&comparison, Some(PEER_GOAL)));
            let latencies = entries.iter_mut().zip(&comparison.series).map(|(entry, series)| {
                let latency = paced::measure(&mut entry.load, report::rate(series) / 2.0, LATENCY_LENGTH);
                Latencies { name: entry.target.name, latency }
            });
            println!("{}", report::latencies(&latencies.collect::<Vec<_>>(), LATENCY_GOAL));
        })
    }

    /// Measures all servers with one load, side by side, and hands over what came of it together with the members.
    fn talk(
        &self,
        load: &str,
        shape: Shape,
        goal: f64,
        then: impl FnOnce(Comparison, &mut [Entry<'_, Talk>]),
    ) -> Result<()> {
        pin_to(self.cores.server)?;
        let servers = self.kinds.iter().map(|kind| kind.start(&self.ours, self.folder.path()));
        let servers = servers.collect::<Result<Vec<Server>>>()?;
        pin_to(self.cores.load)?;
        let entry = |(&kind, server): (&Kind, _)| {
            let load = gather(server, shape, None).with_context(|| kind.name())?;
            Ok(Entry { target: &server.target, role: role(kind, goal), load })
        };
        let mut entries = self.kinds.iter().zip(&servers).map(entry).collect::<Result<Vec<_>>>()?;
        let plan = Plan { rounds: self.options.rounds.into(), length: Duration::from_millis(self.options.round_ms) };
        let series = plan.measure(&mut entries)?;
        then(Comparison { load: load.to_owned(), series }, &mut entries);
        Ok(())
    }

    /// Ours on one core and on both, and for comparison two floors, which share nothing but the machine.
    fn two_cores(&self) -> Result<()> {
        let Cores { server, load } = self.cores;
        let start = |kind: Kind, cores: &[usize]| {
            pin_to_any(cores)?;
            let started = kind.start(&self.ours, self.folder.path());
            pin_to(load)?;
            started
        };
        let servers = [
            start(Kind::Ours, &[server])?,
            start(Kind::Ours, &[server, load])?,
            start(Kind::Floor, &[server])?,
            start(Kind::Floor, &[load])?,
        ];
        let talk = |server: &Server| gather(server, BUSY, Some(burst::RECEIVE_BYTES));
        let [mut one, mut both, mut first, mut second] =
            [talk(&servers[0])?, talk(&servers[1])?, talk(&servers[2])?, talk(&servers[3])?];
        for talk in [&mut one, &mut both, &mut first, &mut second] {
            talk.run(Duration::ZERO)?;
        }
        // The load only sleeps while it is measured, and is to do so wherever there is room.
        pin_to_any(&[server, load])?;
        let rates = |took: Duration, floors: f64| floors / took.as_secs_f64();
        let (mut ours, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..TWO_CORES_ROUNDS {
            let single = rates(burst::deliver(&mut [&mut one], UNREAD_BURST)?, 1.0);
            ours.push(rates(burst::deliver(&mut [&mut both], UNREAD_BURST)?, 1.0) / single);
            let single = rates(burst::deliver(&mut [&mut first], UNREAD_BURST)?, 1.0);
            floors.push(rates(burst::deliver(&mut [&mut first, &mut second], UNREAD_BURST)?, 2.0) / single);
        }
        println!("{}", report::two_cores(Spread::of(ours.into_iter()), Spread::of(floors.into_iter()), TWO_CORES_GOAL));
        Ok(())
    }

    /// Ours twice: so many that memory tells, and so many as its goal for logins names.
    fn members(&self) -> Result<()> {
        let cost = |kind: Kind, members: usize| {
            rooms::cost(kind, &self.ours, self.folder.path(), self.cores, members).with_context(|| kind.name())
        };
        let idle = cost(Kind::Ours, self.idle)?;
        let logins = cost(Kind::Ours, LOGINS.min(self.idle))?;
        let others = self.kinds.iter().filter_map(|&kind| match kind {
            // It cannot tell when somebody is in, and its set of descriptors ends at 1024.
            Kind::Ours | Kind::Ncat => None,
            Kind::Inspircd | Kind::Ngircd => Some(cost(kind, LOGINS_IRC)),
            Kind::Floor | Kind::Nats => Some(cost(kind, LOGINS.min(self.idle))),
        });
        let others = others.collect::<Result<Vec<Cost>>>()?;
        println!("{}", report::members(&idle, &logins, &others, (IDLE_GOAL_KIB, LOGIN_GOAL)));
        if self.idle < self.options.idle {
            println!("The limit of open files lets no more than {} idle members in.\n", self.idle);
        }
        Ok(())
    }

    fn storm(&self) -> Result<()> {
        let members = STORM.min(self.idle);
        let (arrival, login) = rooms::storm(Kind::Ours, &self.ours, self.folder.path(), self.cores, members)?;
        println!("{}", report::storm(members, arrival, login));
        Ok(())
    }
}

fn role(kind: Kind, goal: f64) -> Role {
    match kind {
        Kind::Floor => Role::Floor,
        Kind::Ours => Role::Ours { goal },
        Kind::Inspircd | Kind::Ngircd | Kind::Nats | Kind::Ncat => Role::Peer,
    }
}

/// Lets the members of a talk in, and makes sure that everybody hears everybody.
fn gather(server: &Server, shape: Shape, receive_bytes: Option<usize>) -> Result<Talk> {
    let (mut crowd, _) = join(Invitation { receive_bytes, ..server.invite(0, shape.members) })?;
    joining::roll_call(&mut crowd)?;
    Ok(Talk::new(shape, crowd))
}
