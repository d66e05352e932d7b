//! A program that speaks the lab's dialect well for a while, and then sends what is no block.

use std::time::Duration;

use labs::talk::{ANSWER, Dialect, GOOD_BYE, Keyring as _};

use super::served::Served;
use super::{MOVES_MAX, Moves};
use crate::SeededKeyring;

/// What a block to a key of 1024 bits holds.
const TEXT_BYTES_MAX: usize = 86;
/// Longer than any pace of answers.
const REST: Duration = Duration::from_secs(1);

/// Plays the blocks in `data` at a server.
///
/// # Panics
/// If it takes other texts than those that were encrypted to its key, or answers anything but those.
pub fn play_blocks(data: &[u8]) {
    let mut moves = Moves::new(data);
    let mut served = Served::new();
    let server = SeededKeyring::new(1, 2048);
    let program = SeededKeyring::new(7, 1024);
    let server_key = server.own_key(Dialect::Lab);
    let own_pem = server.own_pem(Dialect::Lab);
    let behind_key: &[u8] = moves.choice([&b""[..], b"\n", b"\r\n", b"\n\n", b"\r\n\r\n", b"\r\n\n"]);
    // What has not been sent yet, so that the key is glued to the first block at times.
    let mut unsent = [&program.own_pem(Dialect::Lab)[..], behind_key].concat();
    let mut said: Vec<Vec<u8>> = Vec::new();
    let mut ended = false;
    for _ in 0..MOVES_MAX {
        if moves.is_over() || ended {
            break;
        }
        match moves.byte() {
            0..8 => {
                unsent.extend(program.encrypt(Dialect::Lab, &server_key, GOOD_BYE.as_bytes()).unwrap_or_default());
                ended = true;
            }
            8..20 => {
                let noise = moves.bytes();
                unsent.extend(noise.iter().cycle().take(server_key.block_bytes()));
                ended = true;
            }
            20..28 => {
                unsent.extend(moves.bytes().into_iter().take(server_key.block_bytes() - 1));
                ended = true;
            }
            28..90 => {
                served.receive(&mut moves, &std::mem::take(&mut unsent));
                served.rest(REST);
            }
            _ => {
                let mut text = moves.bytes();
                text.truncate(server_key.text_bytes_max(Dialect::Lab));
                unsent.extend(program.encrypt(Dialect::Lab, &server_key, &text).unwrap_or_default());
                // It is a last word, then.
                ended = text.trim_ascii() == GOOD_BYE.as_bytes();
                said.extend((!ended).then_some(text));
                // Not more at once than are answered at once.
                if said.len().is_multiple_of(16) {
                    served.receive(&mut moves, &std::mem::take(&mut unsent));
                    served.rest(REST);
                }
            }
        }
    }
    served.receive(&mut moves, &unsent);
    served.receive_end();
    assert!(served.over);
    let answers = served.wire.strip_prefix(&own_pem[..]).unwrap_or_else(|| panic!("it sends its key first"));
    let answers: Vec<_> = answers.chunks(program.own_key(Dialect::Lab).block_bytes()).collect();
    assert_eq!(answers.len(), said.len(), "{:?}", served.told);
    for (answer, text) in answers.into_iter().zip(&said) {
        let answer = program.decrypt(Dialect::Lab, answer).unwrap_or_else(|| panic!("an answer is a block"));
        assert!(answer.len() <= TEXT_BYTES_MAX);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let repeated = answer.strip_prefix(ANSWER).unwrap_or_else(|| panic!("{answer}"));
        let repeated = repeated.strip_suffix('…').unwrap_or(repeated);
        assert!(String::from_utf8_lossy(text).starts_with(repeated), "{answer} answers {text:?}");
    }
    // Who it is, each text, and how it ended.
    assert_eq!(served.told.len(), said.len() + 2, "{:?}", served.told);
}
