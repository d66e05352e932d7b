//! What students' programs say, as data: steps that any player can play, here over a simulated stream or datagram socket, elsewhere over
//! real ones against the real program.
//!
//! [`all`] makes them from a handful of talks, each spoken in the ways in which programs for the labs speak. A scenario begins with a
//! server of its own (so an empty board), set up as [`Scenario::options`] says, and ends when its last step is done.

mod faults;
mod talks;

use std::fmt;
use std::time::Duration;

use labs::framing::{Ending, QUIET_DEFAULT};
use labs::{Service, Transport};

use crate::host::Options;
use talks::{Hear, Talk, Turn};

/// One exchange of a student's program with a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    pub name: String,
    pub service: Service,
    pub transport: Transport,
    pub options: Options,
    pub speech: Speech,
    pub steps: Vec<Step>,
}

/// How a program ends its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// Not at all: one `send` is one message.
    Bare,
    Lf,
    CrLf,
    /// A field of so many bytes, filled with NULs.
    Padded {
        field_bytes: usize,
    },
}

/// What a program does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sends these bytes; over UDP they are one datagram.
    Send(Vec<u8>),
    /// Waits for less than a bare peer's quiet time: [`SHORT_PAUSE`], or not at all.
    ShortPause,
    /// Waits for more than a bare peer's quiet time: at least [`LONG_PAUSE`].
    LongPause,
    /// The next bytes are exactly these; over UDP, they are one datagram.
    Expect(Vec<u8>),
    /// The next bytes are these and one or more NULs.
    ExpectPadded(Vec<u8>),
    /// The next bytes, behind padding, are these, where `#` stands for any digit.
    ExpectShape(Vec<u8>),
    /// Nothing arrives for at least [`LONG_PAUSE`].
    ExpectNothing,
    /// Says that nothing more will be sent, and goes on reading.
    HalfClose,
    /// Breaks the connection (RST).
    Reset,
    /// The server closes, and has said nothing more.
    ExpectEnd,
}

/// See [`Step::ShortPause`].
pub const SHORT_PAUSE: Duration = Duration::from_millis(QUIET_DEFAULT.as_millis() as u64 / 3);
/// See [`Step::LongPause`].
pub const LONG_PAUSE: Duration = Duration::from_millis(QUIET_DEFAULT.as_millis() as u64 * 4);
/// How long a player waits for what a step expects before it calls it missing: longer than any scenario's idle time.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Whether what has arrived is what a step expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It is; so many bytes of it belong to this step.
    Yes { bytes: usize },
    /// It may become so when more arrives.
    Begun,
    /// It is not, whatever comes.
    No,
}

impl Step {
    /// Compares what has arrived and no earlier step has taken with what this one expects. Of the steps that expect no
    /// bytes, all match nothing.
    pub fn matches(&self, arrived: &[u8]) -> Match {
        match self {
            Self::Expect(text) => compare(text, arrived, |expected, got| expected == got),
            Self::ExpectShape(shape) => {
                let padding = leading_nuls(arrived);
                let same = |expected, got: u8| if expected == b'#' { got.is_ascii_digit() } else { expected == got };
                match compare(shape, &arrived[padding..], same) {
                    Match::Yes { bytes } => Match::Yes { bytes: padding + bytes },
                    other @ (Match::Begun | Match::No) => other,
                }
            }
            Self::ExpectPadded(text) => {
                // The last answer's padding may arrive in pieces.
                let padding = leading_nuls(arrived);
                match compare(text, &arrived[padding..], |expected, got| expected == got) {
                    Match::Yes { bytes } => match leading_nuls(&arrived[padding + bytes..]) {
                        0 if arrived.len() == padding + bytes => Match::Begun,
                        0 => Match::No,
                        after => Match::Yes { bytes: padding + bytes + after },
                    },
                    other @ (Match::Begun | Match::No) => other,
                }
            }
            Self::ExpectNothing | Self::ExpectEnd if leading_nuls(arrived) < arrived.len() => Match::No,
            Self::ExpectNothing | Self::ExpectEnd => Match::Yes { bytes: arrived.len() },
            Self::Send(_) | Self::ShortPause | Self::LongPause | Self::HalfClose | Self::Reset => {
                Match::Yes { bytes: 0 }
            }
        }
    }
}

fn compare(expected: &[u8], arrived: &[u8], same: impl Fn(u8, u8) -> bool) -> Match {
    if !expected.iter().zip(arrived).all(|(&expected, &got)| same(expected, got)) {
        return Match::No;
    }
    if arrived.len() < expected.len() { Match::Begun } else { Match::Yes { bytes: expected.len() } }
}

fn leading_nuls(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == 0).count()
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |bytes| String::from_utf8_lossy(bytes);
        match self {
            Self::Send(bytes) => write!(f, "send {:?}", text(bytes)),
            Self::ShortPause => f.write_str("a short pause"),
            Self::LongPause => f.write_str("a long pause"),
            Self::Expect(bytes) => write!(f, "{:?}", text(bytes)),
            Self::ExpectPadded(bytes) => write!(f, "{:?} and NULs", text(bytes)),
            Self::ExpectShape(bytes) => write!(f, "{:?} where # is a digit", text(bytes)),
            Self::ExpectNothing => f.write_str("nothing"),
            Self::HalfClose => f.write_str("a half-close"),
            Self::Reset => f.write_str("a reset"),
            Self::ExpectEnd => f.write_str("the end"),
        }
    }
}

impl Scenario {
    /// Whether each message's own bytes tell where it ends, so that no pause inside it does harm; true only with
    /// [`Options::guess`] turned off.
    pub fn is_lines(&self) -> bool {
        matches!(self.speech, Speech::Lf | Speech::CrLf)
    }
}

impl Speech {
    const ALL: [Self; 4] = [Self::Bare, Self::Lf, Self::CrLf, Self::Padded { field_bytes: 32 }];

    fn ending(self) -> Ending {
        match self {
            Self::Bare => Ending::None,
            Self::Lf => Ending::Lf,
            Self::CrLf => Ending::CrLf,
            Self::Padded { field_bytes } => Ending::Nul { field_bytes },
        }
    }

    fn frame(self, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        self.ending().push(&mut bytes, 0);
        bytes
    }

    fn expect(self, service: Service, transport: Transport, hear: &Hear) -> Step {
        // What comes back to back over a stream has line ends even for a bare peer, and what goes to many has them for all.
        let lines = service == Service::Board && transport == Transport::Tcp && self == Self::Bare;
        let speech = if lines || service == Service::Chat { Self::Lf } else { self };
        match (speech, hear) {
            (Self::Padded { .. }, Hear::Text(text)) if transport == Transport::Tcp => {
                Step::ExpectPadded(text.as_bytes().to_vec())
            }
            (Self::Padded { .. }, Hear::Bytes(bytes)) if transport == Transport::Tcp => {
                Step::ExpectPadded(bytes.to_vec())
            }
            (Self::Padded { .. }, Hear::Shape(shape)) if transport == Transport::Tcp => {
                Step::ExpectShape(shape.as_bytes().to_vec())
            }
            (_, Hear::Bytes(bytes)) => Step::Expect(speech.frame(bytes)),
            (_, Hear::Text(text)) => Step::Expect(speech.frame(text.as_bytes())),
            (_, Hear::Shape(shape)) => Step::ExpectShape(speech.frame(shape.as_bytes())),
        }
    }
}

impl fmt::Display for Speech {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare => f.write_str("bare"),
            Self::Lf => f.write_str("LF"),
            Self::CrLf => f.write_str("CRLF"),
            Self::Padded { field_bytes } => write!(f, "fields of {field_bytes}"),
        }
    }
}

/// Every scenario, of all services.
pub fn all() -> Vec<Scenario> {
    let talks = talks::all();
    let streams = talks.iter().filter(|talk| talk.service.speaks(Transport::Tcp)).flat_map(over_tcp);
    let datagrams = talks.iter().filter(|talk| talk.speaks_udp()).flat_map(over_udp);
    streams.chain(datagrams).chain(faults::all()).collect()
}

fn over_tcp(talk: &Talk) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for speech in Speech::ALL {
        let mut add = |manner: &str, steps: Vec<Step>| {
            let name = format!("{} over tcp: {}, {speech}, {manner}", talk.service, talk.about);
            let (service, options) = (talk.service, talk.options.clone());
            scenarios.push(Scenario { name, service, transport: Transport::Tcp, options, speech, steps });
        };
        add("one after the other", talk.one_by_one(speech));
        add("byte by byte", talk.byte_by_byte(speech));
        add("half-closed before the last answer", talk.half_closed(speech, true));
        if speech != Speech::Bare {
            add("all in one send", talk.glued(speech));
        }
        if matches!(speech, Speech::Lf | Speech::CrLf) && talk.turns.len() > 1 {
            add("half-closed inside the last line", talk.half_closed(speech, false));
        }
    }
    scenarios
}

fn over_udp(talk: &Talk) -> Vec<Scenario> {
    Speech::ALL
        .into_iter()
        .map(|speech| Scenario {
            name: format!("{} over udp: {}, {speech}", talk.service, talk.about),
            service: talk.service,
            transport: Transport::Udp,
            options: talk.options.clone(),
            speech,
            steps: talk.datagrams(speech),
        })
        .collect()
}

impl Talk {
    fn steps_of(&self, turn: &Turn, speech: Speech, transport: Transport) -> Vec<Step> {
        turn.hear.iter().map(|hear| speech.expect(self.service, transport, hear)).collect()
    }

    fn begin(&self) -> Vec<Step> {
        self.opening.iter().map(|text| Step::Expect(text.as_bytes().to_vec())).collect()
    }

    fn one_by_one(&self, speech: Speech) -> Vec<Step> {
        self.spoken(speech, |message, steps| steps.push(Step::Send(message)))
    }

    fn byte_by_byte(&self, speech: Speech) -> Vec<Step> {
        self.spoken(speech, |message, steps| {
            steps.extend(message.iter().flat_map(|&byte| [Step::Send(vec![byte]), Step::ShortPause]));
        })
    }

    fn spoken(&self, speech: Speech, send: impl Fn(Vec<u8>, &mut Vec<Step>)) -> Vec<Step> {
        let mut steps = self.begin();
        for turn in &self.turns {
            send(speech.frame(turn.say), &mut steps);
            steps.extend(self.steps_of(turn, speech, Transport::Tcp));
            if turn.hear.is_empty() && !self.is_last(turn) {
                steps.push(Step::ExpectNothing);
            }
        }
        self.end(&mut steps);
        steps
    }

    fn is_last(&self, turn: &Turn) -> bool {
        self.turns.last().is_some_and(|last| std::ptr::eq(last, turn))
    }

    fn end(&self, steps: &mut Vec<Step>) {
        if !self.server_ends {
            steps.push(Step::HalfClose);
        }
        steps.push(Step::ExpectEnd);
    }

    fn glued(&self, speech: Speech) -> Vec<Step> {
        let mut steps = self.begin();
        steps.push(Step::Send(self.turns.iter().flat_map(|turn| speech.frame(turn.say)).collect()));
        steps.extend(self.turns.iter().flat_map(|turn| self.steps_of(turn, speech, Transport::Tcp)));
        self.end(&mut steps);
        steps
    }

    /// The last message is followed by the end at once; without its ending if `ended` is false.
    fn half_closed(&self, speech: Speech, ended: bool) -> Vec<Step> {
        let mut steps = self.begin();
        let turns = if self.server_ends { &self.turns[..self.turns.len() - 1] } else { &self.turns[..] };
        for (place, turn) in turns.iter().enumerate() {
            let last = place + 1 == turns.len();
            let message = if last && !ended { turn.say.to_vec() } else { speech.frame(turn.say) };
            steps.push(Step::Send(message));
            steps.extend(last.then_some(Step::HalfClose));
            steps.extend(self.steps_of(turn, speech, Transport::Tcp));
            if turn.hear.is_empty() && !last {
                steps.push(Step::LongPause);
            }
        }
        steps.push(Step::ExpectEnd);
        steps
    }

    fn datagrams(&self, speech: Speech) -> Vec<Step> {
        let mut steps = Vec::new();
        for turn in &self.turns {
            steps.push(Step::Send(speech.frame(turn.say)));
            steps.extend(self.steps_of(turn, speech, Transport::Udp));
            if turn.hear.is_empty() {
                steps.push(Step::ExpectNothing);
            }
        }
        steps
    }
}
