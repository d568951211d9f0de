//! The sample: an invented small network, the same bytes for the same seed on every machine.
//!
//! People, companies, towns and numbers are all made up; mail addresses lie under `example.org`,
//! telephone numbers in the ranges kept for films, bank codes are all zeros.

mod cast;
mod fast;
mod grammar;
pub(crate) mod overlay;
mod rare;
mod register;
mod rng;
mod stance;
mod threads;
mod voice;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use mandat_core::event::EventLine;
use mandat_core::record::Record;
use mandat_core::time::{DAY, Micros};
use serde_json::Value;

pub(crate) use fast::{FastOptions, write_fast};

/// The German word file.
pub(crate) const GERMAN: &str = include_str!("words.de.txt");
/// The English word file.
pub(crate) const ENGLISH: &str = include_str!("words.en.txt");
/// The invented network.
pub(crate) const PLATFORM: &str = "plausch";

/// What to generate.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) seed: u64,
    pub(crate) people: usize,
    pub(crate) records: usize,
    /// The last moment of the sample.
    pub(crate) until: Micros,
}

impl Default for Options {
    fn default() -> Self {
        let until = Micros::parse("2026-09-01").expect("a fixed date");
        Self { seed: 20_260_901, people: 400, records: 20_000, until }
    }
}

impl Options {
    const fn until_day(&self) -> i64 {
        self.until.0 / DAY
    }

    /// Three years earlier.
    const fn first_day(&self) -> i64 {
        self.until_day() - 1096
    }
}

/// A generated network.
pub(crate) struct Sample {
    /// Records in order of id, then their later versions.
    pub(crate) records: Vec<Record>,
    pub(crate) people: Vec<Value>,
    pub(crate) notices: Vec<Value>,
    pub(crate) choices: Vec<EventLine>,
}

/// Invents a network.
pub(crate) fn generate(options: &Options) -> Sample {
    let grammars = [grammar::Grammar::read(GERMAN), grammar::Grammar::read(ENGLISH)];
    let (german, english) = (grammars[0].themes(), grammars[1].themes());
    let members = cast::cast(options, (&german, &english));
    let mut threads = threads::Threads::new(options, &members, &grammars);
    threads.write_rare();
    threads.write(options.records);
    let drafts = std::mem::take(&mut threads.drafts);
    let mut records = threads::settle(drafts);
    let later = threads.versions(&records, &members);
    let choices = register::choices(options, &members, &records);
    records.extend(later);
    Sample { records, people: register::people(&members), notices: register::notices(&["de", "en"]), choices }
}

/// The files of a sample, in the order in which they are loaded.
pub(crate) const FILES: [&str; 4] = ["people.jsonl", "notices.jsonl", "records.jsonl", "choices.jsonl"];

impl Sample {
    /// Writes the four files into a folder.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        lines(&folder.join("people.jsonl"), self.people.iter())?;
        lines(&folder.join("notices.jsonl"), self.notices.iter())?;
        lines(&folder.join("records.jsonl"), self.records.iter())?;
        lines(&folder.join("choices.jsonl"), self.choices.iter().map(register::choice_line))
    }
}

/// Writes one JSON value a line.
fn lines<T: serde::Serialize>(path: &Path, values: impl Iterator<Item = T>) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(path)?);
    for value in values {
        serde_json::to_writer(&mut out, &value)?;
        out.write_all(b"\n")?;
    }
    out.into_inner()?.sync_all()
}

#[cfg(test)]
mod tests;
