//! Arbitrary bytes at a stream that is cut as a machine says.

use std::time::Duration;

use labs::framing::{Cut, Framing, Rules};

use super::Moves;

/// Plays the bytes in `data` at the framing of keys and blocks.
///
/// # Panics
/// If a piece is longer than allowed or than asked for, or if the pieces are not the stream.
pub fn play_cuts(data: &[u8]) {
    let mut moves = Moves::new(data);
    let message_bytes_max = 1 + usize::from(moves.byte());
    let mut framing = Framing::new(Rules { message_bytes_max, ..Rules::default() });
    let (mut received, mut handed) = (Vec::new(), Vec::new());
    let mut cut = next_cut(&mut moves);
    while !moves.is_over() {
        // Random bytes hardly ever begin a key.
        let piece = match moves.byte() % 8 {
            0 => b"-----BEGIN KEY-----".to_vec(),
            1 => b"-----END KEY-----".to_vec(),
            _ => moves.bytes(),
        };
        received.extend_from_slice(&piece);
        let mut rest = &piece[..];
        while !rest.is_empty() {
            framing.set_cut(cut);
            let mut ended = false;
            let taken = framing.receive(Duration::ZERO, rest, |message, _| {
                assert!(message.len() <= message_bytes_max, "a message of {} bytes", message.len());
                if let Cut::Bytes(count) = cut {
                    assert_eq!(message.len(), count.max(1) as usize);
                }
                handed.extend_from_slice(message);
                ended = true;
                true
            });
            let Ok(taken) = taken else { return };
            assert!(taken > 0 && taken <= rest.len(), "{taken} of {} bytes were taken", rest.len());
            rest = &rest[taken..];
            if ended {
                cut = next_cut(&mut moves);
            }
        }
    }
    let end = framing.flush(|message, _| {
        handed.extend_from_slice(message);
        true
    });
    assert!(end.is_err() || handed == received, "the pieces are not the stream");
}

fn next_cut(moves: &mut Moves<'_>) -> Cut {
    match moves.byte() {
        dice if dice < 100 => Cut::Pem,
        dice => Cut::Bytes(u32::from(dice - 100)),
    }
}
