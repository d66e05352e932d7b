//! From what is known of a conversation to what is told of it.

use std::net::SocketAddr;

use super::Place;
use super::conversation::{Conversation, Refusal, Side};
use super::event::{Event, Kind, Payload};
use super::marks::{Mark, Marks};
use super::parties::{Parties, Role};
use super::speech::Noticed;
use crate::checksum::Verdict;
use crate::dissect::Transport;
use crate::readable::{Coincidence, Look};
use crate::summary::{self, Answer, End, Lesson, Quote, Readable, Said};
use crate::visible::Visible;

/// What can be said of a packet by where it stands alone.
pub(super) fn with_place(mut marks: Marks, place: Place) -> Marks {
    if matches!(place.verdict, Verdict::Wrong { .. }) {
        marks.add(Mark::BadChecksum);
    }
    if place.reassembled {
        marks.add(Mark::Reassembled);
    }
    marks
}

/// An event with all that does not depend on what the packet carries.
pub(super) fn event<'a>(
    conversation: &Conversation,
    parties: &'a Parties,
    from: SocketAddr,
    kind: Kind,
    place: Place,
    began_at: Option<u64>,
) -> Event<'a> {
    let role = conversation.role(from) as usize;
    Event {
        number: place.number,
        at: place.at,
        since: place.at.saturating_sub(began_at.unwrap_or(place.at)),
        conversation: conversation.number,
        first: conversation.packets == 1,
        transport: conversation.transport,
        from: parties.view(conversation.parties[role]),
        to: parties.view(conversation.parties[1 - role]),
        kind,
        tcp: None,
        bytes: 0,
        payload: Payload(&[]),
        tls: conversation.sides[role].speech.records.is_some(),
        messages: 0,
        joined: 0,
        name: "",
        marks: Marks::default(),
        waited: None,
        missing: 0,
    }
}

/// What the summary says of a conversation.
pub(super) fn sum_up(conversation: &Conversation, parties: &Parties) -> summary::Conversation {
    let party = |role: Role| {
        let party = parties.view(conversation.parties[role as usize]);
        summary::Party {
            name: party.name.to_owned(),
            address: party.address,
            process: party.process.map(str::to_owned),
        }
    };
    let counts = Mark::ALL.into_iter().map(|mark| (mark, u64::from(conversation.counts[mark as usize])));
    summary::Conversation {
        number: conversation.number,
        transport: conversation.transport,
        client: party(Role::Client),
        server: party(Role::Server),
        guessed: conversation.guessed,
        packets: conversation.packets,
        first_packet: conversation.first_number,
        nanoseconds: conversation.last_at.saturating_sub(conversation.first_at),
        handshake: conversation.handshake,
        acknowledgements: conversation.acknowledgements,
        said: [said(&conversation.sides[0]), said(&conversation.sides[1])],
        end: end(conversation),
        readable: readable(conversation),
        lessons: lessons(conversation),
        marks: counts.filter(|&(_, count)| count > 0).collect(),
    }
}

fn said(side: &Side) -> Said {
    let unfinished = u64::from(side.speech.is_unfinished());
    Said {
        messages: side.speech.messages + unfinished,
        known: side.speech.lines,
        packets: side.carriers,
        bytes: side.speech.text_bytes + side.speech.other_bytes,
        wire_bytes: side.wire_bytes,
        missing: side.speech.missing,
    }
}

fn end(conversation: &Conversation) -> End {
    let refused = conversation.refused.map(|Refusal { number, by, why }| End::Refused { number, by, why });
    if conversation.transport == Transport::Udp {
        return refused.unwrap_or(End::Datagrams);
    }
    let [client, server] = &conversation.sides;
    let (first, other) = match (client.fin, server.fin) {
        (Some((client, _)), Some((server, _))) if server < client => (Some((Role::Server, server)), Some(client)),
        (Some((client, _)), server) => (Some((Role::Client, client)), server.map(|(number, _)| number)),
        (None, Some((server, _))) => (Some((Role::Server, server)), None),
        (None, None) => (None, None),
    };
    if let Some(refused) = refused.filter(|_| !conversation.is_answered()) {
        return refused;
    }
    match (conversation.reset, first, other) {
        (_, Some((by, number)), Some(other)) => End::Closed { by, number, other },
        (Some((number, by)), fin, _) => End::Reset { by, number, after_fin: fin.map(|(role, _)| role) },
        (None, Some((by, number)), None) => End::HalfClosed { by, number },
        (None, None, _)
            if conversation.handshake == [conversation.handshake[0], None, None]
                && conversation.handshake[0].is_some()
                && client.carriers + server.carriers == 0 =>
        {
            End::Unanswered
        }
        (None, None, _) => End::Open,
    }
}

/// Can anybody on the path read it?
fn readable(conversation: &Conversation) -> Readable {
    let sides = [&conversation.sides[0].speech, &conversation.sides[1].speech];
    if let Some(tls) = tls(conversation) {
        return tls;
    }
    let (text, other) =
        sides.iter().fold((0, 0), |(text, other), side| (text + side.text_bytes, other + side.other_bytes));
    let roles = [Role::Client, Role::Server];
    let quotes = roles.into_iter().zip(sides).filter_map(|(by, speech)| {
        let quotation = speech.quote.as_ref()?;
        Some((
            quotation.bytes.contains(&b' '),
            Quote { by, number: quotation.number, text: Visible(&quotation.bytes).to_string() },
        ))
    });
    // A sentence, and the client's before the server's.
    let quote = quotes.max_by_key(|(sentence, quote)| (*sentence, quote.by == Role::Client)).map(|(_, quote)| quote);
    if text + other == 0 {
        return Readable::Nothing;
    }
    let coincidence = Coincidence::of(sides.map(|speech| speech.sample.as_slice()));
    let judged = Answer { look: coincidence.look(), coincidence };
    match quote {
        Some(quote) if other == 0 || judged.look == Look::TooFew => Readable::Yes { quote },
        Some(quote) => Readable::Partly { quote, rest: judged },
        None => Readable::NoText(judged),
    }
}

fn tls(conversation: &Conversation) -> Option<Readable> {
    let records = conversation.sides.each_ref().map(|side| side.speech.records.as_deref());
    let spoken = records.iter().flatten().next().is_some();
    let server = records.iter().flatten().find_map(|records| records.server_hello.clone());
    let encrypted_records = records.iter().flatten().map(|records| records.encrypted).sum();
    // Where one side wants TLS and the other answers in words, the words can be read.
    let answered_in_words = conversation.sides.iter().any(|side| side.speech.quote.is_some());
    let is_tls = spoken && (server.is_some() || encrypted_records > 0 || !answered_in_words);
    is_tls.then(|| Readable::Tls {
        client: records.iter().flatten().find_map(|records| records.client_hello.clone()),
        server,
        encrypted_records,
    })
}

/// What students stumble on, as far as it was seen.
fn lessons(conversation: &Conversation) -> Vec<Lesson> {
    let mut lessons = Vec::new();
    for (by, side) in [Role::Client, Role::Server].into_iter().zip(&conversation.sides) {
        let seen = |noticed: Noticed| (noticed.times > 0).then_some(noticed);
        if let Some(joined) = seen(side.speech.joined) {
            lessons.push(Lesson::Joined { by, number: joined.first.0, messages: joined.measure, times: joined.times });
        }
        if let Some(split) = seen(side.speech.split) {
            lessons.push(Lesson::Split { by, first: split.first.0, last: split.first.1, times: split.times });
        }
        if let Some(delayed) = seen(side.delayed) {
            lessons.push(Lesson::Delayed {
                by,
                number: delayed.first.0,
                waited: delayed.measure,
                times: delayed.times,
            });
        }
        if let Some(held) = seen(side.held_back) {
            lessons.push(Lesson::HeldBack { by, number: held.first.0, waited: held.measure, times: held.times });
        }
    }
    let bare = conversation.sides.each_ref().map(|side| {
        let streams = conversation.transport == Transport::Tcp && side.speech.records.is_none();
        streams && !side.speech.lines && side.speech.text_bytes > 0
    });
    match bare {
        [true, true] => lessons.push(Lesson::NoNewline { by: None }),
        [true, false] => lessons.push(Lesson::NoNewline { by: Some(Role::Client) }),
        [false, true] => lessons.push(Lesson::NoNewline { by: Some(Role::Server) }),
        [false, false] => {}
    }
    lessons
}
