//! How each server is spoken to: logging in, and saying a message of 63 characters and a line's end.

/// A message's text; with a line's end, 64 bytes.
pub(crate) const TEXT_BYTES: usize = 63;

/// What a message begins with, so that it is found behind whatever a server puts before it.
const MARK: u8 = b'@';

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A name, then lines.
    Ours,
    /// Lines alone.
    Raw,
    Irc,
    Nats,
}

/// What a newcomer makes of a line from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    Nothing,
    Answer(Vec<u8>),
    /// In the room: from here on all that is said is heard.
    In,
    Refused,
}

/// What a message's text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) sender: usize,
    /// Counted by its sender, from 1.
    pub(crate) number: u64,
    /// When it was due, in nanoseconds of the sender's clock.
    pub(crate) due: u64,
}

/// All names have one length, and so have all lines of one server.
pub(crate) fn name(index: usize) -> String {
    format!("m{index:05}")
}

impl Dialect {
    /// What is said as soon as there is a connection.
    pub(crate) fn greeting(self, index: usize) -> Vec<u8> {
        let name = name(index);
        match self {
            Self::Ours => format!("{name}\n"),
            Self::Raw => String::new(),
            Self::Irc => format!("NICK {name}\r\nUSER u 0 * :u\r\n"),
            Self::Nats => {
                let options = r#"{"verbose":false,"pedantic":false,"echo":false}"#;
                format!("CONNECT {options}\r\nSUB x 1\r\nPING\r\n")
            }
        }
        .into_bytes()
    }

    /// Whether a server of this kind answers a newcomer at all.
    pub(crate) fn answers(self) -> bool {
        self != Self::Raw
    }

    pub(crate) fn hear(self, index: usize, line: &[u8]) -> Heard {
        let line = String::from_utf8_lossy(line);
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match (self, words.as_slice()) {
            (Self::Ours, ["Error:", ..]) | (Self::Irc, ["ERROR", ..]) | (Self::Nats, ["-ERR", ..]) => Heard::Refused,
            (Self::Ours, ["Server:", _, who, "has", "joined.", ..]) if *who == name(index) => Heard::In,
            (Self::Irc, ["PING", token, ..]) => Heard::Answer(format!("PONG {token}\r\n").into_bytes()),
            (Self::Irc, [_, "001", ..]) => Heard::Answer(b"JOIN #x\r\n".to_vec()),
            (Self::Irc, [_, "366", ..]) | (Self::Nats, ["PONG"]) => Heard::In,
            (Self::Irc, [_, number, ..]) if is_refusal(number) => Heard::Refused,
            (Self::Nats, ["PING"]) => Heard::Answer(b"PONG\r\n".to_vec()),
            _ => Heard::Nothing,
        }
    }

    /// Adds a message as a client says it.
    pub(crate) fn say(self, said: Said, to: &mut Vec<u8>) {
        let (before, after): (&[u8], &[u8]) = match self {
            Self::Ours | Self::Raw => (b"", b"\n"),
            Self::Irc => (b"PRIVMSG #x :", b"\r\n"),
            Self::Nats => (b"PUB x 63\r\n", b"\r\n"),
        };
        to.extend_from_slice(before);
        to.extend_from_slice(&said.text());
        to.extend_from_slice(after);
    }
}

/// IRC answers an unknown command or file with these, too; the rest of its errors keep somebody out.
fn is_refusal(number: &str) -> bool {
    let is_number = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && number.starts_with(['4', '5']) && !matches!(number, "421" | "422")
}

impl Said {
    fn text(self) -> [u8; TEXT_BYTES] {
        let mut text = [b'.'; TEXT_BYTES];
        text[0] = MARK;
        put(&mut text[1..5], self.sender as u64);
        put(&mut text[6..16], self.number);
        put(&mut text[17..33], self.due);
        text
    }

    /// Finds a message at the end of a line.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let text = line.strip_suffix(b"\r").unwrap_or(line).last_chunk::<TEXT_BYTES>()?;
        let said = Self { sender: take(&text[1..5])? as usize, number: take(&text[6..16])?, due: take(&text[17..33])? };
        (said.text() == *text).then_some(said)
    }
}

fn put(field: &mut [u8], mut number: u64) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn take(field: &[u8]) -> Option<u64> {
    let digit = |number: u64, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'));
    field.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_found_behind_what_a_server_puts_before_it() {
        let said = Said { sender: 9, number: 1234, due: 5_000_000_000 };
        for dialect in [Dialect::Ours, Dialect::Raw, Dialect::Irc, Dialect::Nats] {
            let mut message = Vec::new();
            dialect.say(said, &mut message);
            let line = message.strip_suffix(b"\n").unwrap();
            assert_eq!(Said::read(line), Some(said), "{dialect:?}");
            assert_eq!(Said::read(&line[..line.len() - 2]), None, "{dialect:?}");
        }
        assert_eq!(
            Said::read(b"Server: time=10.01 m00001 has joined. Member count=1, and more than so many bytes"),
            None
        );
    }

    #[test]
    fn a_newcomer_knows_when_it_is_in() {
        let hear = |dialect: Dialect, line: &str| dialect.hear(7, line.as_bytes());
        assert_eq!(hear(Dialect::Ours, "Server: time=10.01 m00007 has joined. Member count=1"), Heard::In);
        assert_eq!(hear(Dialect::Ours, "Server: time=10.01 m00008 has joined. Member count=1"), Heard::Nothing);
        assert_eq!(hear(Dialect::Ours, "Error: the name m00007 is taken, choose another"), Heard::Refused);
        assert_eq!(hear(Dialect::Irc, "PING :1234\r"), Heard::Answer(b"PONG :1234\r\n".to_vec()));
        assert_eq!(hear(Dialect::Irc, ":s.x 001 m00007 :Welcome\r"), Heard::Answer(b"JOIN #x\r\n".to_vec()));
        assert_eq!(hear(Dialect::Irc, ":s.x 422 m00007 :No message of the day\r"), Heard::Nothing);
        assert_eq!(hear(Dialect::Irc, ":s.x 433 * m00007 :Nickname is already in use\r"), Heard::Refused);
        assert_eq!(hear(Dialect::Irc, ":s.x 366 m00007 #x :End of /NAMES list.\r"), Heard::In);
        assert_eq!(hear(Dialect::Nats, "PONG\r"), Heard::In);
    }
}
