//! At a limit the peer is told; what is shown is safe; a peer that does not read costs only itself.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use labs::{Outbox, Service, Shelf, ShelfLimits, Transport};
use sim::host::Options;
use sim::network::Course;
use sim::scenarios::Step;
use sim::streams::{End, ProgramEnd, World};
use sim::{Calendar, Log, Store, StoreFaults, Terminal, seeds};

const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 40_000);
const LIMITS: ShelfLimits = ShelfLimits { texts_max: 1000, bytes_max: 1_000_000 };

/// The services with a machine a connection; chat's rooms have tests of their own.
fn streamed() -> impl Iterator<Item = Service> {
    let apart = [Service::Talk, Service::Chat];
    Service::ALL.into_iter().filter(move |service| service.speaks(Transport::Tcp) && !apart.contains(service))
}

fn serve(world: &mut World, service: Service, options: &Options, program: ProgramEnd, course: Course) -> usize {
    let shelf = world.store.get_or_insert_with(|| Store::new(LIMITS, StoreFaults::SLOW)).shelf();
    let server = End::machine(options.connection(service, CLIENT, shelf), Terminal::default());
    world.connect(Duration::ZERO, End::Program(program), server, course)
}

fn sends(bytes: &[u8]) -> Step {
    Step::Send(bytes.to_vec())
}

#[test]
fn the_longest_message_passes_and_one_byte_more_does_not() {
    const LIMIT: usize = 100;
    let options = Options { message_bytes_max: LIMIT, ..Options::default() };
    seeds::every(|seed, log| {
        let mut world = World::new(seed, log);
        let longest = [&[b'x'; LIMIT][..], b"\n"].concat();
        let longer = [&[b'x'; LIMIT + 1][..], b"\n"].concat();
        let told = format!("Error: message longer than {LIMIT} bytes, closing the connection\n");
        let steps = [
            Step::Send(longest.clone()),
            Step::Expect(longest),
            Step::Send(longer),
            Step::Expect(told.into()),
            Step::ExpectEnd,
        ];
        let course = Course::rough(world.chance());
        let stream = serve(&mut world, Service::Echo, &options, ProgramEnd::new(steps), course);
        world.run();
        assert_eq!(world.program(stream).failure, None);
    });
}

#[test]
fn an_idle_peer_is_told_after_the_idle_time_and_not_before() {
    const IDLE: Duration = Duration::from_secs(10);
    let options = Options { idle_max: Some(IDLE), ..Options::default() };
    for service in streamed() {
        seeds::at_most(30, |seed, log| {
            let mut world = World::new(seed, log);
            let told = Step::Expect(b"Error: nothing heard for 10s, closing the connection\n".to_vec());
            let steps = [sends(b"Ada\n"), Step::LongPause];
            let answer = match service {
                Service::Echo => Some("Ada\n"),
                Service::Alnum => Some("Alphanumeric.\n"),
                Service::Clock => Some("Error in request format\n"),
                Service::Add => Some("ack\n"),
                Service::Sum => Some("Error: expected one or two numbers, like 3 4\n"),
                Service::Board => Some("Error: expected GET or POST <text>\n"),
                Service::Calc | Service::Numbers | Service::Talk | Service::Chat => None,
            };
            let answer = answer.map(|text| Step::Expect(text.into()));
            let steps = steps.into_iter().chain(answer).chain([told, Step::ExpectEnd]);
            let course = Course::swift(world.chance());
            let stream = serve(&mut world, service, &options, ProgramEnd::new(steps), course);
            world.run_until(IDLE);
            assert_eq!(world.program(stream).arrived().len(), 0, "told too early");
            world.run();
            assert_eq!(world.program(stream).failure, None, "{service}");
            assert!(world.now().uptime < IDLE + Duration::from_millis(500), "{:?}", world.now().uptime);
        });
    }
}

#[test]
fn a_service_that_shuts_down_says_so() {
    for service in streamed() {
        seeds::at_most(20, |seed, log| {
            let mut world = World::new(seed, log);
            let steps = [Step::Expect(b"Error: the server is shutting down\n".to_vec()), Step::ExpectEnd];
            let course = Course::rough(world.chance());
            let stream = serve(&mut world, service, &Options::default(), ProgramEnd::new(steps), course);
            world.run_until(Duration::from_secs(1));
            world.shut_down(stream);
            world.run();
            assert_eq!(world.program(stream).failure, None, "{service}");
        });
    }
}

#[test]
fn what_a_peer_says_cannot_act_on_the_terminal() {
    const NASTY: &str = "\x1b]0;owned\x07\u{202e}\u{2028}\u{9b}31m\r\x08\x7f";
    seeds::every(|seed, log| {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut bytes: Vec<u8> = (0..200).map(|_| chance.u8(..)).collect();
        bytes.splice(100..100, NASTY.bytes());
        for service in streamed() {
            log.clear();
            let mut world = World::new(seed, log);
            let steps = [sends(b"\x1b[2JAda\n"), Step::Send(bytes.clone()), sends(b"\n"), Step::LongPause];
            let course = Course::swift(world.chance());
            let stream = serve(&mut world, service, &Options::default(), ProgramEnd::new(steps), course);
            world.run();
            // Each line is also looked at as it is shown.
            world.server(stream).terminal.printed().into_iter().for_each(sim::assert_safe);
        }
    });
}

#[test]
fn who_does_not_read_is_not_read_from() {
    seeds::at_most(50, |seed, log| {
        let mut world = World::new(seed, log);
        let mut course = Course::swift(world.chance());
        course.window_bytes = 256;
        let flood = b"abc\n".repeat(5000);
        let deaf = ProgramEnd::new([Step::Send(flood), Step::ExpectEnd]).without_reading();
        let deaf = serve(&mut world, Service::Echo, &Options::default(), deaf, course);
        let polite =
            ProgramEnd::new([sends(b"abc\n"), Step::Expect(b"abc\n".to_vec()), Step::HalfClose, Step::ExpectEnd]);
        let polite = serve(&mut world, Service::Echo, &Options::default(), polite, course);
        world.run_until(Duration::from_secs(60));
        let heard = world.server(deaf).terminal.printed().len() * 4;
        let room = course.window_bytes + course.window_bytes.min(course.read_bytes_max) + 4;
        assert!(heard <= room, "{heard} bytes were read from a peer that has room for {room}");
        assert_eq!(world.program(polite).failure, None);
    });
}

fn replayed(seed: u64) -> Vec<String> {
    let log = Log::default();
    let mut world = World::new(seed, &log);
    let talk = [sends(b"POST a\nGET\nPOST b\n"), Step::LongPause, sends(b"GET\n"), Step::LongPause];
    for _ in 0..3 {
        let course = Course::rough(world.chance());
        let latest = Duration::from_secs(5);
        let course = course.broken(latest, world.chance());
        serve(&mut world, Service::Board, &Options::default(), ProgramEnd::new(talk.clone()), course);
    }
    world.run();
    log.lines()
}

#[test]
fn a_seed_replays_its_run_exactly() {
    assert_eq!(replayed(7), replayed(7));
    assert_ne!(replayed(7), replayed(8));
    assert!(replayed(7).len() > 20);
}

/// Plays many requests in one read, then what the machine asks for; gives the largest and the total of what it wrote at a time.
fn written(service: Service, shelf: Shelf, bytes: &[u8]) -> (usize, usize) {
    let calendar = Calendar::seeded(&mut fastrand::Rng::with_seed(1));
    let mut connection = Options::default().connection(service, CLIENT, shelf);
    let mut out = Outbox::default();
    connection.receive(calendar.now(Duration::ZERO), bytes, &mut out);
    let (mut largest, mut total) = (out.wire().len(), out.wire().len());
    while let Some(due) = connection.deadline() {
        out.clear();
        connection.tick(calendar.now(due), &mut out);
        largest = largest.max(out.wire().len());
        total += out.wire().len();
    }
    (largest, total)
}

#[test]
fn many_requests_in_one_read_are_answered_page_by_page() {
    const TEXT_BYTES: usize = 8000;
    let shelf = Shelf::new(LIMITS);
    shelf.push(&[b'x'; TEXT_BYTES]);
    shelf.push(&[b'y'; TEXT_BYTES]);
    let (largest, total) = written(Service::Board, shelf, &b"GET\n".repeat(1000));
    assert_eq!(total, 1000 * (2 * (TEXT_BYTES + 1) + "<<--bye-->>\n".len()));
    assert!(largest <= 32 * 1024 + TEXT_BYTES, "{largest} bytes at a time");
}

#[test]
fn small_fields_behind_a_large_one_are_answered_in_small_fields() {
    let mut bytes = b"a".to_vec();
    bytes.resize(8000, 0);
    bytes.extend(b"b\0".repeat(1000));
    let (largest, _) = written(Service::Echo, Shelf::new(LIMITS), &bytes);
    assert!(largest <= 3 * bytes.len(), "{largest} bytes for {}", bytes.len());
}
