//! The program under check: started, found where it listens, killed with all that it started.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use labs::{Service, Transport};
use lan::sockets::{self, Socket};
use names::carrier;
use rustix::process::{Pid, Signal, kill_process_group};
use wire::Visible;

use crate::bounds::PROCESSES_MAX;
use crate::processes::{self, LOOK_EVERY, Rest};
use crate::questions::Person;
use crate::report::Advice;
use crate::terminal::Terminal;

/// A program that has not listened by then is taken for one that never will.
const LISTEN_MAX: Duration = Duration::from_secs(60);
/// A program that never rests has opened by then what it is going to open.
const OPEN_MAX: Duration = Duration::from_secs(3);
/// What holds after [`LISTEN_MAX`] holds earlier of a program whose threads have all slept for so long. Some sleep before they begin.
const ASLEEP_MAX: Duration = Duration::from_secs(9);
/// How often its sockets are searched for.
const SEARCH_EVERY: Duration = Duration::from_millis(500);
/// Control-D.
const END_OF_INPUT: u8 = 4;
/// How long a program may take to wake that was typed to.
const WAKES_MAX: Duration = Duration::from_millis(50);
/// One that has all processes and threads it may have but for so many starts more and more of them. Ours and the shell's are counted with them.
const PROCESSES_LEFT: u64 = 8;
/// Who sits at a server's terminal, if that is asked.
const PERSON: &str = "Server";
/// Of what a program prints, so many lines of its end are told.
const LAST_LINES: usize = 3;

/// What is printed by one that lacks arguments, in small letters.
const WANTS_ARGUMENTS: [&str; 4] = ["usage", "sys.argv", "arrayindexoutofbounds", "arguments are required"];

/// A running program, at a terminal of its own.
pub(crate) struct Program {
    child: Child,
    /// The command line that it was started with.
    line: String,
    pub(crate) terminal: Terminal,
    kind: Kind,
    /// Whether nobody else is in its network.
    alone: bool,
}

/// How it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A shell's child may go on without it.
    Server,
    /// A person sits before it: it has ended when its terminal is given back.
    Client,
}

/// Where a program listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) transport: Transport,
    /// The addresses to try, in this order.
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Place {
    pub(crate) fn port(&self) -> u16 {
        self.addresses.first().map_or(0, SocketAddr::port)
    }
}

impl Program {
    /// Starts a shell's command line at a terminal.
    pub(crate) fn start(line: &str, kind: Kind, alone: bool) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", line]);
        let (child, terminal) = Terminal::start(command)?;
        Ok(Self { child, line: line.to_owned(), terminal, kind, alone })
    }

    /// Waits until it listens, and for what this lab is spoken over. What it asks before is answered.
    pub(crate) fn wait_until_listening(&mut self, service: Service, port: Option<u16>) -> Result<Place, Advice> {
        let begun = Instant::now();
        let mut person = Person::new(service, PERSON, port.unwrap_or_else(|| service.port()));
        let mut rest = Rest::new();
        let mut listening_since = None;
        let (mut searched, mut looked) = (begun, begun);
        let mut has_rested = false;
        loop {
            let asleep = rest.look();
            let ended = self.ended();
            // Each time that it comes to rest, and now and then while it does not.
            let had_rested = std::mem::replace(&mut has_rested, asleep.is_some());
            let came_to_rest = asleep.is_some() && !had_rested;
            let is_due = searched.elapsed() > SEARCH_EVERY;
            if ended.is_some() || came_to_rest || is_due {
                searched = Instant::now();
                let sockets = self.sockets();
                // A program at rest has opened all it is going to open.
                let chosen = choose(&sockets, service, port);
                let listens = chosen.is_some() && {
                    let since = listening_since.get_or_insert_with(Instant::now);
                    asleep.is_some() || since.elapsed() > OPEN_MAX
                };
                if let Some(chosen) = chosen.filter(|_| listens) {
                    return Ok(chosen);
                }
                if let Some(how) = ended {
                    return Err(self.explain_end(&how, service));
                }
                if self.alone && processes::threads() + PROCESSES_LEFT >= PROCESSES_MAX {
                    return Err(swarms());
                }
                if asleep.is_some_and(|long| long > ASLEEP_MAX) || begun.elapsed() > LISTEN_MAX {
                    return Err(self.explain_silence(&sockets, service, port, begun.elapsed()));
                }
            }
            if asleep.is_some_and(|long| long > WAKES_MAX)
                && looked.elapsed() > WAKES_MAX
                && self.terminal.is_read_out()
            {
                looked = Instant::now();
                if let Some(answer) = person.answer(&self.terminal) {
                    // One that ends meanwhile is told of in the next turn.
                    let _ = self.terminal.type_line(&answer);
                    (rest, has_rested) = (Rest::new(), false);
                }
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Those of its sockets that wait for whoever comes.
    fn sockets(&self) -> Vec<Socket> {
        let mut waiting = sockets::waiting().unwrap_or_default();
        if !self.alone {
            let own = processes::sockets(&processes::descendants());
            waiting.retain(|socket| own.contains(&socket.inode));
        }
        waiting
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok()??;
        let is_over = self.kind == Kind::Client || !processes::any_lives();
        is_over.then(|| tell(status))
    }

    /// Whether it has ended without an error.
    pub(crate) fn has_ended_well(&mut self) -> bool {
        self.ended().is_some() && self.child.try_wait().ok().flatten().is_some_and(|status| status.success())
    }

    /// Ends what is typed, as Ctrl-D does. One that has just ended needs no key.
    pub(crate) fn end_input(&self) {
        let _ = self.terminal.press(&[END_OF_INPUT]);
    }

    /// Asks it to end, as Ctrl-C does: at once, where that key would wait for what was typed before and is not read.
    pub(crate) fn interrupt(&self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::INT);
    }

    /// How it ended, with the last that it printed; none while it runs.
    pub(crate) fn obituary(&mut self) -> Option<String> {
        let how = self.ended()?;
        self.hear_out();
        let last = self.last_words();
        Some(if last.is_empty() { how } else { format!("{how}; the last that it printed: {last}") })
    }

    /// Waits until all was read that it printed. Whoever else might hold its terminal is cut off from it.
    pub(crate) fn hear_out(&mut self) {
        self.terminal.hear_out();
    }

    /// The end of what it printed, safe for a terminal.
    pub(crate) fn last_words(&self) -> String {
        let last = self.terminal.last_lines(LAST_LINES);
        last.iter().map(|line| Visible(line.as_bytes()).to_string()).collect::<Vec<_>>().join(" / ")
    }

    fn explain_end(&mut self, how: &str, service: Service) -> Advice {
        self.hear_out();
        let last = self.last_words();
        let why = format!("it {how} before it listened{}", printed(&last));
        let module = last.split("No module named ").nth(1).map(|rest| rest.trim_matches(['\'', '"', ' ']).to_owned());
        let mend = if let Some(module) = module {
            let module: String = module.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).collect();
            // Of the modules of the labs it alone has another name where it is installed.
            let how = if module.starts_with("Crypto") { "`pip install pycryptodome`: it brings" } else { "install" };
            format!(
                "{how} the Python module `{module}` for the interpreter that the command names, or name one that has it"
            )
        } else if WANTS_ARGUMENTS.iter().any(|sign| last.to_lowercase().contains(sign)) {
            let line = &self.line;
            format!("give its arguments in the command, as `--server '{line} {}'`", service.port())
        } else if last.contains("not found") || last.contains("No such file") || last.contains("can't open file") {
            "the command is run in this folder by `sh -c`: check the names of program and file".to_owned()
        } else if last.contains("EOF when reading") {
            "its input ends before it listens: give it what it asks for in the command".to_owned()
        } else {
            "run the command by hand: it has to stay and to listen".to_owned()
        };
        Advice { why, mend }
    }

    fn explain_silence(&self, sockets: &[Socket], service: Service, port: Option<u16>, waited: Duration) -> Advice {
        let last = printed(&self.last_words());
        if sockets.is_empty() {
            let mend = if self.terminal.prompt_now().is_empty() {
                "a server binds, and over TCP listens, before it waits for anything else"
            } else {
                "if it asks for something: a port, an address, a name and a number of clients are answered; for anything else it has to need no person"
            };
            let why = format!("it runs and listens at no port after {} s{last}", waited.as_secs());
            return Advice { why, mend: mend.to_owned() };
        }
        let places: Vec<String> = sockets.iter().map(place_name).collect();
        let why = format!("it listens at {}{last}", places.join(", "));
        let wanted = match port {
            Some(port) => format!("port {port} was named: name one of these with --port"),
            None if sockets.iter().any(|socket| service.speaks(carrier(socket.transport))) => {
                "name the port of this lab's service with --port".to_owned()
            }
            None => format!("{service} is spoken over {}", transports(service)),
        };
        Advice { why, mend: wanted }
    }

    fn kill(&mut self) {
        let group = Pid::from_child(&self.child);
        // Where nobody is left, nobody has to be killed.
        let _ = kill_process_group(group, Signal::KILL);
        lan::namespace::await_end(group);
        let _ = self.child.wait();
        if self.kind == Kind::Server {
            processes::end_all();
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn tell(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
    }
}

fn swarms() -> Advice {
    Advice {
        why: format!(
            "it starts more and more processes or threads: it has reached the bound of {PROCESSES_MAX} before it listens"
        ),
        mend: "start a thread or a process only for a client that accept() has returned, and none in a loop of its own"
            .to_owned(),
    }
}

/// What is said of the last that a program printed, behind what is said of it.
pub(crate) fn printed(last: &str) -> String {
    if last.is_empty() { String::new() } else { format!("; the last that it printed: {last}") }
}

/// Of the sockets that wait, the one of this lab: at the port named, else at the lab's, else the only one over a transport of the lab, the usual first.
fn choose(sockets: &[Socket], service: Service, port: Option<u16>) -> Option<Place> {
    let usual = service.usual_transports().iter().copied();
    let others =
        [Transport::Tcp, Transport::Udp].into_iter().filter(|other| !service.usual_transports().contains(other));
    for transport in usual.chain(others).filter(|transport| service.speaks(*transport)) {
        let here = sockets.iter().filter(|socket| carrier(socket.transport) == transport);
        let mut ports: Vec<u16> = here.clone().map(|socket| socket.local.port()).collect();
        ports.sort_unstable();
        ports.dedup();
        let chosen = match (port, &ports[..]) {
            (Some(port), _) => ports.contains(&port).then_some(port),
            (None, [only]) => Some(*only),
            (None, _) => ports.contains(&service.port()).then(|| service.port()),
        };
        if let Some(port) = chosen {
            let mut addresses: Vec<SocketAddr> = here
                .filter(|socket| socket.local.port() == port)
                .flat_map(|socket| reachable(socket.local.ip()))
                .map(|ip| SocketAddr::new(ip, port))
                .collect();
            addresses.sort();
            addresses.dedup();
            return Some(Place { transport, addresses });
        }
    }
    None
}

/// By which addresses somebody who listens at this one is reached from here.
fn reachable(ip: IpAddr) -> Vec<IpAddr> {
    match ip {
        ip if !ip.is_unspecified() => vec![ip],
        IpAddr::V4(_) => vec![Ipv4Addr::LOCALHOST.into()],
        // For both families, unless it was told otherwise.
        IpAddr::V6(_) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    }
}

fn place_name(socket: &Socket) -> String {
    format!("{} port {}", carrier(socket.transport).to_string().to_uppercase(), socket.local.port())
}

fn transports(service: Service) -> String {
    let spoken = [Transport::Tcp, Transport::Udp].into_iter().filter(|transport| service.speaks(*transport));
    spoken.map(|transport| transport.to_string().to_uppercase()).collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(transport: wire::Transport, local: &str) -> Socket {
        let local: SocketAddr = local.parse().unwrap();
        Socket { transport, local, remote: SocketAddr::new(local.ip(), 0), waits: true, inode: 1 }
    }

    #[test]
    fn the_labs_socket_is_chosen_or_none() {
        use wire::Transport::{Tcp, Udp};
        let (one, other) = (socket(Tcp, "0.0.0.0:5000"), socket(Tcp, "192.168.1.2:6000"));
        let port = |sockets: &[Socket], service, port| choose(sockets, service, port).map(|place| place.port());
        assert_eq!(port(&[one], Service::Calc, None), Some(5000));
        assert_eq!(port(&[one, other], Service::Calc, None), None);
        assert_eq!(port(&[one, other], Service::Calc, Some(6000)), Some(6000));
        assert_eq!(port(&[one, socket(Tcp, "0.0.0.0:12004")], Service::Calc, None), Some(12004));
        assert_eq!(port(&[socket(Udp, "0.0.0.0:12004")], Service::Calc, None), None);
        let clock = choose(&[one, socket(Udp, "127.0.0.1:12345")], Service::Clock, None).unwrap();
        assert_eq!((clock.transport, clock.port()), (Transport::Udp, 12345));
        let both = choose(&[socket(Tcp, "[::]:7000")], Service::Chat, None).unwrap();
        assert_eq!(both.addresses, ["127.0.0.1:7000".parse().unwrap(), "[::1]:7000".parse().unwrap()]);
    }
}
