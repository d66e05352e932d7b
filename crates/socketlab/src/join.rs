//! The clients: from arguments to a talk with a server.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use drive::{JoinPlan, Scheme};
use labs::framing::{Ending, Rules};
use labs::{
    Dial, Machine, Outcome, Pauses, Service, Transport, Unanswered, add, board, calc, chat, clock, echo, numbers, sum,
};

use crate::cli::{ClientArgs, ClientCommand, Spoken};
use crate::settings::DialectName;
use crate::terminal::Terminal;
use crate::{FAILED, USAGE, report, services, tls};

/// Behind a message that nothing answers, a bare client waits so long that the next is not read together with it.
const SETTLE: Duration = Duration::from_millis(100);

/// Makes a lab's client machine.
pub(crate) type MakeClient = Box<dyn FnOnce(Dial, Settle) -> Box<dyn Machine + Send>>;
pub(crate) struct Settle(Duration);

pub(crate) fn run(command: ClientCommand) -> ExitCode {
    let full_screen = matches!(command, ClientCommand::Chat { plain: false, .. }) && crate::chat::fits();
    let plan = match lab(command, full_screen).and_then(|(service, client, make)| plan(service, client, make)) {
        Ok(plan) => plan,
        Err(error) => return report(Err(error), USAGE),
    };
    if full_screen { tell(crate::chat::join(plan), false) } else { join_by_lines(plan) }
}

/// A run's exit code: in a pipe, whatever went wrong makes it a failure.
fn tell(outcome: anyhow::Result<Outcome>, complained: bool) -> ExitCode {
    match outcome {
        Ok(Outcome::Done) if !complained => ExitCode::SUCCESS,
        Ok(Outcome::Done | Outcome::Failed) => ExitCode::from(FAILED),
        Err(error) => report(Err(error), FAILED),
    }
}

/// Joins at a terminal or a pipe.
pub(crate) fn join_by_lines(plan: JoinPlan) -> ExitCode {
    // What is said in confidence is not kept.
    let folder = services::state_folder().filter(|_| plan.service != Service::Talk);
    let history = folder.map(|folder| folder.join(format!("history-{}", plan.service)));
    let (mut terminal, keyboard) = Terminal::open(history);
    let outcome = drive::join(plan, keyboard, &mut |shown| terminal.show(shown));
    terminal.close();
    tell(outcome.map_err(Into::into), terminal.complained())
}

/// Which lab, whom to reach, and the lab's machine.
fn lab(command: ClientCommand, full_screen: bool) -> anyhow::Result<(Service, ClientArgs, MakeClient)> {
    let seed = fastrand::u64(..);
    Ok(match command {
        ClientCommand::Numbers { client, repeat } => {
            let pauses = Pauses::new(repeat.every.unwrap_or(numbers::EVERY_DEFAULT), seed);
            let make: MakeClient = Box::new(move |dial, _| Box::new(numbers::Client::new(dial, pauses, repeat.count)));
            (Service::Numbers, client, make)
        }
        ClientCommand::Echo { client } => {
            (Service::Echo, client, Box::new(|dial, _| Box::new(echo::Client::new(dial))))
        }
        ClientCommand::Alnum { client } => {
            (Service::Alnum, client, Box::new(|dial, _| Box::new(echo::Client::new(dial))))
        }
        ClientCommand::Clock { client, repeat } => {
            let pauses = Pauses::new(repeat.every.unwrap_or(clock::EVERY_DEFAULT), seed);
            let make: MakeClient =
                Box::new(move |dial, _| Box::new(clock::Client::new(dial, pauses, repeat.count, seed)));
            (Service::Clock, client, make)
        }
        ClientCommand::Calc { client, name } => {
            check_name(&name.name, calc::is_name(&name.name))?;
            let make: MakeClient = Box::new(move |dial, settle| Box::new(calc::Client::new(dial, name.name, settle.0)));
            (Service::Calc, client, make)
        }
        ClientCommand::Add { client, name } => {
            check_name(&name.name, add::is_base_name(&name.name))?;
            let make: MakeClient = Box::new(move |dial, _| Box::new(add::Client::new(dial, &name.name, seed)));
            (Service::Add, client, make)
        }
        ClientCommand::Sum { client, dialect } => {
            if dialect == DialectName::Steps && client.scheme() == Some(Scheme::Udp) {
                bail!("steps are spoken over tcp only: leave out --udp, or --dialect steps");
            }
            let dialect = match dialect {
                DialectName::Plain => sum::Dialect::Plain,
                DialectName::Steps => sum::Dialect::Steps,
            };
            (Service::Sum, client, Box::new(move |dial, _| Box::new(sum::Client::new(dial, dialect))))
        }
        ClientCommand::Board { client, acknowledged } => {
            let make: MakeClient =
                Box::new(move |dial, settle| Box::new(board::Client::new(dial, acknowledged, settle.0)));
            (Service::Board, client, make)
        }
        ClientCommand::Chat { client, name, .. } => {
            if let Some(name) = &name {
                check_name(name, chat::Name::new(name.as_bytes()).is_ok())?;
            }
            let make: MakeClient = Box::new(move |dial, settle| {
                let client = chat::Client::new(dial, name, settle.0);
                Box::new(if full_screen { client.lasting(seed) } else { client })
            });
            (Service::Chat, client, make)
        }
    })
}

fn check_name(name: &str, fits: bool) -> anyhow::Result<()> {
    if !fits {
        let shown = name.escape_debug();
        bail!("the server would not take `{shown}` as a name: give a short one of printable characters with --name");
    }
    Ok(())
}

pub(crate) fn plan(service: Service, client: ClientArgs, make: MakeClient) -> anyhow::Result<JoinPlan> {
    if client.contradicts_itself() {
        bail!("the address and the flag name different transports: leave one out");
    }
    let scheme = client.scheme().unwrap_or_else(|| service.usual_transports()[0].into());
    let transport = scheme.transport();
    if !service.speaks(transport) {
        bail!("{service} is not spoken over {scheme}");
    }
    if let Some(flag) = client.trust.needs_tls().filter(|_| scheme != Scheme::Tls) {
        bail!("{flag} says whom to trust under TLS: add --tls, or leave it out");
    }
    let address = client.server.as_ref();
    let host = address.and_then(|address| address.host.clone()).unwrap_or_else(|| "localhost".to_owned());
    let port = address.and_then(|address| address.port).unwrap_or_else(|| service.port());
    let tls = (scheme == Scheme::Tls).then(|| tls::call(service, &host, &client.trust)).transpose()?;
    let spoken = match client.framing {
        Some(Spoken::Bare) => Some(Ending::None),
        Some(Spoken::Lf) => Some(Ending::Lf),
        Some(Spoken::Crlf) => Some(Ending::CrLf),
        None => (service != Service::Chat).then_some(Ending::None),
    };
    let alone = transport == Transport::Tcp && spoken.is_none_or(|ending| ending == Ending::None);
    let settle = Settle(if alone { SETTLE } else { Duration::ZERO });
    warn_of_port(service, transport, client.bind);
    let answer_max = client.timeout;
    let rules = Rules { greeting: Ending::None, spoken, message_bytes_max: ANSWER_BYTES_MAX, ..Rules::default() };
    let machine = Box::new(move |server: SocketAddr| make(Dial { server, transport, answer_max }, settle));
    let (family, bind) = (client.family.family(), client.bind);
    let silence_max = matches!(service, Service::Chat | Service::Talk).then_some(SILENCE_MAX);
    let connect_max = client.timeout;
    Ok(JoinPlan {
        service,
        host,
        port,
        family,
        transport,
        tls,
        bind,
        connect_max,
        silence_max,
        listen: Vec::new(),
        listen_tls: None,
        rules,
        machine,
    })
}

/// Says it when our own port is one that our servers never answer.
fn warn_of_port(service: Service, transport: Transport, bind: Option<SocketAddr>) {
    let answered = service != Service::Numbers && transport == Transport::Udp;
    if let Some(bind) = bind.filter(|bind| answered && Unanswered::with_own([]).contains(bind.port())) {
        eprintln!(
            "socketlab: servers do not answer port {}, since a lab or an old service has it: bind another",
            bind.port()
        );
    }
}

/// Whoever only listens still notices within this time that the network is dead.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// The largest answer a client takes: any a server of ours can be set to send.
const ANSWER_BYTES_MAX: usize = 2 * 1024 * 1024;
