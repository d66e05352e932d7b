//! What is to be said about a packet beyond what it carries.

use serde::Serialize;

/// A set of [`Mark`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u32);

/// Something remarkable about one packet. Those of TCP's sequence analysis mean what Wireshark's `tcp.analysis.…` of the same name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// The same bytes again, since no acknowledgement came in time.
    Retransmission,
    /// The same bytes again, since duplicate acknowledgements asked for them.
    FastRetransmission,
    /// The same bytes again, though they had been acknowledged.
    SpuriousRetransmission,
    /// Bytes from before the newest, within a round trip: another way through the network.
    OutOfOrder,
    DuplicateAcknowledgement,
    /// As much under way as the receiver has room for.
    WindowFull,
    /// The receiver has no room left.
    ZeroWindow,
    ZeroWindowProbe,
    ZeroWindowProbeAcknowledgement,
    WindowUpdate,
    KeepAlive,
    KeepAliveAcknowledgement,
    /// Something before it is not in the capture.
    GapBefore,
    /// It acknowledges what is not in the capture.
    AcknowledgesUnseen,
    /// The connection had begun before the capture did.
    MidStream,
    /// The third segment of the handshake: the connection is open.
    Opens,
    /// It acknowledges the other side's FIN.
    AcknowledgesFin,
    /// Both sides have closed and know it.
    Closes,
    /// A RST in answer to a SYN, or an ICMP error: nobody listens.
    Refused,
    /// It came late, as an acknowledgement that waits for company does.
    Delayed,
    /// It waited for an acknowledgement before it was sent.
    HeldBack,
    /// The checksum is wrong: the receiver throws this away.
    BadChecksum,
    /// The capture kept only its beginning.
    Cut,
    /// It came in fragments, which are put together here.
    Reassembled,
}

impl Mark {
    pub const ALL: [Self; 24] = [
        Self::Retransmission,
        Self::FastRetransmission,
        Self::SpuriousRetransmission,
        Self::OutOfOrder,
        Self::DuplicateAcknowledgement,
        Self::WindowFull,
        Self::ZeroWindow,
        Self::ZeroWindowProbe,
        Self::ZeroWindowProbeAcknowledgement,
        Self::WindowUpdate,
        Self::KeepAlive,
        Self::KeepAliveAcknowledgement,
        Self::GapBefore,
        Self::AcknowledgesUnseen,
        Self::MidStream,
        Self::Opens,
        Self::AcknowledgesFin,
        Self::Closes,
        Self::Refused,
        Self::Delayed,
        Self::HeldBack,
        Self::BadChecksum,
        Self::Cut,
        Self::Reassembled,
    ];

    /// As a student would say it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Retransmission => "retransmission: no acknowledgement came in time",
            Self::FastRetransmission => "fast retransmission: duplicate acknowledgements asked for it",
            Self::SpuriousRetransmission => "spurious retransmission: it had been acknowledged",
            Self::OutOfOrder => "out of order",
            Self::DuplicateAcknowledgement => "duplicate acknowledgement: says the same again",
            Self::WindowFull => "window full: the receiver has room for no more",
            Self::ZeroWindow => "window 0: the receiver has no room left",
            Self::ZeroWindowProbe => "window probe: asks whether there is room again",
            Self::ZeroWindowProbeAcknowledgement => "window probe answered: still no room",
            Self::WindowUpdate => "tells a new window",
            Self::KeepAlive => "keep-alive: asks whether anybody is there",
            Self::KeepAliveAcknowledgement => "keep-alive answered",
            Self::GapBefore => "gap: something before it was not seen yet",
            Self::AcknowledgesUnseen => "acknowledges what was not captured",
            Self::MidStream => "begun before the capture was",
            Self::Opens => "handshake 3 of 3: open",
            Self::AcknowledgesFin => "has seen the FIN",
            Self::Closes => "closed on both sides",
            Self::Refused => "refused: nobody listens there",
            Self::Delayed => "delayed acknowledgement",
            Self::HeldBack => "held back (Nagle): until the acknowledgement came",
            Self::BadChecksum => "wrong checksum: the receiver throws it away",
            Self::Cut => "the capture kept only its beginning",
            Self::Reassembled => "put together from fragments",
        }
    }
}

impl Marks {
    /// Any of the three ways to send the same bytes again: what Wireshark counts as `tcp.analysis.retransmission`.
    pub const RETRANSMISSIONS: Self =
        Self::of(Mark::Retransmission).with(Mark::FastRetransmission).with(Mark::SpuriousRetransmission);

    pub const fn of(mark: Mark) -> Self {
        Self(1 << mark as u32)
    }

    #[must_use]
    pub const fn with(self, mark: Mark) -> Self {
        Self(self.0 | 1 << mark as u32)
    }

    pub fn add(&mut self, mark: Mark) {
        *self = self.with(mark);
    }

    pub fn has(self, mark: Mark) -> bool {
        self.any(Self::of(mark))
    }

    /// Whether the two sets share a mark.
    pub fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Mark> {
        // Most packets are unremarkable.
        let all: &[Mark] = if self.is_empty() { &[] } else { &Mark::ALL };
        all.iter().copied().filter(move |&mark| self.has(mark))
    }
}

impl Serialize for Marks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
