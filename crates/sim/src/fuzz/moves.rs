//! Bytes as decisions.

/// Reads decisions from bytes; when they are used up, every decision is zero.
pub(super) struct Moves<'a> {
    data: &'a [u8],
}

/// What the labs' protocols are made of, so that random bytes get past the first check.
const WORDS: [&[u8]; 48] = [
    b"\n",
    b"\r\n",
    b"\0",
    b"\0\0\0\0\0\0\0\0",
    b" ",
    b"GET",
    b"POST ",
    b"POST text",
    b"PROVE ",
    b"0",
    b"1",
    b"100",
    b"101",
    b"12 + 42",
    b"4.5 / -6",
    b"1 / 0",
    b"1 / 3",
    b"q",
    b"Ada",
    b"3 4",
    b"3,4",
    b"Exit",
    b"welcome",
    b"num1 received",
    b"Server Is Busy",
    b"SEND_DATE",
    b"SEND_TIME",
    b"ack",
    b"saved",
    b"<<--bye-->>",
    b"Error: ",
    b"Error: 3 more texts held back; to receive them, send PROVE 00 7",
    b"\x1b[2J",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"a",
    b"99999999999999999999999999999999999999999999999999",
    b"0.00000000000000000000000000000000001",
    b"GET\nGET\n",
    b"a\0b\0c\0",
    b"Batman",
    b"BATMAN",
    b"Server",
    b"/who",
    b"/join cave",
    b"/msg Batman ",
    b"/remove Batman",
    b"/me ",
];
/// As much as a driver may read at once.
const REPEATED_BYTES_MAX: usize = 16 * 1024;

impl<'a> Moves<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data }
    }

    pub(super) fn is_over(&self) -> bool {
        self.data.is_empty()
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.data.split_first() else { return 0 };
        self.data = rest;
        first
    }

    pub(super) fn choice<T: Copy, const N: usize>(&mut self, from: [T; N]) -> T {
        from[usize::from(self.byte()) % N]
    }

    /// Some bytes: words, raw bytes, or words many times over.
    pub(super) fn bytes(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..1 + self.byte() % 4 {
            match self.byte() {
                code @ 0..160 => bytes.extend_from_slice(WORDS[usize::from(code) % WORDS.len()]),
                code @ 160..224 => {
                    let count = usize::from(code - 160).min(self.data.len());
                    let (raw, rest) = self.data.split_at(count);
                    bytes.extend_from_slice(raw);
                    self.data = rest;
                }
                code => {
                    let word = self.choice(WORDS);
                    bytes.extend(word.repeat(1 << (code % 13)).into_iter().take(REPEATED_BYTES_MAX));
                }
            }
        }
        bytes
    }
}
