//! Random bytes in place of a fuzzer's.

use wire::fuzz;

fn bytes(seed: u64) -> Vec<u8> {
    let mut chance = fastrand::Rng::with_seed(seed);
    let count = chance.usize(0..1500);
    (0..count).map(|_| chance.u8(..)).collect()
}

#[test]
fn no_packets_break_the_story() {
    for seed in 0..400 {
        fuzz::play_story(&bytes(seed));
    }
}

#[test]
fn no_bytes_break_the_reader() {
    for seed in 0..2000 {
        fuzz::play_capture(&bytes(seed));
    }
}

#[test]
fn no_frame_breaks_the_dissection() {
    for seed in 0..2000 {
        fuzz::play_frame(&bytes(seed));
    }
}
