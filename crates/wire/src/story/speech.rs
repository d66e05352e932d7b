//! What one side says: its stream or datagrams as messages, as far as the wire tells where one ends.

use memchr::{memchr, memmem};

use super::stream::Piece;
use crate::naming::{Naming, Said};
use crate::tls::{self, Records};
use crate::visible::is_text;

/// The beginning of a message that is kept until it is whole.
const MESSAGE_BYTES_MAX: usize = 8 << 10;
/// So many bytes that are not text are kept, to judge whether they look random.
const SAMPLE_BYTES_MAX: usize = 4 << 10;
/// So much of a message is kept as a quotation.
const QUOTE_BYTES_MAX: usize = 120;

/// What one side of a conversation said.
#[derive(Default)]
pub(super) struct Speech {
    pub messages: u64,
    /// Whether a line's end was seen: then messages end there.
    pub lines: bool,
    /// The beginning of what is not yet whole, its length, and the packet that began it.
    begun: Vec<u8>,
    begun_len: u64,
    begun_in: u64,
    pub text_bytes: u64,
    pub other_bytes: u64,
    pub missing: u64,
    pub sample: Vec<u8>,
    pub quote: Option<Quotation>,
    pub records: Option<Box<Records>>,
    pub joined: Noticed,
    pub split: Noticed,
    heard: bool,
}

/// Words from the wire.
pub(super) struct Quotation {
    pub number: u64,
    pub bytes: Vec<u8>,
}

/// Something seen one or more times.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Noticed {
    pub times: u64,
    /// The packets of the first time.
    pub first: (u64, u64),
    /// How many messages were in the first, or how long it was waited for.
    pub measure: u64,
}

impl Noticed {
    pub(super) fn note(&mut self, first: (u64, u64), measure: u64) {
        if self.times == 0 {
            (self.first, self.measure) = (first, measure);
        }
        self.times += 1;
    }
}

/// Whether the message under way is a key in armour.
#[derive(PartialEq, Eq)]
enum Armour {
    None,
    Open,
    Closed,
}

/// What is needed to name what is heard. `said` tells who speaks; its bytes and index are filled in.
pub(super) struct Ear<'a> {
    pub naming: &'a mut dyn Naming,
    pub said: Said<'a>,
    pub number: u64,
    /// What the messages of this packet are called.
    pub name: &'a mut String,
    /// How many messages this packet completed.
    pub messages: u32,
    /// How many of them came in one segment.
    pub joined: u32,
    pub missing: u64,
}

impl Speech {
    /// Takes the next piece of a stream.
    pub(super) fn hear(&mut self, piece: &Piece<'_>, ear: &mut Ear<'_>) {
        let (bytes, pushed, number) = match *piece {
            Piece::Bytes { bytes, pushed, number } => (bytes, pushed, number),
            Piece::Missing(bytes) => return self.miss(bytes, ear),
        };
        ear.naming.hear(&Said { index: self.messages, bytes, ..ear.said });
        let first = !std::mem::replace(&mut self.heard, true);
        if first && tls::begins(bytes, ear.said.from_beginning) {
            self.records = Some(Box::default());
        }
        if let Some(records) = &mut self.records {
            self.other_bytes += bytes.len() as u64;
            return records.take(bytes, ear.name);
        }
        let before = (ear.messages, self.begun_in, self.begun_len);
        let text = self.look(bytes);
        self.cut(bytes, text, (pushed, number), ear);
        self.notice(before, number, ear);
    }

    /// Takes a datagram, which is one message.
    pub(super) fn hear_datagram(&mut self, bytes: &[u8], ear: &mut Ear<'_>) {
        ear.naming.hear(&Said { index: self.messages, bytes, ..ear.said });
        self.look(bytes);
        self.quote(bytes, ear.number);
        self.name(bytes, ear);
        self.messages += 1;
        ear.messages = 1;
    }

    fn miss(&mut self, bytes: u64, ear: &mut Ear<'_>) {
        ear.naming.miss(&Said { index: self.messages, bytes: &[], ..ear.said }, bytes);
        self.missing += bytes;
        ear.missing += bytes;
        self.begun.clear();
        self.begun_len = 0;
        if let Some(records) = &mut self.records {
            records.lose();
        }
    }

    /// Whether it is text; bytes that are not are kept to be judged later.
    fn look(&mut self, bytes: &[u8]) -> bool {
        if !is_text(bytes) {
            self.other_bytes += bytes.len() as u64;
            let room = SAMPLE_BYTES_MAX - self.sample.len();
            self.sample.extend_from_slice(&bytes[..bytes.len().min(room)]);
            return false;
        }
        self.text_bytes += bytes.len() as u64;
        true
    }

    /// Keeps a message's words: the first, unless another of the first hundred is a sentence, which says more than a word or a number.
    fn quote(&mut self, message: &[u8], number: u64) {
        const SOUGHT_IN: u64 = 100;
        let sentence = |words: &[u8]| words.contains(&b' ');
        if self.messages > SOUGHT_IN || self.quote.as_ref().is_some_and(|quote| sentence(&quote.bytes)) {
            return;
        }
        let line = without_end(message).split(|&byte| byte == b'\n').next().unwrap_or_default();
        let kept = &line[..line.len().min(QUOTE_BYTES_MAX)];
        if (self.quote.is_none() || sentence(kept)) && is_text(message) {
            let bytes = if kept.len() < line.len() { with_ellipsis(kept) } else { kept.to_vec() };
            self.quote = Some(Quotation { number, bytes });
        }
    }

    /// Cuts at line ends once there are any; until then a message is what was sent at once, which PSH shows the end of.
    fn cut(&mut self, mut bytes: &[u8], text: bool, (pushed, number): (bool, u64), ear: &mut Ear<'_>) {
        let text = text || is_text(&self.begun);
        while let Some(end) = memchr(b'\n', bytes).filter(|_| text) {
            let (line, rest) = bytes.split_at(end + 1);
            self.begin(line, number);
            bytes = rest;
            match self.armour() {
                Armour::None => {
                    self.lines = true;
                    self.end(ear);
                }
                Armour::Closed => self.end(ear),
                Armour::Open => {}
            }
        }
        if !bytes.is_empty() {
            self.begin(bytes, number);
        }
        let whole = self.begun_len > 0 && pushed && (!self.lines || self.armour() == Armour::Closed);
        if whole {
            self.end(ear);
        }
    }

    /// A key or certificate has lines, and is one message (RFC 7468).
    fn armour(&self) -> Armour {
        if !self.begun.starts_with(b"-----BEGIN ") {
            Armour::None
        } else if memmem::find(&self.begun, b"-----END ").is_some() {
            Armour::Closed
        } else {
            Armour::Open
        }
    }

    fn begin(&mut self, bytes: &[u8], number: u64) {
        if self.begun_len == 0 {
            self.begun_in = number;
        }
        let room = MESSAGE_BYTES_MAX - self.begun.len();
        self.begun.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.begun_len += bytes.len() as u64;
    }

    fn end(&mut self, ear: &mut Ear<'_>) {
        let message = std::mem::take(&mut self.begun);
        self.quote(&message, self.begun_in);
        let counted = if self.begun_len as usize == message.len() { self.name(without_end(&message), ear) } else { 1 };
        self.messages += u64::from(counted);
        ear.messages += counted;
        self.begun = message;
        self.begun.clear();
        self.begun_len = 0;
    }

    /// Names a message; returns how many it turned out to be.
    fn name(&self, bytes: &[u8], ear: &mut Ear<'_>) -> u32 {
        let before = ear.name.len();
        if before > 0 {
            ear.name.push_str("; ");
        }
        let said = Said { index: self.messages, bytes, ..ear.said };
        let start = ear.name.len();
        let counted = ear.naming.name(&said, ear.name);
        if ear.name.len() == start {
            ear.name.truncate(before);
        }
        counted.max(1)
    }

    /// Two messages in one segment, or one in two.
    fn notice(&mut self, (messages, begun_in, begun_len): (u32, u64, u64), number: u64, ear: &mut Ear<'_>) {
        let completed = ear.messages - messages;
        ear.joined = ear.joined.max(completed);
        if completed > 1 {
            self.joined.note((number, number), u64::from(completed));
        }
        if begun_len > 0 && begun_in != number {
            self.split.note((begun_in, number), 2);
        }
    }

    /// Whether something was said that has no end.
    pub(super) fn is_unfinished(&self) -> bool {
        self.begun_len > 0
    }
}

/// Words that go on, without the character in which they were cut.
fn with_ellipsis(words: &[u8]) -> Vec<u8> {
    let cut = words.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len());
    [&words[..words.len() - cut], "…".as_bytes()].concat()
}

fn without_end(message: &[u8]) -> &[u8] {
    let message = message.strip_suffix(b"\n").unwrap_or(message);
    message.strip_suffix(b"\r").unwrap_or(message)
}
