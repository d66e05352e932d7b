//! Any program, in any language, judged against its lab by what it does at its socket and at its terminal.
//!
//! A lab's rules are data ([`Rule`]): the sheet's sentence, a play of a few [`Step`]s, and what to mend if it goes wrong. [`judge()`] plays each on
//! a [`stage`] of its own, which is a process in namespaces of its own, and gathers what happened into a [`Report`]. Whoever calls it lends its
//! own program for the stages: it is started again, and there calls [`stage::run`].
//!
//! Waiting is for events: an answer, a closed connection, a program whose threads all sleep. On other systems than Linux the crate is empty.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod bounds;
mod class;
mod crash;
mod diagnosis;
mod door;
mod folder;
mod html;
mod judge;
mod junit;
mod manner;
mod matcher;
mod peer;
mod player;
mod processes;
mod program;
mod questions;
mod recorder;
mod replay;
mod report;
mod rule;
mod rules;
mod scene;
mod seek;
pub mod stage;
mod stages;
mod talker;
mod terminal;

pub use class::{Class, Mistake, Submission};
pub use diagnosis::Diagnosis;
pub use judge::{Programs, Progress, Stages, Target, Task, judge};
pub use recorder::Recorder;
pub use replay::quoted as quoted_for_shell;
pub use report::{Advice, Count, Failure, Flaw, Level, PartReport, Report, RuleReport, Screen, Verdict};
pub use rule::{Cast, Crowd, Lab, Over, Part, Rule, SERVER, Said, Step, Talk, Who};
pub use rules::{ALL, of};
