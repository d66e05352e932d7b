//! What a connection costs a server that hears nothing from it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cpu::resident_bytes;
use crate::script::Script;
use crate::target::Target;

/// Connections before the measured ones, so that what a server needs once is not counted for each.
const WARM_UP: usize = 512;
/// Descriptors for everything else.
const DESCRIPTORS_OWN: u64 = 512;
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// A server may still be busy with the last connections when they are all answered.
const SETTLE: Duration = Duration::from_millis(500);

/// Raises this process' limit of descriptors, and so the servers', as far as the system allows; `wanted` connections or
/// fewer fit.
pub(crate) fn connections_within_limit(wanted: usize) -> Result<usize> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).context("cannot raise the descriptor limit")?;
    let room = maximum.unwrap_or(u64::MAX).saturating_sub(DESCRIPTORS_OWN + WARM_UP as u64);
    Ok(wanted.min(usize::try_from(room).unwrap_or(usize::MAX)))
}

/// Opens connections, each of which is answered once and then silent; the bytes by which the server grew for each.
pub(crate) fn bytes_each(target: &Target, address: SocketAddr, connections: usize, script: &Script) -> Result<f64> {
    let open = |count: usize| {
        let streams = (0..count).map(|index| open_idle(address, script, index)).collect::<Result<Vec<_>>>()?;
        std::thread::sleep(SETTLE);
        Ok::<_, anyhow::Error>((streams, resident_bytes(target.process())?))
    };
    let (_warm, before) = open(WARM_UP)?;
    let (_idle, after) = open(connections)?;
    Ok(after.saturating_sub(before) as f64 / connections.max(1) as f64)
}

/// A connection that has said what a real one would, so that what a server allocates late is counted, too.
fn open_idle(address: SocketAddr, script: &Script, index: usize) -> Result<TcpStream> {
    let mut stream = TcpStream::connect_timeout(&address, ANSWER_MAX)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_nodelay(true)?;
    stream.write_all(script.greeting)?;
    let burst = &script.bursts[index % script.bursts.len()];
    stream.write_all(&burst.requests)?;
    let (mut answered, mut piece) = (0, [0; 1024]);
    loop {
        let size = stream.read(&mut piece).context("an idle connection was not answered")?;
        ensure!(size > 0, "the server closed an idle connection");
        if burst.answers.check(answered, &piece[..size])? {
            return Ok(stream);
        }
        answered += size;
    }
}
