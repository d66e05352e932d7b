//! Chat under TLS beside the plain door: the same is said to as many listeners at each, and the difference is what TLS costs.

mod encryption;
mod listeners;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use cipher::Trust;
use rustls::ClientConfig;
use tempfile::TempDir;

use self::listeners::{Listeners, Records, Speaker};
use crate::cpu::{Cores, Usage, pin_to, resident_bytes};
use crate::idle::connections_within_limit;
use crate::report::{Spread, shown, verdict};
use crate::services::{OURS, build};
use crate::target::{Target, ending_with_us};

const LISTENERS: usize = 500;
/// What a speaker says at once, and how many speak.
const LOADS: [(usize, usize); 2] = [(10, 6), (1, 1)];
/// As long as a round takes about, in deliveries.
const DELIVERIES: usize = 600_000;
const FAN_OUT_GOAL: f64 = 1.3;
const IDLE_GOAL_KIB: f64 = 12.0;
/// Ours tells comings and goings once a second.
const QUIET: Duration = Duration::from_millis(1300);
/// More than come in any case, and no more than most systems have descriptors for.
const MEMBERS_MAX: usize = 15_000;
/// Members before the measured ones, so that what a server needs once is not counted for each.
const WARM_UP: usize = 256;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Rounds of each door and load that count
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Idle members to let in, if the system allows so many
    #[arg(long, default_value_t = 4000)]
    idle: usize,
    /// Measure this socketlab and build none
    #[arg(long)]
    server: Option<PathBuf>,
}

/// A chat with both doors.
struct Chat {
    target: Target,
    config: Arc<ClientConfig>,
    /// Where its certificate is kept.
    _folder: TempDir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Plain,
    Tls,
}

impl Door {
    fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "tcp",
            Self::Tls => "tls",
        }
    }
}

impl Chat {
    fn start(ours: &Path, cores: Cores) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut command = ending_with_us(ours.as_os_str())?;
        command.env("XDG_STATE_HOME", folder.path()).args(["serve", "--quiet"]);
        command.args(["chat=tcp://127.0.0.1:0", "chat=tls://127.0.0.1:0", "--set", "chat.rate=0"]);
        for limit in ["connections_per_address", "members"] {
            command.arg("--set").arg(format!("chat.{limit}={MEMBERS_MAX}"));
        }
        pin_to(cores.server)?;
        let target = Target::announced(OURS, &mut command);
        pin_to(cores.load)?;
        let target = target?;
        let shown = target.said().find_map(|line| line.split_once(", fingerprint "));
        let (_, fingerprint) = shown.context("it shows no certificate")?;
        let fingerprint = fingerprint.parse().map_err(anyhow::Error::msg)?;
        let config = Trust::Fingerprint(fingerprint).client_config("socketlab-chat")?;
        Ok(Self { target, config, _folder: folder })
    }

    fn listeners(&self, door: Door, count: usize, first: usize) -> Result<Listeners> {
        let tls = (door == Door::Tls).then_some(&self.config);
        let mut listeners = Listeners::join(self.target.address("chat", door.scheme())?, tls, count, first)?;
        listeners.settle(QUIET)?;
        Ok(listeners)
    }
}

pub(crate) fn measure(options: &Options) -> Result<()> {
    ensure!(
        !cfg!(debug_assertions),
        "a load without optimization measures itself: cargo run --release -p bench -- tls"
    );
    let cores = Cores::choose()?;
    let ours = match &options.server {
        Some(path) => path.clone(),
        None => build()?,
    };
    println!(
        "The server on core {}, the load on core {}; {LISTENERS} listen, messages of 64 bytes.\n",
        cores.server, cores.load
    );
    for (speakers, burst) in LOADS {
        fan_out(&ours, cores, options.rounds.into(), speakers, burst)?;
    }
    memory(&ours, cores, connections_within_limit(options.idle.min(MEMBERS_MAX - WARM_UP))?)
}

/// What one round cost.
struct Sample {
    /// Nanoseconds of the server for each delivery.
    cost: f64,
    deliveries: f64,
    records: Records,
}

/// One door with its listeners, and those who speak to them.
struct Room {
    chat: Chat,
    listeners: Listeners,
    speakers: Vec<Speaker>,
    burst: usize,
}

impl Room {
    fn gather(ours: &Path, cores: Cores, door: Door, speakers: usize, burst: usize) -> Result<Self> {
        let chat = Chat::start(ours, cores)?;
        let plain = chat.target.address("chat", Door::Plain.scheme())?;
        let speakers =
            (0..speakers).map(|number| Speaker::join(plain, &format!("s{number:05}"))).collect::<Result<_>>()?;
        let listeners = chat.listeners(door, LISTENERS, 0)?;
        Ok(Self { chat, listeners, speakers, burst })
    }

    /// All say something, and say the next when all have it.
    fn round(&mut self) -> Result<Sample> {
        const TEXT: [u8; 64] = {
            let mut text = [b'.'; 64];
            text[63] = b'\n';
            text
        };
        /// A speaker's name before it.
        const NAMED_BYTES: usize = 8;
        self.listeners.settle(Duration::from_millis(50))?;
        let said = TEXT.repeat(self.burst);
        let step = self.speakers.len() * self.burst * LISTENERS;
        let steps = DELIVERIES.div_ceil(step).min(1200);
        let process = self.chat.target.process();
        let before = Usage::read(process)?;
        for number in 1..=steps {
            self.speakers.iter_mut().try_for_each(|speaker| speaker.say(&said))?;
            self.listeners.hear_until((number * step * (TEXT.len() + NAMED_BYTES)) as u64)?;
        }
        std::thread::sleep(Duration::from_millis(3));
        let spent = Usage::read(process)?.since(&before);
        let deliveries = (steps * step) as f64;
        Ok(Sample { cost: spent.running as f64 / deliveries, deliveries, records: self.listeners.records.clone() })
    }
}

fn fan_out(ours: &Path, cores: Cores, rounds: usize, speakers: usize, burst: usize) -> Result<()> {
    let mut plain = Room::gather(ours, cores, Door::Plain, speakers, burst)?;
    let mut tls = Room::gather(ours, cores, Door::Tls, speakers, burst)?;
    let (mut costs, mut shares) = ([const { Vec::new() }; 3], [const { Vec::new() }; 2]);
    let mut records = Records::new();
    for round in 0..=rounds {
        let (open, sealed) = (plain.round()?, tls.round()?);
        let alone = encryption::alone(&sealed.records, LISTENERS)? / sealed.deliveries;
        // The first does not count.
        if round > 0 {
            for (all, cost) in costs.iter_mut().zip([open.cost, sealed.cost, alone]) {
                all.push(cost);
            }
            shares[0].push(sealed.cost / (open.cost + alone));
            shares[1].push((sealed.cost - open.cost) / alone);
        }
        records = sealed.records;
    }
    let [open, sealed, alone] = costs.map(|all| Spread::of(all.into_iter()).median);
    let [whole, more] = shares.map(|all| Spread::of(all.into_iter()));
    let (bytes, count) =
        records.iter().fold((0, 0), |(bytes, all), (&size, &count)| (bytes + size as u64 * count, all + count));
    println!("{speakers} × {burst} at once, records of {} bytes", bytes / count.max(1));
    println!("  plain door                 {open:>8.1} ns/delivery");
    println!("  TLS door                   {sealed:>8.1} ns/delivery");
    println!("  encryption alone           {alone:>8.1} ns/delivery");
    println!("  TLS / (plain + encryption) {} ≤ {FAN_OUT_GOAL} {}", shown(whole), verdict(whole.median, FAN_OUT_GOAL));
    println!("  (TLS − plain) / encryption {}\n", shown(more));
    Ok(())
}

fn memory(ours: &Path, cores: Cores, count: usize) -> Result<()> {
    for door in [Door::Plain, Door::Tls] {
        let chat = Chat::start(ours, cores)?;
        let _warm = chat.listeners(door, WARM_UP, 0)?;
        let before = resident_bytes(chat.target.process())?;
        let _idle = chat.listeners(door, count, WARM_UP)?;
        let grown = resident_bytes(chat.target.process())?.saturating_sub(before);
        let kib = grown as f64 / 1024.0 / count.max(1) as f64;
        let goal = match door {
            Door::Plain => String::new(),
            Door::Tls => format!("  ≤ {IDLE_GOAL_KIB:.1} {}", verdict(kib, IDLE_GOAL_KIB)),
        };
        println!("{count} idle members, {}    {kib:>6.2} KiB/member{goal}", door.scheme());
    }
    Ok(())
}
