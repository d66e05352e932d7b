//! Where a client looks for its server: it is started while nobody is there, and what it asks for is seen.

use std::time::{Duration, Instant};

use labs::Service;

use crate::processes::{self, LOOK_EVERY, Rest};
use crate::program::{Kind, Program};
use crate::questions::Person;
use crate::recorder::Recorder;
use crate::rule::{Part, Step};

/// A client that has asked for nothing by then is not waited for.
const SEEK_MAX: Duration = Duration::from_secs(20);
/// Where names of computers are asked for: RFC 1035, section 4.2. No lab lives there.
const DNS: u16 = 53;

/// The port at which a client looks for its server, as soon as it does; the lab's own first line is typed if it waits for one.
pub(crate) fn port(command: &str, service: Service, part: &Part, recorder: &Recorder) -> Option<u16> {
    let mut program = Program::start(command, Kind::Client, true).ok()?;
    let mut lines = part.sounding.iter().flat_map(typed);
    let end = Instant::now() + SEEK_MAX;
    let mut rest = Rest::new();
    let mut person = Person::new(service, "Ada", service.port());
    let found = loop {
        let has_ended = program.ended().is_some();
        let wish = recorder.tried().into_iter().find(|(transport, at)| service.speaks(*transport) && at.port() != DNS);
        if wish.is_some() || has_ended || Instant::now() > end {
            break wish;
        }
        if rest.look().is_some() && program.terminal.is_read_out() {
            let Some(line) = person.answer(&program.terminal).or_else(|| lines.next()) else {
                break None;
            };
            program.terminal.type_line(&line).ok()?;
            rest = Rest::new();
        }
        std::thread::sleep(LOOK_EVERY);
    };
    drop(program);
    processes::end_all();
    Some(found?.1.port())
}

/// What is typed in a step, in all manners.
fn typed(step: &Step) -> Vec<String> {
    if let Step::Type(_, line) = step {
        return vec![(*line).to_owned()];
    }
    let Step::Gives(_, first, second) = step else { return Vec::new() };
    vec![(*first).to_owned(), (*second).to_owned(), format!("{first} {second}"), format!("{first},{second}")]
}
