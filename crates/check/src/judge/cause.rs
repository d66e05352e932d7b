//! Of which mistake a failure comes, where another rule tells that better than the rule that failed.

use super::Turn;
use crate::diagnosis::ENDS_WITH_CLIENT;
use crate::report::RuleReport;
use crate::rule::Step;

/// Lets each rule that failed for another's reason tell that one's mistake. `reports` and `turns` belong together, and what is to be mended first comes first.
pub(super) fn tell_causes(reports: &mut [RuleReport], turns: &[Turn]) {
    for at in 0..turns.len() {
        let Some(step) = own_failure(&reports[at]) else { continue };
        let cause = (0..turns.len()).find(|other| {
            let same_part = turns[*other].part.cast == turns[at].part.cast;
            let other_step = own_failure(&reports[*other]).filter(|_| *other != at && same_part);
            other_step.is_some_and(|other_step| {
                let (play, others) = (turns[at].rule.play, turns[*other].rule.play);
                let begin_alike = *other < at && other_step == step && begin_alike(play, others, step);
                begin_alike || (step >= play.len() && other_step >= others.len() && ends_with_client(turns[*other]))
            })
        });
        if let Some(cause) = cause {
            (reports[at].diagnosis, reports[at].mending) = (reports[cause].diagnosis, reports[cause].mending);
        }
    }
}

/// Where a rule failed of which nothing nearer to the mistake is known than what the rule is about.
fn own_failure(report: &RuleReport) -> Option<usize> {
    report.failure.as_ref().filter(|failure| failure.flaw.is_none()).map(|failure| failure.step)
}

/// Whether two plays are the same up to this step, and it is one of theirs.
fn begin_alike(one: &[Step], other: &[Step], step: usize) -> bool {
    // By how they read, since functions, which steps have too, do not compare.
    let begin = |play: &[Step]| play.get(..=step).map(|steps| format!("{steps:?}"));
    begin(one).is_some_and(|steps| begin(other) == Some(steps))
}

/// Whether this rule has a client come and go as all do: when no newcomer is served behind that, none is behind anything.
fn ends_with_client(turn: Turn) -> bool {
    turn.rule.diagnosis.name == ENDS_WITH_CLIENT.name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{ARITHMETIC, BAD_INPUT};
    use crate::judge::Found;
    use crate::manner::{Form, Manner};
    use crate::peer::Framing;
    use crate::report::{Failure, Level, Verdict};
    use crate::rule::Over::Streams;
    use crate::rule::Said::Anything;
    use crate::rule::Step::{Close, Hear, Open, Rest};
    use crate::rule::{Cast, Part, Rule};

    const fn rule(id: &'static str, play: &'static [Step], diagnosis: &'static crate::diagnosis::Diagnosis) -> Rule {
        Rule { id, level: Level::Must, over: Streams, sentence: "", play, diagnosis }
    }

    static PART: Part = Part {
        cast: Cast::Server,
        sounding: &[],
        visit: &[],
        rules: &[
            rule("next", &[Open("Ada"), Close("Ada")], &ENDS_WITH_CLIENT),
            rule("sum", &[Open("Bob"), Hear("Bob", Anything)], &ARITHMETIC),
            rule("zero", &[Open("Bob"), Hear("Bob", Anything), Rest], &BAD_INPUT),
        ],
    };

    /// What is told of each rule, when each has failed at such a step, if at all.
    fn told(failed_at: [Option<usize>; 3]) -> Vec<Option<&'static str>> {
        let manner = Manner { framing: Framing::Bare, greets: false, form: Form::Space };
        let found = Found { manner, udp: false, port: 1 };
        let turns: Vec<Turn> = PART.rules.iter().map(|rule| Turn { part: &PART, found, rule }).collect();
        let report = |(turn, step): (&Turn, Option<usize>)| RuleReport {
            id: turn.rule.id,
            part: Cast::Server,
            level: Level::Must,
            sentence: "",
            verdict: Verdict::Fail,
            played: 1,
            failed: 1,
            failure: step.map(|step| Failure {
                expected: String::new(),
                got: String::new(),
                step,
                program: None,
                story: Vec::new(),
                ladder: None,
                terminals: Vec::new(),
                flaw: None,
            }),
            diagnosis: step.map(|_| turn.rule.diagnosis.name),
            mending: None,
            reason: None,
            advice: None,
            replay: String::new(),
            capture: None,
        };
        let mut reports: Vec<RuleReport> = turns.iter().zip(failed_at).map(report).collect();
        tell_causes(&mut reports, &turns);
        reports.into_iter().map(|report| report.diagnosis).collect()
    }

    #[test]
    fn what_fails_before_it_comes_to_the_rule_is_the_mistake_of_the_rule_that_ends_there() {
        assert_eq!(told([None, Some(1), Some(1)]), [None, Some(ARITHMETIC.name), Some(ARITHMETIC.name)]);
        assert_eq!(told([None, Some(1), Some(2)]), [None, Some(ARITHMETIC.name), Some(BAD_INPUT.name)]);
        assert_eq!(told([None, None, Some(1)]), [None, None, Some(BAD_INPUT.name)]);
    }

    #[test]
    fn no_newcomer_is_served_anywhere_where_none_is_served_behind_a_usual_client() {
        let ends = Some(ENDS_WITH_CLIENT.name);
        assert_eq!(told([Some(2), Some(2), Some(3)]), [ends, ends, ends]);
        assert_eq!(told([Some(2), Some(1), None]), [ends, Some(ARITHMETIC.name), None]);
        assert_eq!(told([None, Some(2), Some(3)]), [None, Some(ARITHMETIC.name), Some(BAD_INPUT.name)]);
    }
}
