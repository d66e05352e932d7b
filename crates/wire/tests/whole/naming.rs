//! Names for two labs' messages, as a caller would hand them in.

use std::fmt::Write as _;

use wire::{Naming, Said};

/// Knows `calc` and `clock` by their ports.
pub(crate) struct Calc;

impl Naming for Calc {
    fn name(&mut self, said: &Said<'_>, name: &mut String) -> u32 {
        let text = String::from_utf8_lossy(said.bytes);
        match (said.server.port(), said.by_client) {
            (12003, true) if text == "SEND_DATE" => name.push_str("asks for the date"),
            (12003, true) if text == "SEND_TIME" => name.push_str("asks for the time"),
            (12004, true) if said.index == 0 => write!(name, "calc name {text}").unwrap(),
            (12004, true) if text == "q" => name.push_str("calc quit"),
            (12004, true) if text == "1 + 23 * 4" => {
                name.push_str("calc requests 1 + 2, 3 * 4");
                return 2;
            }
            (12004, true) => write!(name, "calc request {text}").unwrap(),
            (12004, false) => write!(name, "answer {text}").unwrap(),
            _ => return 0,
        }
        1
    }
}
