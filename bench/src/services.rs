//! The services beside floors and peers: clock, calc, and calc's idle connections.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::cpu::{Cores, pin_to};
use crate::idle::{self, connections_within_limit};
use crate::load::{Load, Transport};
use crate::report::{self, Comparison, Memory};
use crate::rounds::{Entry, Plan, Role};
use crate::script::{Arithmetic, Script};
use crate::target::{Target, ending_with_us};

/// The load that is none.
const IDLE: &str = "idle TCP connections";

/// How our own server is called in the tables.
pub(crate) const OURS: &str = "socketlab";

const CLIENTS: usize = 64;
const IN_FLIGHT: usize = 16;
/// Connections at once besides the idle ones that are counted.
const CONNECTIONS_MORE: usize = 768;
const CLOCK_GOAL: f64 = 1.25;
const CALC_GOAL: f64 = 1.25;
const CALC_IN_FLIGHT_GOAL: f64 = 2.0;
const IDLE_GOAL_KIB: f64 = 2.0;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Rounds of each server and load that count
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// The length of a round, in milliseconds
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u64).range(10..=60_000))]
    round_ms: u64,
    /// Idle connections to open, if the system allows so many
    #[arg(long, default_value_t = 8000)]
    idle: usize,
    /// Calculate with all four operators and decimals, not only sums of whole numbers
    #[arg(long)]
    mixed: bool,
    /// Only the loads whose name contains this, like `clock`, `16 in flight` or `idle`
    #[arg(long, default_value = "", hide_default_value = true)]
    only: String,
    /// Measure this socketlab and build none
    #[arg(long)]
    server: Option<PathBuf>,
}

/// The servers, side by side for the whole run.
struct Servers {
    floor_tcp: Target,
    floor_udp: Target,
    ours: Target,
    redis: Option<Target>,
}

/// What the servers are loaded with.
#[derive(Clone, Copy)]
enum Case {
    Clock,
    Calc { in_flight: usize },
}

const CASES: [Case; 3] = [Case::Clock, Case::Calc { in_flight: 1 }, Case::Calc { in_flight: IN_FLIGHT }];

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock => write!(f, "clock UDP, {CLIENTS} × 1 in flight"),
            Self::Calc { in_flight } => write!(f, "calc TCP, {CLIENTS} × {in_flight} in flight"),
        }
    }
}

pub(crate) fn measure(options: &Options) -> Result<()> {
    let is_known = |name: String| name.contains(&options.only);
    ensure!(CASES.iter().map(Case::to_string).chain([IDLE.to_owned()]).any(is_known), "no load is called that");
    ensure!(!cfg!(debug_assertions), "a floor without optimization is none: cargo run --release -p bench -- services");
    let cores = Cores::choose()?;
    let binary = match &options.server {
        Some(path) => path.clone(),
        None => build()?,
    };
    let idle = connections_within_limit(options.idle)?;
    pin_to(cores.server)?;
    let servers = Servers::start(&binary, idle + CONNECTIONS_MORE)?;
    pin_to(cores.load)?;
    let plan = Plan { rounds: options.rounds.into(), length: Duration::from_millis(options.round_ms) };
    println!(
        "Server time per request: servers on core {}, load on core {}, {} rounds of {} ms each, in turn.\n\
         req/wake: the requests for each time a server had nothing to do and slept.\n",
        cores.server, cores.load, options.rounds, options.round_ms
    );
    let comparisons = servers.compare(plan, options)?;
    if !comparisons.is_empty() {
        println!("{}", report::loads(&comparisons));
    }
    if IDLE.contains(&options.only) {
        eprintln!("{IDLE}: {idle} to each server");
        println!("{}", report::memory(idle, &servers.idle(idle)?));
        if idle < options.idle {
            println!("The limit of open files lets no more than {idle} idle connections be opened.\n");
        }
    }
    if servers.redis.is_none() {
        println!("redis-server is not installed, so there is no peer to compare with.");
    }
    Ok(())
}

/// Builds our server; it lies beside this program.
pub(crate) fn build() -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from(env!("CARGO")));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace is not above this package")?;
    let mut command = Command::new(cargo);
    let status = command.args(["build", "--release", "-p", "socketlab"]).current_dir(root).status();
    ensure!(status.context("cannot run cargo")?.success(), "socketlab cannot be built");
    Ok(std::env::current_exe()?.with_file_name("socketlab"))
}

impl Servers {
    fn start(binary: &Path, connections_max: usize) -> Result<Self> {
        let mut ours = ending_with_us(binary.as_os_str())?;
        ours.args(["serve", "--quiet", "calc=tcp://127.0.0.1:0", "clock=udp://127.0.0.1:0"]);
        for limit in ["connections_per_address", "members"] {
            ours.arg("--set").arg(format!("calc.{limit}={connections_max}"));
        }
        Ok(Self {
            floor_tcp: Target::floor("floor-tcp")?,
            floor_udp: Target::floor("floor-udp")?,
            ours: Target::announced(OURS, &mut ours)?,
            redis: Target::redis(&std::env::temp_dir())?,
        })
    }

    fn compare(&self, plan: Plan, options: &Options) -> Result<Vec<Comparison>> {
        let arithmetic = if options.mixed { Arithmetic::Mixed } else { Arithmetic::Sums };
        let mut comparisons = Vec::new();
        for case in CASES {
            let load = case.to_string();
            if !load.contains(&options.only) {
                continue;
            }
            eprintln!("{load}: {} rounds", plan.rounds);
            let entries = match case {
                Case::Clock => self.clock(),
                Case::Calc { in_flight } => self.calc(in_flight, arithmetic),
            };
            let series = entries.and_then(|mut entries| plan.measure(&mut entries)).with_context(|| load.clone())?;
            comparisons.push(Comparison { load, series });
        }
        Ok(comparisons)
    }

    fn clock(&self) -> Result<Vec<Entry<'_, Load>>> {
        let entry = |target, role, service, script| entry(target, role, (service, Transport::Udp), script);
        Ok(vec![
            entry(&self.floor_udp, Role::Floor, "floor", Script::clock().echoed())?,
            entry(&self.ours, Role::Ours { goal: CLOCK_GOAL }, "clock", Script::clock())?,
        ])
    }

    fn calc(&self, in_flight: usize, arithmetic: Arithmetic) -> Result<Vec<Entry<'_, Load>>> {
        let goal = if in_flight == 1 { CALC_GOAL } else { CALC_IN_FLIGHT_GOAL };
        let entry = |target, role, service, script| entry(target, role, (service, Transport::Tcp), script);
        let script = Script::calc(in_flight, arithmetic);
        let mut entries = vec![
            entry(&self.floor_tcp, Role::Floor, "floor", script.clone().echoed())?,
            entry(&self.ours, Role::Ours { goal }, "calc", script)?,
        ];
        if let Some(redis) = &self.redis {
            entries.push(entry(redis, Role::Peer, "redis", Script::redis(in_flight))?);
        }
        Ok(entries)
    }

    fn idle(&self, connections: usize) -> Result<Vec<Memory>> {
        let calc = Script::calc(1, Arithmetic::Sums);
        let measure = |target: &Target, goal_kib, service, script: &Script| {
            let address = target.address(service, "tcp")?;
            let bytes_each = idle::bytes_each(target, address, connections, script).with_context(|| target.name)?;
            Ok::<_, anyhow::Error>(Memory { name: target.name, bytes_each, goal_kib })
        };
        let mut all = vec![measure(&self.ours, Some(IDLE_GOAL_KIB), "calc", &calc)?];
        if let Some(redis) = &self.redis {
            all.push(measure(redis, None, "redis", &Script::redis(1))?);
        }
        Ok(all)
    }
}

fn entry<'t>(target: &'t Target, role: Role, service: (&str, Transport), script: Script) -> Result<Entry<'t, Load>> {
    let (service, transport) = service;
    let load = Load::connect(transport, target.address(service, transport.scheme())?, CLIENTS, script)?;
    Ok(Entry { target, role, load })
}
