//! Random bytes in place of a fuzzer's.

use sim::{fuzz, seeds};

fn bytes(seed: u64, round: u64) -> Vec<u8> {
    let mut chance = fastrand::Rng::with_seed(seed << 32 | round);
    let count = chance.usize(0..1500);
    (0..count).map(|_| chance.u8(..)).collect()
}

#[test]
fn no_event_breaks_a_machine() {
    seeds::every(|seed, log| {
        for round in 0..25 {
            log.clear();
            log.note(std::time::Duration::ZERO, format_args!("round {round}"));
            fuzz::play(&bytes(seed, round));
        }
    });
}

#[test]
fn no_event_breaks_a_room() {
    seeds::every(|seed, log| {
        for round in 0..25 {
            log.clear();
            log.note(std::time::Duration::ZERO, format_args!("round {round}"));
            fuzz::play_room(&bytes(seed, round));
        }
    });
}

#[test]
fn no_bytes_break_the_framing() {
    seeds::every(|seed, log| {
        for round in 0..50 {
            log.clear();
            log.note(std::time::Duration::ZERO, format_args!("round {round}"));
            fuzz::play_framing(&bytes(seed, round));
        }
    });
}

#[test]
fn no_bytes_break_what_is_cut_as_a_machine_says() {
    seeds::every(|seed, log| {
        for round in 0..50 {
            log.clear();
            log.note(std::time::Duration::ZERO, format_args!("round {round}"));
            fuzz::play_cuts(&bytes(seed, round));
        }
    });
}

#[test]
fn nobody_between_two_talkers_makes_one_hear_what_the_other_did_not_say() {
    seeds::every(|seed, log| {
        for round in 0..25 {
            log.clear();
            log.note(std::time::Duration::ZERO, format_args!("round {round}"));
            fuzz::play_conversation(&bytes(seed, round));
        }
    });
}

#[test]
fn no_sealed_record_is_taken_that_the_dialect_does_not_allow() {
    seeds::every(|seed, log| {
        for round in 0..25 {
            log.clear();
            log.note(std::time::Duration::ZERO, format_args!("round {round}"));
            fuzz::play_records(&bytes(seed, round));
        }
    });
}

#[test]
fn blocks_are_texts_until_one_is_none() {
    seeds::every(|seed, log| {
        for round in 0..25 {
            log.clear();
            log.note(std::time::Duration::ZERO, format_args!("round {round}"));
            fuzz::play_blocks(&bytes(seed, round));
        }
    });
}
