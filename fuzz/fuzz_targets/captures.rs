//! Arbitrary bytes read as capture files: `cargo +nightly fuzz run captures`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wire::fuzz::play_capture(data));
