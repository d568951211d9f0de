#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::prove::built;

fn found<'a>(answer: &'a Value, check: &str) -> &'a str {
    let checks = answer["checks"].as_array().into_iter().flatten();
    checks.filter(|c| c["check"] == check).find_map(|c| c["found"].as_str()).unwrap_or("missing")
}

#[test]
fn an_honest_revision_holds_from_its_bytes_to_its_choices() {
    let (cli, _folder) = built();
    let answer = cli.run(&["audit", "1", "--json"]).done().json();
    for check in ["manifests", "shards", "counts", "scope", "persons", "records", "log", "choices"] {
        assert_eq!(found(&answer, check), "holds", "{check}: {answer:#}");
    }
    drop(cli.run(&["audit", "1", "--lang", "de"]).done().says("Baum der Personen").says("hält"));
    drop(cli.run(&["audit", "2"]).ended(3).says("it has 1"));
}

#[test]
fn a_stranger_audits_what_was_delivered() {
    let (cli, _folder) = built();
    let delivered = ["audit", "corpora/own-model/1", "--log", "log", "--key", "key.pub", "--json"];
    let answer = cli.run(&delivered).done().json();
    for (check, expected) in
        [("shards", "holds"), ("log", "holds"), ("persons", "not_checked"), ("choices", "not_checked")]
    {
        assert_eq!(found(&answer, check), expected, "{check}");
    }
    drop(cli.run(&["audit", "corpora"]).ended(3).says("is no revision"));
}

#[test]
fn what_was_changed_is_named() {
    let (cli, folder) = built();
    let audit = || cli.run(&["audit", "1", "--json"]);
    let path = |name: &str| folder.path().join(name);
    let shard = only(&path("corpora/own-model/1/data"));
    for (file, check) in [
        (path("corpora/own-model/1/content.json"), "manifests"),
        (shard, "shards"),
        (path("members/own-model/1/persons.rows"), "persons"),
        (path("members/own-model/1/records.rows"), "records"),
        (path("log/tile/entries/000.p").join(entries(&path("log/tile/entries/000.p"))), "log"),
        (path("log/checkpoint"), "log"),
    ] {
        let whole = std::fs::read(&file).unwrap();
        // Where the last quarter begins: behind the name in a checkpoint, in the middle of everything else.
        let mut bytes = whole.clone();
        let at = bytes.len() * 3 / 4;
        bytes[at] ^= 1;
        put(&file, &bytes);
        let ran = audit();
        assert!(ran.code == 1 || ran.code == 3, "{}: {}", file.display(), ran.stdout);
        if ran.code == 1 {
            assert_eq!(found(&ran.json(), check), "wrong", "{}: {}", file.display(), ran.stdout);
        }
        put(&file, &whole);
    }
    let more = path("corpora/own-model/1/data/train-more.parquet");
    std::fs::write(&more, "smuggled in").unwrap();
    assert_eq!(found(&audit().ended(1).json(), "shards"), "wrong");
    std::fs::remove_file(more).unwrap();
    drop(audit().done());
}

#[test]
fn says_what_it_cannot_check_any_more() {
    let (cli, _folder) = built();
    cli.write("more.jsonl", r#"{"id":"a9","platform":"x","account":"anna","audience":"public","created_at":"2024-03-09T10:00:00Z","text":"later"}"#);
    drop(cli.run(&["ingest", "more.jsonl"]).done());
    let answer = cli.run(&["audit", "1", "--json"]).done().json();
    assert_eq!(found(&answer, "choices"), "not_checked");
    drop(cli.run(&["audit", "1"]).done().says("the vault has changed since"));
}

fn put(path: &Path, bytes: &[u8]) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn only(folder: &Path) -> PathBuf {
    std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

/// The widest of the partial bundles: the one that the checkpoint needs.
fn entries(folder: &Path) -> String {
    let names = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    names.max_by_key(|name| name.parse::<u32>().unwrap()).unwrap()
}
