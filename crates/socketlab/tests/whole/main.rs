//! The whole program: the real binary, started on free ports, talked to as students' programs talk.
#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "what is not there fails the test, as it should")]

mod bare;
mod board;
mod chat;
mod chat_clients;
mod chat_limits;
mod chat_students;
mod check;
mod clients;
mod datagrams;
mod eavesdropper;
mod limits;
mod lines;
mod peer;
mod person;
mod pressure;
mod printing;
mod scenarios;
mod server;
mod settings;
mod shutdown;
mod students;
mod talk;
mod terminal;
mod tls;
mod tls_streams;
mod two_computers;
mod watch;
mod watch_labs;
mod watch_trouble;
mod watch_tshark;
