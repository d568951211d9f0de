//! `cargo xtask bench`: our figures beside DuckDB's and Polars', in the same run, over the same files.
//!
//! Every measurement is a fresh process that times its own work and prints one line of JSON; the
//! contenders take turns, so that whatever else the machine does falls on all of them. What is
//! compared is CPU time over all threads, as a ratio within one round. Equal work is checked, not
//! assumed: the lists of admitted ids must have the same digest.

mod ingest;
mod ledger;
mod measure;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::install::Venv;
use crate::place::Place;
use crate::readme;
use crate::shell::{Cmd, make_home};
use measure::{Measure, Round};

/// What to run.
struct Plan {
    what: String,
    records: u64,
    runs: usize,
    write: bool,
}

/// The work, the data and the interpreter of one run.
struct Bench {
    place: Place,
    data: PathBuf,
    out: PathBuf,
    python: PathBuf,
}

/// Threads for everybody.
const THREADS: &str = "2";
/// The zstd level of our corpora.
const ZSTD_LEVEL: &str = "3";
/// What makes a home of the generated files.
const IMPORTS: [(&str, &str); 4] = [
    ("notices import", "notices.jsonl"),
    ("people import", "people.jsonl"),
    ("choices import", "choices.jsonl"),
    ("ingest", "records.jsonl"),
];
/// Silence is no: the profile that Mandat starts with.
const PROFILE: &str = "consent";

/// Measures, prints the table, and keeps it as JSON under `bench-out/`.
pub(crate) fn run(args: &[String]) -> Result<bool> {
    let plan = parse(args)?;
    let place = Place::find()?;
    if plan.what == "ledger" {
        return ledger::run(&place, plan.records, plan.runs);
    }
    Cmd::cargo(&place, "build --locked --release -p mandat").show()?;
    let python = Venv::at(&place)?.python()?;
    let name = if plan.what == "curate" { format!("curate-{}", plan.records) } else { plan.records.to_string() };
    let data = place.kept().join("bench").join(name);
    let out = place.scratch("bench")?;
    let bench = Bench { place, data, out, python };
    bench.prepare(plan.records, plan.what == "curate")?;
    let mut rounds = Vec::new();
    for number in 1..=plan.runs {
        println!("round {number} of {}", plan.runs);
        rounds.push(bench.round(&plan.what)?);
    }
    measure::same_work(&rounds)?;
    let table = table::markdown(&rounds, plan.records);
    println!("\n{table}");
    bench.keep(&plan, &rounds)?;
    if plan.write {
        readme::replace(&bench.place, "bench", &table)?;
    }
    Ok(true)
}

fn parse(args: &[String]) -> Result<Plan> {
    let mut plan = Plan { what: "all".to_owned(), records: 0, runs: 5, write: false };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut number = || -> Result<u64> {
            let value = args.next().with_context(|| format!("`{arg}` needs a number"))?;
            value.replace('_', "").parse().with_context(|| format!("`{value}` is not a number"))
        };
        match arg.as_str() {
            "plan" | "build" | "ingest" | "curate" | "ledger" | "all" => plan.what.clone_from(arg),
            "--records" => plan.records = number()?,
            "--runs" => plan.runs = usize::try_from(number()?)?.max(1),
            "--write" => plan.write = true,
            other => {
                bail!("unknown argument `{other}`; known: plan build ingest curate ledger all --records --runs --write")
            }
        }
    }
    if plan.records == 0 {
        plan.records = if plan.what == "ledger" { 200_000 } else { 10_000_000 };
    }
    Ok(plan)
}

impl Bench {
    /// Generates the data and imports it into a home, once; folds the choices for those who start from folded ones.
    fn prepare(&self, records: u64, texts: bool) -> Result<()> {
        if !self.data.join("manifest.json").is_file() {
            if self.data.exists() {
                std::fs::remove_dir_all(&self.data)?;
            }
            std::fs::create_dir_all(&self.data)?;
            // A notice a person comes before the choices.
            let counts = [records, records / 10, records / 10 + records / 4];
            let [all, people, choices] = counts.map(|n| n.to_string());
            let generate =
                self.mandat(&["bench", "generate", "--records", &all, "--people", &people, "--choices", &choices]);
            generate.arg("--out").arg(&self.data).show()?;
            if texts {
                // Copies, near copies and personal data, which the plain generator does not write.
                Cmd::new(&self.place, &self.python).arg("bench/peers/curate_data.py").arg(&self.data).show()?;
            }
            make_home(&self.place, &self.home())?;
            for (verb, file) in IMPORTS {
                let words: Vec<_> = verb.split(' ').collect();
                self.mandat(&words).arg(self.data.join(file)).arg("--home").arg(self.home()).show()?;
            }
            let prepare = Cmd::new(&self.place, &self.python).arg("bench/peers/prepare.py");
            prepare.arg(&self.data).arg(ZSTD_LEVEL).show()?;
        }
        self.peer("duckdb", "fold").map(drop)
    }

    fn mandat(&self, words: &[&str]) -> Cmd {
        Cmd::new(&self.place, self.place.binary()).args(words)
    }

    fn home(&self) -> PathBuf {
        self.data.join("home")
    }

    /// Everybody once.
    fn round(&self, what: &str) -> Result<Round> {
        let mut round = Round::default();
        if matches!(what, "plan" | "all") {
            round.push("raw", self.ours("plan", &["--form", "raw"])?);
            round.push("raw", self.peer("duckdb", "raw")?);
            round.push("raw", self.peer("polars", "raw")?);
            round.push("folded", self.ours("plan", &["--form", "folded"])?);
            round.push("folded", self.peer("duckdb", "folded")?);
            round.push("folded", self.peer("polars", "folded")?);
            round.push("read", self.ours("read", &[])?);
            round.push("full", self.ours("plan", &["--form", "folded", "--rules", "full"])?);
        }
        if matches!(what, "build" | "all") {
            let out = self.out.display().to_string();
            round.push("build", self.ours("build", &["--out", &out])?);
            round.push("build", self.peer("duckdb", "build")?);
            round.push("build", self.peer("polars", "build")?);
            round.push("copy", self.peer("duckdb", "copy")?);
        }
        if what == "curate" {
            let out = self.out.display().to_string();
            round.push("curate", self.ours("build", &["--curation", "simple", "--out", &out])?);
            round.push("curate", self.peer("polars", "curate")?);
            round.push("curate-full", self.ours("build", &["--curation", "full", "--out", &out])?);
        }
        if matches!(what, "ingest" | "all") {
            round.push("ingest", ingest::measure(&self.place, &self.data)?);
        }
        Ok(round)
    }

    fn ours(&self, verb: &str, more: &[&str]) -> Result<Measure> {
        let command = self.mandat(&["bench", verb, "--data"]).arg(&self.data).arg("--home").arg(self.home());
        let command = command.args(["--threads", THREADS]).args(more);
        let command = if verb == "read" { command } else { command.args(["--profile", PROFILE]) };
        Measure::last_line("mandat", &command.read()?)
    }

    fn peer(&self, name: &'static str, task: &str) -> Result<Measure> {
        let command = Cmd::new(&self.place, &self.python).arg(format!("bench/peers/{name}_peer.py")).arg(task);
        Measure::last_line(name, &command.arg(&self.data).args([PROFILE, THREADS]).arg(&self.out).read()?)
    }

    fn keep(&self, plan: &Plan, rounds: &[Round]) -> Result<()> {
        let folder = self.place.root.join("bench-out");
        std::fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{}-{}.json", plan.what, plan.records));
        std::fs::write(&file, measure::to_json(rounds)?)?;
        println!("every measurement: {}", file.display());
        Ok(())
    }
}
