#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use mandat_testkit::Cli;
use tempfile::TempDir;

use crate::start::{filled, log_key, receipts};

/// A home with one revision: anna's two public posts are in, ben objected, cleo was never asked.
pub(crate) fn built() -> (Cli, TempDir) {
    let (cli, folder) = filled();
    drop(cli.run(&["build", "own-model"]).done());
    cli.write("key.pub", &log_key(&cli));
    (cli, folder)
}

#[test]
fn shows_presence_and_absence_to_whoever_has_a_receipt() {
    let (cli, folder) = built();
    for (account, present, number) in [("anna", true, Some(2)), ("ben", false, None)] {
        receipts(&cli, account);
        let receipt = format!("{account}.receipt");
        let args = ["prove", "person", account, "--receipt", &receipt, "--out", "proof.json", "--json"];
        assert_eq!(cli.run(&args).done().json()["present"], present, "{account}");
        let answer = cli.run(&["verify", "proof.json", "--key", "key.pub", "--json"]).done().json();
        assert_eq!((answer["present"].as_bool(), answer["number"].as_u64()), (Some(present), number), "{account}");
        let weaker = cli.run(&["verify", "proof.json", "--revision", "corpora/own-model/1"]).done();
        drop(weaker.says("held against these manifests alone"));
    }
    let text = std::fs::read_to_string(folder.path().join("proof.json")).unwrap();
    for word in ["anna", "cleo", "tomaten", "x/ben"] {
        assert!(!text.contains(word), "the proof names {word}");
    }
}

#[test]
fn shows_single_records_by_their_id() {
    let (cli, _folder) = built();
    for (record, account, sentence) in [
        ("a1", None, "the record is in revision 1 of own-model, as it is"),
        ("a3", None, "the record whose token this is, is not in revision 1 of own-model"),
        ("never-written", Some("anna"), "the record whose token this is, is not in revision 1 of own-model"),
    ] {
        let mut args = vec!["prove", "record", record, "--identified", "--out", "proof.json"];
        args.extend(account.iter().flat_map(|account| ["--account", account]));
        drop(cli.run(&args).done());
        drop(cli.run(&["verify", "proof.json", "--key", "key.pub"]).done().says(sentence));
    }
    drop(cli.run(&["prove", "record", "never-written", "--identified"]).ended(3).says("--account"));
    let other = cli.run(&["prove", "record", "a1", "--identified", "--account", "ben"]).ended(1);
    drop(other.says("somebody else wrote this record"));
}

#[test]
fn nobody_asks_about_others() {
    let (cli, _folder) = built();
    receipts(&cli, "ben");
    drop(cli.run(&["prove", "person", "anna"]).ended(2).says("--receipt"));
    let other = cli.run(&["prove", "person", "anna", "--receipt", "ben.receipt"]).ended(1);
    drop(other.says("not one of this account"));
    drop(cli.run(&["prove", "person", "nobody", "--identified"]).ended(1).says("not known"));
    drop(cli.run(&["prove", "person", "anna", "--identified", "--revision", "7"]).ended(3).says("it has 1"));
}

#[test]
fn a_proof_of_one_revision_says_nothing_about_another() {
    let (cli, _folder) = built();
    drop(cli.run(&["build", "own-model"]).done());
    drop(cli.run(&["prove", "person", "anna", "--identified", "--revision", "1", "--out", "proof.json"]).done());
    drop(cli.run(&["verify", "proof.json", "--revision", "corpora/own-model/1"]).done());
    let other = cli.run(&["verify", "proof.json", "--revision", "corpora/own-model/2"]).ended(1);
    drop(other.says("the manifests are not those of the revision"));
}

/// Every bit of one byte in `step`, so that a large file is not read a million times.
fn flips(path: &Path, step: usize, mut judge: impl FnMut(usize)) {
    let whole = std::fs::read(path).unwrap();
    for at in (0..whole.len()).step_by(step) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 7);
        std::fs::write(path, bytes).unwrap();
        judge(at);
    }
    std::fs::write(path, whole).unwrap();
}

#[test]
fn a_flipped_byte_is_never_verified() {
    let (cli, folder) = built();
    drop(cli.run(&["prove", "person", "anna", "--identified", "--out", "proof.json"]).done());
    let path = |name: &str| folder.path().join(name);
    let by_log = ["verify", "proof.json", "--key", "key.pub"];
    let by_files = ["verify", "proof.json", "--revision", "corpora/own-model/1"];
    flips(&path("proof.json"), 61, |at| {
        let run = cli.run(&by_log);
        // Another token may be shown to be absent by the same proof; that is what is said then.
        assert!(run.code != 0 || run.stdout.contains("is not in"), "byte {at} of the proof, by the log");
        assert_ne!(run.code, 255, "byte {at} of the proof, by the log");
    });
    for name in ["corpora/own-model/1/content.json", "corpora/own-model/1/revision.json"] {
        // The time of publication is the operator's word; no proof rests on it.
        flips(&path(name), 47, |at| {
            let code = cli.run(&by_files).code;
            assert!(code == 1 || code == 3 || name.ends_with("revision.json"), "byte {at} of {name}: {code}");
        });
    }
}
