//! numbers, over UDP: clients count from 1 to 100, again and again, and the server prints who sent what.
//!
//! The server prints `<client>: <number>` in the order received and tells clients apart by address and port. Nothing is
//! answered but a datagram that holds no number from 1 to 100. Since UDP may lose, repeat and reorder, the server also
//! counts, for each client, what was lost, repeated or late, and prints it when the client goes quiet or the server shuts down.
//! Sheet: "Software Systems" task 3, with two clients bound to ports 11000 and 13000.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::members::Members;
use crate::visible::Text;
use crate::{Dial, Event, Machine, Now, Outbox, Pauses, Peer};

pub const ERROR: &str = "Error: expected a number from 1 to 100";
/// The last number before 1 comes again.
pub const LAST: u8 = 100;
/// After so long without a number from a client its counts are printed and forgotten.
pub const QUIET: Duration = Duration::from_secs(5);

/// Prints and counts.
#[derive(Debug)]
pub struct Server {
    clients: Members<Tally>,
}

impl Server {
    /// A server that counts for at most `members_max` clients at once; the numbers of others are printed, not counted.
    pub fn new(members_max: usize) -> Self {
        Self { clients: Members::new(members_max) }
    }

    fn number(&mut self, now: Now, from: SocketAddr, number: u8, out: &mut Outbox) {
        out.print(format_args!("{from}: {number}"));
        let until = now.uptime + QUIET;
        let Some(tally) = self.clients.prolong(from, until) else {
            self.clients.insert(from, Tally::starting(number), Some(until));
            return;
        };
        if let Some(earlier) = tally.add(number) {
            out.print(format_args!("{from}: {earlier}, then began anew"));
        }
    }
}

impl Machine for Server {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(peer @ Peer::Remote(from), message) => match parse(message) {
                Some(number) => self.number(now, from, number, out),
                None => {
                    out.print(format_args!("{from}: {}", Text(message)));
                    out.send(peer, ERROR.as_bytes());
                }
            },
            Event::Timeout => self.clients.expire(now.uptime, |from, tally| out.print(format_args!("{from}: {tally}"))),
            Event::Finished(Peer::Terminal) => {
                self.clients.drain().for_each(|(from, tally)| out.print(format_args!("{from}: {tally}")));
            }
            Event::Opened(_) | Event::Message(..) | Event::Finished(_) | Event::Gone(_) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.clients.deadline()
    }
}

fn parse(message: &[u8]) -> Option<u8> {
    let number = std::str::from_utf8(message).ok()?.trim().parse().ok()?;
    (1..=LAST).contains(&number).then_some(number)
}

/// What arrived of one client's counting, by a window over the last numbers as in RFC 4303's replay check.
#[derive(Debug)]
struct Tally {
    received: u64,
    lost: u64,
    repeated: u64,
    late: u64,
    expected: u8,
    /// Bit `n`: the number `n + 1` before the expected one has arrived.
    window: u64,
    /// How far back the first number lies, as far as the window reaches: what is older was never missed.
    span: u8,
    /// How many of the last numbers in a row each followed the other behind the window, as when a client begins anew.
    anew: u8,
    last: u8,
}

/// How far back a number is taken for late or repeated; further ahead it is taken for numbers lost.
const WINDOW: u8 = 50;
/// So many repeats in a row that follow each other are a client that began anew.
const ANEW: u8 = 3;

impl Tally {
    fn starting(number: u8) -> Self {
        let expected = after(number);
        Self { received: 1, lost: 0, repeated: 0, late: 0, expected, window: 1, span: 1, anew: 0, last: number }
    }

    /// Counts a number; if it shows that the client began anew, gives the count until then.
    fn add(&mut self, number: u8) -> Option<Self> {
        let ahead = (number + LAST - self.expected) % LAST;
        let in_row = number == after(self.last);
        self.last = number;
        self.received += 1;
        if ahead < WINDOW {
            self.lost += u64::from(ahead);
            self.window = (self.window << ahead << 1) | 1;
            self.span = (self.span + ahead + 1).min(WINDOW);
            self.expected = after(number);
            self.anew = 0;
            return None;
        }
        let back = LAST - ahead;
        let bit = 1u64 << (back - 1);
        if self.window & bit == 0 {
            // Unless it is older than the first heard, it was counted as lost when a later one came before it.
            self.lost -= u64::from(back <= self.span && self.lost > 0);
            self.late += 1;
        } else {
            self.repeated += 1;
        }
        self.window |= bit;
        self.anew = if self.anew == 0 || in_row { self.anew + 1 } else { 1 };
        (self.anew == ANEW).then(|| self.begin_anew(number))
    }

    fn begin_anew(&mut self, number: u8) -> Self {
        let run = u64::from(ANEW);
        let mut next = Self::starting(number);
        next.received = run;
        next.window = (1 << ANEW) - 1;
        next.span = ANEW;
        let mut earlier = std::mem::replace(self, next);
        earlier.received -= run;
        let taken_back = earlier.repeated.min(run);
        earlier.repeated -= taken_back;
        let were_late = (run - taken_back).min(earlier.late);
        earlier.late -= were_late;
        earlier.lost += were_late;
        earlier
    }
}

fn after(number: u8) -> u8 {
    number % LAST + 1
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { received, lost, repeated, late, .. } = self;
        write!(f, "{received} received, {lost} lost, {repeated} repeated, {late} late")
    }
}

/// Counts for ever, or a number of times.
#[derive(Debug)]
pub struct Client {
    dial: Dial,
    pauses: Pauses,
    /// Numbers still to send; none: no end.
    left: Option<u64>,
    next: u8,
    due: Option<Duration>,
}

/// The pause between two numbers.
pub const EVERY_DEFAULT: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_millis(500);

impl Client {
    pub fn new(dial: Dial, pauses: Pauses, count: Option<u64>) -> Self {
        Self { dial, pauses, left: count, next: 1, due: None }
    }

    fn send(&mut self, now: Now, out: &mut Outbox) {
        if self.left == Some(0) {
            self.due = None;
            return out.finish(Peer::Terminal);
        }
        self.left = self.left.map(|left| left - 1);
        out.send_text(self.dial.peer(), format_args!("{}", self.next));
        out.print(format_args!("sent {}", self.next));
        self.next = after(self.next);
        self.due = Some(if self.left == Some(0) { now.uptime } else { now.uptime + self.pauses.next() });
    }
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Opened(_) | Event::Timeout => self.send(now, out),
            Event::Message(Peer::Remote(_), answer) => {
                out.complain(format_args!("{}", Text(answer)));
            }
            Event::Finished(_) | Event::Gone(Peer::Terminal) => out.finish(Peer::Terminal),
            Event::Gone(Peer::Remote(_) | Peer::Store) | Event::Message(..) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a client's numbers and tells what was counted, earlier runs first.
    fn count(numbers: impl IntoIterator<Item = u8>) -> String {
        let mut numbers = numbers.into_iter();
        let mut tally = Tally::starting(numbers.next().unwrap());
        let mut told = Vec::new();
        for number in numbers {
            told.extend(tally.add(number).map(|earlier| earlier.to_string()));
        }
        told.push(tally.to_string());
        told.join("; ")
    }

    #[test]
    fn counting_rolls_back_to_one() {
        assert_eq!(count((1..=100).chain(1..=100).chain(1..=5)), "205 received, 0 lost, 0 repeated, 0 late");
    }

    #[test]
    fn what_the_network_did_is_told() {
        assert_eq!(count([1, 2, 5]), "3 received, 2 lost, 0 repeated, 0 late");
        assert_eq!(count([1, 2, 2, 3]), "4 received, 0 lost, 1 repeated, 0 late");
        assert_eq!(count([1, 3, 2, 4]), "4 received, 0 lost, 0 repeated, 1 late");
        assert_eq!(count([99, 1, 100, 2]), "4 received, 0 lost, 0 repeated, 1 late");
    }

    #[test]
    fn a_client_that_begins_anew_is_not_a_storm_of_repeats() {
        let told = count((1..=42).chain(1..=10));
        assert_eq!(told, "42 received, 0 lost, 0 repeated, 0 late; 10 received, 0 lost, 0 repeated, 0 late");
    }
}
