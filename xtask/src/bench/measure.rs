//! One measurement, one round of them, and whether everybody did the same work.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// What one process said about its own work.
#[derive(Debug, Clone)]
pub(super) struct Measure {
    /// Who: `mandat`, `duckdb` or `polars`.
    pub(super) who: &'static str,
    /// The line as printed.
    line: Value,
}

/// Everybody's measurements of one round, by the work they did.
#[derive(Debug, Default)]
pub(super) struct Round {
    measures: Vec<(&'static str, Measure)>,
}

impl Measure {
    /// Reads the last line of what the process printed.
    pub(super) fn last_line(who: &'static str, output: &str) -> Result<Self> {
        let last =
            output.lines().rev().find(|l| !l.trim().is_empty()).with_context(|| format!("{who} printed nothing"))?;
        let line: Value = serde_json::from_str(last).with_context(|| format!("{who} printed `{last}`, not JSON"))?;
        println!("  {last}");
        let measure = Self { who, line };
        ensure!(measure.number("secs").is_some(), "{who} printed no `secs`");
        Ok(measure)
    }

    /// A figure of the line.
    pub(super) fn number(&self, key: &str) -> Option<f64> {
        self.line[key].as_f64()
    }

    /// CPU seconds of all threads.
    pub(super) fn cpu(&self) -> f64 {
        self.number("cpu_s").unwrap_or(f64::NAN).max(1e-9)
    }
}

impl Round {
    /// Adds a measurement.
    pub(super) fn push(&mut self, work: &'static str, measure: Measure) {
        self.measures.push((work, measure));
    }

    /// Who did this work.
    pub(super) fn of(&self, work: &str, who: &str) -> Option<&Measure> {
        self.measures.iter().find(|(w, m)| *w == work && m.who == who).map(|(_, m)| m)
    }

    /// The fastest of the others.
    pub(super) fn best_peer(&self, work: &str) -> Option<&Measure> {
        let peers = self.measures.iter().filter(|(w, m)| *w == work && m.who != "mandat").map(|(_, m)| m);
        peers.min_by(|a, b| a.cpu().total_cmp(&b.cpu()))
    }
}

/// An error unless whoever did the same work admitted the same records, by number and by digest.
pub(super) fn same_work(rounds: &[Round]) -> Result<()> {
    for work in ["raw", "folded", "build"] {
        for key in ["kept", "digest"] {
            let said = rounds.iter().flat_map(|r| &r.measures).filter(|(w, m)| *w == work && !m.line[key].is_null());
            let mut said: Vec<_> = said.map(|(_, m)| (m.line[key].to_string(), m.who)).collect();
            said.sort();
            said.dedup();
            let one = said.windows(2).all(|pair| pair[0].0 == pair[1].0);
            ensure!(one, "`{work}`: not the same `{key}`: {said:?}");
        }
    }
    Ok(())
}

/// Every line of every round.
pub(super) fn to_json(rounds: &[Round]) -> Result<String> {
    let round = |r: &Round| -> Vec<Value> {
        r.measures.iter().map(|(work, m)| json!({ "work": work, "who": m.who, "said": m.line })).collect()
    };
    let rounds: Vec<_> = rounds.iter().map(round).collect();
    Ok(serde_json::to_string_pretty(&json!({ "machine": machine(), "rounds": rounds }))?)
}

/// The processor and how many of it there are.
pub(super) fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map_or("unknown", |l| l.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{cores} × {model}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(who: &'static str, digest: &str, cpu: f64) -> Measure {
        let line = json!({ "bench": "x", "secs": 1.0, "cpu_s": cpu, "kept": 3, "digest": digest });
        Measure::last_line(who, &format!("talk\n{line}\n\n")).unwrap()
    }

    #[test]
    fn refuses_to_compare_different_work() {
        let round = |a, b| {
            let mut round = Round::default();
            round.push("raw", measure("mandat", a, 1.0));
            round.push("raw", measure("duckdb", b, 2.0));
            round.push("raw", measure("polars", b, 3.0));
            round
        };
        assert!(same_work(&[round("aa", "aa"), round("aa", "aa")]).is_ok());
        assert!(same_work(&[round("aa", "aa"), round("aa", "bb")]).is_err());
        assert_eq!(round("aa", "aa").best_peer("raw").unwrap().who, "duckdb");
        assert!(Measure::last_line("mandat", "not json").is_err());
    }
}
