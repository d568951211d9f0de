//! The demo as a visitor runs it: over the bundled sample, and over real posts where they lie beside the checkout.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::place::Place;
use crate::readme;
use crate::shell::Cmd;

/// The real files: a folder of `../shared/data`, the map beside ours, and what it is.
const REAL: [(&str, &str); 4] = [
    ("de-politicians-tweets", "tweets of 32 German politicians and parties, 2020–2021"),
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

/// Runs the demo over each real file; a table of counts, no content.
pub(crate) fn on_real_posts(place: &Place, data: &Path) -> Result<String> {
    let mut table =
        "| real posts | records | people | in | out | on hold | seconds |\n|---|---:|---:|---:|---:|---:|---:|\n"
            .to_owned();
    for (name, what) in REAL {
        let file = data.join(name).join("posts.jsonl.zst");
        let map = place.root.join("samples").join("maps").join(format!("{name}.toml"));
        let home = place.scratch("demo-real")?.join("home");
        let start = std::time::Instant::now();
        let said = demo(place, &home, &[Path::new("--data"), &file, Path::new("--map"), &map])?;
        let secs = start.elapsed().as_secs_f64();
        let count = |key: &str| said[key].as_u64().map_or("–".to_owned(), |n| n.to_string());
        ensure!(said["records"].as_u64() > Some(0), "the demo over `{name}` ended with no record");
        let (records, people) = (count("records"), count("people"));
        let (inside, out, held) = (count("admitted"), count("excluded"), count("held"));
        let _ = writeln!(table, "| {what} | {records} | {people} | {inside} | {out} | {held} | {secs:.1} |");
    }
    Ok(table)
}

fn demo(place: &Place, home: &Path, more: &[&Path]) -> Result<Value> {
    let command = Cmd::new(place, place.binary()).args(["demo", "--json", "--home"]).arg(home).args(more);
    let said = command.read()?;
    serde_json::from_str(&said).context("`mandat demo --json` did not print one JSON value")
}
