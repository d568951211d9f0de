use mandat_core::proof::{Receipt, Trust, verify_receipt};
use mandat_testkit::Cli;

use crate::start::{empty, filled, home};

/// What a stranger knows of the home's log.
fn trust(cli: &Cli) -> Trust {
    let answer = cli.run(&["log", "checkpoint", "--json"]).done().json();
    let key = answer["key"].as_str().expect("a checkpoint comes with its key");
    Trust::in_log(key.parse().expect("a key is one"))
}

fn id(event: &str, id: &str) -> String {
    format!(
        r#"{{"event":"{event}","event_id":"{id}","received_at":"2025-04-10T00:00:00Z","platform":"x","account":"ben"}}"#
    )
}

#[test]
fn every_import_is_published_and_holds_for_a_stranger() {
    let (cli, folder) = filled();
    let note = cli.run(&["log", "checkpoint"]).done().says("mandat.local/").says("public key:").stdout;
    assert!(note.lines().nth(1).is_some_and(|size| size == "7"), "{note}");
    drop(cli.run(&["log", "tail", "-n", "2"]).done().says("choice").says("2026-"));
    drop(cli.run(&["log", "fsck"]).done().says("7 entries").says("as in the ledger"));
    let answer = cli.run(&["log", "fsck", "--json"]).done().json();
    assert_eq!(answer["entries"], 7);
    let (stranger, _elsewhere) = empty();
    let log = folder.path().join("log");
    let key = cli.run(&["log", "checkpoint", "--json"]).done().json()["key"].as_str().unwrap().to_owned();
    let look = ["log", "monitor", "--log", log.to_str().unwrap(), "--key", &key, "--state", "seen"];
    drop(stranger.run(&look).done().says("7 entries hold, 7 are new").says("3 delivery"));
    cli.write("more.jsonl", &id("object", "e9"));
    drop(cli.run(&["choices", "import", "more.jsonl"]).done());
    drop(stranger.run(&look).done().says("8 entries hold, 1 are new"));
    // A bit of an entry, changed on the way.
    let bundle = log.join("tile/entries/000.p/8");
    let mut bytes = std::fs::read(&bundle).unwrap();
    bytes[80] ^= 1;
    std::fs::write(&bundle, &bytes).unwrap();
    drop(stranger.run(&look).ended(1).says("tile/"));
    drop(cli.run(&["log", "fsck"]).ended(1).says("tile/").says("hint:"));
    drop(cli.run(&["doctor", "--deep"]).ended(1).says("WRONG"));
}

#[test]
fn receipts_are_given_for_an_import_and_again_on_a_retry() {
    let (cli, _folder) = filled();
    let (_, outside) = empty();
    let out = outside.path().to_str().unwrap();
    let lines = format!("{}\n{}\n", id("object", "e1"), id("restrict", "e2"));
    cli.write("more.jsonl", &lines);
    drop(cli.run(&["choices", "import", "more.jsonl", "--receipts", out]).done().says("2 receipts written"));
    let read = || -> Vec<(String, String)> {
        let mut found: Vec<_> = std::fs::read_dir(out)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read_to_string(entry.path()).unwrap()))
            .collect();
        found.sort();
        found
    };
    let first = read();
    assert_eq!(first.len(), 3, "two receipts and their list");
    let trust = trust(&cli);
    for (_, text) in first.iter().filter(|(name, _)| name.ends_with(".receipt")) {
        let receipt: Receipt = text.parse().unwrap();
        assert!(verify_receipt(&receipt, &trust).is_ok());
        assert!(String::from_utf8(receipt.content).unwrap().contains("\"account\":\"ben\""));
    }
    drop(cli.run(&["choices", "import", "more.jsonl", "--receipts", out]).done().says("2 were there already"));
    assert_eq!(read(), first);
    let one = cli.run(&["choices", "receipt", "e1"]).done().stdout;
    assert!(first.iter().any(|(_, text)| *text == one), "the same as that of the import");
}

#[test]
fn receipts_of_an_account_and_what_is_refused() {
    let (cli, folder) = filled();
    drop(cli.run(&["choices", "receipt", "ben"]).done().says("delivery").says("--out"));
    let answer = cli.run(&["choices", "receipt", "ben", "--json"]).done().json();
    assert_eq!(answer.as_array().unwrap().len(), 3);
    drop(cli.run(&["choices", "receipt", "nobody"]).ended(3).says("neither an event nor an account"));
    drop(cli.run(&["choices", "receipt", "--position", "1"]).ended(1).says("holds facts and no act"));
    drop(cli.run(&["choices", "receipt", "ben", "--out", "mine"]).ended(1).says("outside the home"));
    assert!(!folder.path().join("mine").exists());
}

#[test]
fn an_id_of_an_event_and_of_an_account_is_asked_back() {
    let (cli, _folder) = filled();
    // Anna's objection, under an id that is ben's account.
    cli.write("more.jsonl", &id("object", "ben").replace("\"account\":\"ben\"", "\"account\":\"anna\""));
    drop(cli.run(&["choices", "import", "more.jsonl"]).done());
    drop(cli.run(&["choices", "receipt", "ben"]).ended(1).says("--event or --account"));
    let own = cli.run(&["choices", "receipt", "ben", "--account", "--json"]).done().stdout;
    assert!(!own.contains("anna"));
    let event = cli.run(&["choices", "receipt", "ben", "--event"]).done().stdout;
    assert!(event.contains("tlog-proof"), "one receipt, printed as it is");
}

#[test]
fn an_older_copy_of_the_ledger_is_refused_by_every_command() {
    let (cli, folder) = filled();
    let ledger = folder.path().join("ledger.sqlite");
    let backup = std::fs::read(&ledger).unwrap();
    assert!(!folder.path().join("ledger.sqlite-wal").exists(), "closed, all is in the one file");
    cli.write("more.jsonl", &id("object", "e9"));
    drop(cli.run(&["choices", "import", "more.jsonl"]).done());
    std::fs::write(&ledger, backup).unwrap();
    for command in [&["choices", "import", "more.jsonl"][..], &["plan", "own-model"], &["log", "checkpoint"]] {
        let ran = cli.run(command).ended(3);
        drop(ran.says("published with 8 entries and the ledger holds 7").says("newest backup"));
    }
    drop(cli.run(&["doctor"]).ended(1).says("older copy"));
}

#[test]
fn witnesses_sign_before_anything_is_published() {
    let (cli, folder) = home();
    let made = cli.run(&["log", "witness", "w", "--new", "witness.example.org"]).done();
    assert!(made.stdout.starts_with("witness.example.org+"));
    drop(cli.run(&["log", "witness", "w", "--new", "witness.example.org"]).ended(1));
    cli.write("mandat.toml", "platform = \"x\"\n[log]\nwitnesses = [\"w\"]\n");
    cli.write("more.jsonl", &id("object", "e1"));
    drop(cli.run(&["choices", "import", "more.jsonl"]).done());
    let answer = cli.run(&["log", "checkpoint", "--json"]).done().json();
    assert_eq!((&answer["size"], &answer["witnesses"]), (&1.into(), &1.into()));
    drop(cli.run(&["log", "witness", "w"]).done().says("witness.example.org"));
    std::fs::remove_dir_all(folder.path().join("w")).unwrap();
    cli.write("more.jsonl", &id("object", "e2"));
    drop(cli.run(&["choices", "import", "more.jsonl"]).ended(3).says("not the folder of a witness"));
    drop(cli.run(&["log", "witness", "w"]).ended(3).says("not the folder of a witness"));
}

#[test]
fn a_log_has_the_name_it_was_made_with() {
    let (cli, folder) = empty();
    drop(cli.run(&["init", "--origin", "no name"]).ended(2).says("--origin"));
    assert!(!folder.path().join("mandat.toml").exists());
    drop(cli.run(&["init", "--origin", "log.example.org/choices"]).done());
    assert!(cli.run(&["log", "checkpoint"]).done().stdout.starts_with("log.example.org/choices\n0\n"));
    cli.write("mandat.toml", "[log]\norigin = \"log.example.org/other\"\n");
    drop(cli.run(&["log", "tail"]).ended(3).says("the ledger's is `log.example.org/choices`"));
    cli.write("mandat.toml", "");
    drop(cli.run(&["log", "tail"]).done().says("the log is empty"));
    std::fs::remove_file(folder.path().join("keys/log.key")).unwrap();
    drop(cli.run(&["log", "tail"]).ended(3).says("there is no key").says("restore it"));
}
