//! Two cores: what the server does while nobody else does anything.
//!
//! A machine of two cores has none left for a load. So the senders write everything at once, nobody reads, and only when the
//! last message lies in the last member's receive buffer is anything taken. In between the load sleeps, and now and then
//! asks the kernel how full the buffers are.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::crowd::SILENCE_MAX;
use super::talk::Talk;

/// Large enough for a burst to lie in, whatever the kernel counts besides the bytes.
pub(crate) const RECEIVE_BYTES: usize = 1024 * 1024;
/// Between two looks at the buffers.
const LOOK: Duration = Duration::from_micros(300);

/// Lets all talk at once and say `messages` each; how long it took until everything was delivered. Everything is
/// read and checked afterwards.
pub(crate) fn deliver(talks: &mut [&mut Talk], messages: u64) -> Result<Duration> {
    let began = Instant::now();
    for talk in talks.iter_mut() {
        for sender in 0..talk.shape.senders {
            talk.say(sender, messages)?;
        }
    }
    for talk in talks.iter() {
        for member in 0..talk.crowd.len() {
            // The bytes from before the burst are taken; what is expected beyond them waits.
            let waiting = talk.expected_by(member) - talk.crowd.received(member);
            while talk.crowd.unread(member)? < waiting {
                ensure!(began.elapsed() < SILENCE_MAX, "member {member} does not get everything, with nobody reading");
                std::thread::sleep(LOOK);
            }
        }
    }
    let took = began.elapsed();
    for talk in talks {
        talk.finish(|_| {})?;
    }
    Ok(took)
}
