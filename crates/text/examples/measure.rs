//! Measures each part on the posts of JSON Lines files: records per second of processor time, on one thread.
//!
//! ```text
//! cargo run --release -p mandat-text --example measure -- POSTS.jsonl.zst [MORE…] [--field text] [--id id] [--kept KEPT.txt]
//! ```
//!
//! Texts are read into memory first. `--kept` writes the ids that stay after deduplication, one per line, for
//! `dedup_eval.py`; the order of priority is that of the ids.
#![expect(clippy::print_stdout, reason = "a bench that a person or a script reads")]

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read};

use mandat_text::decontaminate::{Lengths, Set};
use mandat_text::denied::Denied;
use mandat_text::fingerprint::{Fingerprint, Fingerprinter, similar};
use mandat_text::near::{Cap, LEAST, duplicates};
use mandat_text::quality::{Judge, Settings};
use mandat_text::screen::Screen;

struct Arguments {
    files: Vec<String>,
    field: String,
    id: String,
    kept: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments();
    let mut posts = Vec::new();
    for file in &arguments.files {
        read(file, &arguments, &mut posts)?;
    }
    posts.sort();
    let texts: Vec<&str> = posts.iter().map(|(_, text)| text.as_str()).collect();
    let bytes: usize = texts.iter().map(|t| t.len()).sum();
    println!("{{\"records\":{},\"bytes\":{bytes}}}", texts.len());
    parts(&texts, bytes);
    let gone = near(&texts, bytes);
    if let Some(path) = arguments.kept {
        let kept: Vec<&str> =
            posts.iter().zip(&gone).filter(|(_, g)| g.is_none()).map(|((id, _), _)| id.as_str()).collect();
        fs::write(path, kept.join("\n"))?;
    }
    Ok(())
}

fn arguments() -> Arguments {
    let mut found = Arguments { files: Vec::new(), field: "text".into(), id: "id".into(), kept: None };
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--field" => found.field = given.next().unwrap_or_default(),
            "--id" => found.id = given.next().unwrap_or_default(),
            "--kept" => found.kept = given.next(),
            _ => found.files.push(argument),
        }
    }
    found
}

fn read(path: &str, arguments: &Arguments, posts: &mut Vec<(String, String)>) -> Result<(), Box<dyn Error>> {
    let file = fs::File::open(path)?;
    let plain: Box<dyn Read> =
        if path.ends_with(".zst") { Box::new(zstd::Decoder::new(file)?) } else { Box::new(file) };
    for line in BufReader::new(plain).lines() {
        let mut line: serde_json::Value = serde_json::from_str(&line?)?;
        let id = line[&arguments.id].as_str().unwrap_or_default().to_owned();
        if let serde_json::Value::String(text) = line[&arguments.field].take() {
            posts.push((id, text));
        }
    }
    Ok(())
}

/// Seconds of processor time of this thread.
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Runs a part for at least half a second, then says how fast it was; the number it returns keeps it from being optimised away.
fn measure(part: &str, texts: &[&str], bytes: usize, mut run: impl FnMut(&str) -> usize) {
    let (mut best, mut spent, mut found) = (f64::MAX, 0.0, 0);
    while spent < 1.5 {
        let start = processor_seconds();
        found = texts.iter().map(|text| run(text)).sum();
        let took = processor_seconds() - start;
        best = best.min(took);
        spent += took.max(1e-3);
    }
    report(part, texts.len(), bytes, best, found);
}

fn report(part: &str, records: usize, bytes: usize, seconds: f64, found: usize) {
    println!(
        "{{\"part\":{part:?},\"records_per_cpu_s\":{:.0},\"mb_per_cpu_s\":{:.1},\"found\":{found}}}",
        records as f64 / seconds,
        bytes as f64 / 1e6 / seconds
    );
}

fn parts(texts: &[&str], bytes: usize) {
    for (name, settings) in [
        ("quality short", Settings::short()),
        ("quality short, no toxicity", Settings { toxicity: false, ..Settings::short() }),
        ("quality long", Settings::long()),
    ] {
        let mut judge = Judge::new(&settings);
        measure(name, texts, bytes, |text| usize::from(judge.judge(text).reason.is_some()));
    }
    let screen = Screen::built_in();
    measure("screen", texts, bytes, |text| usize::from(!screen.hits(text).is_empty()));
    let mut maker = Fingerprinter::new(1);
    measure("fingerprint", texts, bytes, |text| usize::from(maker.fingerprint(text).words > 0));
    let denied = Denied::new(texts.iter().step_by(20).map(|text| maker.fingerprint(text)));
    let mut prints = texts.iter().map(|text| maker.fingerprint(text)).collect::<Vec<_>>().into_iter().cycle();
    measure("denied, one in twenty", texts, bytes, |_| {
        usize::from(prints.next().is_some_and(|p| denied.repeated(&p).is_some()))
    });
    let set = Set::build(texts.iter().step_by(100), Lengths::default());
    let mut asker = set.asker();
    measure("decontaminate", texts, bytes, |text| usize::from(asker.overlap(text).is_some()));
}

fn near(texts: &[&str], bytes: usize) -> Vec<Option<u32>> {
    let start = processor_seconds();
    let mut maker = Fingerprinter::new(1);
    let prints: Vec<Fingerprint> = texts.iter().map(|text| maker.fingerprint(text)).collect();
    let signed = processor_seconds();
    let mut asked = 0;
    let gone = duplicates(&prints, Cap::default(), |pair| {
        asked += 1;
        let lower = maker.read(texts[pair.lower as usize]).1.to_vec();
        similar(&lower, maker.read(texts[pair.higher as usize]).1, LEAST)
    });
    let done = processor_seconds();
    let found = gone.iter().flatten().count();
    report("near: signatures", texts.len(), bytes, signed - start, texts.len());
    report("near: end to end, texts in memory", texts.len(), bytes, done - start, found);
    println!("{{\"part\":\"near: pairs verified\",\"found\":{asked}}}");
    gone
}
