//! Every scenario, under many seeds.

use std::net::SocketAddr;

use labs::sum::Dialect;
use labs::{Service, ShelfLimits, Transport};
use sim::datagrams::DatagramProgram;
use sim::host::Options;
use sim::network::Course;
use sim::scenarios::{self, Scenario};
use sim::streams::{End, ProgramEnd};
use sim::{Log, Store, StoreFaults, Terminal, datagrams, room, seeds, streams};

const LIMITS: ShelfLimits = ShelfLimits { texts_max: 1000, bytes_max: 1_000_000 };
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 12999);
const CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)), 40_000);

/// What the program at the stream's end found wrong.
fn play_stream(scenario: &Scenario, options: &Options, course: Course, seed: u64, log: &Log) -> Option<String> {
    if scenario.service == Service::Chat {
        let mut world = room::World::new(seed, log, options.room(scenario.service));
        let program = world.play(ProgramEnd::new(scenario.steps.iter().cloned()), course);
        world.run();
        return world.program(program).failure.clone();
    }
    let mut world = streams::World::new(seed, log);
    let store = Store::new(LIMITS, StoreFaults::SLOW);
    let connection = options.connection(scenario.service, CLIENT, store.shelf());
    world.store = Some(store);
    let server = End::machine(connection, Terminal::default());
    let program = End::Program(ProgramEnd::new(scenario.steps.iter().cloned()));
    let stream = world.connect(std::time::Duration::ZERO, program, server, course);
    world.run();
    world.program(stream).failure.clone()
}

fn play_datagrams(scenario: &Scenario, seed: u64, log: &Log) -> Option<String> {
    let mut world = datagrams::World::new(seed, log);
    let store = Store::new(LIMITS, StoreFaults::SLOW);
    let service = scenario.options.datagrams(scenario.service, SERVER.port(), store.shelf());
    world.store = Some(store);
    world.serve(SERVER, service);
    world.play(CLIENT, DatagramProgram::new(SERVER, scenario.steps.iter().cloned()));
    world.run();
    world.program(CLIENT).failure.clone()
}

fn of(transport: Transport) -> Vec<Scenario> {
    let mut scenarios = scenarios::all();
    scenarios.retain(|scenario| scenario.transport == transport);
    scenarios
}

#[test]
fn programs_are_answered_exactly_however_streams_are_cut() {
    let scenarios = of(Transport::Tcp);
    seeds::at_most(60, |seed, log| {
        for scenario in &scenarios {
            log.clear();
            let course = Course::swift(&mut fastrand::Rng::with_seed(seed));
            let failure = play_stream(scenario, &scenario.options, course, seed, log);
            assert_eq!(failure, None, "{}", scenario.name);
        }
    });
}

#[test]
fn lines_are_answered_exactly_on_any_network() {
    let mut scenarios = of(Transport::Tcp);
    // Silence proves nothing on a network that is slower than the silence, nor is an idle time told while bytes are held up.
    scenarios.retain(|scenario| scenario.is_lines() && scenario.options.idle_max.is_none());
    // Without the guess, what the published program's server says first ends in LF too.
    scenarios.retain(|scenario| scenario.options.dialect == Dialect::Plain);
    for scenario in &mut scenarios {
        scenario.options.guess = false;
    }
    seeds::at_most(60, |seed, log| {
        for scenario in &scenarios {
            log.clear();
            let course = Course::rough(&mut fastrand::Rng::with_seed(seed));
            let failure = play_stream(scenario, &scenario.options, course, seed, log);
            assert_eq!(failure, None, "{}", scenario.name);
        }
    });
}

#[test]
fn datagrams_are_answered_exactly() {
    let scenarios = of(Transport::Udp);
    seeds::at_most(20, |seed, log| {
        for scenario in &scenarios {
            log.clear();
            assert_eq!(play_datagrams(scenario, seed, log), None, "{}", scenario.name);
        }
    });
}

#[test]
fn every_service_has_scenarios_over_each_of_its_transports() {
    let scenarios = scenarios::all();
    for service in Service::ALL {
        for transport in [Transport::Tcp, Transport::Udp] {
            let count = scenarios.iter().filter(|s| s.service == service && s.transport == transport).count();
            assert_eq!(count > 0, service.speaks(transport), "{service} over {transport}");
        }
    }
}

#[test]
fn names_tell_scenarios_apart() {
    let mut names: Vec<_> = scenarios::all().into_iter().map(|scenario| scenario.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}
