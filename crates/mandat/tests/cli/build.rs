use std::path::{Path, PathBuf};

use crate::start::{RECORDS, filled, home};

#[test]
fn publishes_a_revision_that_says_what_it_was_made_from() {
    let (cli, folder) = filled();
    drop(cli.run(&["build", "own-model"]).done().says("revision 1").says("2 rows in 1 files"));
    let revision = folder.path().join("corpora/own-model/1");
    for file in ["content.json", "revision.json", "README.md"] {
        assert!(revision.join(file).is_file(), "{file}");
    }
}

#[test]
fn the_same_question_gives_the_same_content() {
    let (cli, folder) = filled();
    for _ in 0..2 {
        drop(cli.run(&["build", "own-model", "--at", "2026-11-01"]).done());
    }
    let content = |n: u32| std::fs::read(folder.path().join(format!("corpora/own-model/{n}/content.json"))).unwrap();
    assert_eq!(content(1), content(2));
    let answer = cli.run(&["build", "own-model", "--at", "2025-02-20", "--json"]).done().json();
    assert_eq!((&answer["difference"]["from"], &answer["difference"]["added"]), (&2.into(), &0.into()));
}

#[test]
fn refuses_rules_without_tests_and_papers_that_are_not_on_file() {
    let (cli, folder) = filled();
    cli.write("mandat.toml", "[controller]\nlia = true\n");
    drop(cli.run(&["build", "own-model"]).ended(1).says("impact assessment").says("dpia = "));
    cli.write("mandat.toml", "[controller]\ndpia = [\"train_generative\"]\n");
    drop(cli.run(&["build", "own-model-opt-out"]).ended(1).says("legitimate interest assessment"));
    std::fs::remove_file(folder.path().join("packs-tested.json")).unwrap();
    drop(cli.run(&["build", "own-model"]).ended(1).says("have not passed their tests").says("mandat packs test"));
    assert!(!folder.path().join("corpora").exists(), "nothing is published by a refused build");
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = filled();
    let answer = cli.run(&["build", "own-model", "--json"]).done().json();
    assert_eq!((&answer["revision"], &answer["rows"]), (&1.into(), &2.into()));
}

#[test]
fn refuses_a_vault_that_is_damaged_or_gone() {
    let (cli, folder) = filled();
    drop(cli.run(&["build", "own-model"]).done());
    let decide = vault_file(folder.path(), "decide");
    let whole = std::fs::read(&decide).unwrap();
    flip(&decide);
    drop(cli.run(&["doctor"]).done());
    drop(cli.run(&["doctor", "--deep"]).ended(1).says("WRONG").says("decide").says("was changed"));
    drop(cli.run(&["build", "own-model"]).ended(3).says("damaged").says("decide").says("from a backup"));
    std::fs::remove_file(&decide).unwrap();
    drop(cli.run(&["doctor"]).ended(1).says("WRONG").says("decide").says("is missing"));
    drop(cli.run(&["build", "own-model"]).ended(3).says("is missing"));
    std::fs::write(&decide, whole).unwrap();
    std::fs::rename(folder.path().join("vault"), folder.path().join("elsewhere")).unwrap();
    drop(cli.run(&["doctor"]).ended(1).says("WRONG").says("the vault holds nothing"));
    drop(cli.run(&["build", "own-model"]).ended(3).says("the vault holds nothing").says("own-model"));
    assert!(!folder.path().join("corpora/own-model/2").exists(), "nothing was published");
}

/// A file of the vault by the start of its name.
fn vault_file(home: &Path, start: &str) -> PathBuf {
    let mut folders = vec![home.join("vault")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("a file").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().rsplit('/').next().is_some_and(|name| name.contains(start)) {
                return path;
            }
        }
    }
    panic!("the vault has no file `{start}`");
}

/// Turns one bit over, though the file may be read-only.
fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).expect("a file of the vault");
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::remove_file(path).expect("a file of the vault");
    std::fs::write(path, bytes).expect("a file of the vault");
}

#[test]
fn refuses_a_ledger_older_than_the_last_revision() {
    let (cli, folder) = filled();
    let ledger = folder.path().join("ledger.sqlite");
    let old = std::fs::read(&ledger).unwrap();
    let objects = r#"{"event":"object","received_at":"2025-04-01T00:00:00Z","platform":"x","account":"anna"}"#;
    cli.write("late.jsonl", objects);
    drop(cli.run(&["choices", "import", "late.jsonl"]).done());
    drop(cli.run(&["build", "own-model"]).done().says("0 rows"));
    drop(cli.run(&["doctor"]).done());
    // The file from before, as a backup keeps it.
    for name in ["ledger.sqlite-wal", "ledger.sqlite-shm"] {
        drop(std::fs::remove_file(folder.path().join(name)));
    }
    std::fs::write(&ledger, &old).unwrap();
    drop(cli.run(&["build", "own-model"]).ended(3).says("older copy").says("newest backup"));
    // Without the log beside it, the revision still tells.
    std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    drop(cli.run(&["build", "own-model"]).ended(3).says("the ledger ends at event").says("newest backup"));
    drop(cli.run(&["doctor"]).ended(1).says("WRONG").says("the ledger ends at event"));
    // As long as before, but not what was known.
    let cli = cli.with("MANDAT_NOW", "2027-01-01T00:00:00Z");
    cli.write("other.jsonl", &objects.replace("anna", "cleo"));
    drop(cli.run(&["choices", "import", "other.jsonl"]).done());
    drop(cli.run(&["build", "own-model"]).ended(3).says("is not the one that revision 1"));
    drop(cli.run(&["doctor"]).ended(1).says("is not the one that revision 1"));
    assert!(!folder.path().join("corpora/own-model/2").exists(), "nothing was published");
}

#[test]
fn a_build_before_anybody_said_anything_can_be_built_upon() {
    let (cli, _folder) = home();
    cli.write("mandat.toml", "platform = \"x\"\n[controller]\ndpia = true\nlia = true\ncompatibility = true\n");
    cli.write("r.jsonl", RECORDS);
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/S01-never-asked.yaml");
    for step in [&["ingest", "r.jsonl"][..], &["packs", "test", scenario], &["build", "own-model"]] {
        drop(cli.run(step).done());
    }
    // Nobody was ever asked: the ledger's clock has not begun.
    for step in [&["plan", "own-model"][..], &["build", "own-model"], &["audit", "1"], &["doctor", "--deep"]] {
        drop(cli.run(step).done());
    }
}
