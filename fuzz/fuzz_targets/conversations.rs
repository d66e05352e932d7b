//! Two talkers and somebody between them who alters keys, blocks and records: `cargo +nightly fuzz run conversations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sim::fuzz::play_conversation(data));
