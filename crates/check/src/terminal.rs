//! A program's terminal: a pseudoterminal whose screen is read by a terminal emulator, pty(7).

use std::io::{self, Read as _, Write as _};
use std::num::NonZeroU16;
use std::os::fd::AsFd;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use pty_process::Size;
use pty_process::blocking::{self, Pty};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, ioctl_tiocgptpeer};
use rustix::termios::{LocalModes, tcgetattr};
use vt100::{Callbacks, Parser, Screen};

/// The rows and columns that the program is told.
const ROWS: NonZeroU16 = NonZeroU16::new(24).unwrap();
const COLUMNS: NonZeroU16 = NonZeroU16::new(80).unwrap();
/// News is read from a screen of so many columns, so that few lines are broken, and of at most so many rows.
const WIDE_COLUMNS: NonZeroU16 = NonZeroU16::new(240).unwrap();
const TALL_ROWS_MAX: NonZeroU16 = NonZeroU16::new(500).unwrap();
/// Of what was shown, so much is kept of its end.
const KEPT_BYTES_MAX: usize = 256 * 1024;
/// Rows that are kept once they have left the screen at its top.
const SCROLLED_ROWS_MAX: usize = 200;

pub(crate) struct Terminal {
    pty: Arc<Pty>,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
    /// From here on it has shown something since the last line was typed, or all was forgotten.
    mark: usize,
    /// The last line typed, if the terminal shows what is typed.
    echo: Option<String>,
    /// What stood before the cursor when it was typed.
    prompt: String,
}

/// What the program has written.
struct Shown {
    /// The end of it.
    bytes: Vec<u8>,
    /// How many came before those.
    forgotten: usize,
    screen: Parser<Questions>,
}

/// What a program asks its terminal, and waits for an answer to.
#[derive(Default)]
struct Questions {
    position: bool,
}

impl Callbacks for Questions {
    fn unhandled_csi(&mut self, _: &mut Screen, before: Option<u8>, _: Option<u8>, parameters: &[&[u16]], end: char) {
        self.position |= before.is_none() && end == 'n' && parameters == [&[6]];
    }
}

impl Terminal {
    /// Starts a command with a new terminal as its input and output, and in a session that the terminal controls.
    pub(crate) fn start(mut command: Command) -> io::Result<(Child, Self)> {
        command.env("TERM", "xterm").env_remove("COLUMNS").env_remove("LINES");
        let (pty, end) = blocking::open().map_err(into_io)?;
        pty.resize(Size::new(ROWS.get(), COLUMNS.get())).map_err(into_io)?;
        let child = blocking::Command::from(command).spawn(end).map_err(into_io)?;
        let pty = Arc::new(pty);
        let screen = Parser::new_with_callbacks(ROWS, COLUMNS, SCROLLED_ROWS_MAX, Questions::default());
        let shown = Arc::new(Mutex::new(Shown { bytes: Vec::new(), forgotten: 0, screen }));
        let (source, sink) = (Arc::clone(&pty), Arc::clone(&shown));
        let reader = Some(std::thread::spawn(move || read(&source, &sink)));
        Ok((child, Self { pty, shown, reader, mark: 0, echo: None, prompt: String::new() }))
    }

    /// Types a line, as a person does who has read all that was shown so far.
    pub(crate) fn type_line(&mut self, line: &str) -> io::Result<()> {
        let modes = tcgetattr(&*self.pty)?.local_modes;
        // A program that reads key by key shows them itself; only a line without echo is a password.
        let is_shown = modes.contains(LocalModes::ECHO) || !modes.contains(LocalModes::ICANON);
        self.forget();
        self.echo = is_shown.then(|| line.to_owned());
        self.press(format!("{line}\r").as_bytes())
    }

    /// Forgets what was shown, as a person does who has read it.
    pub(crate) fn forget(&mut self) {
        self.prompt = self.prompt_now();
        let end = self.shown().end();
        self.mark = end;
        self.echo = None;
    }

    /// Presses these keys. The program has them then, though it may not have run since: whether it rests can be told.
    pub(crate) fn press(&self, keys: &[u8]) -> io::Result<()> {
        (&*self.pty).write_all(keys)?;
        // A thread of the kernel brings keys over, on a busy computer much later; who asks at the other end whether there are any has them brought at once.
        if let Ok(end) = ioctl_tiocgptpeer(&*self.pty, OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC) {
            is_readable(&end, Some(&Timespec::default()));
        }
        Ok(())
    }

    /// What was shown since then, as text, without that line and without the prompt that asks for the next.
    pub(crate) fn news(&self) -> String {
        let shown = self.shown();
        let start = self.mark.saturating_sub(shown.forgotten);
        let text = read_off(&shown.bytes[start..]);
        without_prompt(without_echo(&text, self.echo.as_deref()), &self.prompt).to_owned()
    }

    /// What stands before the cursor; or the line above, if it asks for something.
    pub(crate) fn prompt_now(&self) -> String {
        let shown = self.shown();
        let screen = shown.screen.screen();
        let (row, column) = screen.cursor_position();
        let before = screen.rows(0, column).nth(row.into()).unwrap_or_default();
        let above =
            row.checked_sub(1).and_then(|above| screen.rows(0, COLUMNS.get()).nth(above.into())).unwrap_or_default();
        let asks = before.trim().is_empty() && is_question(&above);
        if asks { above.trim().to_owned() } else { before.trim().to_owned() }
    }

    /// Whether all was read that the program has written.
    pub(crate) fn is_read_out(&self) -> bool {
        let _shown = self.shown();
        !is_readable(&*self.pty, Some(&Timespec::default()))
    }

    /// What was shown behind so many bytes, and how many it were in all.
    pub(crate) fn shown_behind(&self, bytes: usize) -> (Vec<u8>, usize) {
        let shown = self.shown();
        let start = bytes.saturating_sub(shown.forgotten);
        (shown.bytes[start..].to_vec(), shown.end())
    }

    /// The screen as it looks, with what has left it at its top, without empty rows at its end.
    pub(crate) fn picture(&self) -> String {
        let mut shown = self.shown();
        let screen = shown.screen.screen_mut();
        let mut rows = Vec::new();
        for back in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(back);
            rows.extend(screen.rows(0, COLUMNS.get()).next());
        }
        screen.set_scrollback(0);
        rows.extend(screen.rows(0, COLUMNS.get()));
        let rows: Vec<&str> = rows.iter().map(|row| row.trim_end()).collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// The last lines that were shown and are not empty.
    pub(crate) fn last_lines(&self, count: usize) -> Vec<String> {
        let shown = self.shown();
        let text = read_off(&shown.bytes);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(count)..].iter().map(ToString::to_string).collect()
    }

    /// Waits until all was read that it showed, once everybody is gone who might write to it.
    pub(crate) fn hear_out(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    fn end(&self) -> usize {
        self.forgotten + self.bytes.len()
    }

    /// Takes what the program wrote, and gives what its terminal answers.
    fn take(&mut self, written: &[u8]) -> Option<String> {
        self.bytes.extend_from_slice(written);
        if self.bytes.len() > 2 * KEPT_BYTES_MAX {
            let surplus = self.bytes.len() - KEPT_BYTES_MAX;
            self.bytes.drain(..surplus);
            self.forgotten += surplus;
        }
        self.screen.process(written);
        let is_asked = std::mem::take(&mut self.screen.callbacks_mut().position);
        let (row, column) = self.screen.screen().cursor_position();
        is_asked.then(|| format!("\x1b[{};{}R", row + 1, column + 1))
    }
}

/// Reads until nobody has the terminal any more, which reads as EIO.
fn read(pty: &Pty, shown: &Mutex<Shown>) {
    let mut page = [0; 4096];
    let mut source = pty;
    loop {
        if !is_readable(&pty, None) {
            break;
        }
        // Under the lock, so that nothing is in nobody's hands.
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(count @ 1..) = source.read(&mut page) else { break };
        let answer = shown.take(&page[..count]);
        drop(shown);
        if let Some(answer) = answer {
            // One that has ended needs no answer.
            let _ = source.write_all(answer.as_bytes());
        }
    }
}

/// Whether something can be read, be it the end, by this time or at all. The kernel brings over what is still on its way before it says no.
fn is_readable(end: &impl AsFd, time: Option<&Timespec>) -> bool {
    let mut wish = [PollFd::new(end, PollFlags::IN)];
    loop {
        match poll(&mut wish, time) {
            Err(Errno::INTR) => {}
            answer => return answer.is_ok() && wish[0].revents().intersects(PollFlags::IN),
        }
    }
}

/// What a person reads of this.
fn read_off(bytes: &[u8]) -> String {
    let newlines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let rows = u16::try_from(newlines + 2).ok().and_then(NonZeroU16::new).unwrap_or(TALL_ROWS_MAX);
    let mut parser = Parser::new(rows.clamp(ROWS, TALL_ROWS_MAX), WIDE_COLUMNS, 0);
    parser.process(bytes);
    parser.screen().contents()
}

/// Without the line that was typed, which stands first.
fn without_echo<'a>(text: &'a str, echo: Option<&str>) -> &'a str {
    let Some(echo) = echo.map(str::trim) else { return text };
    let first = text.lines().next().unwrap_or_default();
    if echo.starts_with(text.trim()) {
        // The rest of it is on its way.
        return "";
    }
    match first.find(echo) {
        Some(at) if !echo.is_empty() => text[at + echo.len()..].trim_start_matches('\n'),
        _ => text,
    }
}

/// Without the last line, if it is the prompt.
fn without_prompt<'a>(text: &'a str, prompt: &str) -> &'a str {
    let trimmed = text.trim_end();
    match trimmed.strip_suffix(prompt) {
        Some(rest) if rest.is_empty() || rest.ends_with('\n') => rest,
        _ => text,
    }
}

/// Whether a whole line asks for something.
fn is_question(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default().to_lowercase();
    line.trim_end().ends_with([':', '?', '>'])
        || ["enter", "please", "type", "give", "input", "insert"].contains(&&first[..])
}

fn into_io(error: pty_process::Error) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn start(script: &str) -> (Child, Terminal) {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Terminal::start(command).unwrap()
    }

    fn wait(terminal: &Terminal, until: impl Fn(&Terminal) -> bool) {
        let end = Instant::now() + Duration::from_secs(30);
        while !until(terminal) {
            assert!(Instant::now() < end, "{}", terminal.picture());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    #[test]
    fn echo_and_prompt_are_told_from_what_is_said() {
        let (mut child, mut terminal) =
            start(r#"while printf 'Say: ' >&2; read -r line; do echo "you said <$line>"; done"#);
        wait(&terminal, |terminal| terminal.prompt_now() == "Say:");
        terminal.type_line("hello").unwrap();
        wait(&terminal, |terminal| terminal.news() == "you said <hello>\n");
        terminal.type_line("").unwrap();
        wait(&terminal, |terminal| terminal.news().trim() == "you said <>");
        assert!(
            terminal.picture().ends_with("Say: hello\nyou said <hello>\nSay:\nyou said <>\nSay:"),
            "{}",
            terminal.picture()
        );
        terminal.press(&[4]).unwrap();
        child.wait().unwrap();
        terminal.hear_out();
    }

    #[test]
    fn what_is_typed_has_arrived() {
        for _ in 0..50 {
            let (mut child, mut terminal) = start("exec sleep 1000");
            terminal.type_line("hello").unwrap();
            // What the terminal shows of it is there, or in the reader's hands.
            while !terminal.is_read_out() {}
            let shown = terminal.picture();
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(shown, "hello");
        }
    }

    #[test]
    fn a_line_may_ask_for_what_is_typed_below_it() {
        for (line, asks) in
            [("Enter your name", true), ("Name:", true), ("Connected to the server at port 5000", false)]
        {
            let (mut child, mut terminal) = start(&format!("echo '{line}'; read answer"));
            wait(&terminal, |terminal| terminal.picture() == line);
            assert_eq!(terminal.prompt_now() == line, asks, "{line}");
            terminal.type_line("").unwrap();
            child.wait().unwrap();
        }
    }

    #[test]
    fn a_program_that_asks_where_its_cursor_is_gets_an_answer() {
        let script = r"stty -icanon -echo; printf 'ab\033[6n'; dd bs=1 count=6 2>/dev/null | od -An -c";
        let (mut child, mut terminal) = start(script);
        child.wait().unwrap();
        terminal.hear_out();
        assert!(terminal.picture().contains("033   [   1   ;   3   R"), "{}", terminal.picture());
    }

    #[test]
    fn endless_output_is_read_and_its_end_is_kept() {
        let (mut child, mut terminal) = start("yes something | head -c 3000000; echo; echo last");
        child.wait().unwrap();
        terminal.hear_out();
        assert_eq!(terminal.last_lines(1), ["last"]);
        assert!(terminal.shown().bytes.len() <= 2 * KEPT_BYTES_MAX);
    }
}
