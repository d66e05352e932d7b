//! Arbitrary bytes at the framing of keys and blocks: `cargo +nightly fuzz run cuts`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sim::fuzz::play_cuts(data));
