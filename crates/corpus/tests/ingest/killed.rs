//! Killed at any moment, nothing is half there, and the next ingest ends as if nothing had happened.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use mandat_corpus::durable::files_below;
use mandat_corpus::ingest::{IngestOptions, NoProgress, ingest};
use mandat_corpus::input::Source;
use mandat_corpus::map::Map;
use mandat_corpus::vault::{Layout, Vault};

use crate::support::{Names, Store, keyer, record};

/// Says, in the working directory, that this process is the one to be killed.
const CHILD: &str = "this-process-will-be-killed";
const INPUTS: [&str; 2] = ["first.jsonl", "second.jsonl"];

/// The second ingest also cuts the vault finer.
fn options(input: usize) -> IngestOptions {
    let layout = if input == 0 { Some(Layout::SMALL) } else { Store::new().options.layout };
    // Little memory, so that there are spills to leave behind.
    IngestOptions { memory: 1 << 18, layout, ..IngestOptions::default() }
}

fn run(store: &Path) {
    let mut names = Names::default();
    for (n, input) in INPUTS.iter().enumerate() {
        let mut vault = Vault::open(store, &keyer()).unwrap();
        let sources = vec![Source::Path(store.join(input))];
        ingest(&mut vault, sources, &Map::default(), &options(n), &mut names, &NoProgress).unwrap();
    }
}

fn write_inputs(store: &Path) {
    for (n, input) in INPUTS.iter().enumerate() {
        let line = |i: usize| {
            let more =
                format!(r#""text":"words {} {n}","quote_of":"{}","edited_at":"2024-05-0{}""#, i * 7919, i / 3, n + 1);
            record(&i.to_string(), &format!("p{}", i % 37), &more)
        };
        fs::write(store.join(input), (0..1500).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    }
}

/// Starts this very test in a child process and kills it once the vault has that many files.
fn kill_at(store: &Path, files: usize) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::nothing_is_half_there"])
        .env_clear()
        .current_dir(store)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let vault = store.join("vault");
    loop {
        // A file may vanish while the folder is listed.
        if files_below(&vault).is_ok_and(|f| f.len() >= files) {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "the child failed by itself");
            return false;
        }
    }
}

#[test]
fn nothing_is_half_there() {
    if Path::new(CHILD).exists() {
        return run(Path::new("."));
    }
    let reference = Store::new();
    write_inputs(reference.path());
    let mut states = BTreeSet::from([reference.digest().to_string()]);
    for (n, input) in INPUTS.iter().enumerate() {
        let mut vault = reference.vault();
        let sources = vec![Source::Path(reference.path().join(input))];
        ingest(&mut vault, sources, &Map::default(), &options(n), &mut Names::default(), &NoProgress).unwrap();
        states.insert(reference.digest().to_string());
    }
    let mut kills = 0;
    for files in [1, 2, 3, 5, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 33, 36, 40, 44, 50, 56, 62] {
        let store = Store::new();
        write_inputs(store.path());
        fs::write(store.path().join(CHILD), "").unwrap();
        for again in 0..3 {
            kills += u32::from(kill_at(store.path(), files + again));
            assert!(states.contains(&store.digest().to_string()), "a half batch at {files} files");
            store.rows();
        }
        run(store.path());
        assert_eq!(store.vault().layout(), reference.vault().layout());
        assert_eq!((store.digest(), store.rows()), (reference.digest(), reference.rows()));
        let live = store.vault().manifest().files();
        let left: Vec<_> = files_below(&store.path().join("vault")).unwrap();
        let stray = left.iter().filter(|f| f.starts_with("units") && !live.contains(*f)).count();
        assert_eq!(stray, 0, "what killed processes left was swept: {left:?}");
    }
    assert!(kills > 20, "only {kills} children were killed");
}
