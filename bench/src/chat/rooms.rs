//! What being in a room costs: memory for each member, and the work of letting one in.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::crowd::{Invitation, Pace};
use super::joining::{Arrival, join, roll_call};
use super::servers::{Kind, Server};
use crate::cpu::{Cores, Usage, pin_to, resident_bytes};

/// Members before the measured ones, so that what a server needs once is not counted for each.
const WARM_UP: usize = 256;
/// A server may still be busy with the last ones when they are all in.
const SETTLE: Duration = Duration::from_millis(500);

/// What came of letting so many in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub(crate) name: &'static str,
    pub(crate) members: usize,
    pub(crate) bytes_each: f64,
    /// Microseconds the server ran for each, from its first byte until all is said about them.
    pub(crate) login: f64,
}

/// Lets `members` into a fresh server, after a few that do not count.
pub(crate) fn cost(kind: Kind, ours: &Path, folder: &Path, cores: Cores, members: usize) -> Result<Cost> {
    let server = start(kind, ours, folder, cores)?;
    let process = server.target.process();
    let (_warm, _) = join(server.invite(0, WARM_UP)).context("the first members")?;
    std::thread::sleep(SETTLE);
    let (before, resident) = (Usage::read(process)?, resident_bytes(process)?);
    let (_crowd, _) = join(server.invite(WARM_UP, members))?;
    std::thread::sleep(SETTLE);
    let grown = resident_bytes(process)?.saturating_sub(resident);
    let spent = Usage::read(process)?.since(&before);
    let each = |sum: u64| sum as f64 / members.max(1) as f64;
    Ok(Cost { name: kind.name(), members, bytes_each: each(grown), login: each(spent.running) / 1000.0 })
}

/// All come within one second, whether or not others are in; then one says something that all others must get.
pub(crate) fn storm(kind: Kind, ours: &Path, folder: &Path, cores: Cores, members: usize) -> Result<(Arrival, f64)> {
    let server = start(kind, ours, folder, cores)?;
    let before = Usage::read(server.target.process())?;
    let (mut crowd, arrival) = join(Invitation { pace: Pace::PerSecond(members), ..server.invite(0, members) })?;
    let spent = Usage::read(server.target.process())?.since(&before);
    roll_call(&mut crowd).context("after the storm")?;
    Ok((arrival, spent.running as f64 / 1000.0 / members.max(1) as f64))
}

fn start(kind: Kind, ours: &Path, folder: &Path, cores: Cores) -> Result<Server> {
    pin_to(cores.server)?;
    let server = kind.start(ours, folder);
    pin_to(cores.load)?;
    server
}
