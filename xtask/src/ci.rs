//! `cargo xtask ci`: the steps in order, minutes for each, a table and a count at the end.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::counts::{self, Counts};
use crate::install::{self, Venv};
use crate::place::Place;
use crate::postgres::{Server, VARIABLE};
use crate::shell::{Cmd, which};
use crate::{demos, readme, tidy};

/// What a step came to.
enum Outcome {
    /// It held; how many tests that were, none for a check.
    Passed(Counts),
    /// It did not hold.
    Failed(Counts),
    /// It could not run here, and why.
    LeftOut(String),
}

struct Step {
    name: &'static str,
    run: fn(&Place) -> Result<Outcome>,
}

/// Every step after the installing, in order: the cheap ones first.
const STEPS: [Step; 10] = [
    Step { name: "format", run: format },
    Step { name: "tidy", run: tidy_step },
    Step { name: "deny", run: deny },
    Step { name: "lints", run: lints },
    Step { name: "tests", run: tests },
    Step { name: "docs", run: docs },
    Step { name: "release", run: release },
    Step { name: "python", run: python },
    Step { name: "demos", run: demos_step },
    Step { name: "readme", run: readme_step },
];

struct Line {
    name: &'static str,
    took: Duration,
    outcome: Outcome,
}

/// Runs everything, or one step; true if nothing failed.
pub(crate) fn run(args: &[String]) -> Result<bool> {
    let (install, only) = parse(args)?;
    let place = Place::find()?;
    println!("build folder: {}", place.target.display());
    let mut lines = Vec::new();
    if only.is_none_or(|name| name == "install") {
        lines.push(timed("install", || Ok(check(install::run(&place, install)?))));
    }
    for step in STEPS.iter().filter(|s| only.is_none_or(|name| name == s.name)) {
        lines.push(timed(step.name, || (step.run)(&place)));
    }
    Ok(report(&lines))
}

fn parse(args: &[String]) -> Result<(bool, Option<&str>)> {
    let (mut install, mut only) = (true, None);
    let mut args = args.iter().map(String::as_str);
    while let Some(arg) = args.next() {
        match arg {
            "--no-install" => install = false,
            "--only" => only = args.next(),
            other => bail!("unknown argument `{other}`; known: --no-install, --only STEP"),
        }
    }
    if let Some(name) = only
        && name != "install"
        && !STEPS.iter().any(|s| s.name == name)
    {
        let names: Vec<_> = STEPS.iter().map(|s| s.name).collect();
        bail!("unknown step `{name}`; known: install {}", names.join(" "));
    }
    Ok((install, only))
}

fn timed(name: &'static str, run: impl FnOnce() -> Result<Outcome>) -> Line {
    println!("\n=== {name}");
    let start = Instant::now();
    let outcome = run().unwrap_or_else(|err| {
        eprintln!("{err:#}");
        Outcome::Failed(Counts::default())
    });
    let line = Line { name, took: start.elapsed(), outcome };
    println!("=== {name}: {} after {:.1} min", line.word(), line.took.as_secs_f64() / 60.0);
    line
}

impl Line {
    fn word(&self) -> String {
        match &self.outcome {
            Outcome::Passed(counts) if counts.passed == 0 => "ok".to_owned(),
            Outcome::Passed(counts) => format!("ok, {} tests", counts.passed),
            Outcome::Failed(counts) if counts.failed == 0 => "FAILED".to_owned(),
            Outcome::Failed(counts) => format!("FAILED, {} of {} tests", counts.failed, counts.failed + counts.passed),
            Outcome::LeftOut(why) => format!("left out: {why}"),
        }
    }

    /// A check that fails counts as one failure, so that the closing line cannot look green.
    fn counts(&self) -> Counts {
        match self.outcome {
            Outcome::Passed(counts) => counts,
            Outcome::Failed(counts) => Counts { failed: counts.failed.max(1), ..counts },
            Outcome::LeftOut(_) => Counts::default(),
        }
    }
}

fn report(lines: &[Line]) -> bool {
    println!("\n{:<10} {:>7}  result", "step", "minutes");
    let mut sum = Counts::default();
    for line in lines {
        println!("{:<10} {:>7.1}  {}", line.name, line.took.as_secs_f64() / 60.0, line.word());
        sum += line.counts();
    }
    let total: Duration = lines.iter().map(|l| l.took).sum();
    println!("{:<10} {:>7.1}\n", "all", total.as_secs_f64() / 60.0);
    println!("{} passed, {} failed", sum.passed, sum.failed);
    sum.failed == 0
}

fn check(held: bool) -> Outcome {
    if held { Outcome::Passed(Counts::default()) } else { Outcome::Failed(Counts::default()) }
}

fn format(place: &Place) -> Result<Outcome> {
    Cmd::cargo(place, "fmt --all -- --check").show()?;
    Ok(check(true))
}

fn tidy_step(place: &Place) -> Result<Outcome> {
    Ok(check(tidy::check(place)?))
}

fn deny(place: &Place) -> Result<Outcome> {
    if which("cargo-deny").is_none() {
        return Ok(Outcome::LeftOut("cargo-deny is not installed; tidy checked the licences".to_owned()));
    }
    Cmd::cargo(place, "deny check bans licenses sources").show()?;
    Ok(check(true))
}

fn lints(place: &Place) -> Result<Outcome> {
    Cmd::cargo(place, "clippy --locked --workspace --all-targets -- -D warnings").show()?;
    Ok(check(true))
}

fn tests(place: &Place) -> Result<Outcome> {
    let complete = install::complete(place)?;
    let python = Venv::at(place)?.python().ok();
    let server = Server::start(place)?;
    let postgres = server.as_ref().map(|server| Ok::<_, anyhow::Error>((server.url(), server.path()?))).transpose()?;
    if postgres.is_none() {
        println!("PostgreSQL is not installed: its half of the ledger's tests says that it is left out");
    }
    let listen = |words: &str| {
        // The same cases in every run of CI: a rare find of a property test must not hold up a change that has nothing to do with it.
        // `cargo test` and nightly draw anew each time.
        let mut command =
            Cmd::cargo(place, words).env("CARGO_TERM_COLOR", "never").env("PROPTEST_RNG_SEED", "20261121");
        if let Some(python) = &python {
            command = command.env("MANDAT_PYTHON", python);
        }
        if let Some((url, path)) = &postgres {
            command = command.env(VARIABLE, url).env("PATH", path);
        }
        // Tests that compare with other programs leave nothing out silently where CI is set.
        if complete { command.env("CI", "true").tee() } else { command.tee() }
    };
    let mut sum = Counts::default();
    let mut ok = true;
    let runs: &[&str] = if which("cargo-nextest").is_some() {
        &["nextest run --locked --workspace --profile ci", "test --locked --workspace --doc"]
    } else {
        &["test --locked --workspace --no-fail-fast"]
    };
    for words in runs {
        let said = listen(words)?;
        sum += counts::read(&said.text);
        ok &= said.ok;
    }
    Ok(if ok && sum.passed > 0 { Outcome::Passed(sum) } else { Outcome::Failed(sum) })
}

fn docs(place: &Place) -> Result<Outcome> {
    Cmd::cargo(place, "doc --locked --workspace --no-deps --quiet").env("RUSTDOCFLAGS", "-D warnings").show()?;
    Ok(check(true))
}

fn release(place: &Place) -> Result<Outcome> {
    Cmd::cargo(place, "build --locked --release -p mandat").show()?;
    Ok(check(true))
}

/// Builds the demo's corpus and opens it with what people open corpora with.
fn python(place: &Place) -> Result<Outcome> {
    let home = demos::sample_home(place)?;
    let tests = Cmd::new(place, Venv::at(place)?.python()?).args(["-m", "pytest", "-q", "tests/python"]);
    let said = tests.args(["-p", "no:cacheprovider"]).env("MANDAT_HOME", &home);
    let said = said.env("MANDAT", place.binary()).tee()?;
    let sum = counts::read(&said.text);
    Ok(if said.ok && sum.passed > 0 { Outcome::Passed(sum) } else { Outcome::Failed(sum) })
}

fn demos_step(place: &Place) -> Result<Outcome> {
    let Some(data) = place.shared_data() else {
        return Ok(Outcome::LeftOut("`../shared/data` does not lie beside the checkout".to_owned()));
    };
    let table = demos::on_real_posts(place, &data)?;
    println!("{table}");
    Ok(check(true))
}

fn readme_step(place: &Place) -> Result<Outcome> {
    Ok(check(readme::check(place)?))
}
