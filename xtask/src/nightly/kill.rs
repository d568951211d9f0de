//! Kills ingest and build at moments spread over their whole run, and lets the next run go on.
//!
//! Whatever the moment, what comes out in the end must be what an undisturbed run gives: the same
//! `content.json`, whose digests name every byte of the corpus and every logical row of the vault.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::place::Place;
use crate::shell::{Cmd, make_home};

/// Homes that are disturbed; each is killed twice at ingest and twice at build.
const ROUNDS: u32 = 25;
/// The recipe that is built.
const RECIPE: &str = "own-model";
/// T: after the last choice of the sample.
const AT: &str = "2026-11-01T00:00:00Z";

struct Kill<'a> {
    place: &'a Place,
    folder: PathBuf,
}

/// True if every disturbed home ended like the undisturbed one.
pub(super) fn run(place: &Place) -> Result<bool> {
    let kill = Kill { place, folder: place.scratch("kill")? };
    kill.make_base()?;
    let calm = kill.copy("calm")?;
    let ingest = kill.timed(&calm, &kill.ingest_words())?;
    let build = kill.timed(&calm, &build_words())?;
    let expected = newest_content(&calm)?;
    let mut different = 0;
    for round in 0..ROUNDS {
        let home = kill.copy("disturbed")?;
        kill.disturb(&home, &kill.ingest_words(), ingest, round)?;
        kill.disturb(&home, &build_words(), build, round)?;
        different += u32::from(newest_content(&home)? != expected);
    }
    println!("kill: {ROUNDS} homes disturbed, {different} ended differently");
    Ok(different == 0)
}

fn build_words() -> Vec<String> {
    ["build", RECIPE, "--at", AT].map(str::to_owned).to_vec()
}

impl Kill<'_> {
    fn mandat(&self, home: &Path, words: &[String]) -> Cmd {
        Cmd::new(self.place, self.place.binary()).args(words).arg("--home").arg(home)
    }

    fn ingest_words(&self) -> Vec<String> {
        vec!["ingest".to_owned(), self.sample("records.jsonl")]
    }

    fn sample(&self, file: &str) -> String {
        self.folder.join("sample").join(file).display().to_string()
    }

    /// A home that knows everybody and every choice, and has no record yet.
    fn make_base(&self) -> Result<()> {
        let base = self.folder.join("base");
        Cmd::new(self.place, self.place.binary())
            .args(["bench", "sample", "--out"])
            .arg(self.folder.join("sample"))
            .read()?;
        make_home(self.place, &base)?;
        for (verb, file) in [("notices", "notices.jsonl"), ("people", "people.jsonl"), ("choices", "choices.jsonl")] {
            self.mandat(&base, &[verb.to_owned(), "import".to_owned(), self.sample(file)]).read()?;
        }
        self.mandat(&base, &["packs".to_owned(), "test".to_owned()]).read().map(drop)
    }

    fn copy(&self, name: &str) -> Result<PathBuf> {
        let home = self.folder.join(name);
        if home.exists() {
            std::fs::remove_dir_all(&home)?;
        }
        Cmd::new(self.place, "cp").arg("-a").arg(self.folder.join("base")).arg(&home).read()?;
        Ok(home)
    }

    fn timed(&self, home: &Path, words: &[String]) -> Result<Duration> {
        let start = Instant::now();
        self.mandat(home, words).read()?;
        Ok(start.elapsed())
    }

    /// Starts it twice and kills it, each time at another part of its usual time; then lets it finish.
    fn disturb(&self, home: &Path, words: &[String], usual: Duration, round: u32) -> Result<()> {
        for part in [round, ROUNDS - round] {
            let mut child = self.mandat(home, words).spawn_to(&self.folder.join("log"))?;
            std::thread::sleep(usual * part / ROUNDS);
            child.kill()?;
            child.wait()?;
        }
        self.mandat(home, words).read().map(drop)
    }
}

/// The manifest of the newest revision that a reader would find.
fn newest_content(home: &Path) -> Result<Vec<u8>> {
    let corpus = home.join("corpora").join(RECIPE);
    let mut newest = None;
    for entry in std::fs::read_dir(&corpus).with_context(|| format!("no corpus in `{}`", corpus.display()))? {
        let folder = entry?.path();
        let number = folder.file_name().and_then(|n| n.to_str()).and_then(|n| n.parse::<u64>().ok());
        if folder.join("revision.json").is_file() {
            newest = newest.max(number);
        }
    }
    ensure!(newest.is_some(), "`{}` holds no revision", corpus.display());
    Ok(std::fs::read(corpus.join(newest.unwrap_or_default().to_string()).join("content.json"))?)
}
