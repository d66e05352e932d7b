//! Watchers: members who read what they get, line by line, where all others only count bytes.

use anyhow::{Result, ensure};

use super::dialect::Said;

/// One member's view of what is said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watcher {
    pub(crate) member: usize,
    /// The last number heard, by sender.
    heard: Vec<u64>,
    /// The line that is not complete yet.
    piece: Vec<u8>,
    /// Bytes of complete lines since the last message.
    before: u64,
}

impl Watcher {
    pub(crate) fn new(member: usize, senders: usize) -> Self {
        Self { member, heard: vec![0; senders], ..Self::default() }
    }

    pub(crate) fn heard(&self, sender: usize) -> u64 {
        self.heard[sender]
    }

    /// Takes what came, and checks that nothing was left out, came twice, or is of another size than the sender's messages
    /// before; those sizes are learned here.
    pub(crate) fn take(&mut self, bytes: &[u8], sizes: &mut [u64], mut said: impl FnMut(Said)) -> Result<()> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            rest = after;
            if self.piece.is_empty() {
                self.line(line, sizes, &mut said)?;
            } else {
                let mut piece = std::mem::take(&mut self.piece);
                piece.extend_from_slice(line);
                self.line(&piece, sizes, &mut said)?;
                piece.clear();
                self.piece = piece;
            }
        }
        self.piece.extend_from_slice(rest);
        Ok(())
    }

    fn line(&mut self, line: &[u8], sizes: &mut [u64], said: &mut impl FnMut(Said)) -> Result<()> {
        self.before += line.len() as u64;
        let Some(message) = Said::read(&line[..line.len() - 1]) else { return Ok(()) };
        let member = self.member;
        ensure!(message.sender < sizes.len(), "member {member} heard a sender that is none");
        let last = &mut self.heard[message.sender];
        ensure!(
            message.number == *last + 1,
            "member {member} heard message {} of sender {} after {last}",
            message.number,
            message.sender
        );
        *last = message.number;
        let (size, before) = (&mut sizes[message.sender], std::mem::take(&mut self.before));
        ensure!(
            *size == 0 || *size == before,
            "a message of {before} bytes after one of {size}: {}",
            line.escape_ascii()
        );
        *size = before;
        said(message);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::dialect::Dialect;

    fn message(number: u64) -> Vec<u8> {
        let mut bytes = b"m00001: ".to_vec();
        Dialect::Raw.say(Said { sender: 1, number, due: 7 }, &mut bytes);
        bytes
    }

    #[test]
    fn lines_may_come_in_pieces() {
        let (mut watcher, mut sizes, mut numbers) = (Watcher::new(5, 2), [0; 2], Vec::new());
        let bytes = [message(1), message(2), message(3)].concat();
        for piece in bytes.chunks(50) {
            watcher.take(piece, &mut sizes, |said| numbers.push(said.number)).unwrap();
        }
        assert_eq!((numbers, watcher.heard(1), sizes[1]), (vec![1, 2, 3], 3, 72));
    }

    #[test]
    fn loss_repeats_and_foreign_lines_are_errors() {
        let after = |next: &[u8]| {
            let mut watcher = Watcher::new(5, 2);
            watcher.take(&message(1), &mut [0, 72], |_| {}).unwrap();
            watcher.take(next, &mut [0, 72], |_| {})
        };
        assert!(after(&message(2)).is_ok());
        assert!(after(&message(1)).is_err());
        assert!(after(&message(3)).is_err());
        assert!(after(&[b"Server: bye\n".to_vec(), message(2)].concat()).is_err());
    }
}
