//! chat: "Socket Programming using Python" q8.
//!
//! The sheet leaves open whether a sender hears itself, how `quit` is said, and how the time is written.

mod client;
mod pair;

pub(super) use client::CLIENT;
pub(super) use pair::PAIR;

use crate::diagnosis::{
    ADDRESS_IN_USE, BAD_INPUT, COUNT, DUPLICATE, GONE_CLIENT, NOT_TOLD, ONE_CLIENT, ONE_RECV, STREAM_END,
};
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Joined, Left, Line, Text};
use crate::rule::Step::{Close, Finish, Hear, Never, Open, Pieces, Reset, Rest, Restart, Say, Send};
use crate::rule::{Cast, Part, Rule};

const BATMAN: &str = "Batman";
const VOLDEMORT: &str = "Voldemort";
const EVENT: &str = "Whenever any interesting event happens, (such as new user logging in or leaving the chat room) the status is broadcast to all connected clients.";
const TYPES: &str =
    "After logging in, whatever lines the user types is broadcast to all clients along with the sender's name.";
const UNIQUE: &str = "It allows client processes to login to the chat room (each client needs to have a unique name).";
const TRACK: &str = "The server keeps track of all the clients that are currently logged in.";

pub(super) static SERVER: Part = Part {
    cast: Cast::Server,
    sounding: &[
        Open(BATMAN),
        Say(BATMAN, "Batman"),
        Open(VOLDEMORT),
        Say(VOLDEMORT, "Voldemort"),
        Say(VOLDEMORT, "Crucio!"),
        Hear(BATMAN, Line(VOLDEMORT, "Crucio!")),
    ],
    visit: &[
        Open("Robin"),
        Say("Robin", "Robin"),
        Open("Marian"),
        Say("Marian", "Marian"),
        Say("Marian", "all is well"),
        Hear("Robin", Text("all is well")),
    ],
    rules: &[
        Rule {
            id: "chat.says",
            level: Must,
            over: Streams,
            sentence: TYPES,
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Say(BATMAN, "Anyone here?"),
                Hear(VOLDEMORT, Line(BATMAN, "Anyone here?")),
                Say(VOLDEMORT, "Crucio!"),
                Hear(BATMAN, Line(VOLDEMORT, "Crucio!")),
                Say(BATMAN, "Aaaaaahrrhhhhh.."),
                Hear(VOLDEMORT, Line(BATMAN, "Aaaaaahrrhhhhh..")),
            ],
            diagnosis: &NOT_TOLD,
        },
        Rule {
            id: "chat.end",
            level: Must,
            over: Streams,
            sentence: "A closed connection says nothing more, however often it is read from.",
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Finish(BATMAN),
                Rest,
                Close(BATMAN),
                Rest,
            ],
            diagnosis: &STREAM_END,
        },
        Rule {
            id: "chat.joins",
            level: Must,
            over: Streams,
            sentence: EVENT,
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Hear(BATMAN, Joined(VOLDEMORT, Some(2))),
            ],
            diagnosis: &NOT_TOLD,
        },
        Rule {
            id: "chat.leaves",
            level: Must,
            over: Streams,
            sentence: EVENT,
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Say(BATMAN, "quit"),
                Finish(BATMAN),
                Hear(VOLDEMORT, Left(BATMAN, Some(1))),
            ],
            diagnosis: &COUNT,
        },
        Rule {
            id: "chat.everyone",
            level: Must,
            over: Streams,
            sentence: "Also, whatever each user types is broadcast to all clients.",
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Open("Alfred"),
                Say("Alfred", "Alfred"),
                Say("Alfred", "dinner is served"),
                Hear(BATMAN, Line("Alfred", "dinner is served")),
                Hear(VOLDEMORT, Line("Alfred", "dinner is served")),
            ],
            diagnosis: &NOT_TOLD,
        },
        Rule {
            id: "chat.closes",
            level: Must,
            over: Streams,
            sentence: "The server keeps track of all the clients that are currently logged in: also when one closes its window without “quit”.",
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Rest,
                Close(BATMAN),
                Rest,
                Hear(VOLDEMORT, Left(BATMAN, Some(1))),
                Open("Alfred"),
                Say("Alfred", "Alfred"),
                Hear(VOLDEMORT, Joined("Alfred", Some(2))),
            ],
            diagnosis: &COUNT,
        },
        Rule {
            id: "chat.vanishes",
            level: Must,
            over: Streams,
            sentence: "A member may crash; the others talk on.",
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Open("Alfred"),
                Say("Alfred", "Alfred"),
                Rest,
                Reset(BATMAN),
                Rest,
                Say(VOLDEMORT, "Where is he?"),
                Hear("Alfred", Line(VOLDEMORT, "Where is he?")),
                Say("Alfred", "Out."),
                Hear(VOLDEMORT, Line("Alfred", "Out.")),
            ],
            diagnosis: &GONE_CLIENT,
        },
        Rule {
            id: "chat.unique",
            level: Must,
            over: Streams,
            sentence: UNIQUE,
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open("another Batman"),
                Say("another Batman", "Batman"),
                Rest,
                Never(BATMAN, Joined(BATMAN, Some(2))),
                Never("another Batman", Joined(BATMAN, Some(2))),
            ],
            diagnosis: &DUPLICATE,
        },
        Rule {
            id: "chat.free-again",
            level: Must,
            over: Streams,
            sentence: TRACK,
            play: &[
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Say(BATMAN, "quit"),
                Rest,
                Close(BATMAN),
                Rest,
                Open("Batman again"),
                Say("Batman again", "Batman"),
                Say("Batman again", "I am back"),
                Hear(VOLDEMORT, Line(BATMAN, "I am back")),
            ],
            diagnosis: &COUNT,
        },
        Rule {
            id: "chat.mute",
            level: Must,
            over: Streams,
            sentence: "At the beginning, the user is requested for a “login name”: while one thinks about it, others come and talk.",
            play: &[
                Open("nobody yet"),
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Say(VOLDEMORT, "Crucio!"),
                Hear(BATMAN, Line(VOLDEMORT, "Crucio!")),
            ],
            diagnosis: &ONE_CLIENT,
        },
        Rule {
            id: "chat.nameless",
            level: Must,
            over: Streams,
            sentence: "Who leaves before giving a name was never logged in; the others talk on.",
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open("nobody"),
                Close("nobody"),
                Rest,
                Never(BATMAN, Joined("", Some(2))),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Hear(BATMAN, Joined(VOLDEMORT, Some(2))),
            ],
            diagnosis: &STREAM_END,
        },
        Rule {
            id: "chat.bytes",
            level: Must,
            over: Streams,
            sentence: "What is no text may be passed on or refused; the others talk on.",
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Open("Alfred"),
                Say("Alfred", "Alfred"),
                Send(BATMAN, b"\xff\xfe\x80\n"),
                Rest,
                Say(VOLDEMORT, "What was that?"),
                Hear("Alfred", Line(VOLDEMORT, "What was that?")),
            ],
            diagnosis: &BAD_INPUT,
        },
        Rule {
            id: "chat.hears-itself-join",
            level: Should,
            over: Streams,
            sentence: "Client 1: “Server: time=10.01 Batman has joined. Member count=1”",
            play: &[Open(BATMAN), Say(BATMAN, "Batman"), Hear(BATMAN, Joined(BATMAN, Some(1)))],
            diagnosis: &NOT_TOLD,
        },
        Rule {
            id: "chat.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "… whatever lines the user types is broadcast: also a line that arrives in pieces.",
            play: &[
                Open(BATMAN),
                Say(BATMAN, "Batman"),
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Pieces(BATMAN, "a line in pieces\n"),
                Hear(VOLDEMORT, Line(BATMAN, "a line in pieces")),
            ],
            diagnosis: &ONE_RECV,
        },
        Rule {
            id: "chat.name-glued",
            level: MustOfLines,
            over: Streams,
            sentence: "After logging in, whatever lines the user types is broadcast: also one that arrives with the name.",
            play: &[
                Open(VOLDEMORT),
                Say(VOLDEMORT, "Voldemort"),
                Open(BATMAN),
                Send(BATMAN, b"Batman\nAnyone here?\n"),
                Hear(VOLDEMORT, Line(BATMAN, "Anyone here?")),
            ],
            diagnosis: &ONE_RECV,
        },
        Rule {
            id: "chat.restart",
            level: Should,
            over: Streams,
            sentence: "A server that was ended while members were there can be started again at once.",
            play: &[Open(BATMAN), Say(BATMAN, "Batman"), Open(VOLDEMORT), Say(VOLDEMORT, "Voldemort"), Restart],
            diagnosis: &ADDRESS_IN_USE,
        },
    ],
};
