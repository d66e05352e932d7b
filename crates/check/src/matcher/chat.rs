//! What a chat's server tells its members: their lines, who came and who went.

/// How it is said that a member came. A space is before what could also be the end of its opposite.
pub(super) const JOINED: [&str; 8] =
    ["joined", "joins", "entered", "enters", " connected", "logged in", "logged on", "signed in"];
/// How it is said that one went.
pub(super) const LEFT: [&str; 9] =
    ["left", "leaves", "quit", "disconnected", "gone", "exited", "logged out", "logged off", "signed out"];

/// Whether this member's line is there: the name, at most a little between, the line.
pub(super) fn has_line(text: &str, who: &str, line: &str) -> bool {
    // A name may be followed by a date and a time.
    const BETWEEN_MAX: usize = 40;
    text.match_indices(line).any(|(at, _)| {
        let before = &text[..at];
        before.rfind(who).is_some_and(|name| {
            let between = &before[name + who.len()..];
            // A name that ends its line is nobody's line, unless something says that the next is its.
            let is_parted = !between.contains('\n') || between.trim_start().starts_with([':', '>', '-']);
            between.chars().count() <= BETWEEN_MAX && is_parted && !between.trim_end().contains('\n')
        })
    })
}

/// Whether it is told that this member did this, and that so many are left.
pub(super) fn announces(text: &str, who: &str, verbs: &[&str], count: Option<u32>) -> bool {
    const BEFORE_VERB_MAX: usize = 32;
    const WITH_COUNT_CHARS_MAX: usize = 64;
    let lower = text.to_lowercase();
    let who = who.to_lowercase();
    lower.match_indices(&who).any(|(at, _)| {
        let rest = &lower[at + who.len()..];
        let verb = verbs.iter().filter_map(|verb| Some((rest.find(verb)?, *verb))).min();
        let Some((verb_at, verb)) = verb.filter(|(at, _)| *at <= BEFORE_VERB_MAX && !rest[..*at].contains('\n')) else {
            return false;
        };
        let told: String = rest[verb_at + verb.len()..].chars().take(WITH_COUNT_CHARS_MAX).collect();
        !is_longer_name(&rest[..verb_at]) && count.is_none_or(|count| counts(&told).any(|told| told == count))
    })
}

/// Whether what follows a name makes another of it, so that each is unique: `Batman_2`, `Batman (2)`.
fn is_longer_name(rest: &str) -> bool {
    let bare = rest.trim_start_matches([' ', '(', '#']);
    let behind = bare.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '#'))
        || (behind.len() < bare.len() && behind.starts_with([' ', ')']))
}

/// The counts of members in a text: `Member count=2`, `Members: 2`, `2 members`.
fn counts(text: &str) -> impl Iterator<Item = u32> {
    const COUNTED: [&str; 7] = ["count", "member", "user", "client", "people", "online", "total"];
    let is_digit = |c: char| c.is_ascii_digit();
    let starts = text.match_indices(is_digit).filter(move |(at, _)| !text[..*at].ends_with(is_digit));
    starts.filter_map(move |(at, _)| {
        let (before, number) = text.split_at(at);
        let length = number.find(|c| !is_digit(c)).unwrap_or(number.len());
        let (number, after) = number.split_at(length);
        let introduced = before.trim_end_matches([' ', '=', ':', '(', '[']).trim_end_matches('s');
        // The minutes in `10.02 Member count=3` are no count.
        let is_whole = !before.ends_with([':', '.']);
        let is_count =
            COUNTED.iter().any(|word| introduced.ends_with(word) || (is_whole && after.trim_start().starts_with(word)));
        is_count.then(|| number.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::is_in;
    use crate::rule::Said;

    #[test]
    fn a_members_line_may_be_dressed() {
        for heard in ["Ada: hello", "\n<Ada> hello\n", "[10.01] Ada : hello", "Ada:\nhello"] {
            assert!(is_in(Said::Line("Ada", "hello"), heard), "{heard}");
        }
        for heard in ["hello", "Bob: hello", "Ada has joined.\nBob: hello", "Ada\nhello"] {
            assert!(!is_in(Said::Line("Ada", "hello"), heard), "{heard}");
        }
    }

    #[test]
    fn counts_are_read_in_all_their_forms() {
        for heard in [
            "Server: time=10.01 Ada has joined. Member count=2",
            "Ada has joined. Member count =2",
            "10:01 Ada joined the chat! Count: 2",
            "*** Ada logged in *** (2 members online)",
            "Ada connected at 10.03. Members: 2Server: time=10.04",
        ] {
            assert!(is_in(Said::Joined("Ada", Some(2)), heard), "{heard}");
            assert!(is_in(Said::Joined("Ada", None), heard), "{heard}");
        }
        for heard in [
            "Ada has joined. Member count=3",
            "Ada has joined.",
            "Ada has left. Member count=2",
            "Ada has disconnected. Member count=2",
            "Ada joined at 10.02 Member count=3",
            "Ada_2 has joined. Member count=2",
            "Ada (1) has joined. Member count=2",
            "Bob: Ada",
        ] {
            assert!(!is_in(Said::Joined("Ada", Some(2)), heard), "{heard}");
        }
        assert!(is_in(Said::Left("Ada", Some(12)), "Server: time=13.01 Ada has left. Member count=12\n"));
    }
}
