//! Any program, in any language, judged against its lab by what it does at its socket.
//!
//! A lab's rules are data ([`Rule`]): the sheet's sentence, a play of a few [`Step`]s, and what to mend if it goes wrong. [`judge()`] plays each on
//! a [`stage`] of its own, which is a process in namespaces of its own, and gathers what happened into a [`Report`]. Whoever calls it lends its
//! own program for the stages: it is started again, and there calls [`stage::run`].
//!
//! Waiting is for events: an answer, a closed connection, a program whose threads all sleep. On other systems than Linux the crate is empty.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod class;
mod diagnosis;
mod html;
mod judge;
mod junit;
mod matcher;
mod peer;
mod player;
mod processes;
mod program;
mod replay;
mod report;
mod rule;
mod rules;
pub mod stage;

pub use class::{Class, Mistake, Submission};
pub use diagnosis::Diagnosis;
pub use judge::{Progress, Stages, Target, Task, judge};
pub use replay::quoted as quoted_for_shell;
pub use report::{Advice, Count, Failure, Level, Report, RuleReport, Screen, Verdict};
pub use rule::{Lab, Over, Rule, Said, Step, Who};
pub use rules::{ALL, of};
