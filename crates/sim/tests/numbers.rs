//! What `numbers` counts, against what the network did.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use labs::{Event, Peer, Service, Shelf, ShelfLimits};
use sim::datagrams::World;
use sim::host::{ClientOptions, Options};
use sim::network::{Fate, Faults, Rule, faulty, kind};
use sim::{Log, Terminal, seeds};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 12000);
const EVERY: Duration = Duration::from_millis(100);

fn client(number: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 11_000 + number)
}

/// A world in which so many clients have counted and the service has shut down.
fn count(seed: u64, log: &Log, clients: u16, numbers: u64, rule: Rule) -> World {
    let mut world = World::new(seed, log).with_rule(rule);
    let shelf = Shelf::new(ShelfLimits { texts_max: 0, bytes_max: 0 });
    world.serve(SERVER, Options::default().datagrams(Service::Numbers, SERVER.port(), shelf));
    for number in 0..clients {
        let options = ClientOptions { count: Some(numbers), every: EVERY, ..ClientOptions::default() };
        let caller = options.caller(Service::Numbers, SERVER, Terminal::default());
        let begins_at = Duration::from_millis(world.chance().u64(0..1000));
        world.call(client(number), caller.beginning_at(begins_at));
    }
    world.run_until(Duration::from_secs(numbers / 10 + 2));
    world.tell(SERVER, Event::Finished(Peer::Terminal));
    world
}

/// The reference: counts by each number's place in the whole sequence, which the server cannot see.
fn reference(world: &World, client: SocketAddr) -> String {
    let mut places_sent: Vec<_> = world.sent.iter().filter(|sent| sent.from == client).collect();
    places_sent.sort_by_key(|sent| sent.at);
    let mut heard = BTreeSet::new();
    let (mut received, mut repeated, mut late) = (0, 0, 0);
    let mut first = None;
    for packet in world.delivered.iter().filter(|packet| packet.from == client) {
        // Reordering reaches less far than the numbers repeat, so the place is the nearest with this number.
        let newest = heard.last().copied().unwrap_or(0);
        let same = places_sent.iter().enumerate().filter(|(_, sent)| sent.payload == packet.payload);
        let place = same.map(|(place, _)| place).min_by_key(|place| place.abs_diff(newest)).unwrap_or_default();
        received += 1;
        first = first.or(Some(place));
        if heard.contains(&place) {
            repeated += 1;
        } else if heard.last().is_some_and(|&newest| place < newest) {
            late += 1;
        }
        heard.insert(place);
    }
    let (Some(first), Some(&newest)) = (first, heard.last()) else { return String::new() };
    let lost = (first..=newest).filter(|place| !heard.contains(place)).count();
    format!("{client}: {received} received, {lost} lost, {repeated} repeated, {late} late")
}

fn told(world: &World) -> Vec<String> {
    world.shown(SERVER).into_iter().filter(|line| line.contains("received")).map(str::to_owned).collect()
}

#[test]
fn a_kind_network_loses_nothing() {
    seeds::at_most(30, |seed, log| {
        let world = count(seed, log, 3, 230, kind());
        let expected = [0, 1, 2].map(|number| {
            let client = client(number);
            format!("{client}: 230 received, 0 lost, 0 repeated, 0 late")
        });
        assert_eq!(told(&world), expected);
    });
}

#[test]
fn what_is_counted_is_what_the_network_did() {
    seeds::every(|seed, log| {
        let mut chance = fastrand::Rng::with_seed(seed);
        let faults = Faults {
            loss_percent: chance.u8(0..40),
            repeat_percent: chance.u8(0..20),
            // Three numbers in a row that come behind later ones would be a client that began anew.
            delay_max: EVERY.mul_f64(1.9 * chance.f64()),
        };
        let world = count(seed, log, 2, 130, faulty(faults));
        let expected = [0, 1].map(|number| reference(&world, client(number)));
        assert_eq!(told(&world), expected, "{faults:?}");
    });
}

#[test]
fn the_prints_are_in_the_order_received() {
    seeds::at_most(50, |seed, log| {
        let faults = Faults { loss_percent: 20, repeat_percent: 20, delay_max: Duration::from_secs(2) };
        let world = count(seed, log, 3, 60, faulty(faults));
        let printed: Vec<_> = world.shown(SERVER).into_iter().filter(|line| !line.contains("received")).collect();
        let delivered = world.delivered.iter().filter(|packet| packet.to == SERVER);
        let expected: Vec<_> =
            delivered.map(|packet| format!("{}: {}", packet.from, String::from_utf8_lossy(&packet.payload))).collect();
        assert_eq!(printed, expected);
    });
}

#[test]
fn nothing_received_is_left_out_of_the_counts_on_any_network() {
    seeds::every(|seed, log| {
        let faults = Faults { loss_percent: 30, repeat_percent: 30, delay_max: Duration::from_secs(3) };
        let world = count(seed, log, 2, 150, faulty(faults));
        let received = told(&world).into_iter().map(|line| {
            let (counts, _) = line.split_once(" received").expect("a line of counts");
            counts.rsplit(' ').next().and_then(|count| count.parse::<usize>().ok()).expect("a count")
        });
        let delivered = world.delivered.iter().filter(|packet| packet.to == SERVER).count();
        assert_eq!(received.sum::<usize>(), delivered);
    });
}

#[test]
fn a_client_that_goes_quiet_is_told_of_once() {
    seeds::at_most(20, |seed, log| {
        let mut world = count(seed, log, 2, 10, kind());
        assert_eq!(told(&world).len(), 2);
        world.run();
        assert_eq!(told(&world).len(), 2);
    });
    seeds::at_most(20, |seed, log| {
        let mut world = World::new(seed, log);
        let shelf = Shelf::new(ShelfLimits { texts_max: 0, bytes_max: 0 });
        world.serve(SERVER, Options::default().datagrams(Service::Numbers, SERVER.port(), shelf));
        world.send(client(0), SERVER, b"5");
        world.run();
        assert_eq!(told(&world), [format!("{}: 1 received, 0 lost, 0 repeated, 0 late", client(0))]);
        assert_eq!(world.now().uptime, Duration::from_millis(5001));
    });
}

#[test]
fn a_number_from_before_the_first_heard_makes_up_for_no_loss() {
    let rule: Rule = Box::new(|packet, _| match packet.payload {
        b"1" => Fate::Deliver(EVERY.mul_f64(4.5)),
        b"3" => Fate::Drop,
        _ => Fate::Pass,
    });
    let log = Log::default();
    let world = count(1, &log, 1, 20, rule);
    assert_eq!(told(&world), [reference(&world, client(0))], "{log}");
    assert_eq!(told(&world), [format!("{}: 19 received, 1 lost, 0 repeated, 1 late", client(0))]);
}
