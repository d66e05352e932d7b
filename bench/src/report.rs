//! The tables.

use std::fmt::Write as _;

use crate::cpu::Spent;
use crate::rounds::{Role, Sample, Series};

/// The middle of the values, and their range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(f64::NAN);
        let last = values.len().saturating_sub(1);
        Self { median: f64::midpoint(at(last / 2), at(last.div_ceil(2))), min: at(0), max: at(last) }
    }
}

/// Wide enough for a load's name; a whole line fits into 100 columns.
pub(crate) const LOAD_COLUMNS: usize = 27;

/// What was measured for one load.
pub(crate) struct Comparison {
    pub(crate) load: String,
    pub(crate) series: Vec<Series>,
}

/// The table of all loads, with a closing line on how noisy it was.
pub(crate) fn loads(comparisons: &[Comparison]) -> String {
    let mut text = format!(
        "{:<LOAD_COLUMNS$} {:<9} {:>9} {:>7} {:>8}  {:<16} {}\n",
        "load", "server", "requests", "µs/req", "req/wake", "ratio (min–max)", "goal"
    );
    for Comparison { load, series } in comparisons {
        let floor = series.iter().find(|series| series.role == Role::Floor);
        for (index, series) in series.iter().enumerate() {
            let load = if index == 0 { load.as_str() } else { "" };
            let _ = writeln!(text, "{load:<LOAD_COLUMNS$} {}", row(series, floor));
        }
    }
    text + "\n" + &noise(comparisons)
}

fn row(series: &Series, floor: Option<&Series>) -> String {
    let requests: u64 = series.samples.iter().map(|sample| sample.done.requests).sum();
    let sleeps: u64 = series.samples.iter().map(|sample| sample.spent.sleeps).sum();
    let cost = Spread::of(series.samples.iter().map(Sample::cost)).median;
    let per_wake = requests as f64 / sleeps.max(1) as f64;
    let mut text = format!("{:<9} {requests:>9} {cost:>7.3} {per_wake:>8.1}  ", series.name);
    let ratio = floor.map(|floor| ratio(series, floor));
    match (series.role, ratio) {
        (Role::Floor, _) | (_, None) => text += "1",
        (Role::Ours { goal }, Some(ratio)) => {
            let _ = write!(text, "{} ≤ {goal:.2} {}", shown(ratio), verdict(ratio.median, goal));
        }
        (Role::Peer, Some(ratio)) => text += &shown(ratio),
    }
    text
}

pub(crate) fn shown(Spread { median, min, max }: Spread) -> String {
    format!("{median:.2} ({min:.2}–{max:.2})")
}

/// Round by round, since both of one round had about the same machine.
pub(crate) fn ratio(series: &Series, floor: &Series) -> Spread {
    Spread::of(series.samples.iter().zip(&floor.samples).map(|(sample, floor)| sample.cost() / floor.cost()))
}

/// How far the rounds were off their median: half of them at most, and all of them, in per cent.
fn deviation(series: &Series) -> (f64, f64) {
    let costs = || series.samples.iter().map(Sample::cost);
    let median = Spread::of(costs()).median;
    let off = Spread::of(costs().map(|cost| (cost / median - 1.0).abs() * 100.0));
    (off.median, off.max)
}

pub(crate) fn noise(comparisons: &[Comparison]) -> String {
    let all = || comparisons.iter().flat_map(|comparison| &comparison.series);
    let floors = all().filter(|series| series.role == Role::Floor).map(deviation);
    let (half, whole) = floors.fold((0.0, 0.0), |worst, floor| (floor.0.max(worst.0), floor.1.max(worst.1)));
    let samples = || all().flat_map(|series| &series.samples);
    let servers = waited(samples().map(|sample| sample.spent).sum());
    let load = waited(samples().map(|sample| sample.load_spent).sum());
    let resent: u64 = samples().map(|sample| sample.done.resent).sum();
    let verdict =
        if half <= 3.0 && servers.max(load) <= 5.0 { "Calm" } else { "Noisy: trust only what is far from its goal" };
    let mut text = format!(
        "Noise: half of a floor's rounds were within {half:.1} % of their median, all within {whole:.0} %;\n\
         other programs had the core for {servers:.1} % of the time a server wanted it, {load:.1} % of the load's.\n\
         {verdict}.\n",
    );
    if resent > 0 {
        let _ = writeln!(text, "{resent} datagrams were lost and sent again.");
    }
    text
}

/// How much of the time in which it could have run a process had to wait, in per cent.
fn waited(Spent { running, waiting, .. }: Spent) -> f64 {
    waiting as f64 / (running + waiting).max(1) as f64 * 100.0
}

/// A server's memory for one idle connection.
pub(crate) struct Memory {
    pub(crate) name: &'static str,
    pub(crate) bytes_each: f64,
    pub(crate) goal_kib: Option<f64>,
}

/// The table of memory for idle connections.
pub(crate) fn memory(connections: usize, all: &[Memory]) -> String {
    let mut text = format!("{:<LOAD_COLUMNS$} {:<9} {:>14}  {}\n", "memory", "server", "KiB/connection", "goal");
    for (index, &Memory { name, bytes_each, goal_kib }) in all.iter().enumerate() {
        let load = if index == 0 { format!("{connections} idle TCP connections") } else { String::new() };
        let kib = bytes_each / 1024.0;
        let goal = goal_kib.map(|goal| format!("≤ {goal:.2} {}", verdict(kib, goal))).unwrap_or_default();
        let line = format!("{load:<LOAD_COLUMNS$} {name:<9} {kib:>14.2}  {goal}");
        text += line.trim_end();
        text.push('\n');
    }
    text
}

pub(crate) fn verdict(measured: f64, goal: f64) -> &'static str {
    met(measured <= goal)
}

pub(crate) fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Done;
    use std::time::Duration;

    #[test]
    fn the_middle_of_an_even_count_is_between_two() {
        let spread = Spread::of([4.0, 1.0, 2.0, 3.0].into_iter());
        assert_eq!(spread, Spread { median: 2.5, min: 1.0, max: 4.0 });
        assert!(Spread::of(std::iter::empty()).median.is_nan());
    }

    #[test]
    fn the_table_fits_and_tells_the_ratio() {
        let series = |name, role, running: [u64; 3]| Series {
            name,
            role,
            samples: running
                .map(|running| Sample {
                    done: Done { requests: 1_000_000, resent: 0 },
                    lasted: Duration::from_secs(1),
                    spent: Spent { running, waiting: 0, sleeps: 1000 },
                    load_spent: Spent { running, waiting: running, sleeps: 0 },
                })
                .to_vec(),
        };
        let floor = series("floor", Role::Floor, [1_000_000_000, 2_000_000_000, 1_000_000_000]);
        let ours = series("socketlab", Role::Ours { goal: 1.25 }, [1_200_000_000, 2_200_000_000, 1_500_000_000]);
        let load = "calc TCP, 64 × 16 in flight".to_owned();
        let text = loads(&[Comparison { load, series: vec![floor, ours] }]);
        assert!(text.contains("1.20 (1.10–1.50) ≤ 1.25 met"), "{text}");
        assert!(text.contains("all within 100 %"), "{text}");
        assert!(text.contains("50.0 % of the load's.\nNoisy"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }
}
