//! The table for the README: records per CPU second, and ratios within each round.

use std::fmt::Write as _;

use super::ingest::BUDGET;
use super::measure::{Measure, Round, machine};

/// One comparison of the table.
struct Row {
    what: &'static str,
    work: &'static str,
    /// What our time is held against; a peer's name, `best`, or a work of ours.
    against: Against,
    goal: &'static str,
}

enum Against {
    /// How many times the faster peer's CPU time is ours.
    BestPeer,
    /// The same with one peer.
    Peer(&'static str),
    /// How many times another work's CPU time ours takes.
    Work(&'static str, &'static str),
    Nothing,
}

const ROWS: [Row; 8] = [
    Row { what: "plan, from raw choices", work: "raw", against: Against::BestPeer, goal: "≥ 5× the faster peer" },
    Row {
        what: "plan, from folded choices",
        work: "folded",
        against: Against::BestPeer,
        goal: "≥ 2.5× the faster peer",
    },
    Row {
        what: "the same, to reading its columns",
        work: "folded",
        against: Against::Work("read", "mandat"),
        goal: "≤ 1.6× the time",
    },
    Row { what: "plan, full rules, folded", work: "full", against: Against::Nothing, goal: "" },
    Row { what: "build", work: "build", against: Against::Peer("polars"), goal: "≥ 2× Polars" },
    Row {
        what: "the same, to a plain copy",
        work: "build",
        against: Against::Work("copy", "duckdb"),
        goal: "≤ 1.5× the time",
    },
    Row {
        what: "build with simple curation",
        work: "curate",
        against: Against::Peer("polars"),
        goal: "≥ 3× Polars, the same steps",
    },
    Row {
        what: "build with full curation",
        work: "curate-full",
        against: Against::Work("curate", "polars"),
        goal: "≤ 1× the time of Polars' simple one",
    },
];

/// Everything that was measured, as Markdown.
pub(super) fn markdown(rounds: &[Round], records: u64) -> String {
    let mut out = format!(
        "{} records, median of {} interleaved rounds, million records per CPU second; {}.\n\n\
         | work | Mandat | DuckDB | Polars | ratio: median (worst) | goal |\n|---|---:|---:|---:|---:|---|\n",
        millions(records),
        rounds.len(),
        machine()
    );
    for row in ROWS.iter().filter(|row| rounds.iter().any(|r| r.of(row.work, "mandat").is_some())) {
        let alone = matches!(row.against, Against::Work(..));
        let of = |who| if alone && who != "mandat" { String::new() } else { rate(rounds, row.work, who, records) };
        let (ratio, goal) = (ratio(rounds, row), row.goal);
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {ratio} | {goal} |",
            row.what,
            of("mandat"),
            of("duckdb"),
            of("polars")
        );
    }
    if let Some(line) = ingest(rounds) {
        let _ = writeln!(out, "\n{line}");
    }
    out
}

fn rate(rounds: &[Round], work: &str, who: &str, records: u64) -> String {
    let cpu = rounds.iter().filter_map(|r| r.of(work, who)).map(Measure::cpu).collect();
    match median(cpu) {
        Some(cpu) => format!("{:.2}", to_f64(records) / cpu / 1e6),
        None => "–".to_owned(),
    }
}

fn ratio(rounds: &[Round], row: &Row) -> String {
    let one = |round: &Round| -> Option<f64> {
        let ours = round.of(row.work, "mandat")?.cpu();
        Some(match row.against {
            Against::BestPeer => round.best_peer(row.work)?.cpu() / ours,
            Against::Peer(who) => round.of(row.work, who)?.cpu() / ours,
            Against::Work(work, who) => ours / round.of(work, who)?.cpu(),
            Against::Nothing => return None,
        })
    };
    let ratios: Vec<f64> = rounds.iter().filter_map(one).collect();
    let worst = match row.against {
        Against::Work(..) => ratios.iter().copied().reduce(f64::max),
        _ => ratios.iter().copied().reduce(f64::min),
    };
    match (median(ratios), worst) {
        (Some(median), Some(worst)) => format!("{median:.2}× ({worst:.2}×)"),
        _ => "–".to_owned(),
    }
}

fn ingest(rounds: &[Round]) -> Option<String> {
    let of = |f: fn(&Measure) -> Option<f64>| rounds.iter().filter_map(|r| r.of("ingest", "mandat")).filter_map(f);
    let speed = median(of(|m| Some(m.number("bytes")? / m.number("secs")? / 1e6)).collect())?;
    let peak = of(|m| m.number("peak_rss_mb")).reduce(f64::max)?;
    Some(format!(
        "`ingest`: {speed:.0} MB of input a second, wall; peak memory {peak:.0} MB under `--memory {BUDGET}`."
    ))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len().checked_sub(1)? / 2;
    Some(f64::midpoint(values[middle], values[values.len() / 2]))
}

fn millions(records: u64) -> String {
    if records.is_multiple_of(1_000_000) { format!("{} million", records / 1_000_000) } else { records.to_string() }
}

fn to_f64(records: u64) -> f64 {
    f64::from(u32::try_from(records).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_how_many_times_faster_and_its_worst_round() {
        let round = |ours: f64, theirs: f64| {
            let mut round = Round::default();
            let mut push = |work, who, cpu: f64| {
                let line = format!("{{\"secs\": 1, \"cpu_s\": {cpu}}}");
                round.push(work, Measure::last_line(who, &line).unwrap());
            };
            push("folded", "mandat", ours);
            push("folded", "duckdb", theirs);
            push("folded", "polars", theirs * 2.0);
            push("read", "mandat", ours / 1.25);
            round
        };
        let rounds = [round(1.0, 3.0), round(1.0, 5.0), round(2.0, 5.0)];
        let table = markdown(&rounds, 2_000_000);
        assert!(table.contains("| plan, from folded choices | 2.00 | 0.40 | 0.20 | 3.00× (2.50×) |"), "{table}");
        assert!(table.contains("| the same, to reading its columns | 2.00 |  |  | 1.25× (1.25×) |"), "{table}");
        assert!(!table.contains("| build |"), "{table}");
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
