//! What takes too long for every change: the property tests over many more cases, killed processes, the fuzz targets.

mod kill;

use anyhow::Result;

use crate::place::Place;
use crate::shell::{Cmd, which};

/// Cases of each property test; the everyday run does 256.
const CASES: &str = "4096";
/// Seconds for each fuzz target.
const FUZZ_SECONDS: &str = "120";

/// Runs everything and says what it left out.
pub(crate) fn run(args: &[String]) -> Result<bool> {
    anyhow::ensure!(args.is_empty(), "nightly takes no arguments");
    let place = Place::find()?;
    let many =
        Cmd::cargo(&place, "test --locked --release --workspace --no-fail-fast").env("PROPTEST_CASES", CASES).tee()?;
    Cmd::cargo(&place, "build --locked --release -p mandat").show()?;
    let survived = kill::run(&place)?;
    let fuzzed = fuzz(&place)?;
    Ok(many.ok && survived && fuzzed)
}

fn fuzz(place: &Place) -> Result<bool> {
    if !place.root.join("fuzz").is_dir() {
        println!("left out: no fuzz targets in this checkout");
        return Ok(true);
    }
    if which("cargo-fuzz").is_none() {
        println!("left out: the fuzz targets; cargo-fuzz is not installed");
        return Ok(true);
    }
    let mut ok = true;
    for target in Cmd::cargo(place, "fuzz list").read()?.lines() {
        let run = Cmd::cargo(place, "fuzz run").args([target, "--", "-max_total_time", FUZZ_SECONDS]);
        ok &= run.tee()?.ok;
    }
    Ok(ok)
}
