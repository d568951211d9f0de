//! The same file shapes at any size and without care for the text: what benches load.
//!
//! Shapes: authors by a Zipf law with exponent 0.6, log-normal text lengths around 28 words, words
//! by a Zipf law, eight in ten records public, choices re-stated over time.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use mandat_core::time::{DAY, Micros};

use super::rng::Rng;

/// How much to write.
#[derive(Debug, Clone)]
pub(crate) struct FastOptions {
    pub(crate) seed: u64,
    pub(crate) people: usize,
    pub(crate) records: usize,
    pub(crate) choices: usize,
}

const CATEGORIES: &[(&str, u32)] = &[
    ("post", 42),
    ("comment", 33),
    ("profile", 2),
    ("caption", 10),
    ("direct_message", 5),
    ("quote", 4),
    ("engagement", 1),
    ("reply", 3),
];
const AUDIENCES: &[(&str, u32)] = &[("public", 80), ("followers", 13), ("private", 7)];
const FROM: i64 = 1_640_995_200;
const UNTIL: i64 = 1_785_542_400;
const COUNTRIES: &[(&str, u32)] = &[("DE", 40), ("FR", 20), ("IE", 10), ("NL", 10), ("US", 20)];

/// Writes `people.jsonl`, `notices.jsonl`, `records.jsonl` and `choices.jsonl`.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write_fast(options: &FastOptions, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    super::lines(&folder.join("notices.jsonl"), super::register::notices(&["en"]).iter())?;
    people(options, &folder.join("people.jsonl"))?;
    records(options, &folder.join("records.jsonl"))?;
    choices(options, &folder.join("choices.jsonl"))
}

fn people(options: &FastOptions, path: &Path) -> io::Result<()> {
    let mut rng = Rng::new(options.seed, "fast people");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for person in 0..options.people {
        let country = rng.weighted(COUNTRIES);
        let born = match rng.below(100) {
            0..3 => String::new(),
            3..6 => format!(r#","born":"{}""#, day(rng.between(14_800, 19_000))),
            _ => format!(r#","born":"{}""#, day(rng.between(-9_000, 13_500))),
        };
        writeln!(out, r#"{{"platform":"bench","account":"s{person:08}","country":"{country}"{born}}}"#)?;
    }
    finish(out)
}

fn records(options: &FastOptions, path: &Path) -> io::Result<()> {
    let mut rng = Rng::new(options.seed, "fast records");
    let words = vocabulary(&mut rng);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut text = String::new();
    for record in 0..options.records {
        let author = zipf(options.people, 0.6, &mut rng);
        let (category, audience) = (rng.weighted(CATEGORIES), rng.weighted(AUDIENCES));
        let created = instant(rng.between(FROM, UNTIL));
        sentence(&words, &mut text, &mut rng);
        writeln!(
            out,
            r#"{{"id":"r{record:09}","platform":"bench","account":"s{author:08}","category":"{category}","audience":"{audience}","created_at":"{created}","text":"{text}"}}"#
        )?;
    }
    finish(out)
}

fn choices(options: &FastOptions, path: &Path) -> io::Result<()> {
    let mut rng = Rng::new(options.seed, "fast choices");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    // Every second line a notice first, then acts, each later than the last: the order received.
    let notices = options.people.min(options.choices / 2);
    for person in 0..notices {
        let at = instant(1_741_000_000 + i64::try_from(person * 800_000 / notices.max(1)).unwrap_or(0));
        writeln!(
            out,
            r#"{{"event":"notice_delivered","received_at":"{at}","platform":"bench","account":"s{person:08}","notice":"{}","channel":"email","language":"en"}}"#,
            super::register::NOTICE
        )?;
    }
    let acts = options.choices - notices;
    for act in 0..acts {
        let at = instant(1_744_000_000 + i64::try_from(act * 41_000_000 / acts.max(1)).unwrap_or(0));
        let person = rng.below(options.people);
        let scope = match rng.below(10) {
            0..7 => r#"["*"]"#.to_owned(),
            _ => format!(r#"["{}"]"#, rng.weighted(CATEGORIES)),
        };
        let purpose =
            rng.weighted(&[("train_generative", 60), ("train_classifier", 10), ("train_ranking", 20), ("*", 10)]);
        let head = format!(r#""received_at":"{at}","platform":"bench","account":"s{person:08}","categories":{scope}"#);
        match rng.weighted(&[("consent", 62), ("object", 20), ("withdraw", 18)]) {
            "consent" => writeln!(
                out,
                r#"{{"event":"consent",{head},"purposes":["train_generative"],"recipients":["first_party"],"notice":"{}","method":"active_toggle"}}"#,
                super::register::NOTICE
            )?,
            kind => writeln!(out, r#"{{"event":"{kind}",{head},"purposes":["{purpose}"]}}"#)?,
        }
    }
    finish(out)
}

fn finish(out: BufWriter<File>) -> io::Result<()> {
    out.into_inner()?.sync_all()
}

/// A rank below `n`, smaller ones more often, by inverting the integral of the density.
fn zipf(n: usize, exponent: f64, rng: &mut Rng) -> usize {
    let power = 1.0 - exponent;
    let rank = ((n as f64).powf(power) * rng.unit()).powf(1.0 / power);
    (rank as usize).min(n.saturating_sub(1))
}

fn vocabulary(rng: &mut Rng) -> Vec<String> {
    const HEAD: &str = "the be to of and that have with a in it for not on he as you do at this but his by from they we \
        say her she or an will my one all would there their what so up out if about who get which go me";
    let mut words: Vec<String> = HEAD.split_whitespace().map(str::to_owned).collect();
    while words.len() < 30_000 {
        let syllables = 1 + rng.below(4);
        let mut word = String::new();
        for _ in 0..syllables {
            word.push(char::from(*rng.pick(b"bcdfghjklmnprstvwz")));
            word.push(char::from(*rng.pick(b"aeiou")));
        }
        words.push(word);
    }
    words
}

fn sentence(words: &[String], text: &mut String, rng: &mut Rng) {
    text.clear();
    // Box-Muller; the median is 28 words.
    let normal = (-2.0 * (1.0 - rng.unit()).ln()).sqrt() * (std::f64::consts::TAU * rng.unit()).cos();
    let length = ((28f64.ln() + 0.8 * normal).exp() as usize).clamp(3, 600);
    for index in 0..length {
        if index > 0 {
            text.push(' ');
        }
        text.push_str(&words[zipf(words.len(), 0.95, rng)]);
    }
    text.push('.');
}

fn instant(seconds: i64) -> String {
    Micros(seconds * 1_000_000).to_string()
}

fn day(days: i64) -> String {
    Micros(days * DAY).to_string().chars().take(10).collect()
}
