//! What a rule is: data.

use labs::{Service, Transport};

use crate::diagnosis::Diagnosis;
use crate::report::Level;

/// A lab as it is checked.
#[derive(Debug)]
pub struct Lab {
    pub service: Service,
    /// How a server is asked whether it speaks this lab at all, and whether bare or in lines.
    pub sounding: &'static [Step],
    /// A newcomer's whole visit. It follows every play, so that no dead program passes a rule. It asks for an answer, whatever it is: what an answer has
    /// to be is for the rules to say, or a program would fail them all for one mistake.
    pub visit: &'static [Step],
    /// From what matters most to what matters least: of several that fail, the first is to be mended first.
    pub rules: &'static [Rule],
}

impl Lab {
    pub fn rule(&self, id: &str) -> Option<&'static Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }
}

/// One thing that a server of the lab does.
#[derive(Debug)]
pub struct Rule {
    /// The lab and a word: `calc.zero`. It stays the same for good.
    pub id: &'static str,
    pub level: Level,
    pub over: Over,
    /// The sheet's own sentence, or what follows from it.
    pub sentence: &'static str,
    pub play: &'static [Step],
    /// What is wrong with a server that fails here.
    pub diagnosis: &'static Diagnosis,
}

impl Rule {
    /// Whether it needs the program itself, and not only its address.
    pub fn needs_program(&self) -> bool {
        self.play.iter().any(|step| matches!(step, Step::Restart))
    }
}

/// Which transports a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Both,
    Streams,
    Datagrams,
}

impl Over {
    pub fn includes(self, transport: Transport) -> bool {
        match self {
            Self::Both => true,
            Self::Streams => transport == Transport::Tcp,
            Self::Datagrams => transport == Transport::Udp,
        }
    }
}

/// One of our clients in a play, by name.
pub type Who = &'static str;

/// One thing that our clients do, or see.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Connects; over UDP, takes a socket of its own.
    Open(Who),
    /// Says a message as the program speaks, once the program has dealt with what came before. What was heard until then is forgotten.
    Say(Who, &'static str),
    /// Sends these bytes at once, as they are.
    Send(Who, &'static [u8]),
    /// Sends lines in pieces, cut and paused as the seed has it.
    Pieces(Who, &'static str),
    /// Hears this among what has arrived since it last said something.
    Hear(Who, Said),
    /// Has not heard this by the time the program rests.
    Never(Who, Said),
    /// Closes its side, and still listens.
    Finish(Who),
    /// Closes.
    Close(Who),
    /// Ends the connection with a reset, as a crashed computer's system does.
    Reset(Who),
    /// Sees the server close.
    Ended(Who),
    /// The program comes to rest: it waits, and does not spin.
    Rest,
    /// So many milliseconds go by.
    Pass(u64),
    /// The program is killed, and started again.
    Restart,
}

/// What is heard, with the tolerance that the sheets leave.
#[derive(Clone, Copy, Debug)]
pub enum Said {
    /// Whatever it is.
    Anything,
    /// This text, in any case.
    Text(&'static str),
    /// These bytes.
    Bytes(&'static [u8]),
    /// A number of this value, however it is written: `54`, `54.0`, `Answer = 54`.
    Number(f64),
    /// One of these numbers.
    Numbers(&'static [f64]),
    /// Today's date, in any usual order.
    Date,
    /// The time of now, give or take some seconds, here or in UTC.
    Time,
    /// That it is, or is not, alphanumeric.
    Alphanumeric(bool),
    /// This line of this member.
    Line(Who, &'static str),
    /// That this member came; with this count of members, if any.
    Joined(Who, Option<u32>),
    /// That this member went; with this count of members, if any.
    Left(Who, Option<u32>),
}
