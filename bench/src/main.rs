//! Measures what serving costs: each service beside a floor, the least that any program could spend on the same traffic.
//!
//! The server has one core and the load another, so that neither takes time from the other. What is measured is the time
//! the server ran, as the scheduler counted it, since time on a wall clock would also count the waiting.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a measurement is for whoever started it")]

mod chat;
mod cpu;
mod floor;
mod idle;
mod load;
mod report;
mod rounds;
mod script;
mod services;
mod soak;
mod target;
mod tls;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures socketlab against floors and peers.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Server time per request of clock and calc, and memory per idle connection
    Services(services::Options),
    /// Server time per delivery of chat, its latency, memory and logins
    Chat(chat::Options),
    /// Server time per delivery of chat under TLS beside the plain door, and memory per member
    Tls(tls::Options),
    /// Members of a chat who come, talk, leave and vanish, for minutes: what all hear, and what it costs in memory
    Soak(soak::Options),
    /// Time and memory to read and tell a capture of 1 GiB, and packets told as they come, beside tshark
    Watch(watch::Options),
    /// Echoes bytes over TCP
    #[command(hide = true)]
    FloorTcp,
    /// Echoes datagrams
    #[command(hide = true)]
    FloorUdp,
    /// Passes what one client says to all others
    #[command(hide = true)]
    FloorChat,
    /// Becomes another program, one that ends with whoever started this one
    #[command(hide = true)]
    Become { command: Vec<OsString> },
}

fn main() -> ExitCode {
    match run(Arguments::parse().what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: What) -> anyhow::Result<()> {
    match what {
        What::Services(options) => services::measure(&options),
        What::Chat(options) => chat::measure(&options),
        What::Soak(options) => soak::run(&options),
        What::Tls(options) => tls::measure(&options),
        What::Watch(options) => watch::measure(&options),
        What::FloorTcp => match floor::Tcp::bind()?.serve()? {},
        What::FloorUdp => match floor::Udp::bind()?.serve()? {},
        What::FloorChat => match chat::floor::Chat::bind()?.serve()? {},
        What::Become { command } => match target::become_program(&command)? {},
    }
}
