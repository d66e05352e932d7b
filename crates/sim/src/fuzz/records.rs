//! A caller that holds a session of the sound dialect, and seals records that make no sense.

use labs::talk::{ANSWER, Dialect, GOOD_BYE, Keyring as _};

use super::served::{Served, TEXT_BYTES_MAX};
use super::{MOVES_MAX, Moves};
use crate::{Forger, SeededKeyring};

const PIECE_BYTES_MAX: usize = 4096;

/// What the dialect says of the caller's records.
#[derive(Default)]
struct Model {
    confirmed: bool,
    text: Vec<u8>,
    heard: Vec<Vec<u8>>,
    ended: Option<End>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Bye,
    TooLong,
    Wrong,
}

impl Model {
    fn take(&mut self, plain: &[u8]) {
        if self.ended.is_some() {
            return;
        }
        let Some((kind, piece)) = plain.split_first().filter(|_| plain.len() <= 1 + PIECE_BYTES_MAX) else {
            self.ended = Some(End::Wrong);
            return;
        };
        match (self.confirmed, kind) {
            (false, 0) if piece.is_empty() => self.confirmed = true,
            (true, 1 | 2) if self.text.len() + piece.len() > TEXT_BYTES_MAX => self.ended = Some(End::TooLong),
            (true, 1) => self.text.extend_from_slice(piece),
            (true, 2) => {
                self.text.extend_from_slice(piece);
                self.heard.push(std::mem::take(&mut self.text));
            }
            (true, 3) if piece.is_empty() && self.text.is_empty() => self.ended = Some(End::Bye),
            _ => self.ended = Some(End::Wrong),
        }
    }
}

/// Plays the records in `data` at a server.
///
/// # Panics
/// If it takes what the dialect does not allow, refuses what it does, or answers anything but the texts that it heard.
pub fn play_records(data: &[u8]) {
    let mut moves = Moves::new(data);
    let mut served = Served::new();
    // The key that a simulated server has.
    let server = SeededKeyring::new(1, 2048);
    let mut forger = Forger::new(3, server.own_key(Dialect::Sound));
    served.receive(&mut moves, &forger.pem());
    let own_pem = server.own_pem(Dialect::Sound);
    assert_eq!(std::mem::take(&mut served.wire), own_pem);
    served.receive(&mut moves, forger.share());
    let share: Vec<u8> = served.wire.drain(..forger.share().len()).collect();
    assert!(forger.agree(&share), "the server's share is for us");
    let mut model = Model::default();
    // Most begin as they should, or nothing behind it is ever tried.
    if !moves.byte().is_multiple_of(8) {
        send(&mut moves, &mut forger, &mut served, &mut model, &[0]);
    }
    for _ in 0..MOVES_MAX {
        if moves.is_over() || served.over {
            break;
        }
        let mut plain = match moves.byte() {
            0..16 => Vec::new(),
            kind @ 16..24 => vec![kind],
            kind => vec![kind % 4],
        };
        match moves.byte() {
            0..128 => plain.extend(moves.bytes()),
            128..136 => plain.resize(PIECE_BYTES_MAX + usize::from(moves.byte() % 3), b'x'),
            _ => {}
        }
        send(&mut moves, &mut forger, &mut served, &mut model, &plain);
    }
    served.receive_end();
    check(&model, &mut forger, &mut served);
}

fn send(moves: &mut Moves<'_>, forger: &mut Forger, served: &mut Served, model: &mut Model, plain: &[u8]) {
    model.take(plain);
    let record = forger.seal(plain);
    served.receive(moves, &record);
    assert_eq!(served.over, model.ended.is_some(), "{:?}: {:?}", model.ended, served.told.last());
}

fn check(model: &Model, forger: &mut Forger, served: &mut Served) {
    assert_eq!(forger.open(&mut served.wire), Some(vec![0]), "it confirms first");
    for text in &model.heard {
        let record = forger.open(&mut served.wire).unwrap_or_default();
        assert_eq!(record.first(), Some(&2));
        let answer = String::from_utf8_lossy(&record[1..]);
        let repeated = answer.strip_prefix(ANSWER).unwrap_or_else(|| panic!("{answer}"));
        let repeated = repeated.strip_suffix('…').unwrap_or(repeated);
        assert!(String::from_utf8_lossy(text).starts_with(repeated), "{answer} answers {text:?}");
    }
    if model.ended == Some(End::TooLong) {
        let refusal = forger.open(&mut served.wire).unwrap_or_default();
        assert!(refusal.starts_with(b"\x02Error: "), "{refusal:?}");
        assert_eq!(forger.open(&mut served.wire), Some(vec![3]));
    }
    assert_eq!(served.wire.len(), 0, "nothing more was said");
    let introduced = usize::from(model.confirmed);
    assert_eq!(
        served.told.len(),
        introduced + model.heard.len() + usize::from(served.over && introduced > 0 || model.ended.is_some())
    );
    if model.ended == Some(End::Bye) {
        assert_eq!(served.told.last().map(String::as_str), Some(GOOD_BYE));
    }
}
