//! The story: packets go in, in the order of the wire, and what each means comes out; at the end, the answers.

mod analysis;
mod conversation;
mod event;
mod marks;
mod pace;
mod parties;
mod sequence;
mod speech;
mod stream;
mod tell;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

use conversation::{Conversation, Refusal};
pub use event::{Event, Kind, Party, Payload, Tcp};
pub use marks::{Mark, Marks};
use parties::Parties;
pub use parties::Role;
use speech::Ear;

use crate::capture::Packet;
use crate::checksum::{self, Verdict};
use crate::dissect::{self, Carried, Datagram, Flags, Fragments, Ip, Segment, Taken, Transport, Unreachable};
use crate::naming::{Naming, Said};
use crate::summary::{self, Summary};
use crate::visible::write_text;

/// More conversations than these are not kept: of those that are over, or else of all, the oldest ends up in the totals alone.
pub const CONVERSATIONS_MAX: usize = 4096;
/// What is kept beyond gaps, in all conversations together.
const EARLY_BYTES_MAX: usize = 64 << 20;
/// A name is cut here: it is for a line on a terminal.
const NAME_CHARS_MAX: usize = 400;

/// What the story is to tell, and with whose help.
pub struct Options {
    /// Whether acknowledgements that only acknowledge are told one by one.
    pub acknowledgements: bool,
    /// Whether checksums are looked at: in files, not on an interface where they are yet to be filled in.
    pub checksums: bool,
    /// Ports that are known to be a service's, by which client and server are told apart where the handshake does not.
    pub service_ports: Vec<u16>,
    /// Names the messages.
    pub naming: Box<dyn Naming + Send>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            acknowledgements: false,
            checksums: true,
            service_ports: Vec::new(),
            naming: Box::new(|_: &Said<'_>, _: &mut String| 0),
        }
    }
}

/// Tells a capture's story. It keeps what it needs in bounded memory, whatever the packets are.
pub struct Story {
    options: Options,
    parties: Parties,
    conversations: BTreeMap<u32, Conversation>,
    /// By the lower socket first. Several connections between the same sockets follow each other: this is the newest.
    by_sockets: BTreeMap<Sockets, u32>,
    /// The last one looked up, since packets come in bursts.
    recent: Option<(Sockets, u32)>,
    /// Those that are over, the oldest first.
    over: VecDeque<u32>,
    /// What is kept beyond gaps.
    early_bytes: usize,
    next_number: u32,
    fragments: Fragments,
    totals: summary::Totals,
    began_at: Option<u64>,
    /// Reused for each packet.
    name: String,
    raw_name: String,
}

type Sockets = (Transport, SocketAddr, SocketAddr);

/// Where in the capture a packet stands.
#[derive(Clone, Copy)]
struct Place {
    number: u64,
    at: u64,
    verdict: Verdict,
    reassembled: bool,
}

impl Story {
    pub fn new(options: Options) -> Self {
        Self {
            options,
            parties: Parties::default(),
            conversations: BTreeMap::new(),
            by_sockets: BTreeMap::new(),
            recent: None,
            over: VecDeque::new(),
            early_bytes: 0,
            next_number: 1,
            fragments: Fragments::default(),
            totals: summary::Totals::default(),
            began_at: None,
            name: String::new(),
            raw_name: String::new(),
        }
    }

    /// Notes the program behind a socket, as `python3 (pid 4711)`; best before its first packet, of which [`crate::endpoints`] tells the sockets.
    pub fn note_process(&mut self, transport: Transport, address: SocketAddr, process: impl AsRef<str>) {
        self.parties.note_process(transport, address, process.as_ref());
    }

    /// Takes the next packet and tells what it means, if there is something to tell. `number` is its place in the capture, from 1.
    pub fn take(&mut self, packet: &Packet<'_>, number: u64, tell: &mut impl FnMut(&Event<'_>)) {
        self.began_at.get_or_insert(packet.at);
        self.totals.packets += 1;
        let Some(ip) = dissect::dissect(packet.link, packet.bytes, packet.original_len) else {
            self.totals.not_ip += 1;
            return;
        };
        let mut place = Place { number, at: packet.at, verdict: Verdict::Unknown, reassembled: false };
        if let Some(fragment) = ip.fragment {
            self.totals.fragments += 1;
            if let Taken::Whole(payload) = self.fragments.take(&ip, fragment) {
                place.reassembled = true;
                self.take_carried(&ip, &payload, payload.len(), place, tell);
            }
            return;
        }
        if self.options.checksums {
            place.verdict = checksum::check(&ip, packet.bytes);
        }
        self.take_carried(&ip, ip.payload, ip.payload_len, place, tell);
    }

    fn take_carried(
        &mut self,
        ip: &Ip<'_>,
        payload: &[u8],
        payload_len: usize,
        place: Place,
        tell: &mut impl FnMut(&Event<'_>),
    ) {
        match dissect::carried(ip, payload, payload_len) {
            Carried::Tcp(segment) => self.take_segment(&segment, place, tell),
            Carried::Udp(datagram) => self.take_datagram(&datagram, place, tell),
            Carried::Unreachable(unreachable) => self.take_unreachable(&unreachable, place, tell),
            Carried::Other => self.totals.other += 1,
        }
    }

    fn take_segment(&mut self, segment: &Segment<'_>, place: Place, tell: &mut impl FnMut(&Event<'_>)) {
        self.totals.tcp_bytes += u64::from(segment.payload_len);
        let sockets = sockets(Transport::Tcp, segment.from, segment.to);
        let known = self.find(sockets).filter(|number| !self.conversations[number].is_over_for(segment));
        let number = known.unwrap_or_else(|| {
            let (role, guessed) = self.guess_role(segment);
            self.begin(sockets, segment.from, segment.to, role, guessed)
        });
        let Some(conversation) = self.conversations.get_mut(&number) else { return };
        conversation.note(place.number, place.at);
        let mut ear = Ear {
            naming: &mut *self.options.naming,
            said: said(conversation, segment.from),
            number: place.number,
            name: &mut self.raw_name,
            messages: 0,
            joined: 0,
            missing: 0,
        };
        let (early, over) = (conversation.early_bytes(), conversation.is_over());
        let meaning = conversation.take(segment, place.number, place.at, &mut ear);
        if self.early_bytes - early + conversation.early_bytes() > EARLY_BYTES_MAX {
            conversation.pass_gaps(&mut ear);
        }
        self.early_bytes = self.early_bytes - early + conversation.early_bytes();
        if conversation.is_over() && !over {
            self.over.push_back(number);
        }
        let (messages, joined, missing) = (ear.messages, ear.joined, ear.missing);
        let marks = tell::with_place(meaning.marks, place);
        conversation.count(marks);
        self.totals.count(marks);
        if marks.has(Mark::Opens) && conversation.handshake[0].is_some() {
            self.totals.handshakes += 1;
        }
        make_visible(&mut self.raw_name, &mut self.name);
        let event = Event {
            waited: meaning.waited,
            missing,
            messages,
            joined,
            bytes: segment.payload_len,
            payload: Payload(segment.payload),
            tcp: Some(conversation.relative(segment)),
            marks,
            name: &self.name,
            ..tell::event(conversation, &self.parties, segment.from, meaning.kind, place, self.began_at)
        };
        if self.options.acknowledgements || !event.is_plain() {
            tell(&event);
        }
    }

    fn take_datagram(&mut self, datagram: &Datagram<'_>, place: Place, tell: &mut impl FnMut(&Event<'_>)) {
        self.totals.udp_bytes += u64::from(datagram.payload_len);
        let sockets = sockets(Transport::Udp, datagram.from, datagram.to);
        let number = self.find(sockets).unwrap_or_else(|| {
            let answers = self.options.service_ports.contains(&datagram.from.port())
                && !self.options.service_ports.contains(&datagram.to.port());
            let role = if answers { Role::Server } else { Role::Client };
            self.begin(sockets, datagram.from, datagram.to, role, answers)
        });
        let Some(conversation) = self.conversations.get_mut(&number) else { return };
        conversation.note(place.number, place.at);
        let role = conversation.role(datagram.from);
        // Who speaks is there by now.
        conversation.refused.take_if(|refusal| refusal.by == role);
        let mut ear = Ear {
            naming: &mut *self.options.naming,
            said: said(conversation, datagram.from),
            number: place.number,
            name: &mut self.raw_name,
            messages: 0,
            joined: 0,
            missing: 0,
        };
        let side = &mut conversation.sides[role as usize];
        side.carriers += 1;
        side.wire_bytes += u64::from(datagram.payload_len);
        side.speech.hear_datagram(datagram.payload, &mut ear);
        let mut marks = tell::with_place(Marks::default(), place);
        if datagram.payload.len() < datagram.payload_len as usize {
            marks.add(Mark::Cut);
        }
        conversation.count(marks);
        self.totals.count(marks);
        make_visible(&mut self.raw_name, &mut self.name);
        tell(&Event {
            messages: 1,
            bytes: datagram.payload_len,
            payload: Payload(datagram.payload),
            marks,
            name: &self.name,
            ..tell::event(conversation, &self.parties, datagram.from, Kind::Datagram, place, self.began_at)
        });
    }

    /// An ICMP error belongs to the conversation that it quotes.
    fn take_unreachable(&mut self, error: &Unreachable<'_>, place: Place, tell: &mut impl FnMut(&Event<'_>)) {
        let sockets = sockets(error.transport, error.sender, error.receiver);
        let number = self.find(sockets).unwrap_or_else(|| {
            self.begin(sockets, error.sender, error.receiver, Role::Client, error.transport == Transport::Tcp)
        });
        let Some(conversation) = self.conversations.get_mut(&number) else { return };
        conversation.note(place.number, place.at);
        let mut marks = tell::with_place(Marks::default(), place);
        if error.why == dissect::Why::Port {
            marks.add(Mark::Refused);
        }
        // What travels within an open connection is sent again.
        if error.why.is_final() && (error.transport == Transport::Udp || !conversation.is_answered()) {
            let by = conversation.role(error.receiver);
            conversation.refused.get_or_insert(Refusal { number: place.number, by, why: Some(error.why) });
        }
        conversation.count(marks);
        self.totals.count(marks);
        let kind = Kind::Unreachable { why: error.why };
        tell(&Event { marks, ..tell::event(conversation, &self.parties, error.receiver, kind, place, self.began_at) });
    }

    fn find(&mut self, sockets: Sockets) -> Option<u32> {
        if let Some((recent, number)) = self.recent
            && recent == sockets
        {
            return Some(number);
        }
        let number = *self.by_sockets.get(&sockets)?;
        self.recent = Some((sockets, number));
        Some(number)
    }

    /// Who sends a segment with which a conversation begins for us, and whether that is a guess.
    fn guess_role(&self, segment: &Segment<'_>) -> (Role, bool) {
        if segment.flags.has(Flags::SYN) {
            return (if segment.flags.has(Flags::ACK) { Role::Server } else { Role::Client }, false);
        }
        let (from, to) = (segment.from.port(), segment.to.port());
        let service = |port: u16| self.options.service_ports.contains(&port);
        let server = if service(from) == service(to) { from < to } else { service(from) };
        (if server { Role::Server } else { Role::Client }, true)
    }

    fn begin(&mut self, sockets: Sockets, from: SocketAddr, to: SocketAddr, role: Role, guessed: bool) -> u32 {
        let (client, server) = if role == Role::Client { (from, to) } else { (to, from) };
        let transport = sockets.0;
        let parties =
            [self.parties.join(transport, client, Role::Client), self.parties.join(transport, server, Role::Server)];
        let number = self.next_number;
        self.next_number += 1;
        let conversation = Conversation::new(number, guessed, (transport, client, server), parties);
        self.conversations.insert(number, conversation);
        self.by_sockets.insert(sockets, number);
        self.recent = Some((sockets, number));
        if self.conversations.len() > CONVERSATIONS_MAX {
            self.forget_one();
        }
        number
    }

    fn forget_one(&mut self) {
        let oldest = self.conversations.first_key_value().map(|(&number, _)| number);
        let Some(number) = self.over.pop_front().or(oldest) else { return };
        let Some(old) = self.conversations.remove(&number) else { return };
        let sockets = sockets(old.transport, old.client, old.server);
        if self.by_sockets.get(&sockets) == Some(&number) {
            self.by_sockets.remove(&sockets);
        }
        old.parties.into_iter().for_each(|party| self.parties.leave(party));
        self.early_bytes -= old.early_bytes();
        self.recent = None;
        self.totals.forgotten += 1;
    }

    /// Ends the story and gives the answers.
    pub fn finish(mut self) -> Summary {
        let mut conversations = Vec::new();
        for (_, mut conversation) in std::mem::take(&mut self.conversations) {
            let mut ear = Ear {
                naming: &mut *self.options.naming,
                said: said(&conversation, conversation.client),
                number: conversation.first_number,
                name: &mut self.raw_name,
                messages: 0,
                joined: 0,
                missing: 0,
            };
            conversation.finish(&mut ear);
            self.raw_name.clear();
            conversations.push(tell::sum_up(&conversation, &self.parties));
        }
        self.totals.incomplete = self.fragments.incomplete();
        Summary { conversations, totals: self.totals }
    }
}

fn sockets(transport: Transport, one: SocketAddr, other: SocketAddr) -> Sockets {
    (transport, one.min(other), one.max(other))
}

fn said<'a>(conversation: &Conversation, from: SocketAddr) -> Said<'a> {
    Said {
        transport: conversation.transport,
        client: conversation.client,
        server: conversation.server,
        by_client: conversation.role(from) == Role::Client,
        index: 0,
        from_beginning: conversation.handshake.iter().any(Option::is_some) || conversation.transport == Transport::Udp,
        bytes: &[],
    }
}

/// Moves what was written to where it is shown from, without what could act on a terminal.
fn make_visible(raw: &mut String, shown: &mut String) {
    shown.clear();
    let end = raw.char_indices().nth(NAME_CHARS_MAX).map_or(raw.len(), |(at, _)| at);
    // Writing to a string cannot fail.
    let _ = write_text(&raw[..end], shown);
    raw.clear();
}
