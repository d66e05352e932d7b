//! TCP's sequence analysis: what a segment is, by all that was seen before it.
//!
//! The definitions are those of Wireshark (User's Guide, section 7.5, "TCP Analysis"), so that both count the same.

use super::marks::{Mark, Marks};
use super::sequence::{is_after, is_before};
use crate::dissect::{Flags, Segment, TcpOption};

/// What one side has sent so far.
#[derive(Default)]
pub(super) struct Sent {
    /// The number before its first byte of data: that of its SYN.
    pub base: Option<u32>,
    /// The highest number it is to send next.
    pub next: Option<u32>,
    next_at: u64,
    /// What is to be acknowledged at most, as far as the capture has it without a gap.
    continuous: Option<u32>,
    /// The last number it acknowledged.
    pub acknowledged: Option<u32>,
    acknowledged_at: u64,
    /// The last window it told, as it stood there and in bytes.
    window: u16,
    room: u32,
    scale: Scale,
    /// How often it repeated its last acknowledgement.
    repeated: u32,
    last: Marks,
}

/// What is known of how its windows are scaled.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Scale {
    /// Its SYN was not seen.
    #[default]
    Unknown,
    Shift(u8),
    /// Its SYN had no such option.
    None,
}

/// The first round trip, in nanoseconds, if the capture has the handshake.
#[derive(Clone, Copy, Default)]
pub(super) struct RoundTrip(pub Option<u64>);

const CONTROL: Flags = Flags::SYN.with(Flags::FIN).with(Flags::RST);

impl Sent {
    /// The window in bytes, as the other side is to understand it.
    pub(super) fn window(&self, segment: &Segment<'_>) -> u32 {
        let shift = match self.scale {
            // The window of a SYN is never scaled (RFC 7323, section 2.2).
            Scale::Shift(shift) if !segment.flags.has(Flags::SYN) => shift,
            Scale::Shift(_) | Scale::Unknown | Scale::None => 0,
        };
        u32::from(segment.window) << shift
    }
}

/// Notes a segment that `from` sent to `to`, and says what it is.
pub(super) fn analyse(from: &mut Sent, to: &mut Sent, segment: &Segment<'_>, at: u64, round_trip: RoundTrip) -> Marks {
    note_bases(from, to, segment);
    let mut marks = Marks::default();
    let probe =
        segment.payload_len == 1 && from.next == Some(segment.sequence) && to.window == 0 && to.acknowledged.is_some();
    if probe {
        marks.add(Mark::ZeroWindowProbe);
    } else {
        look_forward(from, to, segment, &mut marks);
        look_back(from, to, segment, &mut marks);
    }
    if from.acknowledged != Some(segment.acknowledgement) {
        from.repeated = 0;
    }
    look_for_unseen(to, segment, &mut marks);
    let occupies = segment.payload_len > 0 || segment.flags.has(Flags::SYN.with(Flags::FIN));
    if occupies && !marks.has(Mark::KeepAlive) {
        find_repetition(from, to, segment, (at, round_trip), &mut marks);
    }
    advance(from, segment, at, probe);
    from.room = from.window(segment);
    from.window = segment.window;
    from.acknowledged = Some(segment.acknowledgement);
    from.acknowledged_at = at;
    from.last = marks;
    marks
}

fn note_bases(from: &mut Sent, to: &mut Sent, segment: &Segment<'_>) {
    if segment.flags.has(Flags::SYN) {
        let shift = segment.options.into_iter().find_map(|option| match option {
            TcpOption::WindowScale(shift) => Some(shift),
            TcpOption::MaximumSegmentSize(_)
            | TcpOption::SackPermitted
            | TcpOption::Sack { .. }
            | TcpOption::Timestamps { .. } => None,
        });
        // More than 14 is not allowed (RFC 7323, section 2.3).
        from.scale = shift.map_or(Scale::None, |shift| Scale::Shift(shift.min(14)));
        if segment.flags.has(Flags::ACK) && (from.scale == Scale::None || to.scale == Scale::None) {
            // Windows are scaled only if both offered it.
            (from.scale, to.scale) = (Scale::None, Scale::None);
        }
    }
    if from.base.is_none() {
        let syn = segment.flags.has(Flags::SYN);
        from.base = Some(if syn { segment.sequence } else { segment.sequence.wrapping_sub(1) });
    }
    if to.base.is_none() && segment.flags.has(Flags::ACK) {
        to.base = Some(segment.acknowledgement.wrapping_sub(1));
    }
}

/// Where it stands to what the same side sent before, and to the room that the other has.
fn look_forward(from: &Sent, to: &Sent, segment: &Segment<'_>, marks: &mut Marks) {
    let control = segment.flags.has(CONTROL);
    if segment.window == 0 && !control {
        marks.add(Mark::ZeroWindow);
    }
    if from.next.is_some_and(|next| is_after(segment.sequence, next)) && !segment.flags.has(Flags::RST) {
        marks.add(Mark::GapBefore);
    }
    if control {
        return;
    }
    if segment.payload_len <= 1 && from.next.is_some_and(|next| segment.sequence == next.wrapping_sub(1)) {
        marks.add(Mark::KeepAlive);
    }
    let end = segment.sequence.wrapping_add(segment.payload_len);
    let edge = to.acknowledged.map(|acknowledged| acknowledged.wrapping_add(to.room));
    if segment.payload_len > 0 && to.scale != Scale::Unknown && edge == Some(end) {
        marks.add(Mark::WindowFull);
    }
}

/// Whether it only says again what the same side said last.
fn look_back(from: &mut Sent, to: &Sent, segment: &Segment<'_>, marks: &mut Marks) {
    let repeats = segment.payload_len == 0
        && from.next == Some(segment.sequence)
        && from.acknowledged == Some(segment.acknowledgement)
        && !segment.flags.has(CONTROL);
    if !repeats {
        return;
    }
    let (window, same) = (segment.window, segment.window == from.window);
    if window == 0 {
        if same && to.last.has(Mark::ZeroWindowProbe) {
            marks.add(Mark::ZeroWindowProbeAcknowledgement);
        }
    } else if !same {
        marks.add(Mark::WindowUpdate);
    } else if to.last.has(Mark::KeepAlive) {
        marks.add(Mark::KeepAliveAcknowledgement);
    } else {
        from.repeated += 1;
        marks.add(Mark::DuplicateAcknowledgement);
    }
}

fn look_for_unseen(to: &mut Sent, segment: &Segment<'_>, marks: &mut Marks) {
    let Some(continuous) = to.continuous else { return };
    if !segment.flags.has(Flags::ACK) || !is_after(segment.acknowledgement, continuous) {
        return;
    }
    // Said once for what is missing.
    to.continuous = to.next;
    marks.add(Mark::AcknowledgesUnseen);
}

/// Tells a retransmission from a segment that was only overtaken.
fn find_repetition(
    from: &Sent,
    to: &Sent,
    segment: &Segment<'_>,
    (at, round_trip): (u64, RoundTrip),
    marks: &mut Marks,
) {
    const FAST_NANOSECONDS: u64 = 20_000_000;
    const ROUND_TRIP_ASSUMED: u64 = 3_000_000;
    const REPEATED_LEAST: u32 = 2;
    let end = segment.sequence.wrapping_add(segment.payload_len);
    let acknowledged = to.acknowledged.filter(|&number| number != 0);
    if segment.payload_len > 0 && acknowledged.is_some_and(|number| !is_after(end, number)) {
        marks.add(Mark::SpuriousRetransmission);
        return;
    }
    let Some(next) = from.next else { return };
    let after_probe = segment.payload_len > 1 && next.wrapping_sub(1) == segment.sequence;
    if !is_before(segment.sequence, next) || after_probe {
        return;
    }
    let asked = to.repeated >= REPEATED_LEAST;
    let since = |then: u64| at.saturating_sub(then);
    let occupied = end.wrapping_add(u32::from(segment.flags.has(Flags::SYN.with(Flags::FIN))));
    marks.add(if asked && to.acknowledged == Some(segment.sequence) && since(to.acknowledged_at) < FAST_NANOSECONDS {
        Mark::FastRetransmission
    } else if since(from.next_at) < round_trip.0.unwrap_or(ROUND_TRIP_ASSUMED) && occupied != next {
        Mark::OutOfOrder
    } else {
        Mark::Retransmission
    });
}

fn advance(from: &mut Sent, segment: &Segment<'_>, at: u64, probe: bool) {
    let occupied = segment.payload_len + u32::from(segment.flags.has(Flags::SYN.with(Flags::FIN)));
    let end = segment.sequence.wrapping_add(occupied);
    if !probe && from.next.is_none_or(|next| is_after(end, next)) {
        from.next = Some(end);
        from.next_at = at;
    }
    if !probe && from.continuous.is_none_or(|continuous| continuous == segment.sequence) {
        from.continuous = from.next;
    }
}
