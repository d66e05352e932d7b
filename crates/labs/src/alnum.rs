//! alnum, over TCP and UDP: `Alphanumeric.` if the message is nothing but letters and digits, else `Not Alphanumeric.`
//!
//! Letters and digits are those of any script (Unicode), and an empty message is not alphanumeric: nearly Python's
//! `isalnum`, which leaves out some combining marks that Unicode calls alphabetic.
//! Sheet: "Software Systems" task 1. The client is [`crate::echo::Client`].

use crate::visible::Text;
use crate::{Event, Machine, NOT_TEXT, Now, Outbox, Peer};

pub const YES: &str = "Alphanumeric.";
pub const NO: &str = "Not Alphanumeric.";

/// Judges each message.
#[derive(Debug, Default)]
pub struct Server;

impl Machine for Server {
    fn handle(&mut self, _now: Now, event: Event<'_>, out: &mut Outbox) {
        match event {
            Event::Message(peer @ Peer::Remote(address), message) => {
                out.print(format_args!("{address}: {}", Text(message)));
                out.send(peer, judge(message).as_bytes());
            }
            Event::Finished(peer @ Peer::Remote(_)) => out.finish(peer),
            Event::Opened(_) | Event::Message(..) | Event::Finished(_) | Event::Gone(_) | Event::Timeout => {}
        }
    }
}

fn judge(message: &[u8]) -> &'static str {
    match std::str::from_utf8(message) {
        Ok(text) if !text.is_empty() && text.chars().all(char::is_alphanumeric) => YES,
        Ok(_) => NO,
        Err(_) => NOT_TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_of_any_script() {
        for yes in ["a", "abc123", "Grüße", "世界"] {
            assert_eq!(judge(yes.as_bytes()), YES, "{yes}");
        }
        for no in ["", " ", "a b", "a.", "-1"] {
            assert_eq!(judge(no.as_bytes()), NO, "{no}");
        }
        assert_eq!(judge(b"\xff"), NOT_TEXT);
    }
}
