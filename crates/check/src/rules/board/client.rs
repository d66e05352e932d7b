//! board's client: "Socket programming" project 2.
//!
//! The sheet leaves open whether a POST is answered, which is found out, and how the texts come back. Our server sends them in one message, and then the end that
//! was published with the sheet, and an empty datagram; a client that waits for another end is not called wrong.

use crate::diagnosis::clients::{ANSWER_UNSEEN, FIRST_TEXT, LANGUAGE, LOST, ONE_LINE, PART_POSTED};
use crate::report::Level::{Must, Should};
use crate::rule::Over::{Both, Datagrams};
use crate::rule::Said::{InOrder, Text};
use crate::rule::Step::{
    Accept, Acknowledge, Finish, Hear, Lose, OrExits, Say, Send, Shows, ShowsUnlessWaits, Sleeps, Start, Type,
};
use crate::rule::{Cast, Part, Rule};

const GET: &str = "“GET”: then server send all saved data back to client.";
const END: &str = "<<--bye-->>";
/// More than a client waits for a lost answer.
const LOST_S: u64 = 20;
/// More than one waits for a further text, before it shows all of them.
const MORE_S: u64 = 6;
const MILK: &str = "POST \"milk\"";

pub(in crate::rules) static CLIENT: Part = Part {
    cast: Cast::Client,
    sounding: &[
        Start("Ada"),
        Type("Ada", MILK),
        Accept("Ada"),
        Hear("Ada", Text("milk")),
        Acknowledge("Ada", "saved"),
        Type("Ada", "GET"),
        Hear("Ada", Text("GET")),
        Say("Ada", "bread"),
        Say("Ada", END),
        Send("Ada", b""),
        Finish("Ada"),
        Sleeps(MORE_S),
        Shows("Ada", Text("bread")),
    ],
    visit: &[],
    rules: &[
        Rule {
            id: "board.client.posts",
            level: Must,
            over: Both,
            sentence: "“POST \"something\"”: then server saves “something”, all of it.",
            play: &[
                Start("Ada"),
                Type("Ada", "POST \"milk and honey\""),
                Accept("Ada"),
                Hear("Ada", Text("milk and honey")),
            ],
            diagnosis: &PART_POSTED,
        },
        Rule {
            id: "board.client.shows",
            level: Must,
            over: Both,
            sentence: GET,
            play: &[
                Start("Ada"),
                Type("Ada", "GET"),
                Accept("Ada"),
                Hear("Ada", Text("GET")),
                Say("Ada", "bread"),
                Say("Ada", END),
                Send("Ada", b""),
                Finish("Ada"),
                Sleeps(MORE_S),
                ShowsUnlessWaits("Ada", Text("bread"), MILK),
            ],
            diagnosis: &ANSWER_UNSEEN,
        },
        Rule {
            id: "board.client.all",
            level: Must,
            over: Both,
            sentence: "“GET”: then server send all saved data back to client: all of it is shown.",
            play: &[
                Start("Ada"),
                Type("Ada", "GET"),
                Accept("Ada"),
                Hear("Ada", Text("GET")),
                Say("Ada", "bread\neggs\nsalt"),
                Say("Ada", END),
                Send("Ada", b""),
                Finish("Ada"),
                Sleeps(MORE_S),
                ShowsUnlessWaits("Ada", InOrder(&["bread", "eggs", "salt"]), MILK),
            ],
            diagnosis: &FIRST_TEXT,
        },
        Rule {
            id: "board.client.again",
            level: Should,
            over: Both,
            sentence: "Client can send two types of queries to the server: one after the other, without being started again.",
            play: &[
                Start("Ada"),
                Type("Ada", MILK),
                Accept("Ada"),
                Hear("Ada", Text("milk")),
                Acknowledge("Ada", "saved"),
                Type("Ada", "POST \"honey\""),
                Hear("Ada", Text("honey")),
                Acknowledge("Ada", "saved"),
                Type("Ada", "GET"),
                Hear("Ada", Text("GET")),
            ],
            diagnosis: &ONE_LINE,
        },
        Rule {
            id: "board.client.each",
            level: Should,
            over: Datagrams,
            sentence: "All saved data is shown, also when each text comes in a datagram of its own.",
            play: &[
                Start("Ada"),
                Type("Ada", "GET"),
                Accept("Ada"),
                Hear("Ada", Text("GET")),
                Say("Ada", "bread"),
                Say("Ada", "eggs"),
                Say("Ada", "salt"),
                Say("Ada", END),
                Send("Ada", b""),
                Sleeps(MORE_S),
                ShowsUnlessWaits("Ada", InOrder(&["bread", "eggs", "salt"]), MILK),
            ],
            diagnosis: &FIRST_TEXT,
        },
        Rule {
            id: "board.client.lost",
            level: Should,
            over: Datagrams,
            sentence: "UDP may lose an answer: the client gives up waiting for it and goes on, or ends.",
            play: &[
                Start("Ada"),
                Type("Ada", "GET"),
                Accept("Ada"),
                Hear("Ada", Text("GET")),
                Lose("Ada"),
                Sleeps(LOST_S),
                OrExits("Ada", &Type("Ada", MILK)),
                OrExits("Ada", &Hear("Ada", Text("milk"))),
            ],
            diagnosis: &LOST,
        },
        Rule {
            id: "board.client.text",
            level: Should,
            over: Both,
            sentence: "A text may be in any language.",
            play: &[Start("Ada"), Type("Ada", "POST \"smörgås\""), Accept("Ada"), Hear("Ada", Text("smörgås"))],
            diagnosis: &LANGUAGE,
        },
    ],
};
