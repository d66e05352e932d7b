//! Arbitrary packets told as a story: `cargo +nightly fuzz run stories`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire::fuzz::play_story(data));
