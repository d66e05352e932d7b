//! Waiting that is TCP's own doing: delayed acknowledgements (RFC 9293, section 3.8.6.3) and Nagle's algorithm (RFC 9293, section 3.7.4).

use super::analysis::RoundTrip;
use super::marks::{Mark, Marks};
use super::sequence::is_before;
use crate::dissect::{Flags, Segment};

/// When one side sent what is not yet acknowledged.
#[derive(Default)]
pub(super) struct Pace {
    /// The time of its newest data, and the number behind them.
    newest: Option<(u64, u32)>,
    /// When a late acknowledgement of all its data came, and how long it had taken.
    released: Option<(u64, u64)>,
}

/// Judges a segment from the side of `from` by when it came; returns how long was waited, in nanoseconds.
///
/// An acknowledgement without data is delayed if it comes 30 ms after what it acknowledges (Linux waits 40 to 200 ms, others up to 500 ms)
/// and three round trips later. Data that follow within 1 ms on such an acknowledgement were held back for it: that is Nagle's rule, since a
/// program does not learn of acknowledgements.
pub(super) fn judge(
    from: &mut Pace,
    to: &mut Pace,
    segment: &Segment<'_>,
    at: u64,
    round_trip: RoundTrip,
    marks: &mut Marks,
) -> Option<u64> {
    const DELAYED_LEAST: u64 = 30_000_000;
    const AT_ONCE: u64 = 1_000_000;
    const ROUND_TRIPS: u64 = 3;
    let acknowledged =
        to.newest.take_if(|(_, end)| segment.flags.has(Flags::ACK) && !is_before(segment.acknowledgement, *end));
    if segment.payload_len > 0 {
        let end = segment.sequence.wrapping_add(segment.payload_len);
        from.newest = (!marks.any(Marks::RETRANSMISSIONS)).then_some((at, end));
        let released = from.released.take().filter(|&(then, _)| at.saturating_sub(then) <= AT_ONCE)?;
        marks.add(Mark::HeldBack);
        return Some(released.1);
    }
    // What travels with a FIN did not wait.
    let (sent, _) = acknowledged.filter(|_| !segment.flags.has(Flags::SYN.with(Flags::FIN).with(Flags::RST)))?;
    let waited = at.saturating_sub(sent);
    if waited < DELAYED_LEAST || waited < round_trip.0?.saturating_mul(ROUND_TRIPS) {
        return None;
    }
    to.released = Some((at, waited));
    marks.add(Mark::Delayed);
    Some(waited)
}
