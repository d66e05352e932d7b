//! Sequence numbers, which wrap around (RFC 9293, section 3.4).

/// How far `a` is behind `b`, negative if it is before it.
pub(super) fn distance(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b).cast_signed()
}

pub(super) fn is_after(a: u32, b: u32) -> bool {
    distance(a, b) > 0
}

pub(super) fn is_before(a: u32, b: u32) -> bool {
    distance(a, b) < 0
}
