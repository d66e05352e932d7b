//! A person at a terminal: a pseudoterminal whose screen a terminal emulator reads, pty(7).

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::num::NonZero;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use tempfile::TempDir;

use crate::server::{PATIENCE, skip, socketlab};

/// A person in front of a client.
pub(crate) struct Person {
    client: Child,
    keys: File,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    terminal: File,
    before: Termios,
}

impl Person {
    /// Starts a client at a terminal of its own; none where `setsid` is not installed.
    pub(crate) fn start(folder: &TempDir, args: &[&str], server: SocketAddr) -> Option<Self> {
        Self::start_with(folder, args, server, (24, 80), &[])
    }

    /// Starts it in a window of so many rows and columns, with more in its environment.
    pub(crate) fn start_with(
        folder: &TempDir,
        args: &[&str],
        server: SocketAddr,
        (rows, columns): (u16, u16),
        environment: &[(&str, &str)],
    ) -> Option<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let terminal = File::options().read(true).write(true).open(path).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        tcsetwinsize(&terminal, window(rows, columns)).unwrap();
        let own_end = || Stdio::from(terminal.try_clone().unwrap());
        let client = Command::new("setsid")
            .args(["--ctty", "--wait"])
            .arg(socketlab(folder).get_program())
            .args(args)
            .arg(server.to_string())
            .env("XDG_STATE_HOME", folder.path())
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .envs(environment.iter().copied())
            .stdin(own_end())
            .stdout(own_end())
            .stderr(own_end())
            .spawn();
        let Ok(client) = client else {
            skip("a client at a terminal: `setsid` is not installed");
            return None;
        };
        let keys = File::from(master);
        let (sender, output) = channel();
        let mut written = keys.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = written.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            client,
            keys,
            output,
            screen: vt100::Parser::new(cells(rows), cells(columns), 0),
            terminal,
            before,
        })
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Makes the window another size.
    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.screen.screen_mut().set_size(cells(rows), cells(columns));
        tcsetwinsize(&self.terminal, window(rows, columns)).unwrap();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.client), signal).unwrap();
    }

    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// The rows on the screen that are not empty, with times of day made the same.
    pub(crate) fn rows(&self) -> Vec<String> {
        let screen = self.screen().contents();
        screen.lines().map(|row| mask_times(row.trim_end())).filter(|row| !row.is_empty()).collect()
    }

    /// Waits until what is on the screen fits; `wanted` says what that is.
    pub(crate) fn wait_for(&mut self, wanted: &str, fits: impl Fn(&Self) -> bool) {
        while !fits(self) {
            let Ok(more) = self.output.recv_timeout(PATIENCE) else {
                panic!("expected {wanted}, got {:#?}", self.rows());
            };
            self.screen.process(&more);
        }
    }

    /// Waits until the screen, without empty rows, is this.
    #[track_caller]
    pub(crate) fn expect_screen(&mut self, wanted: &[&str]) {
        self.wait_for(&format!("{wanted:#?}"), |person| person.rows() == wanted);
    }

    /// Waits until one of the rows is this.
    #[track_caller]
    pub(crate) fn expect_row(&mut self, wanted: &str) {
        self.wait_for(wanted, |person| person.rows().iter().any(|row| row == wanted));
    }

    /// Waits until the last row that is not empty is this.
    #[track_caller]
    pub(crate) fn expect_last_row(&mut self, wanted: &str) {
        self.wait_for(wanted, |person| person.rows().last().is_some_and(|row| row == wanted));
    }

    /// Waits for the client's end, and checks that the terminal is as it was.
    pub(crate) fn expect_exit(mut self, code: i32) {
        assert_eq!(self.client.wait().unwrap().code(), Some(code));
        let after = tcgetattr(&self.terminal).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes);
        assert_eq!(after.input_modes, self.before.input_modes);
        // All that it wrote is in the terminal's buffer by now, so only our thread has to hand it over.
        self.wait_for("the screen as it was", |person| {
            let screen = person.screen();
            !screen.alternate_screen() && !screen.bracketed_paste() && !screen.hide_cursor()
        });
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

fn window(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Puts `time=HH.MM` for any time of day.
pub(crate) fn mask_times(text: &str) -> String {
    const MARK: &str = "time=";
    let mut parts = text.split(MARK);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |masked, part| {
        let bytes = part.as_bytes();
        let is_time =
            bytes.len() >= 5 && (0..5).all(|at| if at == 2 { bytes[at] == b'.' } else { bytes[at].is_ascii_digit() });
        if is_time { format!("{masked}{MARK}HH.MM{}", &part[5..]) } else { format!("{masked}{MARK}{part}") }
    })
}
