//! What a rule is: data.

use labs::{Service, Transport};
use serde::{Deserialize, Serialize};

use crate::diagnosis::Diagnosis;
use crate::report::Level;

/// A lab as it is checked.
#[derive(Debug)]
pub struct Lab {
    pub service: Service,
    /// The server's first.
    pub parts: &'static [&'static Part],
}

impl Lab {
    pub fn part(&self, cast: Cast) -> Option<&'static Part> {
        self.parts.iter().copied().find(|part| part.cast == cast)
    }

    pub fn rules(&self) -> impl Iterator<Item = &'static Rule> {
        self.parts.iter().flat_map(|part| part.rules)
    }

    pub fn rule(&self, id: &str) -> Option<&'static Rule> {
        self.rules().find(|rule| rule.id == id)
    }
}

/// Which programs of the student's are on the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cast {
    /// A server, and our clients.
    Server,
    /// A client at its terminal, and our server.
    Client,
    /// A server and its clients, all at their terminals.
    Pair,
}

impl Cast {
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Pair => "pair",
        }
    }
}

/// The rules for one cast.
#[derive(Debug)]
pub struct Part {
    pub cast: Cast,
    /// How it is found out whether the program speaks this lab at all, and whether bare or in lines.
    pub sounding: &'static [Step],
    /// A newcomer's whole visit. It follows every play to a server, so that no dead program passes a rule. It asks for an answer, whatever it is: what an
    /// answer has to be is for the rules to say, or a program would fail them all for one mistake.
    pub visit: &'static [Step],
    /// From what matters most to what matters least: of several that fail, the first is to be mended first.
    pub rules: &'static [Rule],
}

/// One thing that a program of the lab does.
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
        need_program(self.play)
    }

    /// Whether time itself is what its play waits for.
    pub(crate) fn takes_long(&self) -> bool {
        let waits = |step: &Step| {
            matches!(step, Step::Pass(_) | Step::Await(..) | Step::TimedOut(_) | Step::Crowd(Crowd::TimesOut))
        };
        self.play.iter().any(waits)
    }
}

/// Whether these steps need the program itself.
pub(crate) fn need_program(steps: &[Step]) -> bool {
    let needs = |step: &Step| {
        matches!(
            step,
            Step::Restart
                | Step::Type(..)
                | Step::Gives(..)
                | Step::Shows(..)
                | Step::ShowsUnlessWaits(..)
                | Step::Hides(..)
                | Step::Exits(_)
                | Step::TellsApart(..)
                | Step::NoCrash
                | Step::Talk(_, Talk::Answer(_) | Talk::GoodBye)
        )
    };
    steps.iter().any(needs)
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

/// Who takes part in a play, by name: one of our clients, or a person who sits before the student's client. Our end of what that client opens has
/// the same name.
pub type Who = &'static str;

/// Whose terminal is the server's.
pub const SERVER: Who = "the server";

/// One thing that somebody does, or sees.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Starts the student's client. What it asks its user about the server is answered, and its user's name unless that is the lab's own matter.
    Start(Who),
    /// Types a line at a terminal, once the program has dealt with what came before. What was shown until then is forgotten.
    Type(Who, &'static str),
    /// The user gives two numbers to the student's client, in the manner in which it wants them; and our server, where there is one, hears both. If the
    /// client has not come to it before, it comes now.
    Gives(Who, &'static str, &'static str),
    /// The terminal shows this, among what it showed since a line was last typed there.
    Shows(Who, Said),
    /// The same. One that does not, and takes this line neither, may wait for more than the sheet has our server say: that is no mistake, but not seen.
    ShowsUnlessWaits(Who, Said, &'static str),
    /// The terminal shows what our server last said to this one.
    ShowsReply(Who),
    /// The terminal shows all numbers that our server has last heard from this one.
    ShowsNumbers(Who),
    /// The terminal has not shown this by the time the program rests.
    Hides(Who, Said),
    /// The program gives its terminal back.
    Exits(Who),
    /// The student's client comes to our server: it connects, or sends its first datagram.
    Accept(Who),
    /// Our server greets, if the client was found to wait for that.
    Greet(Who, &'static str),
    /// Of all that came to our server, not all said the same since.
    Differ,
    /// Our server ends. At the latest when this line is typed twice, the client tells its user, or ends; and it neither crashes nor spins.
    ServerEnds(Who, &'static str),
    /// Our server turns this one away who comes, as one client too many: it says so, and closes. Then as where it ends.
    ServerIsBusy(Who, &'static str),
    /// Its user wants to leave, with each usual word for it, and the end of what is typed: the client ends. One that knows none of them is not judged.
    Quits(Who),
    /// Our server says this, if the client was found to wait for it.
    Acknowledge(Who, &'static str),
    /// Our server answers what it has heard, if that is a request.
    Reply(Who, fn(&str) -> Option<String>),
    /// From here on our server answers each request as it comes.
    Answers(Who, fn(&str) -> Option<String>),
    /// Our server does not answer what it has heard, and forgets it.
    Lose(Who),
    /// Our server is there no more, for those who come.
    CloseDoor,
    /// It came from one of these ports.
    From(Who, &'static [u16]),
    /// It says something again and again, with pauses of so many to so many milliseconds on average, which are not all the same.
    Pauses(Who, u64, u64),
    /// From here on the programs may sleep for so many seconds before they do what is waited for.
    Sleeps(u64),
    /// This, or this one's program has ended of itself and without an error.
    OrExits(Who, &'static Self),
    /// The same, but then it could not be seen.
    UnlessExits(Who, &'static Self),
    /// Connects; over UDP, takes a socket of its own.
    Open(Who),
    /// The same, from this port.
    OpenFrom(Who, u16),
    /// The server's terminal shows the last message of each, and not in the same words but for the messages.
    TellsApart(Who, Who),
    /// Where the server's terminal names anybody beside the last message of the first, it is not only the other.
    NotTakenFor(Who, Who),
    /// Opens a socket to which no answer arrives, as if its owner had gone: a datagram to it is told to be unreachable.
    OpenDeaf(Who),
    /// Says a message as the program speaks, once the program has dealt with what came before. What was heard until then is forgotten.
    Say(Who, &'static str),
    /// Sends these bytes at once, as they are.
    Send(Who, &'static [u8]),
    /// Sends lines in pieces, cut and paused as the seed has it.
    Pieces(Who, &'static str),
    /// Says a text as often as is said, with the number of the time instead of `#`.
    SayNumbered(Who, &'static str, usize),
    /// Hears this among what has arrived since it last said something, or since somebody last typed at the terminal of that name.
    Hear(Who, Said),
    /// Hears this within so many seconds, during which the program may sleep. Not to be seen in that time is no mistake, but not seen.
    Await(Who, Said, u64),
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
    /// The rest is played only if the server has not closed this one's connection, as it may.
    IfOpen(Who),
    /// Gives two numbers, in the manner in which the program wants them.
    Ask(Who, &'static str, &'static str),
    /// Gives the first of two numbers, if the program wants them one by one.
    Begin(Who, &'static str),
    /// Gives what is left of two numbers then.
    Complete(Who, &'static str, &'static str),
    /// Gives two numbers as lines, in pieces, cut and paused as the seed has it.
    AskInPieces(Who, &'static str, &'static str),
    /// The server closes this one, who says nothing. It is not seen where it takes long; but once one was closed, others have to be as well.
    TimedOut(Who),
    /// Something that many clients do together.
    Crowd(Crowd),
    /// Something in an encrypted talk.
    Talk(Who, Talk),
    /// If the program has ended, then in peace.
    NoCrash,
}

/// What a crowd of clients does, or sees: who they are is found out.
#[derive(Clone, Copy, Debug)]
pub enum Crowd {
    /// Clients come and stay, until one is turned away. It is not seen where none is.
    Comes,
    /// So many leave, as the lab has it.
    Leaves(usize),
    /// The connections of so many are reset.
    Vanishes(usize),
    /// The server closes them all, who say nothing. It is not seen where it takes long.
    TimesOut,
    /// As many newcomers are let in and served as have left.
    IsLetIn,
    /// Once as many are there as at first, the next is turned away.
    IsTurnedAway,
}

/// What our end does in an encrypted talk, or what is seen of it.
#[derive(Clone, Copy, Debug)]
pub enum Talk {
    /// Sends its public key; to a client that sends its own first, once that has come.
    SendKey,
    /// Sends its public key, and hears the program's. A pair is given the time for its keys.
    Keys,
    /// The same, for what is about something else: where no keys are exchanged, that cannot be seen.
    Begun,
    /// The student's client gives its public key; or it says this as it was typed, which is a mistake, and no other lab.
    Begins(&'static str),
    /// Says a text, encrypted to the program's key.
    Say(&'static str),
    /// The same, the second half later than the first.
    SayInHalves(&'static str),
    /// Says a block that is encrypted to nobody.
    Garbage,
    /// Hears this, encrypted to its key.
    Hears(&'static str),
    /// Hears what the server's person types, or whatever the server answers by itself. In a pair it is the client's terminal that shows it, and a server
    /// that answers by itself cannot be judged.
    Answer(&'static str),
    /// Hears that the server's person types `Good Bye`, which ends the talk, and in a pair the client's program.
    GoodBye,
    /// Has heard something of what was typed at last; or hears this, typed instead; or the program has ended in peace.
    Copes(&'static str),
    /// Who listens on the way has not read this.
    Secret(&'static str),
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
    /// The result of this request, as `12 + 42`, however it is written, and of no other operation on its numbers.
    Answers(&'static str),
    /// One of these numbers.
    Numbers(&'static [f64]),
    /// This text as often as is said, with each number from 1 instead of `#`.
    Numbered(&'static str, usize),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// All of these words in this order, whatever is between them.
    InOrder(&'static [&'static str]),
    /// Two whole numbers from 1 to 10.
    Addends,
    /// Two such numbers, and behind them their sum.
    Sum,
    /// So many whole numbers, each one more than the one before, the first of them 1.
    Counting(usize),
    /// 100, and behind it 1.
    Rolled,
    /// Today's date, in any usual order.
    Date,
    /// The time of now, give or take some seconds, here or in UTC.
    Time,
    /// Either of both.
    DateOrTime,
    /// That it is, or is not, alphanumeric.
    Alphanumeric(bool),
    /// This line of this member.
    Line(Who, &'static str),
    /// That this member came; with this count of members, if any.
    Joined(Who, Option<u32>),
    /// That this member went; with this count of members, if any.
    Left(Who, Option<u32>),
}
