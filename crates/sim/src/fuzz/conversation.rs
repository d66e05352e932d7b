//! Two people who talk, and somebody between them who drops, repeats and alters what they send.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use labs::framing::Rules;
use labs::talk::{Dialect, GOOD_BYE, Role, UNIT_BYTES_MAX};
use labs::{Connection, Event, Outbox, Peer, Tone};

use super::Moves;
use crate::host::ClientOptions;
use crate::{Calendar, assert_safe};

/// More moves than these say nothing new.
const MOVES_MAX: usize = 600;

/// What a block to a key of 1024 bits holds.
const BLOCK_TEXT_BYTES_MAX: usize = 86;

struct Talker {
    connection: Connection,
    text_bytes_max: usize,
    asked: bool,
    over: bool,
    said: Vec<String>,
    heard: Vec<String>,
    /// What it sent and the other has not yet got.
    flight: VecDeque<u8>,
}

/// Plays the moves in `data` between two talkers.
///
/// # Panics
/// If one of them hears what the other did not say, in that order, though the dialect promises it.
pub fn play_conversation(data: &[u8]) {
    let mut moves = Moves::new(data);
    let dialect = moves.choice([Dialect::Sound, Dialect::Sound, Dialect::Lab]);
    let mut talkers = [Role::Client, Role::Server].map(|role| Talker::new(role, dialect));
    let now = Calendar::seeded(&mut fastrand::Rng::with_seed(1)).now(Duration::ZERO);
    talkers.iter_mut().for_each(|talker| talker.act(|connection, out| connection.open(now, out)));
    let mut is_honest = true;
    for _ in 0..MOVES_MAX {
        if moves.is_over() {
            break;
        }
        let place = usize::from(moves.byte() % 2);
        match moves.byte() % 32 {
            0..18 => {
                let count = usize::from(moves.byte()) * 8;
                let bytes = take(&mut talkers[place].flight, count);
                talkers[1 - place].act(|connection, out| connection.receive(now, &bytes, out));
            }
            18..26 => {
                let filler = "x".repeat(usize::from(moves.byte()) / 2);
                talkers[place].type_in(now, &filler);
            }
            26 => talkers[place].act(|connection, out| connection.pass(now, Event::Finished(Peer::Terminal), out)),
            27 => talkers[1 - place].act(|connection, out| connection.receive_end(now, out)),
            accident => {
                let flight = &mut talkers[place].flight;
                is_honest &= !meddle(accident, moves.byte(), flight);
            }
        }
        let promised = is_honest || dialect == Dialect::Sound;
        for (hearer, sayer) in [(0, 1), (1, 0)].into_iter().filter(|_| promised) {
            let (heard, said) = (&talkers[hearer].heard, &talkers[sayer].said);
            assert!(said.starts_with(heard), "{heard:?} was heard of {said:?}");
        }
    }
}

fn take(flight: &mut VecDeque<u8>, count: usize) -> Vec<u8> {
    flight.drain(..count.min(flight.len())).collect()
}

/// Does something to what is under way; tells whether that changed it.
fn meddle(accident: u8, dice: u8, flight: &mut VecDeque<u8>) -> bool {
    let count = flight.len().min(1 + usize::from(dice));
    if count == 0 {
        return false;
    }
    match accident {
        28 => flight[count - 1] ^= 1 << (dice % 8),
        29 => drop(flight.drain(..count)),
        30 => {
            let again: Vec<u8> = flight.iter().take(count).copied().collect();
            again.into_iter().rev().for_each(|byte| flight.push_front(byte));
        }
        _ => flight.rotate_left(count),
    }
    true
}

impl Talker {
    fn new(role: Role, dialect: Dialect) -> Self {
        let seed = if role == Role::Client { 1 } else { 2 };
        let options = ClientOptions { role, talk_dialect: dialect, talk_bits: 1024, seed, ..ClientOptions::default() };
        let rules = Rules { message_bytes_max: UNIT_BYTES_MAX, ..Rules::default() };
        let other = SocketAddr::from(([192, 0, 2, 1], 4000));
        let connection = Connection::new(other, Box::new(options.talker()), rules, None);
        let text_bytes_max = if dialect == Dialect::Lab { BLOCK_TEXT_BYTES_MAX } else { usize::MAX };
        Self {
            connection,
            text_bytes_max,
            asked: false,
            over: false,
            said: Vec::new(),
            heard: Vec::new(),
            flight: VecDeque::new(),
        }
    }

    fn act(&mut self, happen: impl FnOnce(&mut Connection, &mut Outbox)) {
        if self.over {
            return;
        }
        let mut out = Outbox::default();
        happen(&mut self.connection, &mut out);
        self.flight.extend(out.wire());
        for shown in out.shown() {
            assert_safe(shown.text);
            self.asked |= shown.tone == Tone::Ask;
            let spoken = shown.text.strip_prefix("peer: ").or_else(|| shown.text.strip_prefix("peer, out of turn: "));
            if let Some(text) = spoken.filter(|text| *text != GOOD_BYE) {
                self.heard.push(text.to_owned());
            }
        }
        self.over = out.is_finished();
    }

    /// Types a text that was never typed before, if there is a prompt.
    fn type_in(&mut self, now: labs::Now, filler: &str) {
        if !std::mem::take(&mut self.asked) || self.over {
            return;
        }
        let text = format!("{} {filler}", self.said.len());
        // One that is too long is refused, and never said.
        if text.len() <= self.text_bytes_max {
            self.said.push(text.clone());
        }
        self.act(|connection, out| connection.pass(now, Event::Message(Peer::Terminal, text.as_bytes()), out));
    }
}
