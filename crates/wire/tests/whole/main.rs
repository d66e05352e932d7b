//! Stories told from scripted packets, capture files read and written, and whatever else might come.
#![allow(clippy::unwrap_used, reason = "what is not there fails the test, as it should")]

mod capture;
mod checksum;
mod dissect;
mod fuzz;
mod golden;
mod labs;
mod naming;
mod script;
mod secret;
mod trouble;
mod tshark;
