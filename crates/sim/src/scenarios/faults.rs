//! Programs with bad manners: too long, silent, gone in the middle.

use std::time::Duration;

use labs::{Service, Transport, talk};

use super::{Scenario, Speech, Step};
use crate::host::Options;

/// The message limit of the scenarios that break it.
const MESSAGE_BYTES_MAX: usize = 64;
/// The idle time of the scenarios that outlast it.
const IDLE_MAX: Duration = Duration::from_secs(2);

pub(super) fn all() -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    let in_words = |service: &Service| service.speaks(Transport::Tcp) && *service != Service::Talk;
    for service in Service::ALL.into_iter().filter(in_words) {
        scenarios.extend([overlong(service), idle(service), reset(service)]);
        scenarios.extend([padding_only(service), empty(service)]);
    }
    scenarios.extend([no_key(), reset(Service::Talk), empty(Service::Talk)]);
    let datagrams = Service::ALL.into_iter().filter(|service| service.speaks(Transport::Udp));
    scenarios.extend(datagrams.map(overlong_datagram));
    scenarios
}

fn scenario(service: Service, about: &str, options: Options, steps: Vec<Step>) -> Scenario {
    let name = format!("{service} over tcp: {about}");
    Scenario { name, service, transport: Transport::Tcp, options, speech: Speech::Lf, steps }
}

fn overlong(service: Service) -> Scenario {
    let options = Options { message_bytes_max: MESSAGE_BYTES_MAX, ..Options::default() };
    let told = format!("Error: message longer than {MESSAGE_BYTES_MAX} bytes, closing the connection\n");
    let long = [&b"x".repeat(MESSAGE_BYTES_MAX + 2)[..], b"\n"].concat();
    let steps = vec![Step::Send(long), Step::Expect(told.into_bytes()), Step::ExpectEnd];
    scenario(service, "a message that is too long", options, steps)
}

fn idle(service: Service) -> Scenario {
    let options = Options { idle_max: Some(IDLE_MAX), ..Options::default() };
    let told = |who: &str| {
        let told = format!("{who}: nothing heard for {IDLE_MAX:?}, closing the connection\n");
        [Step::Expect(told.into_bytes()), Step::ExpectEnd]
    };
    let mut steps = Vec::new();
    if service == Service::Chat {
        // Whoever gives no name has a time of its own.
        steps.push(Step::Send(b"Ada\n".to_vec()));
        steps.push(Step::ExpectShape(b"Server: time=##.## Ada has joined. Member count=1\n".to_vec()));
        steps.extend(told("Server"));
    } else {
        steps.extend(told("Error"));
    }
    scenario(service, "a program that says nothing", options, steps)
}

fn reset(service: Service) -> Scenario {
    let steps = vec![Step::Send(b"Ada\n12 ".to_vec()), Step::LongPause, Step::Reset];
    scenario(service, "a program that is killed", Options::default(), steps)
}

fn padding_only(service: Service) -> Scenario {
    let steps = vec![Step::Send(vec![0; 32]), Step::ExpectNothing, Step::HalfClose, Step::ExpectEnd];
    let speech = Speech::Padded { field_bytes: 32 };
    Scenario { speech, ..scenario(service, "nothing but padding", Options::default(), steps) }
}

fn empty(service: Service) -> Scenario {
    let steps = vec![Step::HalfClose, Step::ExpectEnd];
    scenario(service, "a program that ends at once", Options::default(), steps)
}

fn no_key() -> Scenario {
    let steps = vec![Step::Send(b"GET / HTTP/1.1\r\n".to_vec()), Step::Expect(talk::KEY_ERROR.into()), Step::ExpectEnd];
    scenario(Service::Talk, "a program that sends no key", Options::default(), steps)
}

fn overlong_datagram(service: Service) -> Scenario {
    let told = format!("Error: message longer than {MESSAGE_BYTES_MAX} bytes");
    Scenario {
        name: format!("{service} over udp: a message that is too long"),
        service,
        transport: Transport::Udp,
        options: Options { message_bytes_max: MESSAGE_BYTES_MAX, ..Options::default() },
        speech: Speech::Bare,
        steps: vec![
            Step::Send(b"x".repeat(MESSAGE_BYTES_MAX + 1)),
            Step::Expect(told.into_bytes()),
            Step::ExpectNothing,
        ],
    }
}
