//! Chat's tables.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::Result;

use super::joining::Arrival;
use super::paced::Latency;
use super::rooms::Cost;
use crate::report::{Comparison, LOAD_COLUMNS, Spread, noise, ratio, shown, verdict};
use crate::rounds::{Role, Sample, Series};
use crate::services::OURS;

/// What one load cost each server; `peer_goal` is how many times our work the best peer is to have.
pub(crate) fn talk(comparison: &Comparison, peer_goal: Option<f64>) -> String {
    let load = &comparison.load;
    let mut text = format!(
        "{load:<LOAD_COLUMNS$} {:<9} {:>10} {:>11} {:>10}  {:<18} goal\n",
        "server", "deliveries", "µs/delivery", "million/s", "ratio (min–max)"
    );
    let floor = comparison.series.iter().find(|series| series.role == Role::Floor);
    for series in &comparison.series {
        let deliveries: u64 = series.samples.iter().map(|sample| sample.done.requests).sum();
        let (name, cost, rate) = (series.name, cost(series), rate(series) / 1e6);
        let _ = write!(text, "{:<LOAD_COLUMNS$} {name:<9} {deliveries:>10} {cost:>11.3} {rate:>10.2}  ", "");
        let ratio = floor.map(|floor| ratio(series, floor));
        match (series.role, ratio) {
            (Role::Floor, _) | (_, None) => text += "1\n",
            (Role::Ours { goal }, Some(ratio)) => {
                let _ = writeln!(text, "{:<18} ≤ {goal:.2} {}", shown(ratio), verdict(ratio.median, goal));
            }
            (Role::Peer, Some(ratio)) => text += &(shown(ratio) + "\n"),
        }
    }
    text + &best_peer(&comparison.series, peer_goal) + &noise(std::slice::from_ref(comparison))
}

fn cost(series: &Series) -> f64 {
    Spread::of(series.samples.iter().map(Sample::cost)).median
}

/// Deliveries a second.
pub(crate) fn rate(series: &Series) -> f64 {
    Spread::of(series.samples.iter().map(Sample::rate)).median
}

fn best_peer(all: &[Series], goal: Option<f64>) -> String {
    let peers = all.iter().filter(|series| series.role == Role::Peer);
    let best = peers.min_by(|one, other| cost(one).total_cmp(&cost(other)));
    let ours = all.iter().find(|series| series.name == OURS);
    let (Some(best), Some(ours)) = (best, ours) else { return String::new() };
    let times = ratio(best, ours);
    let goal = goal.map(|goal| format!("; goal: ≥ {goal:.1} {}", at_least(times.median, goal))).unwrap_or_default();
    format!("The best peer, {}, works {} times as long as {OURS}{goal}.\n", best.name, shown(times))
}

fn at_least(measured: f64, goal: f64) -> &'static str {
    verdict(goal, measured)
}

/// How a server did at its rate, or why it did not.
pub(crate) struct Latencies {
    pub(crate) name: &'static str,
    pub(crate) latency: Result<Latency>,
}

/// Latencies at half of the rate that each server reached itself.
pub(crate) fn latencies(all: &[Latencies], goal: Duration) -> String {
    let mut text = format!(
        "{:<LOAD_COLUMNS$} {:<9} {:>10} {:>8} {:>8} {:>8} {:>8}  goal\n",
        "latency at half that rate", "server", "million/s", "p50 ms", "p99 ms", "max ms", "load p99"
    );
    let millis = |time: Duration| time.as_secs_f64() * 1000.0;
    for Latencies { name, latency } in all {
        let Latency { rate, p50, p99, max, load_p99 } = match latency {
            Ok(latency) => *latency,
            Err(error) => {
                let _ = writeln!(text, "{:<LOAD_COLUMNS$} {name:<9} failed: {error:#}", "");
                continue;
            }
        };
        let (rate, p50, p99) = (rate / 1e6, millis(p50), millis(p99));
        let _ = write!(text, "{:<LOAD_COLUMNS$} {name:<9} {rate:>10.2} {p50:>8.2} {p99:>8.2} ", "");
        let _ = write!(text, "{:>8.2} {:>8.2}", millis(max), millis(load_p99));
        if *name == OURS {
            let _ = write!(text, "  p99 ≤ {:.1} {}", millis(goal), verdict(p99, millis(goal)));
        }
        text.push('\n');
    }
    text
}

/// How much more two cores deliver than one: ours, and two floors beside each other.
pub(crate) fn two_cores(ours: Spread, floors: Spread, goal: f64) -> String {
    format!(
        "Two cores: a burst that nobody reads, from its first write until the last member's receive buffer has all of it.\n\
         {:<LOAD_COLUMNS$} {OURS:<9} {:<18} ≥ {goal:.2} {}\n\
         {:<LOAD_COLUMNS$} {:<9} {:<18} what this machine's two cores give programs that share nothing\n",
        "rate on two / on one core",
        shown(ours),
        at_least(ours.median, goal),
        "",
        "2 floors",
        shown(floors),
    )
}

/// Memory for each idle member, and a server's time for each login: ours for the one goal, ours for the other, the others.
pub(crate) fn members(idle: &Cost, logins: &Cost, others: &[Cost], (kib_goal, login_goal): (f64, f64)) -> String {
    let mut text = format!(
        "{:<LOAD_COLUMNS$} {:<9} {:>8} {:>11} {:>9}  goal\n",
        "members of one room", "server", "members", "KiB/member", "µs/login"
    );
    let kib = |cost: &Cost| cost.bytes_each / 1024.0;
    let row = |cost: &Cost, goal: String| {
        let Cost { name, members, login, .. } = cost;
        let row = format!("{:<LOAD_COLUMNS$} {name:<9} {members:>8} {:>11.2} {login:>9.1}  {goal}", "", kib(cost));
        row.trim_end().to_owned() + "\n"
    };
    text += &row(idle, format!("≤ {kib_goal:.2} KiB {}", verdict(kib(idle), kib_goal)));
    text += &row(logins, format!("≤ {login_goal:.0} µs {}", verdict(logins.login, login_goal)));
    others.iter().for_each(|cost| text += &row(cost, String::new()));
    text
}

/// A storm that all survived; otherwise there is none to report.
pub(crate) fn storm(members: usize, Arrival { begun, all_in }: Arrival, login: f64) -> String {
    format!(
        "Storm: {members} logins begun within {:.2} s, all in after {:.2} s, at {login:.1} µs each; nobody dropped, and what one\n\
         then said reached all. Goal: all in, met.\n",
        begun.as_secs_f64(),
        all_in.as_secs_f64()
    )
}
