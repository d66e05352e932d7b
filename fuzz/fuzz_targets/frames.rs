//! Arbitrary bytes taken apart as frames: `cargo +nightly fuzz run frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire::fuzz::play_frame(data));
