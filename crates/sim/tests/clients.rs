//! Every client machine with its server, over streams.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use labs::framing::Ending;
use labs::sum::Dialect;
use labs::{Outcome, Service, ShelfLimits};
use sim::host::{ClientOptions, Options};
use sim::network::Course;
use sim::streams::{End, World};
use sim::{Log, Store, StoreFaults, Terminal, seeds};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 12999);
const LIMITS: ShelfLimits = ShelfLimits { texts_max: 1000, bytes_max: 1_000_000 };

/// A run of a client: what its user types, and what then stands at the two terminals.
struct Case {
    service: Service,
    server: Options,
    client: ClientOptions,
    typed: &'static [&'static str],
    printed: &'static [&'static str],
    complaints: &'static [&'static str],
    served: &'static [&'static str],
    think_min: Duration,
}

fn case(service: Service, typed: &'static [&'static str], printed: &'static [&'static str]) -> Case {
    let (server, client) = (Options::default(), ClientOptions::default());
    Case { service, server, client, typed, printed, complaints: &[], served: &[], think_min: Duration::ZERO }
}

fn cases() -> Vec<Case> {
    let steps = Case {
        server: Options { dialect: Dialect::Steps, ..Options::default() },
        client: ClientOptions { dialect: Dialect::Steps, ..ClientOptions::default() },
        ..case(
            Service::Sum,
            &["3", "4.5", "1", "2", "Exit"],
            &["welcome", "num1 received", "7.5", "num1 received", "3"],
        )
    };
    let calc = Case {
        complaints: &["not sent: `12 +` is not <number> <operator> <number>, like 12 + 42", "Error: division by zero"],
        served: &["Ada: 12 + 42", "Ada: 1 / 0", "Ada: 4.5 / -6", "Session ended"],
        ..case(Service::Calc, &["12 + 42", "12 +", "1 / 0", "4.5 / -6", "q"], &["54", "-0.75"])
    };
    let board = Case {
        server: Options { acknowledge: true, ..Options::default() },
        client: ClientOptions { acknowledged: true, ..ClientOptions::default() },
        ..case(Service::Board, &["GET", "POST one", "POST two", "GET", "q"], &["saved", "saved", "one", "two"])
    };
    vec![
        case(Service::Echo, &["Hello", "a b", "", "Grüße"], &["Hello", "a b", "Grüße"]),
        case(Service::Alnum, &["abc123", "a b"], &["Alphanumeric.", "Not Alphanumeric."]),
        case(Service::Sum, &["3 4", "3", "4.5", "0.1,0.2", "q"], &["7", "7.5", "0.3"]),
        case(Service::Board, &["POST one", "POST two", "GET"], &["one", "two"]),
        steps,
        calc,
        board,
    ]
}

fn connect(world: &mut World, case: &Case, number: u64, course: Course) -> usize {
    let peer = SocketAddr::from(([192, 0, 2, 9], 40_000 + number as u16));
    let shelf = world.store.get_or_insert_with(|| Store::new(LIMITS, StoreFaults::SLOW)).shelf();
    let server = End::machine(case.server.connection(case.service, peer, shelf), Terminal::default());
    let terminal = Terminal::typing(case.typed, Duration::from_millis(500)).slowly(case.think_min);
    let client = End::machine(case.client.connection(case.service, SERVER), terminal);
    let begins_at = Duration::from_millis(world.chance().u64(0..100));
    world.connect(begins_at, client, server, course)
}

fn check(case: &Case, course: Course, seed: u64, log: &Log) {
    let mut world = World::new(seed, log);
    let stream = connect(&mut world, case, 0, course);
    world.run();
    let client = world.client(stream);
    assert_eq!(client.terminal.printed(), case.printed, "{}", case.service);
    assert_eq!(client.terminal.complaints(), case.complaints, "{}", case.service);
    assert_eq!(client.outcome, Some(Outcome::Done), "{}", case.service);
    if !case.served.is_empty() {
        assert_eq!(world.server(stream).terminal.printed(), case.served, "{}", case.service);
    }
}

#[test]
fn clients_and_servers_agree_in_any_manner_of_speaking() {
    seeds::at_most(100, |seed, log| {
        for mut case in cases() {
            log.clear();
            let mut chance = fastrand::Rng::with_seed(seed);
            let endings = [Ending::None, Ending::Lf, Ending::CrLf, Ending::Nul { field_bytes: 40 }];
            case.client.spoken = endings[chance.usize(0..endings.len())];
            check(&case, Course::swift(&mut chance), seed, log);
        }
    });
}

#[test]
fn clients_and_servers_agree_on_any_network_if_they_speak_in_lines() {
    seeds::at_most(100, |seed, log| {
        for mut case in cases() {
            log.clear();
            case.server.guess = false;
            case.client.guess = false;
            case.client.answer_max = Duration::from_secs(3600);
            check(&case, Course::rough(&mut fastrand::Rng::with_seed(seed)), seed, log);
        }
    });
}

#[test]
fn a_client_says_that_its_connection_broke_and_ends() {
    seeds::every(|seed, log| {
        for case in cases() {
            log.clear();
            let mut chance = fastrand::Rng::with_seed(seed);
            let course = Course::swift(&mut chance).broken(Duration::from_secs(3), &mut chance);
            let mut world = World::new(seed, log);
            let stream = connect(&mut world, &case, 0, course);
            world.run();
            let client = world.client(stream);
            let printed = client.terminal.printed();
            assert!(case.printed.starts_with(&printed), "{}: {printed:?}", case.service);
            let broke = client.terminal.complaints().iter().any(|line| line.contains("broke"));
            // One who was leaving has what he came for.
            let expected = if broke { Some(Outcome::Failed) } else { Some(Outcome::Done) };
            assert_eq!(client.outcome, expected, "{}", case.service);
            assert!(broke || printed == case.printed, "{}", case.service);
        }
    });
}

#[test]
fn sessions_at_the_same_time_do_not_mix() {
    seeds::at_most(60, |seed, log| {
        let mut world = World::new(seed, log);
        let mut streams = Vec::new();
        for (number, case) in cases().into_iter().filter(|case| case.service != Service::Board).enumerate() {
            for copy in 0..3 {
                let course = Course::swift(world.chance());
                let stream = connect(&mut world, &case, number as u64 * 3 + copy, course);
                streams.push((stream, case.printed));
            }
        }
        world.run();
        for (stream, printed) in streams {
            assert_eq!(world.client(stream).terminal.printed(), printed);
        }
    });
}

#[test]
fn the_adding_client_is_told_the_sum_of_what_it_drew() {
    seeds::every(|seed, log| {
        let mut world = World::new(seed, log);
        let mut case = case(Service::Add, &["a", "b", "a", "q"], &[]);
        case.client.seed = seed;
        let course = Course::swift(world.chance());
        let stream = connect(&mut world, &case, 0, course);
        world.run();
        let client = world.client(stream);
        let printed = client.terminal.printed();
        let [connected, drawn, answer, invalid, again, last] = printed[..] else { panic!("{printed:?}") };
        assert!(connected.ends_with(" connected: ack"), "{connected}");
        assert_eq!(invalid, "Invalid command");
        for (drawn, answer) in [(drawn, answer), (again, last)] {
            let numbers: Vec<u32> = drawn.split(' ').filter_map(|number| number.parse().ok()).collect();
            assert!(numbers.len() == 2 && numbers.iter().all(|number| (1..=10).contains(number)), "{drawn}");
            assert_eq!(answer, format!("answer received from Server = {}", numbers.iter().sum::<u32>()));
        }
        assert_eq!(client.outcome, Some(Outcome::Done));
        let name = connected.trim_end_matches(" connected: ack");
        let served = world.server(stream).terminal.printed().join("\n");
        assert!(served.starts_with(&format!("Connection initiated by {name}\n")), "{served}");
        assert!(served.ends_with(&format!("\nConnection closed by {name}")), "{served}");
    });
}

#[test]
fn a_step_by_step_server_is_recognised() {
    seeds::at_most(50, |seed, log| {
        let mut case = case(Service::Sum, &["3 4"], &[]);
        case.server.dialect = Dialect::Steps;
        case.think_min = Duration::from_millis(200);
        let mut world = World::new(seed, log);
        let course = Course::swift(world.chance());
        let stream = connect(&mut world, &case, 0, course);
        world.run();
        let client = world.client(stream);
        assert_eq!(client.terminal.complaints(), ["this server speaks in steps: try --dialect steps"]);
        assert_eq!(client.outcome, Some(Outcome::Failed));
    });
}

#[test]
fn the_clock_client_asks_as_often_as_told_over_a_stream() {
    seeds::every(|seed, log| {
        let mut case = case(Service::Clock, &[], &[]);
        case.client = ClientOptions { count: Some(5), seed, ..ClientOptions::default() };
        let mut world = World::new(seed, log);
        let course = Course::swift(world.chance());
        let stream = connect(&mut world, &case, 0, course);
        world.run();
        let client = world.client(stream);
        assert_eq!(client.terminal.printed().len(), 5);
        assert_eq!(client.outcome, Some(Outcome::Done));
        let gaps = client.terminal.shown.windows(2).map(|pair| pair[1].at - pair[0].at);
        assert!(gaps.into_iter().all(|gap| gap >= Duration::from_secs(1) && gap < Duration::from_millis(2400)));
    });
}
