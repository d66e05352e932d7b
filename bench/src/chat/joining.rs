//! Joining: how a crowd comes into a room.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::crowd::{Crowd, Invitation, Pace, SILENCE_MAX};
use super::dialect::{Dialect, Heard, Said};

/// Between two looks at the clock while newcomers come at a pace.
const TICK: Duration = Duration::from_millis(1);

/// How long nobody has heard anything when all have heard what was said.
const ROLL_CALL: Duration = Duration::from_millis(500);

/// Where a newcomer is.
enum Stage {
    Connecting,
    /// Connected, with the piece of a line that has come.
    Asking(Vec<u8>),
    In,
}

/// How long it took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Until the last one had begun.
    pub(crate) begun: Duration,
    /// Until the last one was in.
    pub(crate) all_in: Duration,
}

/// The quiet after which a server has said all it says about newcomers. Ours tells comings and goings once a second, NATS
/// asks each newcomer for a sign of life after about two.
fn quiet(dialect: Dialect) -> Duration {
    Duration::from_millis(match dialect {
        Dialect::Ours => 1300,
        Dialect::Nats => 3500,
        Dialect::Raw | Dialect::Irc => 300,
    })
}

/// Lets a crowd join and waits until all is said about it.
pub(crate) fn join(invitation: Invitation) -> Result<(Crowd, Arrival)> {
    let mut crowd = Crowd::new(invitation)?;
    let arrival = let_in(&mut crowd)?;
    crowd.settle(quiet(invitation.dialect))?;
    crowd.forget();
    Ok((crowd, arrival))
}

fn let_in(crowd: &mut Crowd) -> Result<Arrival> {
    let Invitation { count, pace, .. } = crowd.invitation;
    let began = Instant::now();
    let (mut heard_at, mut begun) = (began, Duration::ZERO);
    let mut stages: Vec<Stage> = Vec::with_capacity(count);
    let mut inside = 0;
    while inside < count {
        let due = match pace {
            Pace::UnderWay(most) => inside + most,
            Pace::PerSecond(rate) => (began.elapsed().as_secs_f64() * rate as f64) as usize,
        };
        while stages.len() < due.min(count) {
            crowd.connect_one()?;
            stages.push(Stage::Connecting);
            begun = began.elapsed();
        }
        let events = crowd.wait(TICK)?;
        for event in 0..events {
            let index = crowd.whom(event);
            inside += usize::from(advance(crowd, index, &mut stages[index])?);
            heard_at = Instant::now();
        }
        ensure!(heard_at.elapsed() < SILENCE_MAX, "{} of {count} did not get in", count - inside);
    }
    Ok(Arrival { begun, all_in: began.elapsed() })
}

/// Takes what has happened to a newcomer; says whether it has just come in.
fn advance(crowd: &mut Crowd, index: usize, stage: &mut Stage) -> Result<bool> {
    let Invitation { dialect, first, .. } = crowd.invitation;
    if matches!(stage, Stage::Connecting) {
        if !crowd.is_connected(index)? {
            return Ok(false);
        }
        crowd.write_all(index, &dialect.greeting(first + index))?;
        *stage = if dialect.answers() { Stage::Asking(Vec::new()) } else { Stage::In };
        if !dialect.answers() {
            return Ok(true);
        }
    }
    let Stage::Asking(piece) = stage else {
        return crowd.discard(index).map(|_| false);
    };
    piece.extend_from_slice(crowd.hear(index)?);
    let whole = piece.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    for line in piece[..whole].split(|&byte| byte == b'\n') {
        match dialect.hear(first + index, line) {
            Heard::Nothing => {}
            Heard::Answer(answer) => crowd.write_all(index, &answer)?,
            Heard::Refused => bail!("member {index} is refused: {}", line.escape_ascii()),
            Heard::In => {
                *stage = Stage::In;
                return Ok(true);
            }
        }
    }
    piece.drain(..whole);
    Ok(false)
}

/// The last one says something; an error if another does not get it once and whole.
pub(crate) fn roll_call(crowd: &mut Crowd) -> Result<()> {
    let Invitation { dialect, .. } = crowd.invitation;
    let last = crowd.len().checked_sub(1).context("nobody is there")?;
    crowd.forget();
    let mut message = Vec::new();
    dialect.say(Said { sender: 0, number: 0, due: 0 }, &mut message);
    crowd.write_all(last, &message)?;
    crowd.settle(ROLL_CALL)?;
    let expected = crowd.received(0);
    ensure!(expected >= super::dialect::TEXT_BYTES as u64, "nobody heard the last one");
    for index in 0..last {
        let received = crowd.received(index);
        ensure!(received == expected, "member {index} heard {received} bytes where member 0 heard {expected}");
    }
    ensure!(crowd.received(last) == 0, "the last one hears itself");
    crowd.forget();
    Ok(())
}
