//! The labs' rules: one list a lab, in its own file.

mod add;
mod alnum;
mod board;
mod calc;
mod chat;
mod clock;
mod echo;
mod numbers;
mod sum;
mod talk;

use labs::Service;

use crate::rule::Lab;

/// All labs that can be checked.
pub static ALL: [Lab; 10] = [
    Lab { service: Service::Numbers, parts: &[&numbers::SERVER, &numbers::CLIENT, &numbers::PAIR] },
    Lab { service: Service::Echo, parts: &[&echo::SERVER, &echo::CLIENT, &echo::PAIR] },
    Lab { service: Service::Alnum, parts: &[&alnum::SERVER, &alnum::CLIENT, &alnum::PAIR] },
    Lab { service: Service::Clock, parts: &[&clock::SERVER, &clock::CLIENT, &clock::PAIR] },
    Lab { service: Service::Calc, parts: &[&calc::SERVER, &calc::CLIENT, &calc::PAIR] },
    Lab { service: Service::Add, parts: &[&add::SERVER, &add::CLIENT, &add::PAIR] },
    Lab { service: Service::Sum, parts: &[&sum::SERVER, &sum::CLIENT, &sum::PAIR] },
    Lab { service: Service::Board, parts: &[&board::SERVER, &board::CLIENT, &board::PAIR] },
    Lab { service: Service::Talk, parts: &[&talk::SERVER, &talk::CLIENT, &talk::PAIR] },
    Lab { service: Service::Chat, parts: &[&chat::SERVER, &chat::CLIENT, &chat::PAIR] },
];

/// The lab of a service, if it can be checked.
pub fn of(service: Service) -> Option<&'static Lab> {
    ALL.iter().find(|lab| lab.service == service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Cast, SERVER, Step, Talk};

    #[test]
    fn ids_are_unique_and_say_their_lab() {
        let mut seen = Vec::new();
        for lab in &ALL {
            for rule in lab.rules() {
                let word = rule.id.strip_prefix(lab.service.name()).and_then(|rest| rest.strip_prefix('.'));
                assert!(word.is_some_and(|word| !word.is_empty()), "{}", rule.id);
                assert!(!seen.contains(&rule.id), "{} twice", rule.id);
                seen.push(rule.id);
            }
        }
    }

    #[test]
    fn every_lab_has_rules_for_each_cast() {
        for lab in &ALL {
            for cast in [Cast::Server, Cast::Client, Cast::Pair] {
                assert!(lab.part(cast).is_some_and(|part| !part.rules.is_empty()), "{} {}", lab.service, cast.name());
            }
        }
    }

    #[test]
    fn a_mistake_of_one_name_is_mended_in_one_way() {
        let diagnoses: Vec<_> = ALL.iter().flat_map(Lab::rules).map(|rule| rule.diagnosis).collect();
        for one in &diagnoses {
            let other = diagnoses.iter().find(|other| other.name == one.name && other.mending != one.mending);
            assert!(other.is_none(), "“{}” is mended in two ways", one.name);
        }
    }

    #[test]
    fn only_who_has_come_acts() {
        for part in ALL.iter().flat_map(|lab| lab.parts) {
            let plays = part.rules.iter().map(|rule| rule.play).chain([part.sounding, part.visit]);
            for play in plays {
                let mut present = Vec::new();
                play.iter().for_each(|step| follow(*step, &mut present));
            }
        }
    }

    /// A program that is dead shows nothing, says nothing, and its end is seen only where it was asked for, or where it is looked at how it ended.
    #[test]
    fn plays_at_terminals_end_with_something_seen() {
        for part in ALL.iter().flat_map(|lab| lab.parts).filter(|part| part.cast != Cast::Server) {
            for rule in part.rules {
                assert!(rule.play.last().is_some_and(|step| is_evidence(*step, part.cast)), "{}", rule.id);
            }
        }
    }

    fn is_evidence(step: Step, cast: Cast) -> bool {
        if let Step::OrExits(_, inner) | Step::UnlessExits(_, inner) = step {
            return is_evidence(*inner, cast);
        }
        if let Step::Talk(_, step) = step {
            return matches!(step, Talk::Hears(_) | Talk::Copes(_) | Talk::Answer(_) | Talk::GoodBye);
        }
        // Our server hears them; of a pair nothing is seen yet.
        if matches!(step, Step::Gives(..)) {
            return cast == Cast::Client;
        }
        matches!(
            step,
            Step::Shows(..)
                | Step::ShowsUnlessWaits(..)
                | Step::ShowsReply(_)
                | Step::ShowsNumbers(_)
                | Step::Exits(_)
                | Step::Ended(_)
                | Step::NoCrash
                | Step::Hear(..)
                | Step::Await(..)
                | Step::Pauses(..)
                | Step::Differ
                | Step::ServerEnds(..)
                | Step::ServerIsBusy(..)
                | Step::Quits(_)
        )
    }

    /// Who is present after this step.
    fn follow(step: Step, present: &mut Vec<&'static str>) {
        match step {
            Step::Open(who) | Step::OpenFrom(who, _) | Step::OpenDeaf(who) => {
                assert!(!present.contains(&who), "{who} comes twice");
                present.push(who);
            }
            Step::Start(who) | Step::Accept(who) => present.push(who),
            // Of one who is at both, it is our end that goes.
            Step::Close(who) | Step::Reset(who) => {
                let at = present.iter().rposition(|other| *other == who);
                present.remove(at.unwrap_or_else(|| panic!("{who} is not there at {step:?}")));
            }
            Step::Restart => present.clear(),
            Step::Gives(who, _, _) => {
                assert!(present.contains(&who), "{who} is not there at {step:?}");
                present.push(who);
            }
            Step::Type(who, _)
            | Step::ShowsUnlessWaits(who, _, _)
            | Step::Shows(who, _)
            | Step::Hides(who, _)
            | Step::Exits(who)
            | Step::Quits(who)
            | Step::ServerIsBusy(who, _)
            | Step::ShowsReply(who)
            | Step::ShowsNumbers(who) => {
                assert!(who == SERVER || present.contains(&who), "{who} is not there at {step:?}");
            }
            Step::TellsApart(one, other) | Step::NotTakenFor(one, other) => {
                assert!([one, other].iter().all(|who| present.contains(who)), "somebody is not there at {step:?}");
            }
            Step::OrExits(who, step) | Step::UnlessExits(who, step) => {
                assert!(present.contains(&who), "{who} is not there at {step:?}");
                follow(*step, present);
            }
            Step::ServerEnds(who, _) => {
                assert!(present.contains(&who), "{who} is not there at {step:?}");
                present.clear();
            }
            Step::Greet(who, _)
            | Step::Say(who, _)
            | Step::Acknowledge(who, _)
            | Step::Answers(who, _)
            | Step::Lose(who)
            | Step::From(who, _)
            | Step::Pauses(who, _, _)
            | Step::Send(who, _)
            | Step::Pieces(who, _)
            | Step::Reply(who, _)
            | Step::Hear(who, _)
            | Step::Await(who, _, _)
            | Step::SayNumbered(who, _, _)
            | Step::IfOpen(who)
            | Step::Ask(who, _, _)
            | Step::Begin(who, _)
            | Step::Complete(who, _, _)
            | Step::AskInPieces(who, _, _)
            | Step::TimedOut(who)
            | Step::Talk(who, _)
            | Step::Never(who, _)
            | Step::Finish(who)
            | Step::Ended(who) => assert!(present.contains(&who), "{who} is not there at {step:?}"),
            Step::Rest
            | Step::Pass(_)
            | Step::CloseDoor
            | Step::Sleeps(_)
            | Step::Differ
            | Step::Crowd(_)
            | Step::NoCrash => {}
        }
    }
}
