//! The simulator's scenarios again, over real sockets against the real program.

use std::io::{ErrorKind, Read as _};
use std::sync::Mutex;
use std::time::Duration;

use labs::Transport;
use labs::sum::Dialect;
use sim::host::Options;
use sim::scenarios::{self, Match, Scenario, Step};

use crate::peer::{Datagram, Stream};
use crate::server::{PATIENCE, Server};

/// The server's quiet time here: longer than a loaded machine's pauses between two sends that follow each other.
const QUIET: &str = "server.quiet_time=300ms";
/// Longer than that; the server has read before it begins.
const LONG_PAUSE: Duration = Duration::from_millis(600);
/// How many are played at once.
const PLAYERS: usize = 24;

#[test]
fn every_scenario_of_the_simulator_also_happens_for_real() {
    let scenarios = Mutex::new(scenarios::all());
    let failures = Mutex::new(Vec::new());
    let next = || scenarios.lock().unwrap().pop();
    let player = || {
        while let Some(scenario) = next() {
            let failure = play(&scenario).err().map(|failure| format!("{}: {failure}", scenario.name));
            failures.lock().unwrap().extend(failure);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..PLAYERS {
            scope.spawn(player);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn play(scenario: &Scenario) -> Result<(), String> {
    let wish = format!("{}={}://127.0.0.1:0", scenario.service, scenario.transport);
    let options = arguments(&scenario.options);
    let mut args = vec![wish.as_str(), "--quiet", "--set", QUIET];
    args.extend(options.iter().map(String::as_str));
    let server = Server::start(&args);
    let at = server.at(scenario.service.name(), &scenario.transport.to_string());
    match scenario.transport {
        Transport::Tcp => play_steps(Program::Stream(Some(Stream::connect(at))), &scenario.steps),
        Transport::Udp => play_steps(Program::Datagram(Datagram::connect(at)), &scenario.steps),
    }
}

fn arguments(options: &Options) -> Vec<String> {
    let mut args = vec![format!("--message-bytes={}", options.message_bytes_max)];
    if options.dialect == Dialect::Steps {
        args.push("--dialect=steps".to_owned());
    }
    if options.acknowledge {
        args.push("--acknowledge".to_owned());
    }
    if !options.guess {
        args.push("--framing=line".to_owned());
    }
    if let Some(idle) = options.idle_max {
        args.push(format!("--idle-timeout={}ms", idle.as_millis()));
    }
    args
}

enum Program {
    /// None once it has reset the connection.
    Stream(Option<Stream>),
    Datagram(Datagram),
}

fn play_steps(mut program: Program, steps: &[Step]) -> Result<(), String> {
    let mut arrived = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let wrong = |what: &str, arrived: &[u8]| {
            format!("step {place}, {step}: {what}, got {:?}", String::from_utf8_lossy(arrived))
        };
        match step {
            Step::Send(bytes) => program.send(bytes),
            // No time at all is a short pause too.
            Step::ShortPause => {}
            Step::LongPause => program.pause(),
            Step::HalfClose => program.half_close(),
            Step::Reset => program.reset(),
            Step::ExpectNothing => {
                program.pause();
                program.receive_waiting(&mut arrived);
                if step.matches(&arrived) == Match::No {
                    return Err(wrong("expected nothing", &arrived));
                }
                arrived.clear();
            }
            Step::ExpectEnd => {
                while program.receive(&mut arrived)? {}
                if step.matches(&arrived) == Match::No {
                    return Err(wrong("expected the end", &arrived));
                }
            }
            Step::Expect(_) | Step::ExpectPadded(_) | Step::ExpectShape(_) => {
                let bytes = loop {
                    match step.matches(&arrived) {
                        Match::Yes { bytes } => break bytes,
                        Match::No => return Err(wrong("expected something else", &arrived)),
                        Match::Begun if program.receive(&mut arrived)? => {}
                        Match::Begun => return Err(wrong("the stream ended", &arrived)),
                    }
                };
                arrived.drain(..bytes);
            }
        }
    }
    Ok(())
}

impl Program {
    fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Stream(stream) => stream.as_mut().unwrap().send(bytes),
            Self::Datagram(socket) => socket.send(bytes),
        }
    }

    /// A pause longer than the server's quiet time, which begins when the server has read.
    fn pause(&self) {
        match self {
            Self::Stream(Some(stream)) => stream.pause_after_read(LONG_PAUSE),
            Self::Stream(None) | Self::Datagram(_) => std::thread::sleep(LONG_PAUSE),
        }
    }

    fn half_close(&self) {
        if let Self::Stream(Some(stream)) = self {
            stream.half_close();
        }
    }

    fn reset(&mut self) {
        if let Self::Stream(stream) = self {
            stream.take().unwrap().reset();
        }
    }

    /// Waits for more; `false` at the end of the stream.
    fn receive(&mut self, arrived: &mut Vec<u8>) -> Result<bool, String> {
        match self {
            Self::Stream(stream) => {
                let mut buffer = [0; 4096];
                let read = stream.as_mut().unwrap().0.read(&mut buffer);
                let count = read.map_err(|error| format!("{error} within {PATIENCE:?}"))?;
                arrived.extend_from_slice(&buffer[..count]);
                Ok(count > 0)
            }
            Self::Datagram(socket) => {
                arrived.extend(socket.receive_bytes());
                Ok(true)
            }
        }
    }

    /// Takes what has arrived, without waiting.
    fn receive_waiting(&mut self, arrived: &mut Vec<u8>) {
        match self {
            Self::Stream(Some(Stream(stream))) => {
                stream.set_nonblocking(true).unwrap();
                let read = stream.read_to_end(arrived);
                assert!(read.is_ok() || read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock));
                stream.set_nonblocking(false).unwrap();
            }
            Self::Stream(None) => {}
            Self::Datagram(socket) => arrived.extend(socket.waiting().into_iter().flatten()),
        }
    }
}
