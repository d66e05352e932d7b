//! Arbitrary events at every server and client: `cargo +nightly fuzz run machines`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sim::fuzz::play(data));
