//! clock, over UDP (TCP on request): `SEND_DATE` is answered with the local date, `SEND_TIME` with the local time.
//!
//! The date is ISO 8601 unless another format is chosen, the time `HH:MM:SS`; both are read when the request is answered, never
//! before. Anything else is answered `Error in request format`. The client asks for one of the two at random,
//! prints the answer, waits a random time, and asks again, for ever or a number of times.
//! Sheet: "Socket Programming using Python" q3. Stateless: an answer depends on its request alone.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::exchange::is_refusal;
use crate::visible::Text;
use crate::{Dial, Event, Machine, Now, Outbox, Pauses, Peer, Transport};

pub const SEND_DATE: &str = "SEND_DATE";
pub const SEND_TIME: &str = "SEND_TIME";
pub const ERROR: &str = "Error in request format";

/// How a date is written, in the terms of `strftime`.
#[derive(Clone, Debug)]
pub struct DateFormat(String);

impl DateFormat {
    /// The largest date that is sent; a request is no longer than `SEND_DATE`, and its answer should not be much longer.
    pub const DATE_BYTES_MAX: usize = 64;

    /// Takes a format if it can be written and is not too long.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(format: &str) -> Result<Self, String> {
        let sample = widest_moment();
        let date = jiff::fmt::strtime::format(format, &sample).map_err(|error| error.to_string())?;
        match date.len() {
            0 => Err("it writes nothing".to_owned()),
            1..=Self::DATE_BYTES_MAX => Ok(Self(format.to_owned())),
            _ => Err(format!("it writes more than {} bytes", Self::DATE_BYTES_MAX)),
        }
    }
}

/// A Wednesday late in September, east of Greenwich: nothing that a format can show is longer at another time.
fn widest_moment() -> jiff::Zoned {
    let offset = jiff::tz::Offset::constant(12);
    let civil = jiff::civil::date(2023, 9, 27).at(23, 59, 59, 123_456_789);
    offset.to_timestamp(civil).unwrap_or_default().to_zoned(offset.to_time_zone())
}

/// Tells the date and the time.
#[derive(Debug, Default)]
pub struct Server {
    /// ISO 8601 if none.
    pub date_format: Option<DateFormat>,
}

impl Server {
    fn answer(&self, now: Now, peer: Peer, request: &[u8], out: &mut Outbox) {
        if request == SEND_TIME.as_bytes() {
            let time = now.wall.civil().time();
            out.send_text(peer, format_args!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second()));
        } else if request == SEND_DATE.as_bytes() {
            match &self.date_format {
                None => out.send_text(peer, format_args!("{}", now.wall.civil().date())),
                Some(DateFormat(format)) => out.send_text(peer, format_args!("{}", now.wall.zoned().strftime(format))),
            }
        } else {
            out.send(peer, ERROR.as_bytes());
        }
    }
}

impl Machine for Server {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(peer @ Peer::Remote(address), request) => {
                out.print(format_args!("{address}: {}", Text(request)));
                self.answer(now, peer, request, out);
            }
            Event::Finished(peer @ Peer::Remote(_)) => out.finish(peer),
            Event::Opened(_) | Event::Message(..) | Event::Finished(_) | Event::Gone(_) | Event::Timeout => {}
        }
    }
}

/// What the client waits between an answer and its next request, in the sheet's words `random.uniform(1,2)`.
pub const EVERY_DEFAULT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(2);

/// Asks again and again.
#[derive(Debug)]
pub struct Client {
    dial: Dial,
    pauses: Pauses,
    /// Requests still to make; none: no end.
    left: Option<u64>,
    chance: fastrand::Rng,
    awaiting: bool,
    due: Option<Duration>,
}

impl Client {
    pub fn new(dial: Dial, pauses: Pauses, count: Option<u64>, seed: u64) -> Self {
        Self { dial, pauses, left: count, chance: fastrand::Rng::with_seed(seed), awaiting: false, due: None }
    }

    fn request(&mut self, now: Now, out: &mut Outbox) {
        if self.left == Some(0) {
            return out.finish(Peer::Terminal);
        }
        self.left = self.left.map(|left| left - 1);
        let request = if self.chance.bool() { SEND_DATE } else { SEND_TIME };
        out.send(self.dial.peer(), request.as_bytes());
        self.awaiting = true;
        self.due = Some(now.uptime + self.dial.answer_max);
    }

    /// Waits before the next request, or ends if there is none.
    fn rest(&mut self, now: Now, out: &mut Outbox) {
        self.awaiting = false;
        if self.left == Some(0) {
            self.due = None;
            return out.finish(Peer::Terminal);
        }
        self.due = Some(now.uptime + self.pauses.next());
    }
}

impl Machine for Client {
    fn handle(&mut self, now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Opened(_) => self.request(now, out),
            Event::Timeout if self.awaiting => {
                self.dial.tell_unanswered(self.dial.usual_doubt(), out);
                self.rest(now, out);
            }
            Event::Timeout => self.request(now, out),
            Event::Message(Peer::Remote(_), answer) => {
                let text = String::from_utf8_lossy(answer);
                if is_refusal(answer) {
                    out.complain(format_args!("{text}"));
                } else {
                    out.print(format_args!("{text}"));
                }
                if self.awaiting {
                    self.rest(now, out);
                }
            }
            Event::Finished(Peer::Terminal) | Event::Gone(Peer::Terminal) => out.finish(Peer::Terminal),
            Event::Finished(Peer::Remote(server)) => out.fail(format_args!("{server} closed the connection")),
            Event::Gone(Peer::Remote(server)) => match self.dial.transport {
                Transport::Tcp => out.fail(format_args!("the connection to {server} broke")),
                Transport::Udp => self.rest(now, out),
            },
            Event::Message(..) | Event::Finished(Peer::Store) | Event::Gone(Peer::Store) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_date_is_longer_than_its_format_promised() {
        for item in ["%A", "%B", "%d", "%-d", "%j", "%-j", "%s", "%f", "%c", "%Y", "%-I", "%z", "%Q"] {
            let mut format = item.to_owned();
            while DateFormat::new(&format).is_ok() {
                for day in 0..400 {
                    let at = jiff::Timestamp::from_second(1_700_000_000 + day * 86_400 + day).unwrap();
                    let zoned = at.to_zoned(jiff::tz::Offset::constant(-3).to_time_zone());
                    let date = zoned.strftime(&format).to_string();
                    assert!(date.len() <= DateFormat::DATE_BYTES_MAX, "{format}: {date}");
                }
                format.push_str(item);
            }
        }
    }
}
