//! A stream's bytes arrive in any order, repeated and cut, and come out as they were sent.

use super::*;

fn told(stream: &mut Stream, sequence: u32, bytes: &[u8]) -> String {
    let mut text = String::new();
    stream.take(data(sequence, bytes), &mut |piece| write(piece, &mut text));
    text
}

fn data(sequence: u32, bytes: &[u8]) -> Data<'_> {
    Data { sequence, bytes, len: bytes.len() as u32, pushed: true, number: 1 }
}

fn write(piece: Piece<'_>, text: &mut String) {
    match piece {
        Piece::Bytes { bytes, .. } => text.push_str(std::str::from_utf8(bytes).unwrap()),
        Piece::Missing(bytes) => text.push_str(&format!("({bytes} missing)")),
    }
}

#[test]
fn overlaps_and_repetitions_are_told_once() {
    let mut stream = Stream::default();
    stream.begin(100);
    assert_eq!(told(&mut stream, 100, b"abc"), "abc");
    assert_eq!(told(&mut stream, 100, b"abc"), "");
    assert_eq!(told(&mut stream, 101, b"bcde"), "de");
    assert_eq!(told(&mut stream, 107, b"hij"), "");
    assert_eq!(told(&mut stream, 106, b"ghi"), "");
    assert_eq!(told(&mut stream, 105, b"f"), "fghij");
}

#[test]
fn the_longer_of_two_early_pieces_is_kept() {
    let mut stream = Stream::default();
    stream.begin(0);
    for early in [&b"f"[..], b"fgh", b"fg"] {
        assert_eq!(told(&mut stream, 5, early), "");
    }
    assert_eq!(told(&mut stream, 0, b"abcde"), "abcdefgh");
}

#[test]
fn numbers_wrap_around() {
    let mut stream = Stream::default();
    stream.begin(u32::MAX - 1);
    assert_eq!(told(&mut stream, 1, b"de"), "");
    assert_eq!(told(&mut stream, u32::MAX - 1, b"abc"), "abcde");
    assert_eq!(told(&mut stream, 3, b"f"), "f");
}

#[test]
fn what_was_acknowledged_but_not_captured_is_said_to_be_missing() {
    let mut stream = Stream::default();
    stream.begin(10);
    assert_eq!(told(&mut stream, 15, b"fg"), "");
    let mut text = String::new();
    stream.acknowledged(20, &mut |piece| write(piece, &mut text));
    assert_eq!(text, "(5 missing)fg(3 missing)");
    assert_eq!(told(&mut stream, 20, b"k"), "k");
}

#[test]
fn a_gap_of_which_one_number_may_be_a_fin_is_whole_once_data_follow() {
    let mut stream = Stream::default();
    stream.begin(10);
    assert_eq!(told(&mut stream, 15, b"fg"), "");
    let mut text = String::new();
    stream.acknowledged(14, &mut |piece| write(piece, &mut text));
    assert_eq!(text, "(4 missing)(1 missing)fg");
}

#[test]
fn what_the_capture_cut_is_missing() {
    let mut stream = Stream::default();
    let mut text = String::new();
    stream.take(Data { len: 10, ..data(0, b"abc") }, &mut |piece| write(piece, &mut text));
    assert_eq!(text + &told(&mut stream, 10, b"k"), "abc(7 missing)k");
}

#[test]
fn memory_is_bounded_and_the_gap_is_told() {
    let mut stream = Stream::default();
    stream.begin(0);
    let piece = [b'x'; 1000];
    let mut missing = 0;
    for place in 0..1000u32 {
        stream.take(data(7 + place * 1000, &piece), &mut |piece| {
            missing += if let Piece::Missing(bytes) = piece { bytes } else { 0 };
        });
        assert!(stream.early_bytes <= EARLY_BYTES_MAX);
    }
    assert_eq!(missing, 7);
}

#[test]
fn the_places_of_small_pieces_count_too() {
    let mut stream = Stream::default();
    stream.begin(0);
    for place in 1..=100u32 {
        stream.take(data(place * 2, b"x"), &mut |_| {});
    }
    assert!(stream.early_bytes() >= 100 * size_of::<Early>());
    stream.finish(&mut |_| {});
    assert_eq!(stream.early_bytes(), 0);
}

proptest::proptest! {
    #[test]
    fn any_order_gives_the_bytes_that_were_sent(
        start: u32,
        cuts in proptest::collection::vec((0usize..60, 1usize..20), 0..60),
    ) {
        let sent: Vec<u8> = (0..80u8).collect();
        let mut stream = Stream::default();
        stream.begin(start);
        let mut got = Vec::new();
        let mut hand = |piece: Piece<'_>| match piece {
            Piece::Bytes { bytes, .. } => got.extend_from_slice(bytes),
            Piece::Missing(bytes) => panic!("{bytes} missing"),
        };
        let all = (0..80).step_by(7).map(|at| (at, 7));
        for (at, len) in cuts.into_iter().chain(all) {
            let bytes = &sent[at..(at + len).min(80)];
            stream.take(data(start.wrapping_add(at as u32), bytes), &mut hand);
        }
        proptest::prop_assert_eq!(got, sent);
        proptest::prop_assert_eq!(stream.early_bytes, 0);
    }
}
