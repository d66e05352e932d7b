//! Arbitrary bytes and pauses at a stream's framing: `cargo +nightly fuzz run framing`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sim::fuzz::play_framing(data));
