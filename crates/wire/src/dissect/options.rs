//! The options of a TCP header (RFC 9293, section 3.1; RFC 7323; RFC 2018).

/// What stands between a TCP header's fixed part and its data.
#[derive(Clone, Copy, Debug, Default)]
pub struct TcpOptions<'a> {
    rest: &'a [u8],
}

/// An option that the story knows; others are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpOption {
    /// The largest segment the sender takes, in bytes of data.
    MaximumSegmentSize(u16),
    /// By how many bits the windows it will tell are to be shifted.
    WindowScale(u8),
    SackPermitted,
    /// A range that has arrived although something before it has not: the first of those told, which is the newest.
    Sack {
        from: u32,
        to: u32,
    },
    Timestamps {
        value: u32,
        echo: u32,
    },
}

impl<'a> TcpOptions<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl Iterator for TcpOptions<'_> {
    type Item = TcpOption;

    fn next(&mut self) -> Option<TcpOption> {
        const END: u8 = 0;
        const NOTHING: u8 = 1;
        const SACK: u8 = 5;
        loop {
            let (&kind, behind) = self.rest.split_first()?;
            if kind == NOTHING {
                self.rest = behind;
                continue;
            }
            let length = usize::from(*behind.first()?);
            if kind == END || length < 2 {
                self.rest = &[];
                return None;
            }
            let value = self.rest.get(2..length)?;
            let rest = &self.rest[length..];
            if kind == SACK && value.len() >= 8 {
                self.rest = rest;
                return sack(value);
            }
            self.rest = rest;
            let option = known(kind, value);
            if option.is_some() {
                return option;
            }
        }
    }
}

fn known(kind: u8, value: &[u8]) -> Option<TcpOption> {
    match (kind, value) {
        (2, &[high, low]) => Some(TcpOption::MaximumSegmentSize(u16::from_be_bytes([high, low]))),
        (3, &[shift]) => Some(TcpOption::WindowScale(shift)),
        (4, []) => Some(TcpOption::SackPermitted),
        (8, &[a, b, c, d, e, f, g, h]) => Some(TcpOption::Timestamps {
            value: u32::from_be_bytes([a, b, c, d]),
            echo: u32::from_be_bytes([e, f, g, h]),
        }),
        _ => None,
    }
}

fn sack(value: &[u8]) -> Option<TcpOption> {
    let (from, rest) = value.split_first_chunk()?;
    let to = rest.first_chunk()?;
    Some(TcpOption::Sack { from: u32::from_be_bytes(*from), to: u32::from_be_bytes(*to) })
}
