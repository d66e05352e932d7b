use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::*;
use crate::{Outcome, Tone, Transport, Wall};

mod whereabouts;

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 12009);
const SETTLE: Duration = Duration::from_millis(100);
const ANSWER_MAX: Duration = Duration::from_secs(5);
const JOINED: &str = "Server: time=10.01 Batman has joined. Member count=1";

/// A client, its server and its person, in virtual time.
struct Talk {
    client: Client,
    uptime: Duration,
    /// Whether the server speaks in lines.
    lines: bool,
    /// What the machine did since it was last looked at: `!` before complaints, `=` before states, `<` before what was sent.
    done: Vec<String>,
    outcome: Option<Outcome>,
}

impl Talk {
    fn new(client: Client) -> Self {
        Self { client, uptime: Duration::ZERO, lines: true, done: Vec::new(), outcome: None }
    }

    fn plain(name: Option<&str>) -> Self {
        Self::new(Client::new(dial(), name.map(str::to_owned), SETTLE))
    }

    /// A client that dials again, already in the room.
    fn lasting() -> Self {
        let mut talk = Self::new(Client::new(dial(), Some("Batman".to_owned()), SETTLE).lasting(7));
        talk.enter();
        talk
    }

    fn enter(&mut self) {
        self.open();
        self.said(JOINED);
        self.done.clear();
    }

    fn handle(&mut self, event: Event<'_>) {
        let mut out = Outbox::default();
        out.begin(if self.lines { Ending::Lf } else { Ending::None }, None);
        let wall = Wall { timestamp: jiff::Timestamp::UNIX_EPOCH, offset: jiff::tz::Offset::UTC };
        self.client.handle(Now { uptime: self.uptime, wall }, event, &mut out);
        for shown in out.shown() {
            self.done.push(match shown.tone {
                Tone::Print | Tone::Echo => shown.text.to_owned(),
                Tone::Ask => format!("?{}", shown.text),
                Tone::Complain => format!("!{}", shown.text),
                Tone::State => format!("={}", shown.text),
            });
        }
        self.done.extend(out.datagrams().map(|(_, bytes)| format!("<{}", String::from_utf8_lossy(bytes).trim_end())));
        if out.dials() {
            self.done.push("dial".to_owned());
        }
        self.outcome = out.outcome();
    }

    fn open(&mut self) {
        self.handle(Event::Opened(Peer::Remote(SERVER)));
    }

    fn said(&mut self, message: &str) {
        self.handle(Event::Message(Peer::Remote(SERVER), message.as_bytes()));
    }

    fn types(&mut self, line: &str) {
        self.handle(Event::Message(Peer::Terminal, line.as_bytes()));
    }

    fn breaks(&mut self) {
        self.handle(Event::Gone(Peer::Remote(SERVER)));
    }

    /// Lets time pass up to the machine's deadline; tells how long it was.
    fn wait(&mut self) -> Duration {
        let due = self.client.deadline().expect("it waits for something").max(self.uptime);
        let waited = due - self.uptime;
        self.uptime = due;
        self.handle(Event::Timeout);
        waited
    }

    fn wait_until_it_dials(&mut self) -> Duration {
        let from = self.uptime;
        while !self.done.contains(&"dial".to_owned()) {
            self.wait();
        }
        self.uptime - from
    }

    fn later(&mut self, time: Duration) {
        self.uptime += time;
    }

    #[track_caller]
    fn expect(&mut self, wanted: &[&str]) {
        assert_eq!(std::mem::take(&mut self.done), wanted);
    }

    /// What it said, apart from how things stand.
    #[track_caller]
    fn expect_but_states(&mut self, wanted: &[&str]) {
        self.done.retain(|line| !line.starts_with('='));
        self.expect(wanted);
    }
}

fn dial() -> Dial {
    Dial { server: SERVER, transport: Transport::Tcp, answer_max: ANSWER_MAX }
}

#[test]
fn the_sheets_transcript() {
    let mut talk = Talk::plain(None);
    talk.open();
    talk.expect(&["Enter login name:", "?> "]);
    talk.types("Batman");
    talk.expect(&["> Batman", "<Batman"]);
    talk.said(JOINED);
    talk.expect(&[JOINED, "?> "]);
    talk.said("Server: time=11.01 Voldemort has joined. Member count=2");
    talk.types("Anyone here?");
    talk.said("Voldemort: Crucio!");
    talk.types("quit");
    talk.expect(&[
        "Server: time=11.01 Voldemort has joined. Member count=2",
        "> Anyone here?",
        "?> ",
        "<Anyone here?",
        "Voldemort: Crucio!",
        "> quit",
        "<quit",
    ]);
    talk.handle(Event::Finished(Peer::Remote(SERVER)));
    assert_eq!(talk.outcome, Some(Outcome::Done));
}

#[test]
fn a_name_given_is_said_at_once_and_another_asked_for_if_it_is_refused() {
    let mut talk = Talk::plain(Some("Batman"));
    talk.open();
    talk.expect(&["<Batman"]);
    talk.said("Error: the name Batman is taken, choose another");
    talk.expect(&["!Error: the name Batman is taken, choose another", "Enter login name:", "?> "]);
    talk.types("");
    talk.expect(&["?> "]);
    talk.types(" Robin ");
    talk.expect(&[">  Robin ", "<Robin"]);
    talk.said("Server: time=10.01 Robin has joined. Member count=2");
    // Once inside, nobody's words are a refusal.
    talk.said("Error: is my name");
    talk.expect(&["Server: time=10.01 Robin has joined. Member count=2", "?> ", "Error: is my name"]);
}

#[test]
fn a_server_that_says_nothing_agrees() {
    let mut talk = Talk::plain(Some("Batman"));
    talk.open();
    talk.expect(&["<Batman"]);
    assert_eq!(talk.wait(), ANSWER_MAX);
    talk.expect(&["?> "]);
    // It only was slow to refuse.
    talk.said("Error: the name Batman is taken, choose another");
    talk.expect(&["!Error: the name Batman is taken, choose another", "Enter login name:"]);
}

#[test]
fn a_bare_server_hears_one_message_at_a_time() {
    let mut talk = Talk::plain(Some("Batman"));
    talk.lines = false;
    talk.open();
    talk.said(JOINED);
    talk.expect(&["<Batman", JOINED, "?> "]);
    talk.types("one");
    talk.expect(&[]);
    assert_eq!(talk.wait(), SETTLE);
    talk.expect(&["> one", "?> ", "<one"]);
    talk.later(SETTLE / 4);
    talk.handle(Event::Finished(Peer::Terminal));
    talk.expect(&[]);
    assert_eq!(talk.wait(), SETTLE * 3 / 4);
    talk.expect(&["<quit"]);
    assert_eq!(talk.outcome, None);
    // What still comes is shown, for a while.
    talk.said("Joker: bye");
    talk.expect(&["Joker: bye"]);
    assert!(talk.wait() < Duration::from_secs(3));
    assert_eq!(talk.outcome, Some(Outcome::Done));
}

#[test]
fn a_burst_is_sent_no_faster_than_servers_take_it() {
    let mut talk = Talk::lasting();
    let mut sent = Vec::new();
    for number in 0..30 {
        talk.types(&number.to_string());
    }
    while sent.len() < 30 {
        sent.extend(
            std::mem::take(&mut talk.done).into_iter().filter(|line| line.starts_with('<')).map(|_| talk.uptime),
        );
        if sent.len() < 30 {
            talk.wait();
        }
    }
    assert!(sent[8] == sent[0] && sent[29] < Duration::from_secs(4), "{sent:?}");
    let most =
        sent.iter().map(|from| sent.iter().filter(|at| (*from..*from + Duration::from_secs(1)).contains(at)).count());
    assert_eq!(most.max(), Some(9));
}

#[test]
fn a_plain_client_ends_with_its_connection() {
    for (event, sentence) in [
        (Event::Gone(Peer::Remote(SERVER)), "!the connection to 127.0.0.1:12009 broke"),
        (Event::Finished(Peer::Remote(SERVER)), "!127.0.0.1:12009 closed the connection"),
    ] {
        let mut talk = Talk::plain(Some("Batman"));
        talk.enter();
        talk.handle(event);
        talk.expect(&[sentence]);
        assert_eq!(talk.outcome, Some(Outcome::Failed));
    }
}

#[test]
fn who_quits_before_there_is_a_name_has_nothing_to_say() {
    for quit in ["quit", "q", "/quit"] {
        let mut talk = Talk::plain(None);
        talk.open();
        talk.types(quit);
        talk.expect(&["Enter login name:", "?> ", &format!("> {quit}")]);
        assert_eq!(talk.outcome, Some(Outcome::Done));
    }
}

#[test]
fn a_lost_connection_is_dialled_again_and_what_was_typed_meanwhile_is_sent() {
    let mut talk = Talk::lasting();
    talk.later(Duration::from_secs(60));
    talk.types("long ago");
    talk.later(Duration::from_secs(31));
    talk.types("just now");
    talk.done.clear();
    talk.breaks();
    talk.expect(&[
        "!the connection to 127.0.0.1:12009 broke",
        "!may not have arrived: just now",
        "=lost 127.0.0.1:12009, next try in 1 s",
    ]);
    talk.types("are you");
    talk.types("there?");
    talk.expect(&["!kept until we are back: are you", "!kept until we are back: there?"]);
    assert!(talk.wait_until_it_dials() <= Duration::from_millis(500));
    talk.expect(&["=connecting to 127.0.0.1:12009", "dial"]);
    talk.open();
    talk.expect(&["=connected to 127.0.0.1:12009, entering as Batman", "<Batman"]);
    talk.said(JOINED);
    talk.expect(&[
        JOINED,
        "we are back, sending 2 kept messages",
        "> are you",
        "> there?",
        "?> ",
        "=connected to 127.0.0.1:12009 as Batman",
        "<are you",
        "<there?",
    ]);
}

#[test]
fn each_try_waits_longer_and_counts_the_seconds() {
    let mut talk = Talk::lasting();
    talk.breaks();
    let mut waits = Vec::new();
    for _ in 0..8 {
        waits.push(talk.wait_until_it_dials());
        talk.done.clear();
        // Nobody answered.
        talk.breaks();
    }
    for (wait, whole) in waits.iter().zip([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
        let whole = Duration::from_millis(whole);
        assert!((whole / 2..=whole).contains(wait), "{wait:?} of {whole:?}");
    }
    let first = std::mem::take(&mut talk.done);
    talk.wait();
    let second = std::mem::take(&mut talk.done);
    let seconds = |line: &[String]| line[0].split(' ').rev().nth(1).and_then(|word| word.parse::<u32>().ok()).unwrap();
    assert_eq!(seconds(&first), seconds(&second) + 1);
}

#[test]
fn what_is_kept_has_a_bound_and_beyond_it_is_refused_aloud() {
    let mut talk = Talk::lasting();
    talk.breaks();
    for number in 0..WAITING_MAX {
        talk.types(&number.to_string());
    }
    talk.done.clear();
    talk.types("too much");
    talk.expect(&["!not sent, since 100 others wait: too much"]);
    talk.handle(Event::Finished(Peer::Terminal));
    talk.expect(&["!100 messages were not sent"]);
    assert_eq!(talk.outcome, Some(Outcome::Done));
}

#[test]
fn our_own_ghost_keeps_the_name_for_a_while() {
    let taken = "Error: the name Batman is taken, choose another";
    let mut talk = Talk::lasting();
    talk.breaks();
    talk.wait_until_it_dials();
    talk.open();
    talk.done.clear();
    talk.said(taken);
    talk.expect(&[&format!("!{taken}"), "=the name Batman is still taken, next try in 1 s"]);
    while !talk.done.contains(&"<Batman".to_owned()) {
        talk.wait();
    }
    talk.done.clear();
    talk.said(JOINED);
    talk.expect_but_states(&[JOINED]);
}

#[test]
fn a_name_that_is_not_given_back_is_given_up() {
    let taken = "Error: the name Batman is taken, choose another";
    let mut talk = Talk::lasting();
    talk.breaks();
    talk.wait_until_it_dials();
    talk.open();
    talk.types("kept");
    let mut tries = 0;
    talk.said(taken);
    while !talk.done.contains(&"Enter login name:".to_owned()) {
        talk.wait();
        if talk.done.pop().is_some_and(|line| line == "<Batman") {
            tries += 1;
            talk.said(taken);
        }
        assert!(tries < 20);
    }
    assert_eq!(tries, 10);
    talk.types("Robin");
    talk.done.clear();
    talk.said("Server: time=10.01 Robin has joined. Member count=2");
    talk.expect_but_states(&["Server: time=10.01 Robin has joined. Member count=2", "> kept", "?> ", "<kept"]);
}

#[test]
fn whom_the_server_sent_away_comes_back_only_when_asked() {
    let mut talk = Talk::lasting();
    talk.said("Server: the operator removed you");
    talk.handle(Event::Finished(Peer::Remote(SERVER)));
    talk.expect(&[
        "Server: the operator removed you",
        "!127.0.0.1:12009 closed the connection",
        "=left 127.0.0.1:12009: whatever you type connects again",
    ]);
    assert_eq!(talk.client.deadline(), None);
    talk.types("sorry");
    talk.expect(&["!kept until we are back: sorry", "=connecting to 127.0.0.1:12009", "dial"]);
}

#[test]
fn whom_the_server_found_idle_comes_back_only_when_asked() {
    for idle in ["86400s", "300ms", "1.5s"] {
        let mut talk = Talk::lasting();
        talk.said("Server: the operator says goodbye");
        talk.said(&format!("Server: nothing heard for {idle}, closing the connection"));
        talk.handle(Event::Finished(Peer::Remote(SERVER)));
        assert_eq!(talk.client.deadline(), None, "{idle}");
    }
}

#[test]
fn nobody_but_the_server_sends_anyone_away() {
    for lines in [
        // The operator's own words, but not the last.
        &["Server: the operator removed you", "Joker: ha"][..],
        // Members of strange names, who whisper.
        &["Server: nothing heard for says to you alone: 1s, closing the connection"],
        &["Server: nothing heard for 1s says to you alone: , closing the connection"],
        &["Server: the operator removed you says to you alone: ha"],
        &["Server: nothing heard for Joker, closing the connection"],
        &["Server: nothing heard for 1.5, closing the connection"],
    ] {
        let mut talk = Talk::lasting();
        lines.iter().for_each(|line| talk.said(line));
        talk.handle(Event::Finished(Peer::Remote(SERVER)));
        assert!(talk.client.deadline().is_some(), "{lines:?}");
    }
}

#[test]
fn without_a_name_nobody_dials_again() {
    let mut talk = Talk::new(Client::new(dial(), None, SETTLE).lasting(7));
    talk.open();
    talk.said("Error: no name within 60s, closing the connection");
    talk.handle(Event::Finished(Peer::Remote(SERVER)));
    assert_eq!(talk.client.deadline(), None);
    talk.done.clear();
    talk.types("Batman");
    talk.expect(&["> Batman", "=connecting to 127.0.0.1:12009", "dial"]);
    talk.open();
    talk.expect(&["=connected to 127.0.0.1:12009, entering as Batman", "<Batman"]);
}

#[test]
fn a_server_that_drops_everyone_is_not_besieged() {
    let mut talk = Talk::lasting();
    let mut waits = Vec::new();
    for _ in 0..8 {
        talk.breaks();
        talk.done.clear();
        waits.push(talk.wait_until_it_dials());
        talk.enter();
    }
    assert!(waits[7] >= Duration::from_secs(15), "{waits:?}");
    // A talk of some length shows that it is well.
    talk.later(Duration::from_secs(10));
    talk.breaks();
    talk.done.clear();
    assert!(talk.wait_until_it_dials() <= Duration::from_millis(500));
}
