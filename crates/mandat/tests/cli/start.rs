//! Where tests begin: a program, an empty folder, a home.

use mandat_testkit::Cli;
use tempfile::TempDir;

/// A program in a folder of its own.
pub(crate) fn empty() -> (Cli, TempDir) {
    let folder = tempfile::tempdir().expect("a test has a folder");
    let path = folder.path().canonicalize().expect("the folder is there");
    (Cli::new(env!("CARGO_BIN_EXE_mandat"), &path), folder)
}

/// A program in a folder that is a home.
pub(crate) fn home() -> (Cli, TempDir) {
    let (cli, folder) = empty();
    drop(cli.run(&["init"]).done());
    (cli, folder)
}

/// People, what they were told, what they decided and what they wrote: anna said yes, ben objected, cleo is silent.
pub(crate) const PEOPLE: &str = r#"{"account":"anna","platform":"x","country":"NL","born":"1980-05-01","handles":[{"handle":"anna_a"}]}
{"account":"ben","platform":"x","country":"NL","born":"1981-05-01"}
{"account":"cleo","platform":"x","country":"NL","born":"1982-05-01"}
"#;
const NOTICES: &str = r#"{"id":"n1","published":"2025-01-01","effective":"2025-01-31","purposes":["train_generative"],"recipients":["first_party"],"covers_earlier_records":true,"languages":["nl"],"text":{"nl":"Wij willen trainen."}}
"#;
const CHOICES: &str = r#"{"event":"notice_delivered","received_at":"2025-01-10T00:00:00Z","platform":"x","account":"anna","notice":"n1","channel":"email","language":"nl"}
{"event":"notice_delivered","received_at":"2025-01-10T00:00:00Z","platform":"x","account":"ben","notice":"n1","channel":"email","language":"nl"}
{"event":"notice_delivered","received_at":"2025-01-10T00:00:00Z","platform":"x","account":"cleo","notice":"n1","channel":"email","language":"nl"}
{"event":"consent","received_at":"2025-02-10T00:00:00Z","platform":"x","account":"anna","purposes":["train_generative"],"notice":"n1","method":"active_toggle"}
{"event":"consent","received_at":"2025-02-10T00:00:00Z","platform":"x","account":"ben","purposes":["train_generative"],"notice":"n1","method":"active_toggle"}
{"event":"object","received_at":"2025-03-10T00:00:00Z","platform":"x","account":"ben","purposes":["ai_training"]}
"#;
pub(crate) const RECORDS: &str = r#"{"id":"a1","platform":"x","account":"anna","audience":"public","created_at":"2024-03-01T10:00:00Z","text":"tomaten"}
{"id":"a2","platform":"x","account":"anna","audience":"public","created_at":"2024-03-02T10:00:00Z","text":"komkommers"}
{"id":"a3","platform":"x","account":"anna","audience":"followers","created_at":"2024-03-03T10:00:00Z","text":"alleen voor vrienden"}
{"id":"b1","platform":"x","account":"ben","audience":"public","created_at":"2024-03-01T11:00:00Z","text":"fietsen"}
{"id":"c1","platform":"x","account":"cleo","audience":"public","created_at":"2024-03-01T12:00:00Z","text":"regen"}
"#;

/// A home with people, choices and records, whose rules passed their tests and whose papers are on file.
pub(crate) fn filled() -> (Cli, TempDir) {
    let (cli, folder) = home();
    for (name, text) in [("p.jsonl", PEOPLE), ("n.jsonl", NOTICES), ("c.jsonl", CHOICES), ("r.jsonl", RECORDS)] {
        cli.write(name, text);
    }
    cli.write("mandat.toml", "platform = \"x\"\n[controller]\ndpia = true\nlia = true\ncompatibility = true\n");
    // Texts of one word are good enough here.
    let recipe = folder.path().join("recipes/own-model.toml");
    let text = std::fs::read_to_string(&recipe).expect("init writes a recipe");
    std::fs::write(&recipe, text.replace("[curation]", "[curation]\nquality = \"off\"")).expect("it is ours");
    // One scenario is enough here; all of them take a second in a debug build.
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios/S01-never-asked.yaml");
    let steps = ["people import p.jsonl", "notices import n.jsonl", "ingest r.jsonl", "choices import c.jsonl"];
    for step in steps {
        drop(cli.run(&step.split(' ').collect::<Vec<_>>()).done());
    }
    drop(cli.run(&["packs", "test", scenario]).done());
    (cli, folder)
}

/// The public key of the home's log.
pub(crate) fn log_key(cli: &Cli) -> String {
    let answer = cli.run(&["log", "checkpoint", "--json"]).done().json();
    format!("{}\n", answer["key"].as_str().expect("a checkpoint comes with its key"))
}

/// Writes the first receipt of an account as `ACCOUNT.receipt` into the home.
pub(crate) fn receipts(cli: &Cli, account: &str) {
    let outside = tempfile::tempdir().expect("a test has a folder");
    let out = outside.path().to_str().expect("a path of letters");
    drop(cli.run(&["choices", "receipt", account, "--out", out]).done());
    let files = std::fs::read_dir(outside.path()).expect("the folder is there");
    let mut files: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|e| e == "receipt"));
    files.sort();
    let text = std::fs::read_to_string(files.first().expect("there is a receipt")).expect("it can be read");
    cli.write(&format!("{account}.receipt"), &text);
}
