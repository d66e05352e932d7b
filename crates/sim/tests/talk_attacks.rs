//! What those do who mean no good: somebody between two talkers, and callers who press the automatic side.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use labs::framing::Rules;
use labs::talk::{Channel, Dialect, GOOD_BYE, KEY_ERROR, Keyring, Meeting, Person, PublicKey, Role, UNIT_BYTES_MAX};
use labs::{Connection, Event, Outbox, Outcome, Peer, Service, Shelf, ShelfLimits, Tone};
use sim::host::{ClientOptions, Options};
use sim::network::Course;
use sim::scenarios::Step;
use sim::streams::{End, ProgramEnd, World};
use sim::{Calendar, SeededKeyring, Terminal, seeds};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 12008);
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)), 40_000);
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// A keyring whose blocks hide nothing and are the same for every key, so that a key can be exchanged on the way and nothing else differs.
struct GlassKeyring(SeededKeyring);

impl Keyring for GlassKeyring {
    fn own_pem(&self, dialect: Dialect) -> Vec<u8> {
        self.0.own_pem(dialect)
    }

    fn own_key(&self, dialect: Dialect) -> PublicKey {
        self.0.own_key(dialect)
    }

    fn read_key(&self, pem: &[u8]) -> Option<PublicKey> {
        self.0.read_key(pem)
    }

    fn encrypt(&self, _: Dialect, to: &PublicKey, text: &[u8]) -> Option<Vec<u8>> {
        let mut block = [&[text.len() as u8], text].concat();
        block.resize(to.block_bytes(), 0);
        Some(block)
    }

    fn decrypt(&self, _: Dialect, block: &[u8]) -> Option<Vec<u8>> {
        let (&count, rest) = block.split_first()?;
        let (text, filler) = rest.split_at_checked(usize::from(count))?;
        filler.iter().all(|byte| *byte == 0).then(|| text.to_vec())
    }

    fn random(&self) -> [u8; 32] {
        self.0.random()
    }

    fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        self.0.digest(bytes)
    }

    fn channel(&self, secret: &[u8], salt: &[u8], info: &[u8]) -> Box<dyn Channel> {
        self.0.channel(secret, salt, info)
    }
}

/// One end, held without a network.
struct Talker {
    connection: Connection,
    wire: Vec<u8>,
    shown: Vec<String>,
}

impl Talker {
    /// A person in the sound dialect.
    fn new(keyring: impl Keyring + 'static, role: Role) -> Self {
        let person = Person::new(Arc::new(keyring), role, Dialect::Sound, LONG, Box::new(|_| Meeting::New));
        let rules = Rules { message_bytes_max: UNIT_BYTES_MAX, ..Rules::default() };
        let connection = Connection::new(CLIENT, Box::new(person), rules, None);
        Self::at(connection)
    }

    fn at(connection: Connection) -> Self {
        let mut talker = Self { connection, wire: Vec::new(), shown: Vec::new() };
        talker.act(Connection::open);
        talker
    }

    fn act(&mut self, happen: impl FnOnce(&mut Connection, labs::Now, &mut Outbox)) {
        let now = Calendar::seeded(&mut fastrand::Rng::with_seed(1)).now(Duration::ZERO);
        let mut out = Outbox::default();
        happen(&mut self.connection, now, &mut out);
        self.wire.extend_from_slice(out.wire());
        let lines = out.shown().filter(|shown| shown.tone != Tone::Ask);
        self.shown.extend(lines.map(|shown| shown.text.to_owned()));
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.act(|connection, now, out| connection.receive(now, bytes, out));
    }

    fn say(&mut self, text: &str) {
        self.act(|connection, now, out| {
            connection.pass(now, Event::Message(Peer::Terminal, text.as_bytes()), out);
        });
    }

    fn take_wire(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.wire)
    }

    fn is_open(&self) -> bool {
        self.shown.iter().any(|line| line.starts_with("The peer's key has "))
    }
}

/// What passes until both have a session, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    ClientKey,
    ServerKey,
    ClientShare,
    ServerShare,
    ClientConfirmation,
}

const PASSING: [Passing; 5] =
    [Passing::ClientKey, Passing::ServerKey, Passing::ClientShare, Passing::ServerShare, Passing::ClientConfirmation];

/// Two who meet, with somebody between them who meddles with what passes.
fn meet(meddle: impl Fn(Passing, &mut Vec<u8>)) -> [Talker; 2] {
    let mut talkers = [(1, Role::Client), (2, Role::Server)]
        .map(|(seed, role)| Talker::new(GlassKeyring(SeededKeyring::new(seed, 2048)), role));
    for (turn, passing) in PASSING.into_iter().enumerate() {
        let mut bytes = talkers[turn % 2].take_wire();
        meddle(passing, &mut bytes);
        talkers[1 - turn % 2].hear(&bytes);
    }
    talkers
}

#[test]
fn a_session_is_bound_to_both_keys_and_both_nonces() {
    assert!(meet(|_, _| {}).iter().all(Talker::is_open), "it is agreed where nobody meddles");
    let another = SeededKeyring::new(9, 2048).own_pem(Dialect::Sound);
    for changed in [Passing::ClientKey, Passing::ServerKey, Passing::ClientShare, Passing::ServerShare] {
        let talkers = meet(|passing, bytes| match passing {
            _ if passing != changed => {}
            Passing::ClientKey | Passing::ServerKey => {
                assert_eq!(bytes.len(), another.len());
                bytes.clone_from(&another);
            }
            // The nonce comes first.
            Passing::ClientShare | Passing::ServerShare | Passing::ClientConfirmation => bytes[0] ^= 1,
        });
        assert!(!talkers.iter().any(Talker::is_open), "{changed:?} was changed");
        let told = talkers[0].shown.last().map(String::as_str);
        assert_eq!(
            told,
            Some("a record does not decrypt: it was altered, repeated, reordered, or left out on the way")
        );
    }
}

#[test]
fn who_is_told_its_own_words_believes_nothing() {
    let mut alone = Talker::new(SeededKeyring::new(1, 2048), Role::Client);
    for _ in PASSING {
        let own = alone.take_wire();
        alone.hear(&own);
    }
    // It waits for a proof that nobody but the holder of the other key can give.
    assert_eq!(alone.shown, Vec::<String>::new());

    let told = "a record does not decrypt: it was altered, repeated, reordered, or left out on the way";
    let [mut client, mut server] = meet(|_, _| {});
    client.say("one");
    let record = client.take_wire();
    client.hear(&record);
    assert_eq!(client.shown.last().map(String::as_str), Some(told));
    // To whom it was said, it is good.
    server.hear(&record);
    assert_eq!(server.shown.last().map(String::as_str), Some("peer: one"));
}

#[test]
fn nobody_is_led_to_the_weaker_dialect_by_what_was_altered() {
    for (passing, cut) in [(Passing::ClientShare, false), (Passing::ServerShare, false), (Passing::ServerShare, true)] {
        let mut talkers = meet(|now, bytes| match (now == passing, cut) {
            (true, true) => bytes.truncate(100),
            // Within the block.
            (true, false) => bytes[100] = 1,
            (false, _) => {}
        });
        talkers.iter_mut().for_each(|talker| talker.act(Connection::receive_end));
        for talker in &talkers {
            let told = talker.shown.last().cloned().unwrap_or_default();
            assert!(!told.contains("--dialect"), "{told}");
        }
        let told = talkers.map(|talker| talker.shown.last().cloned().unwrap_or_default());
        let closed =
            "the peer closed the connection before a session was agreed; perhaps something was altered on the way";
        assert!(told.contains(&closed.to_owned()), "{told:?}");
        assert_eq!(told.contains(&"the connection was cut within a block".to_owned()), cut, "{told:?}");
    }
}

#[test]
fn what_the_peer_says_out_of_turn_is_shown_as_such() {
    let [mut client, mut server] = meet(|_, _| {});
    client.say("one");
    server.hear(&client.take_wire());
    server.say("two");
    // Who wants to leave at once says so in nobody's turn.
    server.act(|connection, now, out| connection.pass(now, Event::Finished(Peer::Terminal), out));
    server.act(|connection, now, out| connection.pass(now, Event::Finished(Peer::Terminal), out));
    client.hear(&server.take_wire());
    assert_eq!(client.shown[client.shown.len() - 2..], ["peer: two".to_owned(), format!("peer: {GOOD_BYE}")]);

    let keyring = SeededKeyring::new(7, 2048);
    let options = ClientOptions { role: Role::Server, talk_dialect: Dialect::Lab, ..ClientOptions::default() };
    let mut hasty = Talker::at(options.connection(Service::Talk, CLIENT));
    hasty.hear(&keyring.own_pem(Dialect::Lab));
    let to = SeededKeyring::new(1, 2048).own_key(Dialect::Lab);
    for text in ["one", "two"] {
        hasty.hear(&keyring.encrypt(Dialect::Lab, &to, text.as_bytes()).unwrap_or_default());
    }
    assert_eq!(hasty.shown[hasty.shown.len() - 2..], ["peer: one", "peer, out of turn: two"]);
}

fn service(options: &Options) -> End {
    let shelf = Shelf::new(ShelfLimits { texts_max: 1, bytes_max: 1 });
    End::machine(options.connection(Service::Talk, CLIENT, shelf), Terminal::default())
}

/// A person who calls `serve`.
fn caller(dialect: Dialect, terminal: Terminal) -> End {
    let options = ClientOptions { talk_dialect: dialect, answer_max: LONG, ..ClientOptions::default() };
    End::machine(options.connection(Service::Talk, SERVER), terminal)
}

#[test]
fn an_idle_peer_hears_good_bye_and_the_reason_is_told() {
    const IDLE: Duration = Duration::from_secs(10);
    for dialect in [Dialect::Lab, Dialect::Sound] {
        seeds::at_most(20, |seed, log| {
            let mut world = World::new(seed, log);
            let options = Options { idle_max: Some(IDLE), ..Options::default() };
            let thinking = Terminal::typing(["never said"], Duration::from_secs(1)).slowly(Duration::from_secs(3600));
            let course = Course::swift(world.chance());
            world.connect(Duration::ZERO, caller(dialect, thinking), service(&options), course);
            world.run();
            assert_eq!(world.client(0).terminal.printed().last(), Some(&"peer: Good Bye"));
            assert_eq!(world.client(0).outcome, Some(Outcome::Done));
            let told = format!("{CLIENT}: Error: nothing heard for {IDLE:?}, closing the connection");
            assert_eq!(world.server(0).terminal.printed().last(), Some(&told.as_str()));
        });
    }
}

#[test]
fn a_text_that_a_service_does_not_take_is_refused_with_the_limit() {
    for dialect in [Dialect::Lab, Dialect::Sound] {
        seeds::at_most(20, |seed, log| {
            let mut world = World::new(seed, log);
            let options = Options { message_bytes_max: 100, ..Options::default() };
            let typing = Terminal::typing(["x".repeat(100), "y".repeat(101)], Duration::from_secs(1));
            let course = Course::rough(world.chance());
            world.connect(Duration::ZERO, caller(dialect, typing), service(&options), course);
            world.run();
            let printed = world.client(0).terminal.printed();
            let heard: Vec<_> = printed.iter().filter(|line| line.starts_with("peer: ")).copied().collect();
            let read = format!("peer: I read: {}", "x".repeat(100));
            assert_eq!(heard[..2], [&read, "peer: Error: a text of more than 100 bytes is not taken"]);
            let told = format!("{CLIENT}: a text of more than 100 bytes is not taken");
            assert_eq!(world.server(0).terminal.printed().last(), Some(&told.as_str()));
        });
    }
}

#[test]
fn who_sends_the_same_work_again_and_again_does_not_get_it_done() {
    let program = SeededKeyring::new(7, 1024);
    let to = SeededKeyring::new(1, 2048).own_key(Dialect::Lab);
    let block = program.encrypt(Dialect::Lab, &to, b"again").unwrap_or_default();
    let shelf = Shelf::new(ShelfLimits { texts_max: 1, bytes_max: 1 });
    let mut server = Talker::at(Options::default().connection(Service::Talk, CLIENT, shelf));
    server.hear(&[&program.own_pem(Dialect::Lab)[..], &block.repeat(1000)].concat());
    let read = server.shown.iter().filter(|line| line.ends_with(": again")).count();
    // As many as are answered at once, and the one that waits.
    assert_eq!(read, 33);
    let told = format!("{CLIENT}: sends more blocks than are answered, and does not wait for its turn");
    assert_eq!(server.shown.last(), Some(&told));
    assert!(server.connection.is_finished());
}

#[test]
fn who_takes_turns_is_answered_however_fast() {
    const TEXTS: usize = 100;
    seeds::at_most(10, |seed, log| {
        let mut world = World::new(seed, log);
        let course = Course::swift(world.chance());
        let typing = Terminal::typing(["text"; TEXTS], Duration::ZERO);
        world.connect(Duration::ZERO, caller(Dialect::Lab, typing), service(&Options::default()), course);
        world.run();
        let answers = world.client(0).terminal.printed().iter().filter(|line| **line == "peer: I read: text").count();
        assert_eq!((answers, world.client(0).outcome), (TEXTS, Some(Outcome::Done)));
    });
}

#[test]
fn a_text_is_not_split_into_more_than_can_wait() {
    seeds::at_most(10, |seed, log| {
        let mut world = World::new(seed, log);
        let long = "x".repeat(214 * 101);
        let course = Course::swift(world.chance());
        let typing = Terminal::typing([&long, "/split", "short"], Duration::from_secs(1));
        world.connect(Duration::ZERO, caller(Dialect::Lab, typing), service(&Options::default()), course);
        world.run();
        let told = "not sent: the text makes 101 messages, and no more than 100 can wait: send it by another way";
        assert_eq!(world.client(0).terminal.complaints().last(), Some(&told));
        assert!(world.client(0).terminal.printed().contains(&"peer: I read: short"));
    });
}

#[test]
fn a_program_whose_key_is_not_taken_is_told_what_is() {
    for bits in [512, 8192] {
        seeds::at_most(10, |seed, log| {
            let mut world = World::new(seed, log);
            let key = SeededKeyring::new(7, bits).own_pem(Dialect::Lab);
            let program =
                ProgramEnd::new([Step::Send(key), Step::Expect(KEY_ERROR.as_bytes().to_vec()), Step::ExpectEnd]);
            let course = Course::rough(world.chance());
            world.connect(Duration::ZERO, End::Program(program), service(&Options::default()), course);
            world.run();
            assert_eq!(world.program(0).failure, None);
        });
    }
}
