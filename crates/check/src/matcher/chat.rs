//! What a chat's server tells its members: their lines, who came and who went.

mod counts;

use Event::{Came, Went};
use counts::{is_counting, tells_count};

/// What is told of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Came,
    Went,
}

/// How it is said, by the beginnings of verbs. A space is before what could also be the end of another.
const VERBS: [(Event, &[&str]); 2] = [
    (
        Came,
        &[
            "join",
            " enter",
            " connect",
            "logged in",
            "logged on",
            "logs in",
            "logs on",
            "login",
            "logon",
            "signed in",
            "signed on",
            "arriv",
            " came",
            " come",
            "added",
        ],
    ),
    (
        Went,
        &[
            "left",
            "leav",
            "quit",
            "disconnect",
            "gone",
            "exit",
            "logged out",
            "logged off",
            "logs out",
            "logs off",
            "logout",
            "logoff",
            "signed out",
            "signed off",
            "drop",
            "depart",
            " went",
            "removed",
            "closed",
            "lost",
            "offline",
            "no longer",
        ],
    ),
];
/// That somebody is here means that they came, but only behind the name: `Members online: Batman` tells nothing new.
const HERE: [&str; 4] = ["online", "is here", " is in the", " is now in the"];
/// What says it of the name behind, without a verb.
const NEW: [&str; 2] = ["new", "newcomer"];
/// What may say it of the name behind, or of nobody: `Welcome! Batman has left.`
const GREETINGS: [(Event, &[&str]); 2] = [(Came, &["welcome", "hello"]), (Went, &["bye", "goodbye", "farewell"])];
/// What members are called that are not named.
const PEOPLE: [&str; 7] = ["user", "member", "client", "person", "participant", "guest", "connection"];
/// Who it was where the name is behind the verb: `User joined: Batman`.
const NOBODY: [&[&str]; 2] = [&PEOPLE, &["someone", "somebody", "event", "type", "server"]];
const AUXILIARIES: [&str; 7] = ["has", "have", "just", "is", "was", "been", "now"];
/// What may stand between a verb and the name behind it.
const BEFORE_NAME: [&[&str]; 2] = [
    &PEOPLE,
    &[
        "the", "chat", "room", "chatroom", "server", "username", "name", "nickname", "nick", "group", "to", "in",
        "from", "by", "with", "as", "our",
    ],
];

/// Whether this member's line is there: the name, at most a little between, the line.
pub(super) fn has_line(text: &str, who: &str, line: &str) -> bool {
    // A name may be followed by a date and a time, and by whom it speaks to.
    const BETWEEN_MAX: usize = 64;
    text.match_indices(line).any(|(at, _)| {
        let before = &text[..at];
        before.rfind(who).is_some_and(|name| {
            let between = &before[name + who.len()..];
            // A name that ends its line is nobody's line, unless something says that the next is its.
            let is_parted = !between.contains('\n') || between.trim_start().starts_with([':', '>', '-']);
            let is_near = between.chars().count() <= BETWEEN_MAX && !between.trim_end().contains('\n');
            // What is told of a member is not said by it.
            is_near && is_parted && first_verb(&between.to_ascii_lowercase()).is_none()
        })
    })
}

/// Whether it is told of this member, and that so many are there then.
pub(super) fn announces(text: &str, who: &str, event: Event, count: Option<u32>) -> bool {
    let (text, who) = (text.to_ascii_lowercase(), who.to_ascii_lowercase());
    text.match_indices(&who).any(|(at, _)| {
        let (before, behind) = (&text[..at], &text[at + who.len()..]);
        let line = before.rsplit('\n').next().unwrap_or_default();
        let is_it = |told: Option<(Event, &str)>| {
            let Some((_, behind)) = told.filter(|(told, _)| *told == event) else { return false };
            count.is_none_or(|count| tells_count(line, behind, count))
        };
        match told_before(line, behind) {
            Some(told) => is_it(Some((told, behind))),
            None => is_it(told_behind(behind)) || is_it(greeted(line).map(|told| (told, behind))),
        }
    })
}

/// The first verb of a text: where it begins and ends, and what it says.
fn first_verb(text: &str) -> Option<(usize, usize, Event)> {
    let all = VERBS.iter().flat_map(|(event, verbs)| verbs.iter().map(|verb| (*event, *verb)));
    all.filter_map(|(event, verb)| text.find(verb).map(|at| (at, at + verb.len(), event))).min_by_key(|(at, ..)| *at)
}

/// What is told of whom this text follows, and what comes behind it: ` has joined. Member count=2`.
fn told_behind(text: &str) -> Option<(Event, &str)> {
    const BEFORE_VERB_MAX: usize = 32;
    let here = HERE.iter().filter_map(|here| text.find(here).map(|at| (at, at + here.len(), Came)));
    let (at, end, event) = first_verb(text).into_iter().chain(here).min_by_key(|(at, ..)| *at)?;
    let is_its = at <= BEFORE_VERB_MAX && !text[..at].contains('\n') && !is_longer_name(&text[..at]);
    is_its.then_some((event, &text[end..]))
}

/// What is told of whom this text precedes: `User joined: `, `New member: `.
fn told_before(line: &str, behind: &str) -> Option<Event> {
    let told = |rest: &str| {
        // A verb and a name with nothing but a space between may belong to two messages.
        let is_parted = line[rest.len()..].contains(|c: char| c != ' ' && c != '*');
        let is_new = NEW.iter().any(|word| ends_with_word(rest, word));
        is_new.then_some(Came).or_else(|| is_parted.then(|| verb_of_nobody(rest))?)
    };
    if is_longer_name(behind) { None } else { beginnings(line).find_map(told) }
}

/// What a greeting says of whom it is for.
fn greeted(line: &str) -> Option<Event> {
    let greets = |words: &[&str], rest: &str| words.iter().any(|word| ends_with_word(rest, word));
    beginnings(line).find_map(|rest| GREETINGS.iter().find(|(_, words)| greets(words, rest)).map(|(event, _)| *event))
}

/// A line without the marks at its end, and then without one word more of those before a name, again and again.
fn beginnings(line: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(line.trim_end_matches(is_mark)), |rest| {
        let word = BEFORE_NAME.into_iter().flatten().find(|word| ends_with_word(rest, word))?;
        Some(rest[..rest.len() - word.len()].trim_end_matches(is_mark))
    })
}

fn is_mark(c: char) -> bool {
    matches!(c, ' ' | ':' | '=' | '-' | '>' | '<' | '"' | '\'' | '[' | ']' | '(' | ',' | '|' | '*' | '@')
}

/// Whether a text ends with this word, and not with a longer one.
fn ends_with_word(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|rest| !rest.ends_with(char::is_alphabetic))
}

/// The verb at the end of a text, unless somebody is named who did it.
fn verb_of_nobody(text: &str) -> Option<Event> {
    VERBS.iter().find_map(|(event, verbs)| {
        let is_of_nobody = |verb: &&str| {
            let Some((before, ending)) = text.rsplit_once(verb.trim_start()) else { return false };
            let mut subject = before.trim_end_matches([' ', '-', '_']);
            while let Some(word) = AUXILIARIES.iter().find(|word| ends_with_word(subject, word)) {
                subject = subject[..subject.len() - word.len()].trim_end();
            }
            let is_named = subject.ends_with(char::is_alphabetic)
                && !NOBODY.into_iter().flatten().any(|noun| subject.ends_with(noun));
            !is_named && ending.chars().all(char::is_alphabetic)
        };
        verbs.iter().any(is_of_nobody).then_some(*event)
    })
}

/// Whether what follows a name makes another of it, so that each is unique: `Batman_2`, `Batman (2)`.
fn is_longer_name(rest: &str) -> bool {
    let bare = rest.trim_start_matches([' ', '(', '#']);
    let behind = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '#'))
        || (behind.len() < bare.len() && behind.starts_with([' ', ')']) && !is_counting(behind))
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_in;
    use crate::rule::Said;

    #[test]
    fn a_members_line_may_be_dressed() {
        for heard in [
            "Ada: hello",
            "\n<Ada> hello\n",
            "[10.01] Ada : hello",
            "Ada:\nhello",
            "Ada says to everyone: hello",
            "Ada (2026-11-21 20:54:00.123456) says to everyone: hello",
            "Message from Ada at 10:01> hello",
            "{\"from\": \"Ada\", \"text\": \"hello\"}",
            "Ada has joined. Member count=2Ada: hello",
        ] {
            assert!(is_in(Said::Line("Ada", "hello"), heard), "{heard}");
        }
        for heard in [
            "hello",
            "Bob: hello",
            "Ada has joined.\nBob: hello",
            "Ada\nhello",
            "Ada has joined.hello",
            "Ada joined (2 online)hello",
        ] {
            assert!(!is_in(Said::Line("Ada", "hello"), heard), "{heard}");
        }
    }

    const ADA_CAME: [&str; 43] = [
        "Server: time=10.01 Ada has joined. Member count=2",
        "Ada has joined. Member count =2",
        "10:01 Ada joined the chat! Count: 2",
        "*** Ada logged in *** (2 members online)",
        "Ada connected at 10.03. Members: 2Server: time=10.04",
        "Ada has joined. Member count is 2",
        "Ada joined. Total number of members in the room is now 2",
        "User joined: Ada (Member count = 2)",
        "User joined: Bob (Member count = 1)User joined: Ada (Member count = 2)",
        "New member: Ada. Members: 2",
        "New user Ada has entered the room, there are 2 people in it",
        "A new user has joined the chat room: Ada (2 users)",
        "Ada logged on. Online: 2",
        "Ada entered. 2 users are here",
        "[10:01] Server> Ada joined the chat (2 online)",
        "Ada has joined! There are 2 members.",
        "Ada has joined! There are now 2 of us.",
        "Ada is online. Users online: 2",
        "Ada is now online (2)",
        "SERVER: Ada has joined the chat room [2/10]",
        "(2 online) Ada has joined",
        "[2 members] 10.01 Ada has joined",
        "Ada has joined the chat. Members (2): Bob, Ada",
        "Ada has joined the chat. Members: Bob, Ada (2)",
        "{\"type\": \"join\", \"user\": \"Ada\", \"event\": \"joined\", \"count\": 2}",
        "{\"event\": \"join\", \"name\": \"Ada\", \"count\": 2}",
        "Ada (127.0.0.1:54321) connected. Clients connected: 2",
        "<Ada> arrived - 2 participants",
        "Welcome Ada! Member count=2",
        "Welcome to the chat room, Ada. There are 2 active users.",
        "User logged in as Ada, total users: 2",
        "Connected: Ada, count 2",
        "Ada has joined on 21-11-2026 at 10:01:02 Member count=2",
        "Ada came in. We have 2 members now.",
        "Ada has been added to the chat, now 2 users",
        "Ada has just signed in; current number of users in chat = 2",
        "Ada joined\nMember count: 2\n",
        "--> Ada has joined the room | 2 left in the room",
        "Ada has joined. We are 2",
        "Ada joined, and we are now 2!",
        "Ada joined (member number 2)",
        "Member count=1Ada has joined. Member count=2",
        "Batman left. Member count=1Ada joined. Member count=2",
    ];

    #[test]
    fn who_came_is_told_in_many_words() {
        for heard in ADA_CAME {
            assert!(is_in(Said::Joined("Ada", Some(2)), heard), "{heard}");
            assert!(is_in(Said::Joined("Ada", None), heard), "{heard}");
            assert!(!is_in(Said::Joined("Ada", Some(3)), heard) && !is_in(Said::Left("Ada", None), heard), "{heard}");
        }
        for heard in [
            "Ada has joined. Member count=3",
            "Ada has joined.",
            "Ada has left. Member count=2",
            "Ada has disconnected. Member count=2",
            "Ada has left (2 online)",
            "Ada is no longer online. Members: 2",
            "Ada joined at 10.02 Member count=3",
            "Ada joined. Member count=1Bob joined. Member count=2",
            "Ada_2 has joined. Member count=2",
            "Ada (1) has joined. Member count=2",
            "User joined: Ada_2 (Member count=2)",
            "Bob joined: Ada, Bob (2)",
            "Bob has joined. Ada: hello, 2 members",
            "*** Bob joined ***Ada: 2 members",
            "Users online: Ada, Bob (2)",
            "The name Ada is taken. Member count=2",
            "Bob: Ada",
        ] {
            assert!(!is_in(Said::Joined("Ada", Some(2)), heard), "{heard}");
        }
    }

    #[test]
    fn who_went_is_told_in_many_words() {
        for heard in [
            "Server: time=13.01 Ada has left. Member count=12\n",
            "User left: Ada (Member count = 12)",
            "User joined: Bob (Member count = 13)User left: Ada (Member count = 12)",
            "Ada logged off. Online: 12",
            "Ada exited the chat. Total: 12",
            "Ada has left the chat. Remaining users: 12",
            "Ada has left. 12 left",
            "Ada has left the room, 12 remaining",
            "Client disconnected: Ada. Clients: 12",
            "Connection lost: Ada (12 users)",
            "Goodbye Ada! Users online: 12",
            "Welcome to the chat room Ada has left. Member count=12",
            "Ada is offline (12 online)",
            "Ada went away. There are 12 people here",
        ] {
            assert!(is_in(Said::Left("Ada", Some(12)), heard), "{heard}");
            assert!(!is_in(Said::Left("Ada", Some(13)), heard), "{heard}");
        }
        for heard in [
            "Ada has left. Member count=13",
            "Ada has left.",
            "User joined: Ada (Member count = 12)User left: Bob (Member count = 12)",
            "Ada has left. Member count=13Bob has joined. Member count=12",
        ] {
            assert!(!is_in(Said::Left("Ada", Some(12)), heard), "{heard}");
        }
    }
}
