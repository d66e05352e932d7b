//! What programs ask at their terminals before they begin: where the server is or is to be, for how many, and who their user is.

use labs::Service;

use crate::terminal::Terminal;

/// A program that asks more often than this before it begins asks for something else.
const COUNT_MAX: usize = 6;
/// So many clients a server is told to let in: more than any rule needs, and few enough that a limit can be seen.
const CLIENTS: &str = "5";

/// Who sits at a program's terminal until it begins.
#[derive(Debug)]
pub(crate) struct Person<'a> {
    service: Service,
    name: &'a str,
    /// Where the server is, or is to be.
    port: u16,
    answered: Vec<String>,
}

impl<'a> Person<'a> {
    pub(crate) fn new(service: Service, name: &'a str, port: u16) -> Self {
        Self { service, name, port, answered: Vec::new() }
    }

    /// What the program is to be told that waits at this terminal; none if it asks for nothing that is known here, or without end.
    pub(crate) fn answer(&mut self, terminal: &Terminal) -> Option<String> {
        let prompt = terminal.prompt_now();
        // What was answered is still to be seen until the program writes more.
        let is_answered = self.answered.last().is_some_and(|last| !last.is_empty() && prompt.ends_with(last));
        if is_answered || self.answered.len() == COUNT_MAX {
            return None;
        }
        let answer = answer(&prompt, self.service, self.name, self.port)?;
        self.answered.push(answer.clone());
        Some(answer)
    }
}

/// What a person answers to this prompt; none if it asks for something else.
fn answer(prompt: &str, service: Service, who: &str, port: u16) -> Option<String> {
    let lower = prompt.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let is_of_server = ["host name", "server name", "server's name", "name of the server", "name of the host"]
        .iter()
        .any(|words| lower.contains(words));
    if has(&["message", "msg", "text"]) {
        return None;
    }
    // What is said before the question may speak of servers and ports too: `Connected to port 5000. Your name:`.
    if has(&["name", "username", "nickname", "login"]) && !is_of_server {
        // The chat's name is its lab's own matter.
        (service != Service::Chat).then(|| who.to_owned())
    } else if ["press enter", "hit enter", "press return", "press any key"].iter().any(|words| lower.contains(words)) {
        Some(String::new())
    } else if lower.contains("how many clients")
        || (has(&["clients", "connections", "users", "members"]) && has(&["number", "max", "maximum", "limit"]))
    {
        Some(CLIENTS.to_owned())
    } else if has(&["port"]) {
        Some(port.to_string())
    } else {
        (is_of_server || has(&["ip", "host", "hostname", "address", "addr"])).then(|| "127.0.0.1".to_owned())
    }
}

/// What agrees to go on, if this prompt asks whether to.
pub(crate) fn consent(prompt: &str) -> Option<&'static str> {
    let lower = prompt.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let has_choice = |yes: &str, no: &str| words.windows(2).any(|pair| pair == [yes, no]);
    let is_question = lower.trim_end().ends_with('?')
        && ["again", "continue", "another", "more"].iter().any(|word| words.contains(word));
    if has_choice("yes", "no") || has_choice("yes", "or") {
        Some("yes")
    } else {
        (has_choice("y", "n") || has_choice("y", "or") || is_question).then_some("y")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_wants_to_go_on() {
        for (prompt, said) in [
            ("Again? (y/n) ", Some("y")),
            ("Do you want to continue [Y/n]: ", Some("y")),
            ("Another sum? (yes/no)", Some("yes")),
            ("Type yes or no: ", Some("yes")),
            ("Add two more numbers?", Some("y")),
            ("Enter num1: ", None),
            ("Enter another number: ", None),
            ("First number (or exit)? ", None),
        ] {
            assert_eq!(consent(prompt), said, "{prompt}");
        }
    }

    #[test]
    fn a_person_answers_what_is_asked_of_the_server_and_of_names() {
        let answered = |prompt, service| answer(prompt, service, "Ada", 5000);
        for (prompt, said) in [
            ("Enter server IP:", "127.0.0.1"),
            ("Host? ", "127.0.0.1"),
            ("Please enter the server's name: ", "127.0.0.1"),
            ("port number:", "5000"),
            ("Enter the IP address to bind to: ", "127.0.0.1"),
            ("Port to listen on: ", "5000"),
            ("How many clients? ", "5"),
            ("Maximum number of connections: ", "5"),
            ("Press Enter to start the server...", ""),
            ("What is your name?", "Ada"),
            ("Connected to the server at port 5000. Your name: ", "Ada"),
        ] {
            assert_eq!(answered(prompt, Service::Calc).as_deref(), Some(said), "{prompt}");
        }
        for (prompt, service) in [
            ("Enter login name:", Service::Chat),
            ("Welcome to the server! Enter your name: ", Service::Chat),
            ("Enter an expression:", Service::Calc),
            ("Enter a string to ship:", Service::Echo),
            ("Message to host: ", Service::Talk),
            (">", Service::Chat),
            ("", Service::Calc),
        ] {
            assert_eq!(answered(prompt, service), None, "{prompt}");
        }
    }
}
