//! The summary in words: each question of the sheet, and its answer.

use std::fmt::Write as _;

use super::{Answer, Conversation, End, Lesson, Readable, Summary};
use crate::dissect::{Transport, Why};
use crate::line::{counted, thousands, write_process};
use crate::readable::Look;
use crate::story::{Mark, Role};
use crate::tls::{ClientHello, ServerHello};
use crate::visible::{columns, pad, wrap};

const WIDTH_LEAST: usize = 40;
const WIDTH_MOST: usize = 100;
/// Below it, answers stand under their questions.
const WIDTH_BESIDE: usize = 60;
const QUESTION_COLUMNS: usize = 18;
const INDENT: &str = "  ";

/// Writes the summary for a window so many columns wide.
pub fn write(summary: &Summary, width: usize, out: &mut String) {
    let mut page = Page { width: width.clamp(WIDTH_LEAST, WIDTH_MOST), out };
    for conversation in &summary.conversations {
        page.conversation(conversation);
    }
    page.totals(summary);
}

struct Page<'a> {
    width: usize,
    out: &'a mut String,
}

impl Page<'_> {
    fn conversation(&mut self, it: &Conversation) {
        let transport = match it.transport {
            Transport::Tcp => "TCP connection",
            Transport::Udp => "UDP datagrams",
        };
        let mut title = format!("{transport} {}: {} {}", it.number, it.client.name, it.client.address);
        write_process(it.client.process.as_deref(), &mut title);
        let _ = write!(title, " and {} {}", it.server.name, it.server.address);
        write_process(it.server.process.as_deref(), &mut title);
        self.wrapped("", "", &title);
        self.answer("Who opened it?", &opened(it));
        self.answer("The handshake?", &handshake(it));
        self.answer("What was said?", &said(it, Role::Client));
        self.answer("", &said(it, Role::Server));
        if it.acknowledgements > 0 {
            self.answer("", &format!("Acknowledgements alone: {}.", counted(it.acknowledgements, "packet")));
        }
        self.answer("How did it end?", &end(it));
        self.answer("Can it be read?", &readable(it));
        let lessons = it.lessons.iter().map(|lesson| words(it, *lesson)).chain(remarks(it));
        for (place, lesson) in lessons.enumerate() {
            self.answer(if place == 0 { "Worth noticing" } else { "" }, &lesson);
        }
        self.out.push('\n');
    }

    fn totals(&mut self, summary: &Summary) {
        let totals = &summary.totals;
        let mut all = counted(totals.packets, "packet");
        let mut add = |number: u64, noun: &str| {
            if number > 0 {
                let _ = write!(all, ", {}", counted(number, noun));
            }
        };
        add(totals.handshakes, "complete handshake");
        add(totals.retransmissions, "retransmission");
        add(totals.bad_checksums, "wrong checksum");
        add(totals.not_ip, "packet without IP");
        add(totals.other, "packet of other protocols");
        add(totals.incomplete, "packet with fragments missing");
        add(totals.forgotten, "conversation too many to be told here");
        self.wrapped("", "", &(all + "."));
    }

    fn answer(&mut self, question: &str, answer: &str) {
        if self.width >= WIDTH_BESIDE {
            let mut head = format!("{INDENT}{question}");
            let beside = " ".repeat(INDENT.len() + QUESTION_COLUMNS);
            pad(columns(question), QUESTION_COLUMNS, &mut head);
            self.wrapped(&head, &beside, answer);
        } else {
            if !question.is_empty() {
                self.wrapped(INDENT, INDENT, question);
            }
            let below = INDENT.repeat(2);
            self.wrapped(&below, &below, answer);
        }
    }

    /// Writes a text with `head` before its first row and `below` before the others, which are as wide.
    fn wrapped(&mut self, head: &str, below: &str, text: &str) {
        let rows = wrap(text, self.width - columns(head));
        for (place, row) in rows.iter().enumerate() {
            self.row(&format!("{}{row}", if place == 0 { head } else { below }));
        }
    }

    fn row(&mut self, row: &str) {
        self.out.push_str(row.trim_end());
        self.out.push('\n');
    }
}

fn name(it: &Conversation, role: Role) -> &str {
    match role {
        Role::Client => &it.client.name,
        Role::Server => &it.server.name,
    }
}

fn opened(it: &Conversation) -> String {
    let client = &it.client.name;
    match (it.transport, it.handshake[0]) {
        (Transport::Udp, _) if it.guessed => "Nobody: UDP opens nothing.".to_owned(),
        (Transport::Udp, _) => {
            format!("Nobody: UDP opens nothing. {client} spoke first, in packet {}.", it.first_packet)
        }
        (Transport::Tcp, Some(syn)) => format!("{client}, with the SYN in packet {syn}."),
        (Transport::Tcp, None) => {
            format!(
                "Not in the capture; {client} by the {}.",
                if it.guessed { "ports, most likely" } else { "SYN+ACK" }
            )
        }
    }
}

fn handshake(it: &Conversation) -> String {
    match (it.transport, it.handshake) {
        (Transport::Udp, _) => "UDP has none: the first datagram already carries data.".to_owned(),
        (Transport::Tcp, [Some(syn), Some(syn_ack), Some(ack)]) => {
            format!("Packet {syn} (SYN), packet {syn_ack} (SYN+ACK) and packet {ack} (ACK).")
        }
        (Transport::Tcp, [None, None, None]) => "Not in the capture, which began later.".to_owned(),
        (Transport::Tcp, parts) => {
            let seen = parts.into_iter().zip(["SYN", "SYN+ACK", "ACK"]);
            let seen = seen.map(|(number, name)| {
                number.map_or_else(|| format!("no {name}"), |number| format!("{name} in packet {number}"))
            });
            format!("Not complete: {}.", seen.collect::<Vec<_>>().join(", "))
        }
    }
}

fn said(it: &Conversation, role: Role) -> String {
    let said = it.said[role as usize];
    let name = name(it, role);
    if said.packets == 0 {
        return format!("{name} said nothing.");
    }
    let carrier = match it.transport {
        Transport::Tcp => "segment",
        Transport::Udp => "datagram",
    };
    let mut text = format!("{name}: {}", counted(said.bytes, "byte"));
    let _ = write!(text, " in {}", counted(said.packets, carrier));
    if it.transport == Transport::Tcp && said.messages > 0 {
        let _ = match said.known {
            true => write!(text, ", {} by line ends", counted(said.messages, "message")),
            false => write!(text, ", {} as far as can be seen", counted(said.messages, "message")),
        };
    }
    if said.missing > 0 {
        let _ = write!(text, "; {} more missing from the capture", counted(said.missing, "byte"));
    }
    text.push('.');
    text
}

fn end(it: &Conversation) -> String {
    match it.end {
        End::Datagrams => "UDP has no end: nobody closes anything.".to_owned(),
        End::Open => "Not yet: it was open when the capture ended.".to_owned(),
        End::Unanswered => "Nobody answered: the packets were lost, or a firewall dropped them.".to_owned(),
        End::Refused { number, by: Role::Server, why: Some(why @ (Why::Port | Why::Prohibited)) } => {
            format!("Refused in packet {number} by ICMP ({}): {}.", why.term(), why.words())
        }
        End::Refused { number, by, why: Some(why) } => format!(
            "What was sent to {} did not arrive, says ICMP in packet {number} ({}): {}.",
            name(it, by),
            why.term(),
            why.words()
        ),
        End::Refused { number, why: None, .. } => {
            format!("Refused: the RST in packet {number} says that no program listens on this port.")
        }
        End::HalfClosed { by, number } => {
            format!(
                "{} closed its side (FIN in packet {number}); the other had not when the capture ended.",
                name(it, by)
            )
        }
        End::Closed { by, number, other } => {
            let second = if by == Role::Client { Role::Server } else { Role::Client };
            format!(
                "{} closed first (FIN in packet {number}), then {} (packet {other}).",
                name(it, by),
                name(it, second)
            )
        }
        End::Reset { by, number, after_fin } => {
            let after = after_fin.map_or(String::new(), |role| format!(" after the FIN of {}", name(it, role)));
            format!(
                "{} broke it off (RST in packet {number}){after}: it closed with data unread, was killed, or had closed before.",
                name(it, by)
            )
        }
    }
}

fn readable(it: &Conversation) -> String {
    match &it.readable {
        Readable::Nothing => "Nothing was said.".to_owned(),
        Readable::Yes { quote } => {
            format!("Yes, by anybody on the path. Packet {}, {}: \"{}\"", quote.number, name(it, quote.by), quote.text)
        }
        Readable::Partly { quote, rest } => format!(
            "In part. Packet {}, {}: \"{}\". The rest {}",
            quote.number,
            name(it, quote.by),
            quote.text,
            judged(rest)
        ),
        Readable::NoText(answer) => match answer.look {
            // What is only compressed, anybody may unpack.
            Look::Random => format!("Most likely not: it {}", judged(answer)),
            Look::Pattern => format!("Not as text: it {}", judged(answer)),
            Look::TooFew => format!("That cannot be told: it {}", judged(answer)),
        },
        Readable::Tls { client, server, encrypted_records } => {
            tls(client.as_ref(), server.as_ref(), *encrypted_records)
        }
    }
}

/// That it is TLS, and what of it can be read nevertheless.
fn tls(client: Option<&ClientHello>, server: Option<&ServerHello>, encrypted_records: u64) -> String {
    let mut text = match server {
        Some(server) => format!("No: it is {} with {}", server.version, server.cipher),
        None if encrypted_records > 0 => "No: it is TLS, whose ServerHello is not in the capture".to_owned(),
        None => "Nothing but the beginning of TLS was said, without a ServerHello: no data were sent".to_owned(),
    };
    if encrypted_records > 0 {
        let _ = write!(text, "; {}", counted(encrypted_records, "encrypted record"));
    }
    text.push_str(". What can be read: who talks to whom, when, how much");
    if let Some(name) = client.and_then(|hello| hello.server_name.as_ref()) {
        let _ = write!(text, ", the server's name \"{name}\"");
    }
    if let Some(hello) = client.filter(|hello| !hello.protocols.is_empty()) {
        let _ = write!(text, ", the protocols offered ({})", hello.protocols.join(", "));
    }
    if let Some(chosen) = server.and_then(|hello| hello.protocol.as_ref()) {
        let _ = write!(text, ", the one chosen ({chosen})");
    }
    text + "."
}

/// What bytes look like that are no text, and why.
fn judged(answer: &Answer) -> String {
    let why = answer.coincidence;
    match answer.look {
        Look::Random => format!("looks random, so it is encrypted or compressed: {why}."),
        Look::Pattern => format!("is not random either, so who knows the format can read it: {why}."),
        Look::TooFew => {
            format!("is no text, and {} are too few to tell whether they look random.", counted(why.bytes, "byte"))
        }
    }
}

fn words(it: &Conversation, lesson: Lesson) -> String {
    let again = |times: u64| if times > 1 { format!(" ({} times in all)", thousands(times)) } else { String::new() };
    let milliseconds = |waited: u64| waited / 1_000_000;
    match lesson {
        Lesson::Joined { by, number, messages, times } => format!(
            "Packet {number} carries {messages} messages of {}{}: one recv may return them all at once.",
            name(it, by),
            again(times)
        ),
        Lesson::Split { by, first, last, times } => format!(
            "A message of {} begins in packet {first} and ends in packet {last}{}: one recv may return only a part of it.",
            name(it, by),
            again(times)
        ),
        Lesson::NoNewline { by } => format!(
            "Nothing ends the messages of {}, no newline: TCP keeps no message's end, so a receiver cannot know whether it has all.",
            by.map_or("either side", |by| name(it, by))
        ),
        Lesson::Delayed { by, number, waited, times } => format!(
            "{} acknowledged late in packet {number}{}, after {} ms: a delayed ACK, which waits for data to travel with.",
            name(it, by),
            again(times),
            milliseconds(waited)
        ),
        Lesson::HeldBack { by, number, waited, times } => format!(
            "Packet {number} of {}{} left as soon as the acknowledgement before it came, {} ms late: Nagle's algorithm held it back.",
            name(it, by),
            again(times),
            milliseconds(waited)
        ),
    }
}

/// What else was seen, counted.
fn remarks(it: &Conversation) -> impl Iterator<Item = String> {
    let told = [
        Mark::Retransmission,
        Mark::FastRetransmission,
        Mark::SpuriousRetransmission,
        Mark::OutOfOrder,
        Mark::ZeroWindow,
        Mark::WindowFull,
        Mark::KeepAlive,
        Mark::BadChecksum,
        Mark::Cut,
    ];
    it.marks.iter().filter(move |(mark, _)| told.contains(mark)).map(|(mark, count)| {
        let words = mark.words();
        let (what, why) = words.split_once(": ").unwrap_or((words, ""));
        let (first, rest) = what.split_at(1);
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        format!("{}{rest} in {}{why}.", first.to_uppercase(), counted(*count, "packet"))
    })
}
