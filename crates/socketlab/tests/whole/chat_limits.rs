//! Members who say too much, read too little or never say who they are; and all of them at the end.

use std::time::Duration;

use labs::chat::TOO_SLOW;
use rustix::process::Signal;

use crate::chat::Member;
use crate::server::Server;

/// How many times a member that read too slowly may start to read too late to be told so.
const ROUNDS: usize = 5;

/// What makes a member slow soon.
pub(crate) const SLOW_SOON: [&str; 5] = ["--set", "chat.log_bytes=65536", "--set", "chat.rate=0", "--quiet"];

/// Plays one that reads nothing, beside a talker and a witness who read everything: it costs them nothing, and is told when it looks.
pub(crate) fn read_too_slowly<S>(
    talker: &mut Member,
    mut witness_line: impl FnMut() -> String,
    mut enter: impl FnMut() -> S,
    mut rest: impl FnMut(S) -> String,
) {
    for _ in 0..ROUNDS {
        let slow = enter();
        assert_eq!(witness_line(), "Server: Slow has joined. Member count=3");
        talker.hears("Server: Slow has joined. Member count=3");
        let mut said = String::new();
        for number in 0.. {
            let text = format!("{number} {}", "x".repeat(8000));
            talker.say(&text);
            let line = witness_line();
            if line == "Server: Slow has left. Member count=2" {
                assert_eq!(witness_line(), format!("Talker: {text}"));
                break;
            }
            assert_eq!(line, format!("Talker: {text}"));
            said.push_str(&format!("Talker: {text}\n"));
            assert!(number < 10_000, "nobody is too slow");
        }
        talker.hears("Server: Slow has left. Member count=2");
        let heard = rest(slow);
        let told = heard.strip_suffix(TOO_SLOW);
        let begin = told.unwrap_or(&heard);
        let begin = if said.starts_with(begin) { begin } else { begin.strip_suffix('\n').unwrap() };
        assert!(said.starts_with(begin), "what it heard is no beginning of what was said");
        if told.is_some() {
            return;
        }
    }
    panic!("it was never told");
}

#[test]
fn who_reads_too_slowly_is_told_and_announced() {
    let server = Server::start(&[&["chat=127.0.0.1:0"][..], &SLOW_SOON].concat());
    let mut talker = Member::enter(&server, "Talker", 1);
    let mut witness = Member::enter(&server, "Witness", 2);
    talker.hears("Server: Witness has joined. Member count=2");
    let enter = || Member::enter(&server, "Slow", 3);
    read_too_slowly(&mut talker, || witness.line(), enter, |mut slow| slow.rest());
}

#[test]
fn who_says_too_much_is_told_and_not_heard() {
    let server = Server::start(&["chat=127.0.0.1:0", "--set", "chat.rate=1", "--quiet"]);
    let mut witness = Member::enter(&server, "Witness", 1);
    let mut joker = Member::enter(&server, "Joker", 2);
    witness.hears("Server: Joker has joined. Member count=2");
    let said: Vec<_> = (0..1000).map(|number| number.to_string()).collect();
    joker.say(&said.join("\n"));
    joker.hears("Server: at most 1 message a second; your last one was not sent");
    // Who leaves is not held up by what it said.
    joker.say("quit");
    joker.rest();
    let mut heard = Vec::new();
    loop {
        let line = witness.line();
        if line == "Server: Joker has left. Member count=1" {
            break;
        }
        heard.push(line);
    }
    assert!((4..20).contains(&heard.len()), "{heard:?}");
    assert_eq!(heard[..4], ["Joker: 0", "Joker: 1", "Joker: 2", "Joker: 3"]);
}

#[test]
fn who_gives_no_name_is_closed_and_never_counted() {
    let server = Server::start(&["chat=127.0.0.1:0", "--set", "chat.login_time=200ms", "--quiet"]);
    let mut witness = Member::enter(&server, "Witness", 1);
    let mut nameless = Member::connect(server.at("chat", "tcp"), "\n");
    nameless.hears("Error: no name within 200ms, closing the connection");
    nameless.hears_end();
    let _robin = Member::enter(&server, "Robin", 2);
    witness.hears("Server: Robin has joined. Member count=2");
}

#[test]
fn a_silent_member_is_told_then_announced() {
    let server = Server::start(&["chat=127.0.0.1:0", "--idle-timeout", "300ms", "--quiet"]);
    let mut batman = Member::enter(&server, "Batman", 1);
    batman.hears("Server: nothing heard for 300ms, closing the connection");
    batman.hears_end();
    let _robin = Member::enter(&server, "Robin", 1);
}

#[test]
fn the_limit_of_members_is_exact() {
    const MEMBERS: usize = 5;
    let server = Server::start(&["chat=127.0.0.1:0", "--members", "5", "--quiet"]);
    for round in 0..20 {
        let mut inside: Vec<Member> = Vec::new();
        for count in 1..=MEMBERS {
            let name = format!("m{count}");
            inside.push(Member::enter(&server, &name, count));
            for other in &mut inside[..count - 1] {
                other.hears(&format!("Server: {name} has joined. Member count={count}"));
            }
        }
        let mut outside = Member::connect(server.at("chat", "tcp"), "\n");
        outside.hears("Error: the server is full (5 clients), try again later");
        outside.hears_end();
        // The last stays to hear all others leave.
        let mut witness = inside.pop().unwrap();
        while let Some(mut member) = inside.pop() {
            match (round + inside.len()) % 4 {
                0 => member.say("quit"),
                1 => drop(member),
                2 => member.stream.half_close(),
                _ => member.stream.send(&[b'x'; 10_000]),
            }
            let name = format!("m{}", inside.len() + 1);
            witness.hears(&format!("Server: {name} has left. Member count={}", inside.len() + 1));
        }
        witness.say("quit");
        witness.hears_end();
    }
}

#[test]
fn everybody_is_told_of_the_end() {
    let server = Server::start(&["chat=127.0.0.1:0", "--quiet"]);
    let mut batman = Member::enter(&server, "Batman", 1);
    let mut robin = Member::enter(&server, "Robin", 2);
    batman.hears("Server: Robin has joined. Member count=2");
    robin.say("/join cave");
    robin.hears("Server: you are in cave now");
    robin.hears("Server: Robin has joined. Member count=1");
    batman.hears("Server: Robin has left. Member count=1");
    let mut nameless = Member::connect(server.at("chat", "tcp"), "\n");
    // A name that is refused shows that the connection is accepted.
    nameless.say(":");
    assert!(nameless.line().starts_with("Error: a name has"));
    let stays = Member::enter(&server, "Stays", 2);
    batman.hears("Server: Stays has joined. Member count=2");
    server.signal(Signal::TERM);
    for member in [&mut batman, &mut robin] {
        member.hears("Server: the server is shutting down");
        member.hears_end();
    }
    nameless.hears("Error: the server is shutting down");
    nameless.hears_end();
    // One that neither reads nor closes cannot hold it.
    let begin = std::time::Instant::now();
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    drop(stays);
}
