//! The soak: members come, talk, leave and vanish, some never read; nothing may be lost, repeated or piled up.

mod member;
mod record;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;

use self::member::Member;
use self::record::{Follower, Record};
use crate::chat::start_ours;
use crate::cpu::resident_bytes;
use crate::services::build;
use crate::target::Target;

/// Members who stay and read everything; the first says nothing and keeps the record.
const KEEPERS: usize = 40;
/// Those of them who talk.
const TALKERS: usize = 10;
/// Members who come and go, in turn: with few, each coming is announced; with many, they are counted.
const CHURN: [usize; 2] = [20, 150];
const CHURN_PHASE: Duration = Duration::from_secs(5);
/// Members who never read.
const STALLED: usize = 3;
/// What the server holds for those who are behind.
const LOG_BYTES: u64 = 256 * 1024;
/// More than the server and the kernel hold for one who does not read, so that by then it must have been dropped.
const STALLED_BYTES: u64 = LOG_BYTES + 6 * 1024 * 1024;
const TICK: Duration = Duration::from_millis(2);
/// How long the last lines and the last ones to leave may take.
const END_MAX: Duration = Duration::from_secs(10);
/// By how much the server's memory may be larger in the last quarter than in the second: a tenth and so many bytes.
const GROWTH_BYTES: u64 = 1024 * 1024;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long
    #[arg(long, default_value_t = 2.0)]
    minutes: f64,
    /// What chance begins with; the same seed does not repeat a run, since the clock has a say, too
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Soak this socketlab and build none
    #[arg(long)]
    server: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let binary = match &options.server {
        Some(path) => path.clone(),
        None => build()?,
    };
    let target = start_ours(&binary, &["chat.rate=0", &format!("chat.log_bytes={LOG_BYTES}")])?;
    let length = Duration::try_from_secs_f64(options.minutes * 60.0).context("so many minutes cannot be")?;
    let mut room = Room::open(target.address("chat", "tcp")?, Rng::with_seed(options.seed))?;
    let memory = room.soak(&target, length)?;
    room.close()?;
    println!("{}", room.summary(length));
    println!("{}", memory.verdict()?);
    Ok(())
}

struct Room {
    address: SocketAddr,
    rng: Rng,
    record: Record,
    keepers: Vec<Member>,
    /// For all keepers but the first.
    followers: Vec<Follower>,
    churners: Vec<Member>,
    /// Members who have said `quit`, until the server closes.
    leaving: Vec<Member>,
    /// Members who never read, and the bytes said in the room before each came.
    stalled: Vec<(Member, u64)>,
    names: u64,
    quits: u64,
    resets: u64,
    dropped: u64,
}

impl Room {
    /// Lets the keepers in, one after the other, so that each knows from where on it hears what the first hears.
    fn open(address: SocketAddr, rng: Rng) -> Result<Self> {
        let mut room = Self {
            address,
            rng,
            record: Record::default(),
            keepers: Vec::new(),
            followers: Vec::new(),
            churners: Vec::new(),
            leaving: Vec::new(),
            stalled: Vec::new(),
            names: 0,
            quits: 0,
            resets: 0,
            dropped: 0,
        };
        for index in 0..KEEPERS {
            let name = format!("k{index:03}");
            if index > 0 {
                room.followers.push(Follower::new(&name, &room.record));
            }
            room.keepers.push(Member::join(address, name)?);
            room.listen_until("a keeper does not get in", |room| room.record.count == index as u64 + 1)?;
        }
        Ok(room)
    }

    /// Lets everything happen for `length`.
    fn soak(&mut self, target: &Target, length: Duration) -> Result<Memory> {
        let began = Instant::now();
        let mut memory = Memory::default();
        while began.elapsed() < length {
            let phase = (began.elapsed().as_millis() / CHURN_PHASE.as_millis()) as usize;
            self.talk()?;
            self.churn(CHURN[phase % CHURN.len()])?;
            self.stall()?;
            self.listen()?;
            memory.see(began.elapsed().as_secs_f64() / length.as_secs_f64(), resident_bytes(target.process())?);
            std::thread::sleep(TICK);
        }
        Ok(memory)
    }

    fn talk(&mut self) -> Result<()> {
        for talker in &mut self.keepers[1..=TALKERS] {
            for _ in 0..self.rng.u32(..3) {
                talker.say()?;
            }
        }
        for _ in 0..self.churners.len().min(2) {
            let index = self.rng.usize(..self.churners.len());
            self.churners[index].say()?;
        }
        Ok(())
    }

    fn churn(&mut self, wanted: usize) -> Result<()> {
        if self.churners.len() < wanted {
            let name = self.name('c');
            self.churners.push(Member::join(self.address, name)?);
        }
        let leaves = self.churners.len() > wanted || self.rng.u32(..4) == 0;
        if leaves && !self.churners.is_empty() {
            let member = self.churners.swap_remove(self.rng.usize(..self.churners.len()));
            if self.rng.bool() {
                member.quit()?;
                self.leaving.push(member);
            } else {
                self.resets += 1;
            }
        }
        Ok(())
    }

    /// Whoever does not read must have been dropped when so much was said, and another one comes.
    fn stall(&mut self) -> Result<()> {
        let said = self.record.bytes;
        let mut index = 0;
        while index < self.stalled.len() {
            if said - self.stalled[index].1 < STALLED_BYTES {
                index += 1;
                continue;
            }
            let (member, _) = self.stalled.swap_remove(index);
            ensure!(member.discard()?, "{} read nothing and was not dropped", member.name);
            self.dropped += 1;
        }
        if self.stalled.len() < STALLED {
            let name = self.name('s');
            self.stalled.push((Member::join(self.address, name)?, said));
        }
        Ok(())
    }

    fn name(&mut self, kind: char) -> String {
        self.names += 1;
        format!("{kind}{:06}", self.names)
    }

    /// Takes and checks all that has come.
    fn listen(&mut self) -> Result<()> {
        let (first, others) = self.keepers.split_first_mut().context("nobody keeps the record")?;
        first.hear(|line| self.record.add(line))?;
        for (member, follower) in others.iter_mut().zip(&mut self.followers) {
            member.hear(|line| {
                follower.hear(line);
                Ok(())
            })?;
            follower.compare(&self.record).with_context(|| member.name.clone())?;
        }
        self.record.forget(&self.followers);
        for member in &self.churners {
            ensure!(!member.discard()?, "{} was dropped", member.name);
        }
        let mut gone = Vec::new();
        for index in (0..self.leaving.len()).rev() {
            if self.leaving[index].discard()? {
                gone.push(self.leaving.swap_remove(index));
            }
        }
        self.quits += gone.len() as u64;
        Ok(())
    }

    fn listen_until(&mut self, otherwise: &str, is_so: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + END_MAX;
        while !is_so(self) {
            ensure!(Instant::now() < deadline, "{otherwise}");
            self.listen()?;
            std::thread::sleep(TICK);
        }
        Ok(())
    }

    /// All but the keepers leave; then the count is theirs, and everybody has heard everything.
    fn close(&mut self) -> Result<()> {
        for member in std::mem::take(&mut self.churners) {
            member.quit()?;
            self.leaving.push(member);
        }
        self.stalled.clear();
        self.listen_until("not all who quit were let go", |room| room.leaving.is_empty())?;
        self.listen_until("the count is not that of those who stayed", |room| room.record.count == KEEPERS as u64)?;
        for talker in &self.keepers[1..=TALKERS] {
            let heard = self.record.number(&talker.name);
            ensure!(heard == talker.said, "{} said {} lines, {heard} were heard", talker.name, talker.said);
        }
        self.listen()?;
        for follower in &mut self.followers {
            ensure!(follower.compare(&self.record)?, "somebody has not heard everything");
        }
        Ok(())
    }

    fn summary(&self, length: Duration) -> String {
        let Self { record, quits, resets, dropped, names, .. } = self;
        format!(
            "{:.1} minutes, {KEEPERS} who stayed heard the same {} lines in the same order, none lost and none twice;\n\
             {names} others came, {quits} quit, {resets} vanished, {dropped} never read and were dropped;\n\
             {} announcements, each with the right count.",
            length.as_secs_f64() / 60.0,
            record.len(),
            record.announcements,
        )
    }
}

/// The server's most memory in the second and in the last quarter.
#[derive(Default)]
struct Memory {
    early: u64,
    late: u64,
}

impl Memory {
    fn see(&mut self, share: f64, bytes: u64) {
        match (share * 4.0) as u32 {
            1 => self.early = self.early.max(bytes),
            3 => self.late = self.late.max(bytes),
            _ => {}
        }
    }

    fn verdict(&self) -> Result<String> {
        let Self { early, late } = *self;
        let bound = early + early / 10 + GROWTH_BYTES;
        let mib = |bytes: u64| bytes as f64 / 1024.0 / 1024.0;
        let text =
            format!("memory: at most {:.1} MiB in the second quarter, {:.1} MiB in the last", mib(early), mib(late));
        ensure!(late <= bound, "{text}, more than {:.1} MiB", mib(bound));
        Ok(format!("{text}; bound {:.1} MiB, met", mib(bound)))
    }
}
