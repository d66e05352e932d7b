//! The whole program: the real binary, started on free ports, talked to as students' programs talk.

mod bare;
mod board;
mod clients;
mod datagrams;
mod limits;
mod lines;
mod peer;
mod printing;
mod server;
mod settings;
mod shutdown;
mod students;
mod two_computers;
