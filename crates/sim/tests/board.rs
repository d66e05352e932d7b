//! The board's promises: what was acknowledged stays, and nobody can be flooded through it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use labs::{Datagrams, Outcome, Service, ShelfLimits, board};
use sim::datagrams::World;
use sim::host::{ClientOptions, Options};
use sim::network::{Faults, faulty};
use sim::{Log, Store, StoreFaults, Terminal, seeds};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 12999);
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)), 40_000);
const LIMITS: ShelfLimits = ShelfLimits { texts_max: 2000, bytes_max: 1_000_000 };
const HEADER_BYTES: usize = 28;

fn board_of(store: &Store) -> Datagrams {
    let options = Options { acknowledge: true, ..Options::default() };
    options.datagrams(Service::Board, SERVER.port(), store.shelf())
}

fn world(seed: u64, log: &Log, faults: StoreFaults) -> World {
    let mut world = World::new(seed, log);
    let store = Store::new(LIMITS, faults);
    let datagrams = board_of(&store);
    world.store = Some(store);
    world.serve(SERVER, datagrams);
    world
}

fn client(number: u16) -> SocketAddr {
    SocketAddr::new(CLIENT.ip(), 40_000 + number)
}

fn answers_to(world: &World, client: SocketAddr) -> Vec<String> {
    let answers = world.sent.iter().filter(|sent| sent.from == SERVER && sent.to == client);
    answers.map(|sent| String::from_utf8_lossy(&sent.payload).into_owned()).collect()
}

#[test]
fn what_was_acknowledged_survives_every_crash() {
    seeds::every(|seed, log| {
        let faults = StoreFaults { delay_max: Duration::from_millis(40), fail_percent: 20 };
        let mut world = world(seed, log, faults);
        let network = Faults { loss_percent: 20, repeat_percent: 10, delay_max: Duration::from_millis(30) };
        world.set_rule(faulty(network));
        for number in 0..60 {
            let text = format!("POST text {number}");
            world.send(client(number), SERVER, text.as_bytes());
            let pause = Duration::from_millis(world.chance().u64(0..20));
            let until = world.now().uptime + pause;
            world.run_until(until);
            if world.chance().u8(0..20) == 0 {
                world.crash(SERVER, board_of);
            }
        }
        world.crash(SERVER, board_of);
        world.run();
        let kept = world.store.as_ref().map(|store| store.disk().to_vec()).unwrap_or_default();
        world.set_rule(sim::network::kind());
        world.send(client(99), SERVER, b"GET");
        world.run();
        let told = answers_to(&world, client(99));
        assert_eq!(told.last().map(String::as_str), Some(board::BYE));
        assert_eq!(told.len(), kept.len() + 1);
        let mut acknowledged = 0;
        for number in 0..60 {
            if answers_to(&world, client(number)).iter().any(|answer| answer == board::SAVED) {
                acknowledged += 1;
                assert!(told.contains(&format!("text {number}")), "text {number} was acknowledged and is gone");
            }
        }
        assert!(acknowledged > 0);
    });
}

#[test]
fn a_refused_text_is_not_told_and_its_place_is_free_again() {
    seeds::every(|seed, log| {
        let mut world = World::new(seed, log);
        let limits = ShelfLimits { texts_max: 10, bytes_max: 1000 };
        let faults = StoreFaults { delay_max: Duration::from_millis(10), fail_percent: 50 };
        let store = Store::new(limits, faults);
        let datagrams = board_of(&store);
        world.store = Some(store);
        world.serve(SERVER, datagrams);
        let mut saved = Vec::new();
        for number in 0..200 {
            world.send(client(number), SERVER, format!("POST {number}").as_bytes());
            world.run();
            match answers_to(&world, client(number))[..] {
                [ref answer] if answer == board::SAVED => saved.push(number.to_string()),
                [ref answer] if answer == board::STORE_ERROR => {}
                [ref answer] if answer == board::FULL_ERROR => assert_eq!(saved.len(), 10),
                ref other => panic!("{other:?}"),
            }
        }
        saved.push(board::BYE.to_owned());
        world.send(client(999), SERVER, b"GET");
        world.run();
        assert_eq!(answers_to(&world, client(999)), saved);
    });
}

#[test]
fn a_get_tells_what_was_posted_before_it() {
    seeds::every(|seed, log| {
        let mut world = world(seed, log, StoreFaults { delay_max: Duration::from_millis(50), fail_percent: 0 });
        let mut posted = 0;
        let mut gets = Vec::new();
        for number in 0..40 {
            if world.chance().bool() {
                world.send(at_home(30_000 + number), SERVER, format!("POST {posted}").as_bytes());
                posted += 1;
            } else {
                world.send(at_home(30_000 + number), SERVER, b"GET");
                gets.push((number, posted));
            }
            let until = world.now().uptime + Duration::from_millis(world.chance().u64(0..30));
            world.run_until(until);
        }
        world.run();
        for (number, before) in gets {
            let told = answers_to(&world, at_home(30_000 + number));
            let (bye, texts) = told.split_last().expect("an answer");
            assert_eq!(bye, board::BYE);
            assert!(texts.len() >= before, "{texts:?} tells too little: {before} were posted before");
            assert!(texts.iter().enumerate().all(|(place, text)| *text == place.to_string()), "{texts:?}");
        }
    });
}

/// Fills a board with this many texts of so many bytes, without a word on the network.
fn filled(seed: u64, log: &Log, texts: usize, text_bytes: usize) -> World {
    let mut world = World::new(seed, log);
    let store = Store::new(LIMITS, StoreFaults::SLOW);
    for number in 0..texts {
        store.shelf().push(format!("{number:0text_bytes$}").as_bytes());
    }
    let datagrams = board_of(&store);
    world.store = Some(store);
    world.serve(SERVER, datagrams);
    world
}

#[test]
fn a_client_proves_that_it_receives_and_gets_all() {
    seeds::at_most(40, |seed, log| {
        let mut world = filled(seed, log, 500, 100);
        let terminal = Terminal::typing(["GET"], Duration::ZERO);
        let caller = ClientOptions::default().caller(Service::Board, SERVER, terminal);
        world.call(CLIENT, caller);
        world.run();
        let caller = world.caller(CLIENT);
        assert_eq!(caller.outcome, Some(Outcome::Done));
        assert_eq!(caller.terminal.complaints(), [""; 0]);
        let expected: Vec<_> = (0..500).map(|number| format!("{number:0100}")).collect();
        assert_eq!(caller.terminal.printed(), expected);
        let proofs = world.sent.iter().filter(|sent| sent.payload.starts_with(b"PROVE ")).count();
        assert_eq!(proofs, 1);
    });
}

#[test]
fn loopback_needs_no_proof() {
    let log = Log::default();
    let mut world = filled(1, &log, 500, 100);
    let home = SocketAddr::from(([127, 0, 0, 1], 40_000));
    world.send(home, SERVER, b"GET");
    world.run();
    assert_eq!(answers_to(&world, home).len(), 501);
}

#[test]
fn an_unproven_address_gets_no_more_than_its_allowance() {
    const LENT_BYTES: usize = 4 * 1024;
    const REFILL_BYTES: usize = 256;
    seeds::every(|seed, log| {
        let texts = 1 + (seed as usize * 37) % 1500;
        let mut world = filled(seed, log, texts, 1 + seed as usize % 90);
        for number in 0..60 {
            let request: &[u8] = match world.chance().u8(0..6) {
                0..3 => b"GET",
                3 => b"POST x",
                4 => b"nonsense",
                _ => b"PROVE 0123456789abcdef 0",
            };
            let mut request = request.to_vec();
            match world.chance().u8(0..4) {
                0 => request.push(b'\n'),
                1 => request.resize(request.len() + world.chance().usize(1..1200), 0),
                _ => {}
            }
            world.send(client(number), SERVER, &request);
            let until = world.now().uptime + Duration::from_millis(world.chance().u64(0..3000));
            world.run_until(until);
        }
        world.run();
        let total = |from_server: bool| -> usize {
            let sent = world.sent.iter().filter(|sent| (sent.from == SERVER) == from_server);
            sent.map(|sent| sent.payload.len() + HEADER_BYTES).sum()
        };
        let allowed = LENT_BYTES + REFILL_BYTES * (world.now().uptime.as_secs() as usize + 1) + 3 * total(false);
        assert!(total(true) <= allowed, "{} bytes were sent where {allowed} are allowed", total(true));
        assert!(total(true) > LENT_BYTES.min(texts), "almost nothing was sent");
    });
}

#[test]
fn a_reader_that_must_prove_itself_is_told_how_in_any_framing() {
    for field_bytes in [0, 64, 600, 1400] {
        let log = Log::default();
        let mut world = filled(1, &log, 1000, 90);
        let mut request = b"GET".to_vec();
        request.resize(request.len().max(field_bytes), 0);
        world.send(CLIENT, SERVER, &request);
        world.run();
        let told = answers_to(&world, CLIENT);
        let texts: Vec<_> = told.iter().map(|text| text.trim_end_matches('\0')).collect();
        let [.., held_back, bye] = texts[..] else { panic!("{texts:?}") };
        assert_eq!(bye, board::BYE, "{field_bytes}");
        assert!(held_back.contains("more texts held back; to receive them, send PROVE "), "{held_back}");
    }
}

/// A reader of whom no proof is asked.
fn at_home(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// An address that nobody has used before.
fn forged(number: u32) -> SocketAddr {
    SocketAddr::from(((0x0a00_0000 + number).to_be_bytes(), 5000))
}

/// The request that a server's held-back line asks for.
fn proof(told: &[String]) -> String {
    let line = told.iter().find(|text| text.contains("held back")).expect("a line that asks for a proof");
    format!("PROVE {}", line.split_once("PROVE ").expect("a request").1)
}

#[test]
fn a_newcomer_waits_for_at_most_a_page_of_each_other_reader() {
    const PAGE_TEXTS: usize = 32;
    seeds::at_most(20, |seed, log| {
        let others = 1 + seed as usize % 12;
        let mut world = filled(seed, log, 1500, 1 + seed as usize * 31 % 500);
        for number in 0..others * 100 {
            world.send(at_home(30_000 + (number % others) as u16), SERVER, b"GET");
        }
        let until = Duration::from_millis(world.chance().u64(1..30));
        world.run_until(until);
        let before = world.sent.len();
        world.send(CLIENT, SERVER, b"GET");
        world.run();
        let later = world.sent[before..].iter().filter(|sent| sent.from == SERVER);
        let to_others = later.take_while(|sent| sent.to != CLIENT).count();
        // What the network takes to carry the request is another page, and the byes come on top.
        assert!(to_others <= (PAGE_TEXTS + 1) * (others + 1), "{to_others} texts came before, to {others} readers");
        for port in 0..others {
            let told = answers_to(&world, at_home(30_000 + port as u16));
            assert_eq!(told.iter().filter(|text| *text == board::BYE).count(), 1, "one read under way, one bye");
        }
    });
}

#[test]
fn readers_never_make_a_post_wait() {
    seeds::at_most(5, |seed, log| {
        let mut world = filled(seed, log, 1000, 300);
        for number in 0..6000 {
            world.send(at_home(20_000 + number), SERVER, b"GET");
        }
        for number in 0..6000 {
            world.send(forged(number), SERVER, if number % 2 == 0 { b"GET" } else { b"PROVE 0123456789abcdef 0" });
        }
        world.run_until(Duration::from_millis(10));
        world.send(CLIENT, SERVER, b"POST heard");
        world.run_until(Duration::from_millis(40));
        assert_eq!(answers_to(&world, CLIENT), [board::SAVED]);
        let refused = answers_to(&world, at_home(25_999));
        assert_eq!(refused, [board::BUSY_ERROR], "readers have a bound of their own");
    });
}

#[test]
fn a_repeated_get_begins_anew_and_ends_once() {
    seeds::at_most(20, |seed, log| {
        let mut world = filled(seed, log, 300, 50);
        world.send(at_home(30_000), SERVER, b"GET");
        let until = Duration::from_millis(world.chance().u64(1..15));
        world.run_until(until);
        let told_before = answers_to(&world, at_home(30_000)).len();
        world.send(at_home(30_000), SERVER, b"GET");
        world.run();
        let told = answers_to(&world, at_home(30_000));
        assert_eq!(told.last().map(String::as_str), Some(board::BYE));
        assert_eq!(told.iter().filter(|text| *text == board::BYE).count(), 1);
        let whole: Vec<_> = (0..300).map(|number| format!("{number:050}")).collect();
        assert_eq!(told[told.len() - 301..told.len() - 1], whole);
        assert!(told.len() >= told_before + 301);
    });
}

#[test]
fn copies_of_a_proof_are_one_read() {
    seeds::at_most(20, |seed, log| {
        let mut world = filled(seed, log, 1000, 100);
        world.send(CLIENT, SERVER, b"GET");
        world.run();
        let told = answers_to(&world, CLIENT);
        let proof = proof(&told);
        let from_start = format!("{} 0", proof.rsplit_once(' ').expect("a place").0);
        for _ in 0..50 {
            world.send(CLIENT, SERVER, from_start.as_bytes());
            let until = world.now().uptime + Duration::from_millis(world.chance().u64(0..2));
            world.run_until(until);
        }
        world.run();
        assert_eq!(answers_to(&world, CLIENT).len(), told.len() + 1001, "each text once, and one bye");
    });
}

#[test]
fn all_unproven_addresses_together_get_no_more_than_is_lent_to_all() {
    const SHARED_BYTES: usize = 64 * 1024;
    const SHARED_REFILL_BYTES: usize = 16 * 1024;
    seeds::at_most(10, |seed, log| {
        let mut world = filled(seed, log, 1000, 1 + seed as usize * 17 % 400);
        let mut number = 0;
        for _ in 0..40 {
            for _ in 0..world.chance().u32(1..400) {
                world.send(forged(number), SERVER, b"GET");
                number += 1;
            }
            let until = world.now().uptime + Duration::from_millis(world.chance().u64(0..500));
            world.run_until(until);
        }
        world.run();
        let total = |from_server: bool| -> usize {
            let sent = world.sent.iter().filter(|sent| (sent.from == SERVER) == from_server);
            sent.map(|sent| sent.payload.len() + HEADER_BYTES).sum()
        };
        let seconds = world.now().uptime.as_secs() as usize + 1;
        let allowed = SHARED_BYTES + SHARED_REFILL_BYTES * seconds + 3 * total(false);
        assert!(total(true) <= allowed, "{} bytes were sent where {allowed} are allowed", total(true));
        assert!(total(true) >= SHARED_BYTES / 2);
    });
}

#[test]
fn whoever_asks_again_can_prove_itself_though_nothing_is_left_to_lend() {
    let log = Log::default();
    let mut world = filled(1, &log, 1000, 100);
    for number in 0..3000 {
        world.send(forged(number), SERVER, b"GET");
    }
    world.run_until(Duration::from_millis(100));
    world.send(CLIENT, SERVER, b"GET");
    world.run_until(Duration::from_millis(200));
    assert_eq!(answers_to(&world, CLIENT), [""; 0], "a bye alone would say that this was all");
    world.send(CLIENT, SERVER, b"GET");
    world.run_until(Duration::from_millis(300));
    let told = answers_to(&world, CLIENT);
    assert_eq!(told.len(), 2);
    assert_eq!(told[1], board::BYE);
    world.send(CLIENT, SERVER, proof(&told).as_bytes());
    world.run();
    assert_eq!(answers_to(&world, CLIENT).len(), 2 + 1001);
}

#[test]
fn a_class_that_asks_at_once_is_told_all() {
    seeds::at_most(5, |seed, log| {
        let mut world = filled(seed, log, 200, 100);
        let pupils = || (0..100).map(forged);
        for pupil in pupils() {
            let terminal = Terminal::typing(["GET"], Duration::ZERO);
            world.call(pupil, ClientOptions::default().caller(Service::Board, SERVER, terminal));
        }
        world.run();
        let expected: Vec<_> = (0..200).map(|number| format!("{number:0100}")).collect();
        for pupil in pupils() {
            assert_eq!(world.caller(pupil).terminal.printed(), expected);
        }
    });
}

#[test]
fn a_text_too_large_for_a_datagram_is_named_in_its_place() {
    let log = Log::default();
    let mut world = World::new(1, &log);
    let store = Store::new(LIMITS, StoreFaults::SLOW);
    for bytes in [1, 65_508, 65_507, 2] {
        store.shelf().push("x".repeat(bytes).as_bytes());
    }
    world.serve(SERVER, board_of(&store));
    world.send(at_home(30_000), SERVER, b"GET");
    world.run();
    let told = answers_to(&world, at_home(30_000));
    let notice = "Error: a text of 65508 bytes is too large for a datagram; ask over TCP";
    assert_eq!(told, ["x", notice, &"x".repeat(65_507), "xx", board::BYE]);
}
