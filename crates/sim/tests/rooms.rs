//! Chat under many seeds: whatever the network and the members do, everybody hears what the model says.

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
    seeds::every(|seed, log| {
        let mut world = World::new(seed, log, setup(&mut chance(seed)));
        invite(&mut world, POLITE);
        world.run();
    });
}

#[test]
fn rooms_are_kept_apart_and_whispers_reach_one() {
    seeds::every(|seed, log| {
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
    seeds::every(|seed, log| {
        let mut setup = setup(&mut chance(seed));
        setup.options.members_max = 8;
        setup.options.login_max = 5 * SECOND;
        setup.options.idle_max = 10 * SECOND;
        let mut world = World::new(seed, log, setup);
        invite(&mut world, Taste { guests: 14, commands: 10, trouble: 50, ..POLITE });
        world.run();
    });
}

#[test]
fn slow_readers_are_told_and_nobody_else() {
    let mut dropped = 0;
    let counted = std::cell::Cell::new(&mut dropped);
    let count = std::cell::RefCell::new(counted.into_inner());
    seeds::every(|seed, log| {
        let mut setup = setup(&mut chance(seed));
        setup.log_bytes_max = 600;
        let mut world = World::new(seed, log, setup);
        let taste = Taste { guests: 8, deeds: 40, commands: 5, trouble: 40, text_bytes_max: 150, ..POLITE };
        invite(&mut world, taste);
        world.run();
        **count.borrow_mut() += (0..taste.guests).filter(|&number| world.was_slow(number)).count();
    });
    assert!(dropped > 0 || std::env::var_os("SIM_SEED").is_some(), "nobody read slowly");
}
