//! The lab's blocks, and what is none: `cargo +nightly fuzz run blocks`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sim::fuzz::play_blocks(data));
