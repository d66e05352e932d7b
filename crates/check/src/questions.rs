//! What programs ask at their terminals before they begin: where the server is, and who their user is.

use labs::Service;

/// A program that asks more often than this before it begins asks for something else.
pub(crate) const COUNT_MAX: usize = 6;

/// What a person answers to this prompt; none if it asks for something else.
pub(crate) fn answer(prompt: &str, service: Service, who: &str, port: u16) -> Option<String> {
    let lower = prompt.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let is_of_server = ["host name", "server name", "server's name", "name of the server", "name of the host"]
        .iter()
        .any(|words| lower.contains(words));
    // What is said before the question may speak of servers and ports too: `Connected to port 5000. Your name:`.
    if has(&["name", "username", "nickname", "login"]) && !is_of_server {
        // The chat's name is its lab's own matter.
        (service != Service::Chat).then(|| who.to_owned())
    } else if has(&["port"]) {
        Some(port.to_string())
    } else {
        (is_of_server || has(&["ip", "host", "hostname", "address", "addr"])).then(|| "127.0.0.1".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_answers_what_is_asked_of_the_server_and_of_names() {
        let answered = |prompt, service| answer(prompt, service, "Ada", 5000);
        for (prompt, said) in [
            ("Enter server IP:", "127.0.0.1"),
            ("Host? ", "127.0.0.1"),
            ("Please enter the server's name: ", "127.0.0.1"),
            ("port number:", "5000"),
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
            (">", Service::Chat),
            ("", Service::Calc),
        ] {
            assert_eq!(answered(prompt, service), None, "{prompt}");
        }
    }
}
