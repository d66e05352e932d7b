//! Whole conversations by seed: in both dialects, on any network, with programs as students write them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use labs::framing::Rules;
use labs::talk::{ANSWER, Dialect, GOOD_BYE, Keyring as _, Meeting, Person, PublicKey, Role, UNIT_BYTES_MAX};
use labs::{Connection, Outcome, Service, Shelf, ShelfLimits};
use sim::host::{ClientOptions, Options};
use sim::network::Course;
use sim::scenarios::Step;
use sim::streams::{End, MachineEnd, ProgramEnd, World};
use sim::{Log, SeededKeyring, Terminal, seeds};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 12008);
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)), 40_000);
const BITS: [u32; 4] = [1024, 2048, 3072, 4096];
const THINK_MAX: Duration = Duration::from_secs(2);

/// A person at one end of a stream.
fn person(role: Role, dialect: Dialect, bits: u32, texts: &[String]) -> End {
    let seed = if role == Role::Client { 1 } else { 2 };
    let answer_max = Duration::from_secs(24 * 60 * 60);
    let options =
        ClientOptions { role, talk_dialect: dialect, talk_bits: bits, seed, answer_max, ..ClientOptions::default() };
    end(options.talker(), texts)
}

fn end(person: Person, texts: &[String]) -> End {
    let rules = Rules { message_bytes_max: UNIT_BYTES_MAX, ..Rules::default() };
    End::machine(Connection::new(SERVER, Box::new(person), rules, None), Terminal::typing(texts, THINK_MAX))
}

fn service(peer: SocketAddr) -> End {
    let shelf = Shelf::new(ShelfLimits { texts_max: 1, bytes_max: 1 });
    End::machine(Options::default().connection(Service::Talk, peer, shelf), Terminal::default())
}

/// What was heard of the peer, but for its last word.
fn heard(end: &MachineEnd) -> Vec<&str> {
    let said = end.terminal.printed().into_iter().filter_map(|line| line.strip_prefix("peer: "));
    said.filter(|text| *text != GOOD_BYE).collect()
}

fn texts(chance: &mut fastrand::Rng, bytes_max: usize) -> Vec<String> {
    let words = ["", "x", "Hello", "Grüße, 世界", "two words"];
    let count = chance.usize(0..6);
    let mut text = || match chance.u8(0..4) {
        0 => "y".repeat(bytes_max),
        _ => words[chance.usize(0..words.len())].to_owned(),
    };
    (0..count).map(|_| text()).collect()
}

/// How much text a block to the client's and to the server's key holds.
fn block_bytes_max(bits: u32) -> usize {
    PublicKey { spki: Vec::new(), bits }.text_bytes_max(Dialect::Lab)
}

struct Talk {
    world: World,
    said: [Vec<String>; 2],
}

/// Two people, of whom each says as much as comes before the other's last word.
fn talk(course: Course, seed: u64, log: &Log) -> Talk {
    // Apart from the chance that makes the network, or each dialect meets only some networks.
    let mut chance = fastrand::Rng::with_seed(!seed);
    let dialect = [Dialect::Lab, Dialect::Sound][chance.usize(0..2)];
    let bits = [0, 1].map(|_| BITS[chance.usize(0..BITS.len())]);
    let bytes_max = |to: usize| if dialect == Dialect::Lab { block_bytes_max(bits[to]) } else { 20_000 };
    let said = [texts(&mut chance, bytes_max(1)), texts(&mut chance, bytes_max(0))];
    let mut world = World::new(seed, log);
    let client = person(Role::Client, dialect, bits[0], &said[0]);
    let server = person(Role::Server, dialect, bits[1], &said[1]);
    world.connect(Duration::ZERO, client, server, course);
    world.run();
    Talk { world, said }
}

#[test]
fn each_hears_what_the_other_says_on_any_network() {
    seeds::every(|seed, log| {
        let Talk { world, said } = talk(Course::rough(&mut fastrand::Rng::with_seed(seed)), seed, log);
        // The client begins; who has nothing more to say ends the talk in its turn.
        let from_client = said[0].len().min(said[1].len() + 1);
        let from_server = said[1].len().min(said[0].len());
        assert_eq!(heard(world.server(0)), said[0][..from_client]);
        assert_eq!(heard(world.client(0)), said[1][..from_server]);
        let ends = [world.client(0), world.server(0)];
        assert!(ends.iter().all(|end| end.outcome == Some(Outcome::Done)));
        let last_words = ends.iter().filter(|end| end.terminal.printed().contains(&"peer: Good Bye")).count();
        assert_eq!(last_words, 1);
        // Who had typed more is told what was not sent.
        let mut complaints = ends.iter().flat_map(|end| end.terminal.complaints());
        assert!(complaints.all(|line| line.starts_with("not sent: ")));
    });
}

#[test]
fn a_connection_that_breaks_is_told_and_nothing_is_made_up() {
    seeds::every(|seed, log| {
        let mut chance = fastrand::Rng::with_seed(seed);
        let course = Course::rough(&mut chance).broken(Duration::from_secs(8), &mut chance);
        let Talk { world, said } = talk(course, seed, log);
        for (hearer, said) in [(world.server(0), &said[0]), (world.client(0), &said[1])] {
            assert!(said.iter().map(String::as_str).collect::<Vec<_>>().starts_with(&heard(hearer)));
            let told = hearer.terminal.complaints().iter().any(|line| line.contains("the connection broke"));
            let expected = if told { Some(Outcome::Failed) } else { Some(Outcome::Done) };
            assert!(hearer.outcome == expected || hearer.outcome.is_none() && !told, "{:?}", hearer.outcome);
        }
    });
}

#[test]
fn what_is_typed_out_of_turn_waits_and_is_shown() {
    seeds::at_most(50, |seed, log| {
        let mut world = World::new(seed, log);
        let texts = ["one", "two", "three"].map(str::to_owned);
        let client = person(Role::Client, Dialect::Sound, 2048, &texts);
        let course = Course { delay: Duration::from_secs(5), ..Course::swift(world.chance()) };
        world.connect(Duration::ZERO, client, service(CLIENT), course);
        world.run();
        let printed = world.client(0).terminal.printed();
        let place =
            |line: &str| printed.iter().position(|printed| *printed == line).unwrap_or_else(|| panic!("{line}"));
        assert!(place("waiting for your turn: two") < place("peer: I read: one"));
        assert!(place("peer: I read: one") < place("sent: two"));
        assert!(place("sent: two") < place("peer: I read: two"));
        assert_eq!(world.client(0).outcome, Some(Outcome::Done));
    });
}

#[test]
fn a_text_too_long_for_a_block_is_sent_in_pieces_if_its_writer_agrees() {
    seeds::at_most(50, |seed, log| {
        let mut world = World::new(seed, log);
        let long = "é".repeat(100);
        let client = person(Role::Client, Dialect::Lab, 2048, &[long, "/split".to_owned()]);
        let server = person(Role::Server, Dialect::Lab, 1024, &["a", "b", "c"].map(str::to_owned));
        let course = Course::swift(world.chance());
        world.connect(Duration::ZERO, client, server, course);
        world.run();
        let refused =
            "not sent: the text has 200 bytes, and one message holds 86; /split sends it as 3 messages, one each turn";
        assert_eq!(world.client(0).terminal.complaints(), [refused]);
        assert_eq!(heard(world.server(0)), ["é".repeat(43), "é".repeat(43), "é".repeat(14)]);
    });
}

#[test]
fn nobody_changes_the_dialect_unasked() {
    for (client, server) in [(Dialect::Sound, Dialect::Lab), (Dialect::Lab, Dialect::Sound)] {
        seeds::at_most(20, |seed, log| {
            let mut world = World::new(seed, log);
            let texts = ["secret".to_owned()];
            let course = Course::rough(world.chance());
            let ends = [person(Role::Client, client, 2048, &texts), person(Role::Server, server, 2048, &texts)];
            let [first, second] = ends;
            world.connect(Duration::ZERO, first, second, course);
            world.run();
            for (end, other) in [(world.client(0), server), (world.server(0), client)] {
                assert_eq!((end.outcome, heard(end).len()), (Some(Outcome::Failed), 0));
                let complaints = end.terminal.complaints();
                let advice = if other == Dialect::Lab { "give --dialect lab" } else { "leave out --dialect lab" };
                assert!(complaints.len() == 1 && complaints[0].contains(advice), "{complaints:?}");
            }
        });
    }
}

#[test]
fn a_changed_key_is_refused_before_anything_is_said() {
    seeds::at_most(20, |seed, log| {
        let mut world = World::new(seed, log);
        let keyring = Arc::new(SeededKeyring::new(1, 2048));
        let changed = || Meeting::Changed { known: "another".to_owned(), advice: "Remove the line.".to_owned() };
        let wary = Person::new(keyring, Role::Client, Dialect::Sound, THINK_MAX * 9, Box::new(move |_| changed()));
        let course = Course::swift(world.chance());
        world.connect(Duration::ZERO, end(wary, &["secret".to_owned()]), service(CLIENT), course);
        world.run();
        let complaints = world.client(0).terminal.complaints();
        assert!(complaints[0].contains("HAS CHANGED") && complaints[0].ends_with("Remove the line."), "{complaints:?}");
        assert_eq!(world.client(0).outcome, Some(Outcome::Failed));
        assert!(!world.server(0).terminal.printed().join("\n").contains("secret"));
    });
}

/// A student's program: its key, perhaps with a line ending, then two blocks, of which the first may begin like a line ending.
fn program(line_ending: &str, first_byte: Option<u8>, glued: bool) -> Vec<Step> {
    let ours = SeededKeyring::new(7, 1024);
    let theirs = SeededKeyring::new(1, 2048);
    let to = theirs.own_key(Dialect::Lab);
    let blocks = std::iter::repeat_with(|| ours.encrypt(Dialect::Lab, &to, b"hello").unwrap_or_default());
    let first = blocks.into_iter().find(|block| first_byte.is_none_or(|byte| block[0] == byte)).unwrap_or_default();
    let bye = ours.encrypt(Dialect::Lab, &to, GOOD_BYE.as_bytes()).unwrap_or_default();
    let key = [&ours.own_pem(Dialect::Lab)[..], line_ending.as_bytes()].concat();
    let heard_key = Step::Expect(theirs.own_pem(Dialect::Lab));
    match glued {
        true => vec![Step::Send([key, first].concat()), heard_key, Step::LongPause, Step::Send(bye), Step::LongPause],
        false => {
            vec![Step::Send(key), heard_key, Step::Send(first), Step::LongPause, Step::Send(bye), Step::LongPause]
        }
    }
}

#[test]
fn a_program_s_key_is_cut_right_whatever_stands_behind_it() {
    seeds::at_most(40, |seed, log| {
        for line_ending in ["", "\n", "\r\n", "\n\n", "\r\n\n"] {
            for (first_byte, glued) in [(None, false), (None, true), (Some(b'\n'), true), (Some(b'\r'), false)] {
                log.clear();
                let mut world = World::new(seed, log);
                let program = ProgramEnd::new(program(line_ending, first_byte, glued));
                let course = Course::rough(world.chance());
                world.connect(Duration::ZERO, End::Program(program), service(CLIENT), course);
                world.run();
                assert_eq!(world.program(0).failure, None);
                let answer = SeededKeyring::new(7, 1024).decrypt(Dialect::Lab, world.program(0).arrived());
                assert_eq!(answer, Some(format!("{ANSWER}hello").into_bytes()));
                let printed = world.server(0).terminal.printed();
                assert!(printed.iter().any(|line| line.ends_with(": hello")), "{printed:?}");
                assert!(printed.iter().any(|line| line.ends_with(": Good Bye")), "{printed:?}");
            }
        }
    });
}

#[test]
fn whatever_else_a_program_sends_is_told_in_a_sentence() {
    let key = SeededKeyring::new(7, 1024).own_pem(Dialect::Lab);
    let small = SeededKeyring::new(7, 512).own_pem(Dialect::Lab);
    let cases: [(Vec<Step>, &str); 5] = [
        (vec![Step::Send(b"GET / HTTP/1.1\r\n".to_vec())], "what came is no RSA public key in PEM"),
        (vec![Step::Send(small)], "the peer's key has 512 bits; 1024 to 4096 are taken"),
        (
            vec![Step::Send([&key[..], &[1; 256]].concat())],
            "a block does not decrypt: it was altered, repeated, or encrypted to another key",
        ),
        (vec![Step::Send([&key[..], &[1; 100]].concat()), Step::HalfClose], "the connection was cut within a block"),
        (vec![Step::Send(key), Step::HalfClose], "closed the connection without Good Bye"),
    ];
    for (steps, told) in cases {
        seeds::at_most(20, |seed, log| {
            let mut world = World::new(seed, log);
            let course = Course::rough(world.chance());
            world.connect(Duration::ZERO, End::Program(ProgramEnd::new(steps.clone())), service(CLIENT), course);
            world.run();
            let printed = world.server(0).terminal.printed();
            assert!(printed.iter().any(|line| line.ends_with(told)), "{told} was not told: {printed:?}");
        });
    }
}

#[test]
fn a_server_that_shuts_down_says_good_bye() {
    seeds::at_most(50, |seed, log| {
        let mut world = World::new(seed, log);
        let dialect = [Dialect::Lab, Dialect::Sound][world.chance().usize(0..2)];
        let thinking = Terminal::typing(["never said"], THINK_MAX).slowly(Duration::from_secs(3600));
        let options = ClientOptions { talk_dialect: dialect, answer_max: THINK_MAX * 9, ..ClientOptions::default() };
        let client = End::machine(options.connection(Service::Talk, SERVER), thinking);
        let course = Course::swift(world.chance());
        world.connect(Duration::ZERO, client, service(CLIENT), course);
        world.run_until(Duration::from_secs(60));
        world.shut_down(0);
        world.run();
        assert_eq!(world.client(0).terminal.printed().last(), Some(&"peer: Good Bye"));
        assert_eq!(world.client(0).outcome, Some(Outcome::Done));
    });
}
