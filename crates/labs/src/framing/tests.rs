use super::*;
use proptest::prelude::*;

const START: Duration = Duration::from_secs(1);

/// Plays pieces of a stream, a quiet time after each `None`, and tells the messages with the endings of their answers.
fn play(rules: Rules, pieces: &[Option<&[u8]>]) -> Result<Vec<(Vec<u8>, Ending)>, Overlong> {
    let mut framing = Framing::new(rules);
    let mut messages = Vec::new();
    let mut uptime = START;
    for piece in pieces {
        let each = |message: &[u8], ending: Ending| {
            messages.push((message.to_vec(), ending));
            true
        };
        match piece {
            Some(bytes) => assert_eq!(framing.receive(uptime, bytes, each)?, bytes.len()),
            None => {
                uptime += rules.quiet;
                framing.quiet(uptime, each)?;
            }
        }
        uptime += Duration::from_millis(2);
    }
    Ok(messages)
}

fn check(pieces: &[Option<&[u8]>], expected: &[(&str, Ending)]) {
    let messages = play(Rules::default(), pieces).unwrap();
    let texts: Vec<_> =
        messages.iter().map(|(message, ending)| (std::str::from_utf8(message).unwrap(), *ending)).collect();
    assert_eq!(texts, expected);
}

#[test]
fn a_bare_message_in_two_segments_is_one() {
    check(&[Some(b"12 +"), Some(b" 42"), None], &[("12 + 42", Ending::None)]);
}

#[test]
fn a_bare_peer_is_answered_after_each_quiet_time() {
    check(&[Some(b"Ada"), None, Some(b"12 + 42"), None], &[("Ada", Ending::None), ("12 + 42", Ending::None)]);
}

#[test]
fn two_lines_in_one_segment_are_two() {
    check(&[Some(b"Ada\n12 + 42\n")], &[("Ada", Ending::Lf), ("12 + 42", Ending::Lf)]);
}

#[test]
fn carriage_returns_are_dropped_and_mirrored() {
    check(&[Some(b"Ada\r\n12"), Some(b" + 42\r"), Some(b"\n")], &[("Ada", Ending::CrLf), ("12 + 42", Ending::CrLf)]);
}

#[test]
fn a_pause_inside_a_line_does_not_end_it() {
    check(&[Some(b"Ada\n12 "), None, None, Some(b"+ 42\n")], &[("Ada", Ending::Lf), ("12 + 42", Ending::Lf)]);
}

#[test]
fn a_padded_field_is_answered_with_a_field() {
    let field = Ending::Nul { field_bytes: 8 };
    check(&[Some(b"Ada\0\0\0\0\0"), Some(b"12 + 42\0")], &[("Ada", field), ("12 + 42", field)]);
}

#[test]
fn glued_fields_are_two_messages() {
    let field = Ending::Nul { field_bytes: 6 };
    check(&[Some(b"Ada\0\0\0Bob\0\0\0")], &[("Ada", field), ("Bob", field)]);
}

#[test]
fn a_line_in_a_padded_field_is_a_line() {
    check(&[Some(b"Ada\n\0\0\0\0"), Some(b"q\n\0\0")], &[("Ada", Ending::Lf), ("q", Ending::Lf)]);
}

#[test]
fn an_empty_line_is_an_empty_message() {
    check(&[Some(b"\n\r\n")], &[("", Ending::Lf), ("", Ending::CrLf)]);
}

#[test]
fn without_the_guess_only_lines_count() {
    let rules = Rules { guess: false, ..Rules::default() };
    let messages = play(rules, &[Some(b"a\0b"), None, None, Some(b"c\n")]).unwrap();
    assert_eq!(messages, [(b"a\0bc".to_vec(), Ending::Lf)]);
}

#[test]
fn the_end_of_the_stream_ends_the_message() {
    let mut framing = Framing::new(Rules::default());
    framing.receive(START, b"Ada\n12 + 42", |_, _| true).unwrap();
    let mut last = Vec::new();
    framing
        .flush(|message, _| {
            last = message.to_vec();
            true
        })
        .unwrap();
    assert_eq!(last, b"12 + 42");
}

#[test]
fn the_limit_holds_to_the_byte() {
    let rules = Rules { message_bytes_max: 4, ..Rules::default() };
    assert!(play(rules, &[Some(b"1234\r\n")]).is_ok());
    assert_eq!(play(rules, &[Some(b"12345\n")]), Err(Overlong));
    assert!(play(rules, &[Some(b"12"), Some(b"34"), None]).is_ok());
    assert_eq!(play(rules, &[Some(b"12"), Some(b"345"), None]), Err(Overlong));
    assert_eq!(play(rules, &[Some(b"123456")]), Err(Overlong));
}

#[test]
fn nothing_is_kept_between_messages() {
    let mut framing = Framing::new(Rules::default());
    framing.receive(START, b"half", |_, _| true).unwrap();
    framing.receive(START, b" a line\n", |_, _| true).unwrap();
    assert_eq!(framing.begun.capacity(), 0);
}

#[test]
fn what_is_stopped_has_taken_whole_messages() {
    let mut framing = Framing::new(Rules::default());
    let taken = framing.receive(START, b"one\ntwo\nthree\n", |message, _| message == b"one").unwrap();
    assert_eq!(taken, b"one\ntwo\n".len());
}

#[test]
fn a_datagram_is_parted_from_its_ending() {
    assert_eq!(Ending::split(b"GET"), (&b"GET"[..], Ending::None));
    assert_eq!(Ending::split(b"GET\r\n"), (&b"GET"[..], Ending::CrLf));
    assert_eq!(Ending::split(b"GET\n"), (&b"GET"[..], Ending::Lf));
    assert_eq!(Ending::split(b"GET\0\0"), (&b"GET"[..], Ending::Nul { field_bytes: 5 }));
    assert_eq!(Ending::split(b"GET\n\0\0"), (&b"GET"[..], Ending::Lf));
    assert_eq!(Ending::split(b"GET\r\n\0"), (&b"GET"[..], Ending::CrLf));
    assert_eq!(Ending::split(b""), (&b""[..], Ending::None));
}

proptest! {
    /// However the network cuts lines into segments, the same messages come out.
    #[test]
    fn segments_do_not_matter(lines in prop::collection::vec("[^\\n\\r\0]{0,20}", 1..8), cuts in prop::collection::vec(1usize..9, 0..40)) {
        let stream: Vec<u8> = lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect();
        let rules = Rules { guess: false, ..Rules::default() };
        let mut pieces = Vec::new();
        let mut rest = &stream[..];
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            pieces.push(Some(piece));
            rest = after;
        }
        pieces.push(Some(rest));
        let messages = play(rules, &pieces).unwrap();
        let texts: Vec<_> = messages.into_iter().map(|(message, _)| String::from_utf8(message).unwrap()).collect();
        prop_assert_eq!(texts, lines);
    }

    /// Whatever arrives, memory stays within the limit, and no message is larger.
    #[test]
    fn memory_is_bounded(pieces in prop::collection::vec(prop::collection::vec(prop::sample::select(&b"ab\0\r\n"[..]), 0..30), 0..20)) {
        let rules = Rules { message_bytes_max: 10, ..Rules::default() };
        let mut framing = Framing::new(rules);
        for piece in pieces {
            let result = framing.receive(START, &piece, |message, _| { assert!(message.len() <= 10); true });
            prop_assert!(framing.begun.len() <= 11);
            if result.is_err() { break; }
        }
    }
}
