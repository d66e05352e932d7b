//! Clients and services over a network that loses, repeats and reorders; and what a forged sender can do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use labs::{Outcome, Service, ShelfLimits, Transport, WELL_KNOWN_ANSWERERS};
use sim::datagrams::World;
use sim::host::{ClientOptions, Options};
use sim::network::{Fate, Faults, faulty};
use sim::{Log, Store, StoreFaults, Terminal, seeds};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 12999);
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 40_000);
const LIMITS: ShelfLimits = ShelfLimits { texts_max: 1000, bytes_max: 1_000_000 };
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// The headers of IPv4 and UDP.
const HEADER_BYTES: usize = 28;

fn datagram_services() -> impl Iterator<Item = Service> {
    Service::ALL.into_iter().filter(|service| service.speaks(Transport::Udp))
}

fn serving(service: Service, options: &Options, seed: u64, log: &Log) -> World {
    let mut world = World::new(seed, log);
    let store = Store::new(LIMITS, StoreFaults::SLOW);
    let datagrams = options.datagrams(service, SERVER.port(), store.shelf());
    world.store = Some(store);
    world.serve(SERVER, datagrams);
    world
}

fn client_options(seed: u64) -> ClientOptions {
    ClientOptions { answer_max: ANSWER_MAX, seed, acknowledged: true, ..ClientOptions::default() }
}

/// What a user types to each service.
fn typed(service: Service) -> &'static [&'static str] {
    match service {
        Service::Echo | Service::Alnum => &["one", "two", "three", "four"],
        Service::Sum => &["1 2", "3 4", "5 6", "7 8"],
        Service::Board => &["POST one", "GET", "POST two", "GET"],
        Service::Numbers | Service::Clock | Service::Calc | Service::Add | Service::Talk | Service::Chat => &[],
    }
}

#[test]
fn a_client_goes_on_after_loss_and_says_so() {
    seeds::at_most(100, |seed, log| {
        for service in datagram_services() {
            log.clear();
            let faults = Faults { loss_percent: 40, repeat_percent: 20, delay_max: Duration::from_millis(100) };
            let options = Options { acknowledge: true, ..Options::default() };
            let mut world = serving(service, &options, seed, log).with_rule(faulty(faults));
            let terminal = Terminal::typing(typed(service), Duration::from_millis(300));
            world.call(CLIENT, client_options(seed).caller(service, SERVER, terminal));
            world.run();
            let caller = world.caller(CLIENT);
            assert_eq!(caller.outcome, Some(Outcome::Done), "{service}");
            let requests = world.sent.iter().filter(|sent| sent.from == CLIENT).count();
            let answered = world.delivered.iter().filter(|packet| packet.to == CLIENT).count();
            let complaints = caller.terminal.complaints();
            match service {
                Service::Numbers => assert_eq!((requests, complaints.len()), (3, 0)),
                Service::Clock => assert_eq!(requests, 3),
                Service::Echo
                | Service::Alnum
                | Service::Sum
                | Service::Board
                | Service::Calc
                | Service::Add
                | Service::Talk
                | Service::Chat => {
                    assert_eq!(requests, typed(service).len());
                }
            }
            assert!(
                service == Service::Numbers || answered >= requests || !complaints.is_empty(),
                "{service}: {answered} answers to {requests} requests, and nothing was said"
            );
        }
    });
}

#[test]
fn a_client_whose_every_datagram_is_lost_says_so_each_time() {
    for service in datagram_services().filter(|&service| service != Service::Numbers) {
        seeds::at_most(10, |seed, log| {
            let mut world = serving(service, &Options::default(), seed, log).with_rule(Box::new(|_, _| Fate::Drop));
            let terminal = Terminal::typing(typed(service), Duration::from_millis(300));
            world.call(CLIENT, client_options(seed).caller(service, SERVER, terminal));
            world.run();
            let complaints = world.caller(CLIENT).terminal.complaints();
            assert_eq!(complaints.len(), world.sent.len(), "{service}: {complaints:?}");
            assert!(complaints.iter().all(|line| line.contains("192.0.2.1:12999 within 1s")), "{complaints:?}");
            assert_eq!(world.caller(CLIENT).outcome, Some(Outcome::Done));
        });
    }
}

#[test]
fn a_client_on_a_kind_network_is_answered_exactly() {
    seeds::at_most(100, |seed, log| {
        for service in datagram_services() {
            log.clear();
            let options = Options { acknowledge: true, ..Options::default() };
            let mut world = serving(service, &options, seed, log);
            let terminal = Terminal::typing(typed(service), Duration::from_millis(300));
            world.call(CLIENT, client_options(seed).caller(service, SERVER, terminal));
            world.run();
            let caller = world.caller(CLIENT);
            assert_eq!(caller.terminal.complaints(), [""; 0], "{service}");
            let printed = caller.terminal.printed();
            match service {
                Service::Echo => assert_eq!(printed, typed(service)),
                Service::Alnum => assert_eq!(printed, ["Alphanumeric."; 4]),
                Service::Sum => assert_eq!(printed, ["3", "7", "11", "15"]),
                Service::Board => assert_eq!(printed, ["saved", "one", "saved", "one", "two"]),
                Service::Numbers => assert_eq!(printed, ["sent 1", "sent 2", "sent 3"]),
                Service::Clock => assert_eq!(printed.len(), 3),
                Service::Calc | Service::Add | Service::Talk | Service::Chat => panic!("not over UDP"),
            }
        }
    });
}

#[test]
fn a_client_to_whom_nobody_listens_ends_all_the_same() {
    for service in datagram_services() {
        seeds::at_most(50, |seed, log| {
            let mut world = World::new(seed, log);
            let terminal = Terminal::typing(typed(service), Duration::from_millis(300));
            world.call(CLIENT, client_options(seed).caller(service, SERVER, terminal));
            world.run();
            assert_eq!(world.caller(CLIENT).outcome, Some(Outcome::Done), "{service}");
        });
    }
}

/// Requests that a forger would choose, and some that nobody would.
fn request(chance: &mut fastrand::Rng) -> Vec<u8> {
    const WORDS: [&[u8]; 16] = [
        b"",
        b"\n",
        b"\0",
        b"GET",
        b"POST x",
        b"SEND_DATE",
        b"SEND_TIME",
        b"1",
        b"100",
        b"3 4",
        b"abc",
        b"a b",
        b"\xff",
        b"1,2",
        b"PROVE 0 0",
        b"-6.50",
    ];
    let mut request = WORDS[chance.usize(0..WORDS.len())].to_vec();
    match chance.u8(0..6) {
        0 => request.extend(b"\r\n"),
        1 => request.push(b'\n'),
        2 => request.resize(request.len() + chance.usize(0..1400), 0),
        3 => request.extend((0..chance.usize(0..300)).map(|_| chance.u8(..))),
        _ => {}
    }
    request
}

#[test]
fn an_answer_is_at_most_three_times_its_request() {
    let options = Options { message_bytes_max: 200, ..Options::default() };
    for service in datagram_services().filter(|&service| service != Service::Board) {
        seeds::every(|seed, log| {
            let mut world = serving(service, &options, seed, log);
            for sender in 0..20 {
                // Each from a port of its own, so that `sum` has no first number from the one before.
                let from = SocketAddr::new(CLIENT.ip(), 40_000 + sender);
                let payload = request(world.chance());
                world.send(from, SERVER, &payload);
            }
            world.run();
            for answer in world.sent.iter().filter(|sent| sent.from == SERVER) {
                let requests = world.sent.iter().filter(|sent| sent.from == answer.to);
                let heard: usize = requests.map(|sent| sent.payload.len() + HEADER_BYTES).sum();
                let said = answer.payload.len() + HEADER_BYTES;
                assert!(said <= 3 * heard, "{service}: {said} bytes for {heard}");
            }
        });
    }
}

#[test]
fn ports_that_answer_everything_and_our_own_are_never_answered() {
    for service in datagram_services() {
        seeds::at_most(20, |seed, log| {
            let mut world = serving(service, &Options::default(), seed, log);
            let labs = Service::ALL.map(Service::port);
            for port in WELL_KNOWN_ANSWERERS.into_iter().chain(labs).chain([SERVER.port()]) {
                let payload = request(world.chance());
                world.send(SocketAddr::new(CLIENT.ip(), port), SERVER, &payload);
            }
            world.run();
            assert!(world.sent.iter().all(|sent| sent.from != SERVER), "{service}");
        });
    }
}

#[test]
fn two_services_do_not_talk_to_each_other_for_ever() {
    for first in datagram_services() {
        for second in datagram_services() {
            seeds::at_most(5, |seed, log| {
                let mut world = World::new(seed, log);
                let addresses = [first, second].map(|service| SocketAddr::new(SERVER.ip(), service.port()));
                let other = SocketAddr::new(CLIENT.ip(), second.port());
                let store = Store::new(LIMITS, StoreFaults::SLOW);
                world.serve(addresses[0], Options::default().datagrams(first, first.port(), store.shelf()));
                world.serve(other, Options::default().datagrams(second, second.port(), store.shelf()));
                let payload = request(world.chance());
                world.send(other, addresses[0], &payload);
                world.send(addresses[0], other, &payload);
                world.run();
                assert_eq!(world.sent.len(), 2, "{first} and {second}");
            });
        }
    }
}

#[test]
fn the_answer_ends_as_the_request_did() {
    let options = Options { acknowledge: true, ..Options::default() };
    for ending in [&b""[..], b"\n", b"\r\n"] {
        for service in datagram_services() {
            seeds::at_most(10, |seed, log| {
                let mut world = serving(service, &options, seed, log);
                for text in ["POST one", "GET", "SEND_DATE", "x"] {
                    world.send(CLIENT, SERVER, &[text.as_bytes(), ending].concat());
                }
                world.run();
                let answers: Vec<_> = world.sent.iter().filter(|sent| sent.from == SERVER).collect();
                assert!(!answers.is_empty());
                for answer in answers {
                    let text = String::from_utf8_lossy(&answer.payload);
                    assert!(answer.payload.ends_with(ending), "{service}: {text:?}");
                    let body = &answer.payload[..answer.payload.len() - ending.len()];
                    assert!(!body.ends_with(b"\n") && !body.ends_with(b"\r"), "{service}: {text:?}");
                }
            });
        }
    }
}

fn replayed(seed: u64) -> Vec<String> {
    let log = Log::default();
    let faults = Faults { loss_percent: 30, repeat_percent: 30, delay_max: Duration::from_millis(200) };
    let mut world = serving(Service::Board, &Options::default(), seed, &log).with_rule(faulty(faults));
    let terminal = Terminal::typing(typed(Service::Board), Duration::from_secs(1));
    world.call(CLIENT, client_options(seed).caller(Service::Board, SERVER, terminal));
    world.run();
    log.lines()
}

#[test]
fn a_seed_replays_its_run_exactly() {
    assert_eq!(replayed(7), replayed(7));
    assert_ne!(replayed(7), replayed(8));
    assert!(replayed(7).len() > 10);
}
