//! board: "Socket programming" project 2.
//!
//! The sheet leaves open whether a text is kept with its quotes, whether POST is answered, and how the texts come back: each in a message of its
//! own or all in one, with an end or without. Texts of earlier plays may be on the board.

mod client;
mod pair;

use crate::diagnosis::{
    ADDRESS_IN_USE, BAD_INPUT, CUT, DATAGRAM, ENDS_WITH_CLIENT, GONE_CLIENT, NOT_KEPT, ONE_CLIENT, STREAM_END,
};
use crate::report::Level::{Must, Should};
use crate::rule::Over::{Both, Datagrams, Streams};
use crate::rule::Said::{Anything, InOrder, Numbered, Text};
use crate::rule::Step::{Close, Finish, Hear, Open, OpenDeaf, Reset, Rest, Restart, Say, SayNumbered, Send};
use crate::rule::{Cast, Part, Rule};

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

const SENDS_BACK: &str = "“GET”: then server send all saved data back to client.";
const ALL: &str = "“GET”: then server send all saved data back to client: all of it, and not the last alone.";
const QUERIES: &str = "Client can send two types of queries to the server. What is neither may be answered or met with silence; the server goes on, and keeps what it has saved.";

/// 200 characters.
macro_rules! long {
    () => {
        "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, it was the epoch of belief, \
         it was the epoch of incredulity, it was the season of Light. "
    };
}
const LONG: &str = concat!(long!(), long!(), long!(), long!(), "So it went on to its end.");
const POST_LONG: &str = concat!("POST \"", long!(), long!(), long!(), long!(), "So it went on to its end.\"");

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    sounding: &[
        Open("Ada"),
        Say("Ada", "POST \"the first text\""),
        Say("Ada", "GET"),
        Hear("Ada", Text("the first text")),
    ],
    visit: &[Open("Robin"), Say("Robin", "POST \"all is well\""), Say("Robin", "GET"), Hear("Robin", Anything)],
    rules: &[
        Rule {
            id: "board.next",
            level: Must,
            over: Both,
            sentence: "Each client that comes is served.",
            play: &[Open("Ada"), Say("Ada", "POST \"milk\""), Say("Ada", "GET"), Hear("Ada", Anything), Close("Ada")],
            diagnosis: &ENDS_WITH_CLIENT,
        },
        Rule {
            id: "board.end",
            level: Must,
            over: Streams,
            sentence: "A client that has closed asks for nothing more, however often it is read from.",
            play: &[Open("Ada"), Say("Ada", "POST \"milk\""), Finish("Ada"), Rest, Close("Ada"), Rest],
            diagnosis: &STREAM_END,
        },
        Rule {
            id: "board.returns",
            level: Must,
            over: Both,
            sentence: SENDS_BACK,
            play: &[Open("Ada"), Say("Ada", "POST \"milk\""), Say("Ada", "GET"), Hear("Ada", Text("milk"))],
            diagnosis: &NOT_KEPT,
        },
        Rule {
            id: "board.words",
            level: Must,
            over: Both,
            sentence: "“POST \"something\"”: then server saves “something”: all of it, and not its first word.",
            play: &[
                Open("Ada"),
                Say("Ada", "POST \"water the plants\""),
                Say("Ada", "GET"),
                Hear("Ada", Text("water the plants")),
            ],
            diagnosis: &NOT_KEPT,
        },
        Rule {
            id: "board.all",
            level: Must,
            over: Both,
            sentence: ALL,
            play: &[
                Open("Ada"),
                Say("Ada", "POST \"milk\""),
                Say("Ada", "POST \"bread\""),
                Say("Ada", "POST \"eggs\""),
                Say("Ada", "GET"),
                Hear("Ada", Text("milk")),
                Hear("Ada", Text("bread")),
                Hear("Ada", Text("eggs")),
            ],
            diagnosis: &NOT_KEPT,
        },
        Rule {
            id: "board.others",
            level: Must,
            over: Both,
            sentence: "Whoever asks gets all saved data, and not only what it posted itself.",
            play: &[
                Open("Ada"),
                Say("Ada", "POST \"milk\""),
                Rest,
                Close("Ada"),
                Open("Bob"),
                Say("Bob", "GET"),
                Hear("Bob", Text("milk")),
            ],
            diagnosis: &NOT_KEPT,
        },
        Rule {
            id: "board.two-posters",
            level: Must,
            over: Both,
            sentence: "All saved data, whoever posted it.",
            play: &[
                Open("Ada"),
                Say("Ada", "POST \"milk\""),
                Rest,
                Close("Ada"),
                Open("Bob"),
                Say("Bob", "POST \"bread\""),
                Rest,
                Close("Bob"),
                Open("Cleo"),
                Say("Cleo", "GET"),
                Hear("Cleo", Text("milk")),
                Hear("Cleo", Text("bread")),
            ],
            diagnosis: &NOT_KEPT,
        },
        Rule {
            id: "board.again",
            level: Must,
            over: Both,
            sentence: "Saved data stays saved: whoever asks again gets it again.",
            play: &[
                Open("Ada"),
                Say("Ada", "POST \"milk\""),
                Say("Ada", "GET"),
                Hear("Ada", Text("milk")),
                Say("Ada", "GET"),
                Hear("Ada", Text("milk")),
            ],
            diagnosis: &NOT_KEPT,
        },
        Rule {
            id: "board.empty",
            level: Must,
            over: Both,
            sentence: "Before anything is saved there is nothing to send back; whatever the server answers, it goes on.",
            play: &[Open("Ada"), Say("Ada", "GET"), Rest],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "board.unknown",
            level: Must,
            over: Both,
            sentence: QUERIES,
            play: &[
                Open("Ada"),
                Say("Ada", "POST \"milk\""),
                Say("Ada", "DELETE everything"),
                Rest,
                Close("Ada"),
                Open("Bob"),
                Say("Bob", "get"),
                Rest,
                Close("Bob"),
                Open("Cleo"),
                Say("Cleo", "GET"),
                Hear("Cleo", Text("milk")),
            ],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "board.alone",
            level: Must,
            over: Both,
            sentence: "A POST of nothing may be saved, answered or met with silence; the server goes on.",
            play: &[Open("Ada"), Say("Ada", "POST"), Rest],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "board.bytes",
            level: Must,
            over: Both,
            sentence: "What is no text may be saved as it is, answered or met with silence; the server goes on, and answers GET.",
            play: &[
                Open("Ada"),
                Send("Ada", b"POST \"\xff\xfe\x80\"\n"),
                Rest,
                Close("Ada"),
                Open("Bob"),
                Send("Bob", b"\xff\xfe\x80\n"),
                Rest,
            ],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "board.empty-datagram",
            level: Must,
            over: Datagrams,
            sentence: "A datagram may be empty; the server goes on serving.",
            play: &[Open("Ada"), Send("Ada", b""), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "board.unheard",
            level: Must,
            over: Datagrams,
            sentence: "Who asked may be gone before the answer comes; the server goes on serving.",
            play: &[Open("Ada"), Say("Ada", "POST \"milk\""), OpenDeaf("Bob"), Say("Bob", "GET"), Rest],
            diagnosis: &DATAGRAM,
        },
        Rule {
            id: "board.reset",
            level: Must,
            over: Streams,
            sentence: "A client may crash; the server goes on serving others.",
            play: &[Open("Ada"), Say("Ada", "POST \"milk\""), Reset("Ada"), Rest],
            diagnosis: &GONE_CLIENT,
        },
        Rule {
            id: "board.unicode",
            level: Must,
            over: Both,
            sentence: "“something” may be in any language.",
            play: &[Open("Ada"), Say("Ada", "POST \"سلام 東京\""), Say("Ada", "GET"), Hear("Ada", Text("سلام 東京"))],
            diagnosis: &NOT_KEPT,
        },
        Rule {
            id: "board.order",
            level: Should,
            over: Both,
            sentence: "All saved data, in the order in which it was saved.",
            play: &[
                Open("Ada"),
                Say("Ada", "POST \"milk\""),
                Say("Ada", "POST \"bread\""),
                Say("Ada", "POST \"eggs\""),
                Say("Ada", "GET"),
                Hear("Ada", InOrder(&["milk", "bread", "eggs"])),
            ],
            diagnosis: &NOT_KEPT,
        },
        Rule {
            id: "board.long",
            level: Should,
            over: Both,
            sentence: "A text of some 800 characters comes back whole.",
            play: &[Open("Ada"), Say("Ada", POST_LONG), Say("Ada", "GET"), Hear("Ada", Text(LONG))],
            diagnosis: &CUT,
        },
        Rule {
            id: "board.many",
            level: Should,
            over: Both,
            sentence: "All saved data, also when it is thirty texts.",
            play: &[
                Open("Ada"),
                SayNumbered("Ada", "POST \"text #.\"", 30),
                Say("Ada", "GET"),
                Hear("Ada", Numbered("text #.", 30)),
            ],
            diagnosis: &CUT,
        },
        Rule {
            id: "board.several",
            level: Should,
            over: Streams,
            sentence: "While one client says nothing, another is served.",
            play: &[
                Open("Ada"),
                Open("Bob"),
                Say("Bob", "POST \"milk\""),
                Say("Bob", "GET"),
                Hear("Bob", Text("milk")),
            ],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "board.restart",
            level: Should,
            over: Streams,
            sentence: "A server that was ended while a client was there can be started again at once.",
            play: &[Open("Ada"), Say("Ada", "POST \"milk\""), Say("Ada", "GET"), Hear("Ada", Anything), Restart],
            diagnosis: &ADDRESS_IN_USE,
        },
    ],
};
