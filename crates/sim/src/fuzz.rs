//! Arbitrary events for every machine, decoded from bytes: what a fuzzer calls, and plain tests with random bytes.
//!
//! The moves need not make sense. A peer may speak before it is there, the store may answer what nobody asked, everything
//! may come twice and after the end. Whatever comes, a machine must not panic, write out of proportion, show its terminal
//! anything that acts, or want to be called again and again at one time.

mod blocks;
mod conversation;
mod cuts;
mod moves;
mod records;
mod room;
mod served;
mod stage;

use std::time::Duration;

use labs::framing::{Framing, Rules};

pub use blocks::play_blocks;
pub use conversation::play_conversation;
pub use cuts::play_cuts;
use moves::Moves;
pub use records::play_records;
use room::RoomStage;
use stage::Stage;

/// More moves than these say nothing new.
const MOVES_MAX: usize = 400;

/// Plays the moves in `data` at the machine that its first bytes choose.
///
/// # Panics
/// If the machine breaks one of the rules above.
pub fn play(data: &[u8]) {
    let mut moves = Moves::new(data);
    let mut stage = Stage::chosen(&mut moves);
    for _ in 0..MOVES_MAX {
        if moves.is_over() || stage.is_over() {
            break;
        }
        stage.step(&mut moves);
    }
    stage.settle();
}

/// Plays the moves in `data` at a chat with its hall and its shards.
///
/// # Panics
/// If it breaks one of the rules above, or if anybody hears what is not whole lines of text.
pub fn play_room(data: &[u8]) {
    let mut moves = Moves::new(data);
    let mut stage = RoomStage::chosen(&mut moves);
    for _ in 0..MOVES_MAX {
        if moves.is_over() {
            break;
        }
        stage.step(&mut moves);
    }
    stage.settle();
}

/// Plays the bytes and times in `data` at a stream's framing.
///
/// # Panics
/// If a message is longer than allowed, if bytes are made up, or if a deadline does not pass.
pub fn play_framing(data: &[u8]) {
    let mut moves = Moves::new(data);
    let rules = Rules {
        guess: !moves.byte().is_multiple_of(4),
        message_bytes_max: 1 + usize::from(moves.byte()) % 100,
        ..Rules::default()
    };
    let mut framing = Framing::new(rules);
    let mut uptime = Duration::ZERO;
    let (mut received, mut handed) = (0, 0);
    while !moves.is_over() {
        let take = |handed: &mut usize, message: &[u8]| {
            assert!(message.len() <= rules.message_bytes_max, "a message of {} bytes", message.len());
            *handed += message.len();
            true
        };
        let result = match moves.byte() % 4 {
            0 => {
                uptime += Duration::from_millis(u64::from(moves.byte()));
                framing.quiet(uptime, |message, _| take(&mut handed, message))
            }
            1 => {
                uptime = uptime.max(framing.deadline().unwrap_or(uptime));
                let result = framing.quiet(uptime, |message, _| take(&mut handed, message));
                assert!(framing.deadline().is_none(), "the quiet time does not end");
                result
            }
            _ => {
                let bytes = moves.bytes();
                received += bytes.len();
                let taken = framing.receive(uptime, &bytes, |message, ending| {
                    let answer = ending.framed_bytes(message.len());
                    assert!(answer <= rules.message_bytes_max + 2, "a field of {answer} bytes");
                    take(&mut handed, message)
                });
                taken.map(|taken| assert_eq!(taken, bytes.len()))
            }
        };
        if result.is_err() {
            return;
        }
        assert!(handed <= received, "{handed} bytes were handed on of {received}");
    }
    let end = framing.flush(|message, _| {
        handed += message.len();
        true
    });
    assert!(end.is_err() || handed <= received);
}
