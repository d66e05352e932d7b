use super::*;

/// Batman, back under its name, where `secret` was typed for the cave meanwhile; `answer` is what the server said to `/join`.
fn back_from_the_cave(answer: Option<&str>) -> Talk {
    let mut talk = Talk::lasting();
    talk.types("/join cave");
    answer.into_iter().for_each(|answer| talk.said(answer));
    talk.breaks();
    talk.types("secret");
    talk.wait_until_it_dials();
    talk.open();
    talk.done.clear();
    talk.said(JOINED);
    talk
}

const IN_CAVE: &str = "Server: you are in cave now";
const TOO_MANY: &str = "Server: there are too many rooms; /rooms lists them";

#[test]
fn what_was_typed_for_a_room_is_said_there_and_nowhere_else() {
    // Without an answer too, the person believes to be there.
    for answer in [Some(IN_CAVE), Some("Server: you are in Cave already"), None] {
        let mut talk = back_from_the_cave(answer);
        let join = if answer.is_some_and(|line| line.contains("Cave")) { "/join Cave" } else { "/join cave" };
        talk.expect_but_states(&[JOINED, &format!("> {join}"), &format!("<{join}")]);
        // The lobby talks on, and somebody of a strange name whispers.
        talk.said("Joker: ha");
        talk.said("Server: you are in says to you alone: cave now");
        talk.types("more");
        talk.done.clear();
        talk.said(IN_CAVE);
        let back = "we are back, sending 2 kept messages";
        talk.expect_but_states(&[IN_CAVE, back, "> secret", "> more", "?> ", "<secret", "<more"]);
    }
}

#[test]
fn what_was_typed_for_a_room_that_is_closed_to_us_is_not_sent() {
    let mut refused = back_from_the_cave(Some(IN_CAVE));
    refused.done.clear();
    refused.said(TOO_MANY);
    let away = ["!we did not get back to cave", "!not sent: secret", "?> "];
    refused.expect_but_states(&[&[TOO_MANY][..], &away].concat());
    let mut unanswered = back_from_the_cave(Some(IN_CAVE));
    unanswered.done.clear();
    assert_eq!(unanswered.wait(), ANSWER_MAX);
    unanswered.expect_but_states(&away);
    // From now on it is the lobby that the person talks to.
    unanswered.types("hello");
    unanswered.breaks();
    unanswered.wait_until_it_dials();
    unanswered.open();
    unanswered.done.clear();
    unanswered.said(JOINED);
    unanswered.expect_but_states(&[JOINED]);
}

#[test]
fn a_room_that_was_refused_is_not_gone_back_to() {
    for (line, answer) in [("/join attic", TOO_MANY), ("/join a:b", "Server: which room?"), ("/who", "Server: 1")] {
        let mut talk = Talk::lasting();
        for (line, answer) in [("/join cave", IN_CAVE), (line, answer)] {
            talk.types(line);
            talk.said(answer);
        }
        talk.breaks();
        talk.wait_until_it_dials();
        talk.open();
        talk.done.clear();
        talk.said(JOINED);
        talk.expect_but_states(&[JOINED, "> /join cave", "</join cave"]);
    }
}

#[test]
fn who_quits_on_the_way_back_to_a_room_says_nothing_elsewhere() {
    let mut talk = back_from_the_cave(Some(IN_CAVE));
    talk.done.clear();
    talk.types("quit");
    talk.expect_but_states(&["> quit", "!one message was not sent", "<quit"]);
}
