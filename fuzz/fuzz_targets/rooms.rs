//! Arbitrary events at a chat and its members: `cargo +nightly fuzz run rooms`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sim::fuzz::play_room(data));
