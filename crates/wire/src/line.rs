//! An event as one line.

use std::fmt::Write as _;

use crate::dissect::{Transport, Why};
use crate::story::{Event, Kind, Mark};
use crate::visible::{columns, cut, pad, write_cut, write_quoted};

/// A line is at least this wide, or nothing would be left of what was said.
const WIDTH_LEAST: usize = 40;
/// How much of a message is quoted where the line may be of any width.
const QUOTE_COLUMNS_MAX: usize = 200;

/// Writes events as lines whose columns stand below each other.
pub struct Lines {
    width: Option<usize>,
    names: usize,
}

impl Lines {
    /// `width` is that of the window, in columns; without it nothing is cut but very long messages.
    pub fn new(width: Option<usize>) -> Self {
        const NAME_COLUMNS: usize = "client 1".len();
        Self { width: width.map(|width| width.max(WIDTH_LEAST)), names: NAME_COLUMNS }
    }

    /// Writes the packet's number, the seconds since the start, who to whom, and what; a narrow window has no room for the time and for whom.
    /// No line end is written, and no control character ever.
    pub fn write(&mut self, event: &Event<'_>, line: &mut String) {
        const WIDTH_WITH_TIME: usize = 72;
        let start = line.len();
        self.names = self.names.max(columns(event.from.name)).max(columns(event.to.name));
        // Writing to a string cannot fail.
        if self.width.is_none_or(|width| width >= WIDTH_WITH_TIME) {
            let _ = write!(line, "{:>5} ", event.number);
            write_seconds(event.since, line);
            line.push_str("  ");
            self.write_name(event.from.name, line);
            line.push_str(" → ");
            self.write_name(event.to.name, line);
            line.push_str("  ");
        } else {
            let _ = write!(line, "{:>3} ", event.number);
            self.write_name(event.from.name, line);
            line.push_str(" → ");
        }
        let used = columns(&line[start..]);
        write_what(event, self.width.map_or(QUOTE_COLUMNS_MAX, |width| width.saturating_sub(used)), line);
        if let Some(width) = self.width
            && columns(&line[start..]) > width
        {
            let kept = cut(&line[start..], width - 1).len();
            line.truncate(start + kept);
            line.push('…');
        }
    }

    fn write_name(&self, name: &str, line: &mut String) {
        line.push_str(name);
        pad(columns(name), self.names, line);
    }
}

/// Writes what an event means, in full, for the comment beside a packet in a file.
pub fn explain(event: &Event<'_>, to: &mut String) {
    to.push_str(kind(event));
    to.push(' ');
    write_core(event, QUOTE_COLUMNS_MAX, to);
    write_notes(event, Detail::Full, to);
}

/// Nanoseconds as seconds to the microsecond.
pub(crate) fn write_seconds(nanoseconds: u64, to: &mut String) {
    const MICROSECOND: u64 = 1000;
    const SECOND: u64 = 1_000_000_000;
    let _ = write!(to, "{:>4}.{:06}", nanoseconds / SECOND, nanoseconds % SECOND / MICROSECOND);
}

/// What kind of packet it is, in the field's terms.
pub(crate) fn kind(event: &Event<'_>) -> &'static str {
    match event.kind {
        Kind::Syn => "SYN",
        Kind::SynAck => "SYN+ACK",
        Kind::Data => "data",
        Kind::Acknowledgement => "ACK",
        Kind::Fin => "FIN",
        Kind::Reset => "RST",
        Kind::Datagram => "datagram",
        Kind::Unreachable { .. } => "ICMP",
    }
}

fn write_what(event: &Event<'_>, width: usize, line: &mut String) {
    const KIND_COLUMNS: usize = "SYN+ACK".len();
    line.push_str(kind(event));
    pad(kind(event).len(), KIND_COLUMNS, line);
    line.push(' ');
    let width = width.saturating_sub(KIND_COLUMNS + 1);
    // Words of the peer need some room, numbers have what they need.
    let core_least = if event.payload.0.is_empty() { core_columns(event) } else { 30 };
    let mut notes = String::new();
    for detail in [Detail::Full, Detail::BriefWithEnds, Detail::Brief] {
        notes.clear();
        write_notes(event, detail, &mut notes);
        if columns(&notes) + core_least <= width {
            break;
        }
    }
    write_core(event, width.saturating_sub(columns(&notes)), line);
    line.push_str(&notes);
}

fn core_columns(event: &Event<'_>) -> usize {
    let mut core = String::new();
    write_core(event, 0, &mut core);
    columns(&core)
}

/// How much is said of a packet beyond what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    Full,
    /// In few words, but with the addresses of who meets for the first time.
    BriefWithEnds,
    Brief,
}

/// The numbers, or the data in quotes, in about so many columns.
pub(crate) fn write_core(event: &Event<'_>, width: usize, to: &mut String) {
    const QUOTE_COLUMNS_LEAST: usize = 16;
    let start = to.len();
    match event.kind {
        Kind::Data | Kind::Datagram => {
            to.push_str(&counted(u64::from(event.bytes), "byte"));
            if event.tls {
                return;
            }
            to.push(' ');
            let room = width.saturating_sub(to.len() - start).clamp(QUOTE_COLUMNS_LEAST, QUOTE_COLUMNS_MAX);
            let _ = write_quoted(event.payload.0, room, to);
        }
        Kind::Unreachable { why } => to.push_str(why.term()),
        Kind::Syn | Kind::SynAck | Kind::Acknowledgement | Kind::Fin | Kind::Reset => {
            let Some(tcp) = event.tcp else { return };
            let _ = write!(to, "seq {}", tcp.seq);
            if let Some(ack) = tcp.ack {
                let _ = write!(to, ", ack {ack}");
            }
        }
    }
}

/// All that is to be said beyond it, each behind a dot.
pub(crate) fn write_notes(event: &Event<'_>, detail: Detail, to: &mut String) {
    const DOT: &str = " · ";
    const NAME_COLUMNS_MAX: usize = 80;
    let brief = |text: &'static str| text.split(':').next().filter(|_| detail != Detail::Full).unwrap_or(text);
    let mut note = |text: &str| {
        to.push_str(DOT);
        to.push_str(text);
    };
    if let Some(meaning) = meaning(event) {
        note(brief(meaning));
    }
    if event.closes_side() && event.kind == Kind::Data {
        note("FIN closes its side");
    }
    // Who closes has seen the FIN.
    let implied = |mark: Mark| mark == Mark::AcknowledgesFin && event.marks.has(Mark::Closes);
    for mark in event.marks.iter().filter(|&mark| !implied(mark)) {
        match event.waited.filter(|_| matches!(mark, Mark::Delayed | Mark::HeldBack)) {
            Some(waited) => note(&format!("{}, {} ms", brief(mark.words()), waited / 1_000_000)),
            None => note(brief(mark.words())),
        }
    }
    if event.joined > 1 {
        note(&format!("{} messages in one segment", thousands(u64::from(event.joined))));
    }
    if event.missing > 0 {
        note(&format!("{} missing from the capture", counted(event.missing, "byte")));
    }
    if !event.name.is_empty() {
        to.push_str(DOT);
        let _ = write_cut(event.name.as_bytes(), NAME_COLUMNS_MAX, to);
    }
    if event.first && detail != Detail::Brief {
        to.push_str(DOT);
        write_ends(event, to);
    }
}

/// What the kind of packet itself means.
fn meaning(event: &Event<'_>) -> Option<&'static str> {
    match event.kind {
        Kind::Syn => Some("handshake 1 of 3: asks to open"),
        Kind::SynAck => Some("handshake 2 of 3: agrees"),
        Kind::Fin => Some("closes its side: will say no more"),
        Kind::Reset if !event.marks.has(Mark::Refused) => Some("breaks off: what is under way is lost"),
        Kind::Datagram if event.first => Some("no handshake: UDP has none"),
        Kind::Unreachable { why } if why != Why::Port => Some(why.words()),
        Kind::Data | Kind::Acknowledgement | Kind::Reset | Kind::Datagram | Kind::Unreachable { .. } => None,
    }
}

fn write_ends(event: &Event<'_>, to: &mut String) {
    let transport = match event.transport {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
    };
    let _ = write!(to, "{transport} {}", event.from.address);
    write_process(event.from.process, to);
    let _ = write!(to, " to {}", event.to.address);
    write_process(event.to.process, to);
}

/// A program's name comes from outside: it is made visible like all else.
pub(crate) fn write_process(process: Option<&str>, to: &mut String) {
    const PROCESS_COLUMNS_MAX: usize = 40;
    if let Some(process) = process {
        to.push_str(" (");
        let _ = write_cut(process.as_bytes(), PROCESS_COLUMNS_MAX, to);
        to.push(')');
    }
}

/// A number with its noun, in the plural unless it is one; thousands are set apart.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(number), if number == 1 { "" } else { "s" })
}

pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([thousands(0), thousands(999), thousands(1_234_567)], ["0", "999", "1,234,567"]);
        assert_eq!((counted(1, "byte"), counted(1000, "byte")), ("1 byte".to_owned(), "1,000 bytes".to_owned()));
    }
}
