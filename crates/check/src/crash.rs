//! What a program leaves behind that ends because nobody thought of what happened.

/// What is printed of it, by Python and its threads, .NET, Node, Go and Rust.
const SIGNS: [&str; 7] = [
    "Traceback (most recent call last)",
    "Exception in thread",
    "Unhandled exception",
    "Unhandled 'error' event",
    "UnhandledPromiseRejection",
    "panic: ",
    "panicked at",
];
/// How one ends: by SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGPIPE.
const SIGNALS: [&str; 6] = ["by signal 4", "by signal 6", "by signal 7", "by signal 8", "by signal 11", "by signal 13"];
/// What is printed of an error, whether somebody thought of it or not.
const ERRORS: [&str; 3] = ["Error", "Exception", "error:"];

/// Whether a crash is among what was printed.
pub(crate) fn is_printed(printed: &str) -> bool {
    SIGNS.iter().any(|sign| printed.contains(sign))
}

/// Whether the crash of a thread is, which its program may outlive.
pub(crate) fn is_of_thread(printed: &str) -> bool {
    printed.contains("Exception in thread")
}

/// Whether a program that ended in this way crashed.
pub(crate) fn is_end(how: &str) -> bool {
    SIGNALS.iter().any(|signal| how.ends_with(signal))
}

/// Whether what was printed looks like an error.
pub(crate) fn looks_like_error(printed: &str) -> bool {
    is_printed(printed) || ERRORS.iter().any(|word| printed.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crashes_are_told_from_errors_that_somebody_thought_of() {
        assert!(is_printed("Exception in thread \"main\" java.net.SocketException: Broken pipe"));
        assert!(!is_printed("Error: the server has gone") && looks_like_error("Error: the server has gone"));
        assert!(!is_printed("Unhandled situation: the server has gone"));
        assert!(looks_like_error("Traceback (most recent call last):") && !looks_like_error("Session ended"));
        assert!(
            is_end("was ended by signal 11") && !is_end("was ended by signal 1") && !is_end("ended with exit code 1")
        );
    }
}
