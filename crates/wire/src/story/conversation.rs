//! One connection, or the datagrams between two sockets.

use std::net::SocketAddr;

use super::analysis::{RoundTrip, Sent, analyse};
use super::event::{Kind, Tcp};
use super::marks::{Mark, Marks};
use super::pace::{self, Pace};
use super::parties::Role;
use super::sequence::{distance, is_before};
use super::speech::{Ear, Noticed, Speech};
use super::stream::{Data, Piece, Stream};
use crate::dissect::{Flags, Segment, TcpOption, Transport, Why};

/// What is known of a conversation.
pub(super) struct Conversation {
    /// Its number in the story, from 1.
    pub number: u32,
    pub transport: Transport,
    pub client: SocketAddr,
    pub server: SocketAddr,
    /// Their places among the parties, the client first.
    pub parties: [u32; 2],
    /// Who is the client is only likely: the beginning is not in the capture.
    pub guessed: bool,
    pub sides: [Side; 2],
    /// The packets of the handshake.
    pub handshake: [Option<u64>; 3],
    syn_at: u64,
    round_trip: RoundTrip,
    pub reset: Option<(u64, Role)>,
    pub refused: Option<Refusal>,
    pub packets: u64,
    pub first_number: u64,
    pub first_at: u64,
    pub last_at: u64,
    /// Acknowledgements without anything else.
    pub acknowledgements: u64,
    pub counts: [u32; Mark::ALL.len()],
}

/// One side of it, as a sender.
#[derive(Default)]
pub(super) struct Side {
    sent: Sent,
    stream: Stream,
    pub speech: Speech,
    pace: Pace,
    /// Packets with data.
    pub carriers: u64,
    /// Their data as sent on the wire, repetitions included.
    pub wire_bytes: u64,
    /// Its FIN: the packet, and the number that acknowledges it.
    pub fin: Option<(u64, u32)>,
    pub fin_acknowledged: bool,
    pub delayed: Noticed,
    pub held_back: Noticed,
    /// What it said and the other acknowledged, although the capture lacks it: up to which number, and since when.
    unseen: Option<(u32, u64)>,
}

/// Word that what was sent did not arrive.
#[derive(Clone, Copy)]
pub(super) struct Refusal {
    pub number: u64,
    /// Who was not there.
    pub by: Role,
    /// What ICMP says; a RST says nothing.
    pub why: Option<Why>,
}

/// What a segment turned out to be.
pub(super) struct Meaning {
    pub kind: Kind,
    pub marks: Marks,
    pub waited: Option<u64>,
}

impl Conversation {
    pub(super) fn new(
        number: u32,
        guessed: bool,
        (transport, client, server): (Transport, SocketAddr, SocketAddr),
        parties: [u32; 2],
    ) -> Self {
        Self {
            number,
            transport,
            client,
            server,
            parties,
            guessed,
            sides: Default::default(),
            handshake: [None; 3],
            syn_at: 0,
            round_trip: RoundTrip::default(),
            reset: None,
            refused: None,
            packets: 0,
            first_number: 0,
            first_at: 0,
            last_at: 0,
            acknowledgements: 0,
            counts: [0; Mark::ALL.len()],
        }
    }

    /// Notes that a packet belongs to it.
    pub(super) fn note(&mut self, number: u64, at: u64) {
        if self.packets == 0 {
            (self.first_number, self.first_at) = (number, at);
        }
        self.packets += 1;
        self.last_at = at;
    }

    pub(super) fn role(&self, from: SocketAddr) -> Role {
        if from == self.client { Role::Client } else { Role::Server }
    }

    /// Whether a SYN begins another connection between the same sockets.
    pub(super) fn is_over_for(&self, segment: &Segment<'_>) -> bool {
        let side = &self.sides[self.role(segment.from) as usize];
        let syn = segment.flags.has(Flags::SYN) && !segment.flags.has(Flags::ACK);
        syn && side.sent.base.is_some_and(|base| base != segment.sequence)
    }

    /// The numbers of a segment relative to those of the handshake.
    pub(super) fn relative(&self, segment: &Segment<'_>) -> Tcp {
        let role = self.role(segment.from) as usize;
        let relative = |number: u32, side: usize| number.wrapping_sub(self.sides[side].sent.base.unwrap_or_default());
        let other = 1 - role;
        let sack = segment.options.into_iter().find_map(|option| match option {
            TcpOption::Sack { from, to } => Some((relative(from, other), relative(to, other))),
            TcpOption::MaximumSegmentSize(_)
            | TcpOption::WindowScale(_)
            | TcpOption::SackPermitted
            | TcpOption::Timestamps { .. } => None,
        });
        Tcp {
            flags: segment.flags,
            seq: relative(segment.sequence, role),
            ack: segment.flags.has(Flags::ACK).then(|| relative(segment.acknowledgement, other)),
            window: self.sides[role].sent.window(segment),
            sack,
        }
    }

    /// Takes a segment and says what it is.
    pub(super) fn take(&mut self, segment: &Segment<'_>, number: u64, at: u64, ear: &mut Ear<'_>) -> Meaning {
        let role = self.role(segment.from);
        let [client, server] = &mut self.sides;
        let (from, to) = if role == Role::Client { (client, server) } else { (server, client) };
        let mut marks = analyse(&mut from.sent, &mut to.sent, segment, at, self.round_trip);
        if self.packets == 1 && !segment.flags.has(Flags::SYN) {
            marks.add(Mark::MidStream);
        }
        let waited = pace::judge(&mut from.pace, &mut to.pace, segment, at, self.round_trip, &mut marks);
        if let Some(waited) = waited {
            let noticed = if marks.has(Mark::Delayed) { &mut from.delayed } else { &mut from.held_back };
            noticed.note((number, number), waited);
        }
        from.say(segment, number, ear);
        if segment.flags.has(Flags::ACK) {
            to.hear_acknowledgement(segment, at, &mut marks);
        }
        if from.fin_acknowledged && to.fin_acknowledged && marks.has(Mark::AcknowledgesFin) {
            marks.add(Mark::Closes);
        }
        for (side, by_client) in [(from, role == Role::Client), (to, role != Role::Client)] {
            ear.said.by_client = by_client;
            side.give_up_unseen(at, ear);
        }
        let kind = self.name_kind(segment, role, (number, at), &mut marks);
        if segment.payload_len as usize > segment.payload.len() {
            marks.add(Mark::Cut);
        }
        Meaning { kind, marks, waited }
    }

    /// Finds the handshake's segments and the ends, and says what the segment is first of all.
    fn name_kind(&mut self, segment: &Segment<'_>, role: Role, (number, at): (u64, u64), marks: &mut Marks) -> Kind {
        let flags = segment.flags;
        if flags.has(Flags::RST) {
            if role == Role::Server && self.handshake[0].is_some() && !self.is_answered() {
                marks.add(Mark::Refused);
                self.refused.get_or_insert(Refusal { number, by: role, why: None });
            }
            self.reset.get_or_insert((number, role));
            return Kind::Reset;
        }
        if flags.has(Flags::SYN) {
            let place = usize::from(flags.has(Flags::ACK));
            self.handshake[place].get_or_insert(number);
            if place == 0 {
                // The newest, by which Wireshark measures the first round trip too.
                self.syn_at = at;
            }
            return if place == 0 { Kind::Syn } else { Kind::SynAck };
        }
        let expected = self.sides[1].sent.base.map(|base| base.wrapping_add(1));
        let third = role == Role::Client && self.handshake[1].is_some() && self.handshake[2].is_none();
        if third && flags.has(Flags::ACK) && expected == Some(segment.acknowledgement) {
            self.handshake[2] = Some(number);
            self.round_trip = RoundTrip(self.handshake[0].map(|_| at.saturating_sub(self.syn_at)));
            marks.add(Mark::Opens);
        }
        match (segment.payload_len, flags.has(Flags::FIN)) {
            (1.., _) => Kind::Data,
            (0, true) => Kind::Fin,
            (0, false) => {
                self.acknowledgements += 1;
                Kind::Acknowledgement
            }
        }
    }

    /// Notes what was said of a packet.
    pub(super) fn count(&mut self, marks: Marks) {
        for mark in marks.iter() {
            self.counts[mark as usize] += 1;
        }
    }

    /// Whether the server has shown that it is there.
    pub(super) fn is_answered(&self) -> bool {
        self.handshake[1].is_some() || self.sides[Role::Server as usize].carriers > 0
    }

    /// Whether both sides have closed, or one has broken it off.
    pub(super) fn is_over(&self) -> bool {
        self.reset.is_some() || self.sides.iter().all(|side| side.fin_acknowledged)
    }

    /// What is kept beyond gaps.
    pub(super) fn early_bytes(&self) -> usize {
        self.sides.iter().map(|side| side.stream.early_bytes()).sum()
    }

    /// Hands on what is kept beyond gaps, and says what is missing.
    pub(super) fn pass_gaps(&mut self, ear: &mut Ear<'_>) {
        for (side, by_client) in self.sides.iter_mut().zip([true, false]) {
            ear.said.by_client = by_client;
            let Side { stream, speech, .. } = side;
            stream.finish(&mut |piece| speech.hear(&piece, ear));
        }
    }

    /// Hands on what was kept, when nothing more comes.
    pub(super) fn finish(&mut self, ear: &mut Ear<'_>) {
        for (side, by_client) in self.sides.iter_mut().zip([true, false]) {
            ear.said.by_client = by_client;
            side.give_up_unseen(u64::MAX, ear);
        }
        self.pass_gaps(ear);
    }
}

impl Side {
    /// Puts a segment's data in their place.
    fn say(&mut self, segment: &Segment<'_>, number: u64, ear: &mut Ear<'_>) {
        let start = segment.sequence.wrapping_add(u32::from(segment.flags.has(Flags::SYN)));
        if segment.flags.has(Flags::SYN) {
            self.stream.begin(start);
        }
        if segment.payload_len > 0 && !segment.flags.has(Flags::RST) {
            self.carriers += 1;
            self.wire_bytes += u64::from(segment.payload_len);
            let pushed = segment.flags.has(Flags::PSH.with(Flags::FIN));
            let Self { stream, speech, .. } = self;
            let data = Data { sequence: start, bytes: segment.payload, len: segment.payload_len, pushed, number };
            stream.take(data, &mut |piece| speech.hear(&piece, ear));
        }
        if segment.flags.has(Flags::FIN) && self.fin.is_none() {
            self.fin = Some((number, start.wrapping_add(segment.payload_len).wrapping_add(1)));
        }
    }

    /// Hears that the other side has all up to a number.
    fn hear_acknowledgement(&mut self, segment: &Segment<'_>, at: u64, marks: &mut Marks) {
        let mut acknowledged = segment.acknowledgement;
        if let Some((_, end)) = self.fin {
            if !self.fin_acknowledged && !is_before(acknowledged, end) {
                self.fin_acknowledged = true;
                marks.add(Mark::AcknowledgesFin);
            }
            if distance(acknowledged, end) >= 0 {
                acknowledged = end;
            }
        }
        // The last number may be that of a FIN, which is no byte.
        let data = acknowledged.wrapping_sub(1);
        if self.stream.lacks(data) && self.unseen.is_none_or(|(until, _)| is_before(until, data)) {
            let since = self.unseen.map_or(at, |(_, since)| since);
            self.unseen = Some((data, since));
        }
    }

    /// Says that bytes are missing once it is sure: a capture on several cores may have an acknowledgement before what it acknowledges.
    fn give_up_unseen(&mut self, now: u64, ear: &mut Ear<'_>) {
        const PATIENCE_NANOSECONDS: u64 = 100_000_000;
        let Some((until, since)) = self.unseen else { return };
        if !self.stream.lacks(until) {
            self.unseen = None;
        } else if now.saturating_sub(since) >= PATIENCE_NANOSECONDS {
            self.unseen = None;
            let Self { stream, speech, .. } = self;
            stream.acknowledged(until, &mut |piece: Piece<'_>| speech.hear(&piece, ear));
        }
    }
}
