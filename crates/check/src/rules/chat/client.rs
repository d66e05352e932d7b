//! chat's client: "Socket Programming using Python" q8.
//!
//! Our server answers a name as the sheet's does, with the line of the joining. The sheet leaves open whether the client connects before or after it asks for
//! the name, and how it dresses what it displays.

use crate::diagnosis::{AT_PROMPT, NOT_ASKED, NOT_SENT, NOT_SHOWN, ONE_RECV, SERVER_GONE, STAYS};
use crate::report::Level::{Must, MustOfLines, Should};
use crate::rule::Over::Streams;
use crate::rule::Said::{Anything, Joined, Line, Text};
use crate::rule::Step::{Accept, Close, Exits, Greet, Hear, Pieces, Rest, Say, Send, ServerEnds, Shows, Start, Type};
use crate::rule::{Cast, Part, Rule};

use super::{BATMAN, VOLDEMORT};

const LOGIN: &str = "The client process then sends a login request to the chat room (Server) with this name.";
const SENDS: &str = "It takes user input, sends appropriate requests to the Server […]: whatever lines the user types.";
const SHOWS: &str = "It […] displays the messages sent by the server to the human user.";
const WINDOW: &str = "The Client process acts like a chat window: what others say is seen while nothing is typed.";
const GREETING: &str = "Enter login name:";
const JOINED: &str = "Server: time=10.01 Batman has joined. Member count=1";

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[
        Start(BATMAN),
        Type(BATMAN, "Batman"),
        Accept(BATMAN),
        Greet(BATMAN, GREETING),
        Say(BATMAN, JOINED),
        Type(BATMAN, "Anyone here?"),
        Hear(BATMAN, Text("Anyone here?")),
        Say(BATMAN, "Voldemort: Crucio!"),
        Shows(BATMAN, Line(VOLDEMORT, "Crucio!")),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "chat.client.login",
            level: Must,
            over: Streams,
            sentence: LOGIN,
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
            ],
            diagnosis: &NOT_SENT,
        },
        Rule {
            id: "chat.client.sends",
            level: Must,
            over: Streams,
            sentence: SENDS,
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, JOINED),
                Type(BATMAN, "Anyone here?"),
                Hear(BATMAN, Text("Anyone here?")),
                Type(BATMAN, "Aaaaaahrrhhhhh.."),
                Hear(BATMAN, Text("Aaaaaahrrhhhhh..")),
            ],
            diagnosis: &NOT_SENT,
        },
        Rule {
            id: "chat.client.shows",
            level: Must,
            over: Streams,
            sentence: SHOWS,
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, JOINED),
                Type(BATMAN, "Anyone here?"),
                Hear(BATMAN, Text("Anyone here?")),
                Say(BATMAN, "Voldemort: Crucio!"),
                Shows(BATMAN, Line(VOLDEMORT, "Crucio!")),
            ],
            diagnosis: &NOT_SHOWN,
        },
        Rule {
            id: "chat.client.at-prompt",
            level: Must,
            over: Streams,
            sentence: WINDOW,
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, JOINED),
                Say(BATMAN, "Server: time=11.01 Voldemort has joined. Member count=2"),
                Shows(BATMAN, Joined(VOLDEMORT, None)),
                Type(BATMAN, "Anyone here?"),
                Hear(BATMAN, Text("Anyone here?")),
                Say(BATMAN, "Voldemort: Crucio!"),
                Shows(BATMAN, Line(VOLDEMORT, "Crucio!")),
                Say(BATMAN, "Voldemort: Avada Kedavra!"),
                Shows(BATMAN, Line(VOLDEMORT, "Avada Kedavra!")),
            ],
            diagnosis: &AT_PROMPT,
        },
        Rule {
            id: "chat.client.quit",
            level: Must,
            over: Streams,
            sentence: "Client 1: “> quit”",
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, JOINED),
                Type(BATMAN, "quit"),
                Rest,
                Close(BATMAN),
                Exits(BATMAN),
            ],
            diagnosis: &STAYS,
        },
        Rule {
            id: "chat.client.glued",
            level: MustOfLines,
            over: Streams,
            sentence: "The Client process […] displays the messages sent by the server: also two that arrive at once.",
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, JOINED),
                Send(BATMAN, b"Voldemort: Crucio!\nAlfred: Dinner is served.\n"),
                Shows(BATMAN, Line(VOLDEMORT, "Crucio!")),
                Shows(BATMAN, Line("Alfred", "Dinner is served.")),
            ],
            diagnosis: &ONE_RECV,
        },
        Rule {
            id: "chat.client.pieces",
            level: MustOfLines,
            over: Streams,
            sentence: "The Client process […] displays the messages sent by the server: also one that arrives in pieces.",
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, JOINED),
                Pieces(BATMAN, "Voldemort: Avada Kedavra!\n"),
                Shows(BATMAN, Line(VOLDEMORT, "Avada Kedavra!")),
            ],
            diagnosis: &ONE_RECV,
        },
        Rule {
            id: "chat.client.asks",
            level: Should,
            over: Streams,
            sentence: "At the beginning, the user is requested for a “login name”.",
            play: &[Start(BATMAN), Shows(BATMAN, Anything)],
            diagnosis: &NOT_ASKED,
        },
        Rule {
            id: "chat.client.taken",
            level: Should,
            over: Streams,
            sentence: "Each client needs to have a unique name: what the server says to a name that is taken is displayed.",
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, "Server: the name Batman is taken. Choose another:"),
                Shows(BATMAN, Anything),
            ],
            diagnosis: &NOT_SHOWN,
        },
        Rule {
            id: "chat.client.empty",
            level: Should,
            over: Streams,
            sentence: "Whatever lines the user types: an empty line may be sent or not, and the client goes on.",
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, JOINED),
                Type(BATMAN, ""),
                Rest,
                Type(BATMAN, "Anyone here?"),
                Hear(BATMAN, Text("Anyone here?")),
            ],
            diagnosis: &NOT_SENT,
        },
        Rule {
            id: "chat.client.server-gone",
            level: Should,
            over: Streams,
            sentence: "A server may end: its client says so, or ends too.",
            play: &[
                Start(BATMAN),
                Type(BATMAN, "Batman"),
                Accept(BATMAN),
                Greet(BATMAN, GREETING),
                Hear(BATMAN, Text("Batman")),
                Say(BATMAN, JOINED),
                ServerEnds(BATMAN, "Is anybody there?"),
            ],
            diagnosis: &SERVER_GONE,
        },
    ],
};
