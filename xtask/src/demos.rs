//! The demo as a visitor runs it: over the bundled sample, and over real posts where they lie beside the checkout.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::place::Place;
use crate::readme;
use crate::shell::Cmd;

/// The real files: a folder of `../shared/data`, the map beside ours, and what it is.
const REAL: [(&str, &str); 4] = [
    ("de-politicians-tweets", "tweets of 23 German politicians and parties, 2020–2021"),
    ("us-presidents-tweets", "tweets of two US presidents"),
    ("de-bundestag", "speeches and interjections in the German Bundestag"),
    ("irc-ubuntu", "the #ubuntu chat channel, 2004–2018"),
];

/// Runs as a verb of its own.
pub(crate) fn run(args: &[String]) -> Result<bool> {
    let write = match args {
        [] => false,
        [only] if only == "--write" => true,
        _ => bail!("demos takes `--write` or nothing"),
    };
    let place = Place::find()?;
    Cmd::cargo(&place, "build --locked --release -p mandat").show()?;
    let data = place.shared_data().context("`../shared/data` does not lie beside the checkout")?;
    let table = on_real_posts(&place, &data)?;
    println!("{table}");
    if write {
        readme::replace(&place, "demos", &table)?;
    }
    Ok(true)
}

/// Runs the demo over the bundled sample and hands back its home.
pub(crate) fn sample_home(place: &Place) -> Result<PathBuf> {
    let home = place.scratch("demo")?.join("home");
    demo(place, &home, &[])?;
    Ok(home)
}

/// Runs the demo over the sample and each real file; a table of counts, no content.
pub(crate) fn on_real_posts(place: &Place, data: &Path) -> Result<String> {
    let mut table = HEAD.to_owned();
    table += &line(place, "the bundled sample, invented", &[])?;
    for (name, what) in REAL {
        let file = data.join(name).join("posts.jsonl.zst");
        let map = place.root.join("samples").join("maps").join(format!("{name}.toml"));
        table += &line(place, what, &[Path::new("--data"), &file, Path::new("--map"), &map])?;
    }
    Ok(table)
}

const HEAD: &str = "| posts | records | people | in | of these redacted | on hold | out | seconds |\n\
    |---|---:|---:|---:|---:|---:|---:|---:|\n";

/// One run of the demo as a row of the table.
fn line(place: &Place, what: &str, more: &[&Path]) -> Result<String> {
    let home = place.scratch("demo-real")?.join("home");
    let start = std::time::Instant::now();
    let said = demo(place, &home, more)?;
    let secs = start.elapsed().as_secs_f64();
    let counts = ["records", "people", "admitted", "redacted", "held", "excluded"].map(|key| said[key].as_u64());
    ensure!(counts.iter().all(Option::is_some) && counts[0] > Some(0), "the demo over {what} counted no records");
    let counts: Vec<String> = counts.iter().flatten().map(|n| thousands(*n)).collect();
    Ok(format!("| {what} | {} | {secs:.0} |\n", counts.join(" | ")))
}

/// `340043` as `340,043`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let grouped: Vec<&str> =
        (0..digits.len()).rev().step_by(3).map(|end| &digits[end.saturating_sub(2)..=end]).collect();
    grouped.into_iter().rev().collect::<Vec<_>>().join(",")
}

fn demo(place: &Place, home: &Path, more: &[&Path]) -> Result<Value> {
    let command = Cmd::new(place, place.binary()).args(["demo", "--json", "--home"]).arg(home).args(more);
    let said = command.read()?;
    serde_json::from_str(&said).context("`mandat demo --json` did not print one JSON value")
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn groups_digits() {
        assert_eq!(
            [0, 12, 999, 1000, 340_043, 1_234_567].map(thousands),
            ["0", "12", "999", "1,000", "340,043", "1,234,567"]
        );
    }
}
