//! How a program of another lab is told from a wrong one: it breaks most rules of this lab, and keeps those of another that nobody keeps by chance.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use labs::Service;

use super::{Judge, Target, Task, Turn};
use crate::report::{Advice, Level, PartReport, RuleReport, Verdict};
use crate::rule::{Cast, Lab, Part, Rule};
use crate::rules;
use crate::stage::Outcome;

/// Of another lab so many rules have to be kept.
const KEPT_MIN: usize = 3;

impl Judge<'_> {
    /// Says of each program that is another lab's that it cannot be judged, instead of what it did wrong; and so of the pair in which it is.
    pub(super) fn set_strangers_apart(&self, parts: &mut [PartReport], rules: &mut Vec<RuleReport>) {
        // A server that runs already is asked for nothing but what it was named for.
        if matches!(self.task.target, Target::At { .. }) {
            return;
        }
        for cast in [Cast::Server, Cast::Client] {
            if !self.asks_all(cast) || !breaks_most(rules, cast) {
                continue;
            }
            let labs = self.labs_of(cast);
            if labs.is_empty() {
                continue;
            }
            let advice = self.advice(cast, &labs);
            for part in parts.iter_mut().filter(|part| [cast, Cast::Pair].contains(&part.part)) {
                rules.retain(|rule| rule.part != part.part);
                *part = PartReport::cannot(part.part, advice.clone());
            }
        }
    }

    /// Whether all MUSTs of a part are to be played: from some of them nothing is concluded.
    fn asks_all(&self, cast: Cast) -> bool {
        let musts = self.task.lab.part(cast).into_iter().flat_map(|part| part.rules);
        let is_asked = |rule: &Rule| self.task.rules.iter().any(|asked| asked.id == rule.id);
        musts.filter(|rule| rule.level == Level::Must).all(is_asked)
    }

    /// The other labs of which the program keeps every MUST that is played to it.
    fn labs_of(&self, cast: Cast) -> Vec<Service> {
        let others: Vec<(&Lab, &Part)> = rules::ALL
            .iter()
            .filter(|lab| lab.service != self.task.lab.service && is_unmistakable(lab.service, cast))
            .filter_map(|lab| Some((lab, lab.part(cast)?)))
            .collect();
        let (next, found) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let take = || others.get(next.fetch_add(1, Ordering::Relaxed));
        let try_all = || {
            while let Some((lab, part)) = take() {
                // Most labs will not be its own, and each time an answer is waited for that does not come.
                let patience = self.task.patience / 2;
                let task = Task { lab, rules: Vec::new(), patience, keep: None, ..self.task.clone() };
                let keeps = Judge { task: &task, ..*self }.keeps_all(part);
                if let Some(found) = found.lock().ok().as_mut().filter(|_| keeps) {
                    found.push(lab.service);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.jobs() {
                scope.spawn(try_all);
            }
        });
        let mut found = found.into_inner().unwrap_or_default();
        // Whichever was found first, the same is told.
        found.sort_by_key(|lab: &Service| lab.port());
        found
    }

    /// Whether the program keeps the MUSTs of a lab: all that are played until the first that it breaks.
    fn keeps_all(&self, part: &'static Part) -> bool {
        let Ok(found) = self.sound(part) else { return false };
        let counts = |rule: &&Rule| rule.level == Level::Must && !rule.takes_long();
        let mut kept = 0;
        for rule in part.rules.iter().filter(counts) {
            if self.hindrance(&Turn { part, found, rule }).is_some() {
                continue;
            }
            match self.play(part, Some(rule), found.manner, Some(found.port), 0).outcome {
                Outcome::Played { failure: None, .. } => kept += 1,
                Outcome::Unseen(_) => {}
                Outcome::Played { .. } | Outcome::CannotJudge(_) | Outcome::Hindered(_) => return false,
            }
        }
        kept >= KEPT_MIN
    }

    fn advice(&self, cast: Cast, labs: &[Service]) -> Advice {
        let (lab, part) = (self.task.lab.service, cast.name());
        let names: Vec<&str> = labs.iter().map(|lab| lab.name()).collect();
        Advice {
            why: format!(
                "as a {part} of {lab} it breaks most rules, and as one of {} it keeps them: it seems to be another lab's",
                names.join(" or ")
            ),
            mend: format!(
                "`socketlab check {}` judges that lab; if this was to be {lab}'s {part}, look whether it is the right file",
                names[0]
            ),
        }
    }
}

/// Whether what this part of a lab has to do is done by no program that is unfinished, or only greets, echoes or relays.
fn is_unmistakable(lab: Service, cast: Cast) -> bool {
    match lab {
        // A server of add that has forgotten its ack is one of sum.
        Service::Numbers | Service::Echo | Service::Sum => false,
        // Who sends what is typed and shows what comes does all that these clients do.
        Service::Alnum | Service::Board => cast == Cast::Server,
        Service::Clock | Service::Calc | Service::Add | Service::Talk | Service::Chat => true,
    }
}

/// Whether of the MUSTs that were played more than half are broken.
fn breaks_most(rules: &[RuleReport], cast: Cast) -> bool {
    let played = rules.iter().filter(|rule| rule.part == cast && rule.level == Level::Must && rule.played > 0);
    let broken = played.clone().filter(|rule| rule.verdict == Verdict::Fail).count();
    let played = played.count();
    broken * 2 > played
}
