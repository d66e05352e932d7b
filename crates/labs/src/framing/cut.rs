//! Streams that do not carry text: what the next message is, the machine says.

use super::{Framing, Overlong};

/// How the next message is cut out of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cut {
    /// As the peer speaks: lines, fields, or what comes before a quiet time.
    #[default]
    Text,
    /// A text in PEM armour, through the dashes that end it: RFC 7468. What cannot begin one comes as it is.
    Pem,
    /// So many bytes, at least one. Where the stream ends before, those that came.
    Bytes(u32),
}

const PEM_BEGIN: &[u8] = b"-----BEGIN ";
const PEM_END: &[u8] = b"-----END ";
const PEM_DASHES: &[u8] = b"-----";

impl Cut {
    /// Where a message that begins with `bytes` ends, as far as they tell.
    fn find_end(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Text => None,
            Self::Pem => find_pem_end(bytes),
            Self::Bytes(count) => {
                let count = count.max(1) as usize;
                (bytes.len() >= count).then_some(count)
            }
        }
    }
}

fn find_pem_end(bytes: &[u8]) -> Option<usize> {
    let blank = bytes.len() - bytes.trim_ascii_start().len();
    let known = PEM_BEGIN.len().min(bytes.len() - blank);
    if bytes[blank..blank + known] != PEM_BEGIN[..known] {
        return Some(bytes.len());
    }
    let label = memchr::memmem::find(bytes, PEM_END)? + PEM_END.len();
    let dashes = memchr::memmem::find(&bytes[label..], PEM_DASHES)?;
    Some(label + dashes + PEM_DASHES.len())
}

impl Framing {
    /// Says how the next message is cut out of what arrives.
    pub fn set_cut(&mut self, cut: Cut) {
        self.cut = cut;
    }

    /// Whether words for a person can stand where we are in the stream: between blocks they cannot.
    pub fn takes_words(&self) -> bool {
        !matches!(self.cut, Cut::Bytes(_))
    }

    /// Hands on at most one message, since only its machine knows how the next is cut; so it does not matter what that says.
    pub(super) fn receive_one(&mut self, bytes: &[u8], each: impl FnOnce(&[u8]) -> bool) -> Result<usize, Overlong> {
        if self.begun.is_empty() {
            // Mostly a message comes whole, and need not be copied.
            let Some(end) = self.cut.find_end(bytes) else {
                self.extend_begun(bytes)?;
                return Ok(bytes.len());
            };
            self.check_size(end)?;
            each(&bytes[..end]);
            return Ok(end);
        }
        let before = self.begun.len();
        let room = (self.rules.message_bytes_max + 1).saturating_sub(before);
        let piece = &bytes[..bytes.len().min(room)];
        self.begun.extend_from_slice(piece);
        let Some(end) = self.cut.find_end(&self.begun) else {
            return if piece.len() < bytes.len() { Err(Overlong) } else { Ok(bytes.len()) };
        };
        self.check_size(end)?;
        let begun = std::mem::take(&mut self.begun);
        each(&begun[..end]);
        Ok(end.saturating_sub(before))
    }

    fn check_size(&self, message_bytes: usize) -> Result<(), Overlong> {
        if message_bytes > self.rules.message_bytes_max { Err(Overlong) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::framing::Rules;

    const PEM: &str = "-----BEGIN KEY-----\nAAAA\n-----END KEY-----";

    /// Cuts a stream that arrives in pieces, and leaves what is unended as the last.
    fn play(cuts: &[Cut], message_bytes_max: usize, pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, Overlong> {
        let mut framing = Framing::new(Rules { message_bytes_max, ..Rules::default() });
        let mut messages: Vec<Vec<u8>> = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            while !rest.is_empty() {
                framing.set_cut(cuts[messages.len().min(cuts.len() - 1)]);
                let taken = framing.receive(Duration::ZERO, rest, |message, _| {
                    messages.push(message.to_vec());
                    true
                })?;
                rest = &rest[taken..];
            }
        }
        framing.flush(|message, _| {
            messages.push(message.to_vec());
            true
        })?;
        Ok(messages)
    }

    #[test]
    fn a_key_ends_at_its_last_dash_wherever_it_is_cut() {
        let stream = format!("{PEM}0123456789");
        for at in 0..stream.len() {
            let (first, second) = stream.as_bytes().split_at(at);
            let messages = play(&[Cut::Pem, Cut::Bytes(4)], 100, &[first, second]).unwrap();
            assert_eq!(messages, [PEM.as_bytes(), b"0123", b"4567", b"89"], "cut at {at}");
        }
    }

    #[test]
    fn what_cannot_begin_a_key_comes_at_once() {
        assert_eq!(play(&[Cut::Pem], 100, &[b"GET /"]), Ok(vec![b"GET /".to_vec()]));
        assert_eq!(play(&[Cut::Pem], 100, &[b"\n--", b"--GET"]), Ok(vec![b"\n----GET".to_vec()]));
        let blank = format!("\r\n {PEM}");
        assert_eq!(play(&[Cut::Pem], 100, &[blank.as_bytes()]), Ok(vec![blank.into_bytes()]));
    }

    #[test]
    fn nothing_grows_beyond_its_bound() {
        let endless = [b"-----BEGIN KEY-----", &[b'A'; 200][..]].concat();
        assert_eq!(play(&[Cut::Pem], 100, &[&endless]), Err(Overlong));
        let by_byte: Vec<&[u8]> = endless.chunks(1).collect();
        assert_eq!(play(&[Cut::Pem], 100, &by_byte), Err(Overlong));
        assert_eq!(play(&[Cut::Bytes(102)], 100, &[&endless]), Err(Overlong));
        assert_eq!(play(&[Cut::Bytes(102)], 100, &by_byte), Err(Overlong));
    }

    proptest! {
        #[test]
        fn blocks_are_the_stream_however_it_arrives(
            stream in proptest::collection::vec(any::<u8>(), 0..200), count in 1_u32..50, piece in 1_usize..60,
        ) {
            let pieces: Vec<&[u8]> = stream.chunks(piece).collect();
            let messages = play(&[Cut::Bytes(count)], 100, &pieces).unwrap();
            let expected: Vec<Vec<u8>> = stream.chunks(count as usize).map(<[u8]>::to_vec).collect();
            prop_assert_eq!(messages, expected);
        }
    }
}
