//! Chat under many seeds: whatever the network and the members do, everybody hears what the model says.

use std::cell::Cell;
use std::time::Duration;

use fastrand::Rng;
use labs::chat;
use labs::framing::{Ending, Rules};
use sim::network::Course;
use sim::room::{Deed, Setup, Talker, World};
use sim::seeds;

const SECOND: Duration = Duration::from_secs(1);
/// Longer than a bare peer's quiet time, whatever a swift course does to it.
const PAUSE: Duration = sim::host::SETTLE;
const ROOMY: usize = 1_000_000;
/// These runs are long.
const SEEDS: u64 = 30;

/// What sort of guests there are.
#[derive(Clone, Copy)]
struct Taste {
    guests: usize,
    /// What each says at most.
    deeds: usize,
    /// The longest pause between two deeds.
    pause_max: Duration,
    /// Words of a hundred that are commands.
    commands: u8,
    /// Guests of a hundred that end badly, read nothing for a while, or are on a network that holds them up.
    trouble: u8,
    text_bytes_max: usize,
}

const POLITE: Taste =
    Taste { guests: 8, deeds: 10, pause_max: Duration::from_millis(400), commands: 0, trouble: 0, text_bytes_max: 60 };

fn options() -> chat::Options {
    chat::Options {
        members_max: 100,
        login_max: Duration::from_secs(60),
        idle_max: Duration::from_secs(120),
        rate: 0,
        announce_members_max: 100,
        rooms_max: 100,
        history: 0,
    }
}

fn setup(chance: &mut Rng) -> Setup {
    Setup {
        options: options(),
        rules: Rules { message_bytes_max: 200, ..Rules::default() },
        shards: chance.usize(1..=3),
        log_bytes_max: ROOMY,
        earlier: Vec::new(),
        linger_max: 2 * SECOND,
        hasty_percent: 5,
        late_max: Duration::from_millis(20),
    }
}

const NAMES: [&str; 10] =
    ["Batman", "BATMAN", "batman", "Robin", "ROBIN", "Joker", "Ärger", "ärGER", "Catwoman", "Alfred"];
const BAD_NAMES: [&str; 6] = ["Server", "sERVER", "a:b", "\x1b[31m", "name name name name name name name", "quit"];
const COMMANDS: [&str; 15] = [
    "/who",
    "/rooms",
    "/join cave",
    "/join CAVE",
    "/join attic",
    "/join lobby",
    "/join",
    "/me waves",
    "/me \x1b[2J",
    "/msg Robin psst",
    "/msg joker a b  c",
    "/msg nobody there",
    "/nothing of ours",
    "/join a:b",
    "/whoever",
];

fn pick<'a>(chance: &mut Rng, from: &[&'a str]) -> &'a str {
    from[chance.usize(0..from.len())]
}

fn word(taste: Taste, chance: &mut Rng) -> Vec<u8> {
    match chance.u8(0..100) {
        dice if dice < taste.commands => pick(chance, &COMMANDS).into(),
        98 => b"\xff\xfe".to_vec(),
        99 => "x".repeat(200).into(),
        _ => {
            let count = 1 + chance.usize(0..taste.text_bytes_max);
            (0..count).map(|_| chance.u8(b'a'..=b'z')).collect()
        }
    }
}

/// Names until one is perhaps taken, words, and an end.
fn script(taste: Taste, name: Option<&str>, chance: &mut Rng) -> Vec<(Duration, Deed)> {
    let mut deeds = Vec::new();
    match name {
        Some(name) => deeds.push(Deed::Say(name.into())),
        None => {
            let tries = chance.usize(0..4);
            deeds.extend((0..tries).map(|_| Deed::Say(pick(chance, &[&BAD_NAMES[..], &NAMES].concat()).into())));
            deeds.push(Deed::Say(pick(chance, &NAMES).into()));
        }
    }
    for _ in 0..chance.usize(0..=taste.deeds) {
        if chance.u8(0..100) < taste.trouble / 4 {
            deeds.push(Deed::Deafen(Duration::from_millis(chance.u64(0..8000))));
        }
        deeds.push(Deed::Say(word(taste, chance)));
    }
    if chance.u8(0..100) < taste.trouble {
        deeds.push(match chance.u8(0..6) {
            0 => Deed::HalfClose,
            1 => Deed::Close,
            2 => Deed::Reset,
            3 => Deed::Vanish,
            4 => Deed::Say("x".repeat(300).into()),
            _ => Deed::Deafen(1000 * SECOND),
        });
    } else if chance.bool() {
        deeds.push(Deed::Say(pick(chance, &["quit", "q", "/quit"]).into()));
    }
    let pause = |chance: &mut Rng| PAUSE + taste.pause_max.mul_f64(chance.f64());
    deeds.into_iter().map(|deed| (pause(chance), deed)).collect()
}

/// Guests in any manner, who come at any time.
fn invite(world: &mut World, taste: Taste) {
    for _ in 0..taste.guests {
        let chance = world.chance();
        let is_rough = chance.u8(0..100) < taste.trouble;
        let lines = [Ending::Lf, Ending::CrLf];
        let any = [Ending::Lf, Ending::CrLf, Ending::None, Ending::Nul { field_bytes: 20 }];
        // Only a line's own end tells where it ends on a network that holds it up; and who is late at the start speaks bare.
        let ending = if is_rough { lines[chance.usize(0..2)] } else { any[chance.usize(0..4)] };
        let course = if is_rough { Course::rough(chance) } else { Course::swift(chance) };
        let script = script(taste, None, chance);
        let begins_at = taste.pause_max.mul_f64(chance.f64() * 5.0);
        world.connect(begins_at, Talker::new(ending, script), course);
    }
}

fn chance(seed: u64) -> Rng {
    Rng::with_seed(!seed)
}

#[test]
fn everybody_hears_everything_in_one_order() {
    seeds::at_most(SEEDS, |seed, log| {
        let mut world = World::new(seed, log, setup(&mut chance(seed)));
        invite(&mut world, POLITE);
        world.run();
    });
}

#[test]
fn rooms_are_kept_apart_and_whispers_reach_one() {
    seeds::at_most(SEEDS, |seed, log| {
        let mut setup = setup(&mut chance(seed));
        (setup.options.history, setup.options.rooms_max) = (3, 3);
        setup.earlier = ["09.00 Joker: one", "09.01 Joker: two"].map(str::to_owned).to_vec();
        let mut world = World::new(seed, log, setup);
        invite(&mut world, Taste { commands: 50, ..POLITE });
        world.run();
    });
}

#[test]
fn nobody_is_hurt_by_what_others_suffer() {
    seeds::at_most(SEEDS, |seed, log| {
        let mut setup = setup(&mut chance(seed));
        setup.options.members_max = 8;
        setup.options.login_max = 5 * SECOND;
        setup.options.idle_max = if seed % 2 == 0 { 10 * SECOND } else { 2 * SECOND };
        let mut world = World::new(seed, log, setup);
        invite(&mut world, Taste { guests: 14, commands: 10, trouble: 50, ..POLITE });
        world.run();
    });
}

#[test]
fn slow_readers_are_told_and_nobody_else() {
    let dropped = Cell::new(0);
    seeds::at_most(SEEDS, |seed, log| {
        let mut setup = setup(&mut chance(seed));
        setup.log_bytes_max = 600;
        let mut world = World::new(seed, log, setup);
        let taste = Taste { guests: 8, deeds: 40, commands: 5, trouble: 40, text_bytes_max: 150, ..POLITE };
        invite(&mut world, taste);
        world.run();
        dropped.set(dropped.get() + (0..taste.guests).filter(|&number| world.was_slow(number)).count());
    });
    assert!(dropped.get() > 0 || std::env::var_os("SIM_SEED").is_some(), "nobody read slowly");
}

/// Each announcement tells how many there are, and together they add up.
fn assert_adds_up(world: &World) {
    let mut before = 0;
    for &(at, joined, left, count) in &world.model.announced {
        assert_eq!(before + joined - left, count, "{at:?}: {joined} joined, {left} left");
        before = count;
    }
}

#[test]
fn past_a_number_of_members_announcements_are_gathered() {
    let gathered = Cell::new(false);
    seeds::at_most(SEEDS, |seed, log| {
        let mut setup = setup(&mut chance(seed));
        setup.options.announce_members_max = chance(seed).usize(0..5);
        setup.late_max = Duration::from_millis(100);
        let most = setup.options.announce_members_max;
        let mut world = World::new(seed, log, setup);
        invite(&mut world, Taste { guests: 14, deeds: 2, commands: 10, trouble: 20, ..POLITE });
        world.run();
        assert_adds_up(&world);
        let announced = &world.model.announced;
        let is_crowded = |place: usize| announced[place].2 + announced[place].3 > most;
        for place in 1..announced.len() {
            let (first, (second, joined, left, _)) = (announced[place - 1].0, announced[place]);
            // What was gathered is told before who leaves last of those who were too many.
            let is_rest = announced.get(place + 1).is_some_and(|&(at, ..)| at == second) && !is_crowded(place + 1);
            let is_close = second < first + SECOND && is_crowded(place - 1) && is_crowded(place) && !is_rest;
            assert!(!is_close, "{first:?} and {second:?}");
            gathered.set(gathered.get() || joined + left > 1);
        }
    });
    assert!(gathered.get() || std::env::var_os("SIM_SEED").is_some(), "nothing was gathered");
}

#[test]
fn who_says_too_much_is_told_and_not_heard() {
    seeds::at_most(SEEDS, |seed, log| {
        let mut setup = setup(&mut chance(seed));
        setup.options.rate = chance(seed).u32(1..4);
        let mut world = World::new(seed, log, setup);
        let pause_max = Duration::from_millis(200);
        invite(&mut world, Taste { guests: 3, deeds: 60, commands: 10, pause_max, ..POLITE });
        world.run();
        let told = "messages a second; your last one was not sent\n";
        let most = |number| world.heard(number).matches(told).count();
        assert!((0..3).all(|number| most(number) < 30), "told too often");
    });
}

#[test]
fn the_operator_is_heard_and_obeyed_and_ends_it_all() {
    seeds::at_most(SEEDS, |seed, log| {
        let mut world = World::new(seed, log, setup(&mut chance(seed)));
        invite(&mut world, Taste { commands: 20, ..POLITE });
        let orders =
            ["the lab ends at ten", "/remove batman", "/remove Nobody", "/who", "/rooms", "/remove Robin", "/help"];
        let mut at = Duration::ZERO;
        for order in orders {
            at += Duration::from_millis(world.chance().u64(100..1500));
            world.operate(at, Some(order));
        }
        world.operate(at + SECOND, None);
        world.run();
        assert!(world.now().uptime < at + 60 * SECOND, "it did not end");
    });
}

#[test]
fn names_are_free_as_soon_as_they_are_left() {
    let ends = [Deed::Say("q".into()), Deed::HalfClose, Deed::Close, Deed::Reset];
    for end in ends {
        seeds::at_most(SEEDS, |seed, log| {
            let mut world = World::new(seed, log, setup(&mut chance(seed)));
            let course = |world: &mut World| Course::swift(world.chance());
            let say = |text: &str| Deed::Say(text.into());
            let first = [(PAUSE, say("Batman")), (10 * SECOND, end.clone())];
            let ending = if end == Deed::Reset { Ending::Lf } else { Ending::CrLf };
            let how = course(&mut world);
            world.connect(Duration::ZERO, Talker::new(ending, first), how);
            // The walk there is over long before, and the leaving was heard long before the second try.
            let second = [(SECOND, say("BATMAN")), (30 * SECOND, say("BATMAN")), (SECOND, say("q"))];
            let how = course(&mut world);
            let second = world.connect(Duration::ZERO, Talker::new(Ending::Lf, second), how);
            world.run();
            let heard = world.heard(second);
            let mut lines = heard.lines();
            assert_eq!(lines.next(), Some("Error: the name BATMAN is taken, choose another"));
            assert!(lines.next().is_some_and(|line| line.ends_with("BATMAN has joined. Member count=1")), "{heard}");
        });
    }
}

fn played(seed: u64) -> Vec<String> {
    let log = sim::Log::default();
    let mut world = World::new(seed, &log, setup(&mut chance(seed)));
    invite(&mut world, Taste { commands: 20, trouble: 30, ..POLITE });
    world.run();
    log.lines()
}

#[test]
fn a_seed_replays_its_run_exactly() {
    assert_eq!(played(7), played(7));
    assert_ne!(played(7), played(8));
    assert!(played(7).len() > 20);
}
