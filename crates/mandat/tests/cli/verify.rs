use serde_json::{Value, json};

use crate::start::empty;

/// The frozen samples that every verifier is held to.
fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../proof/tests/vectors/log.json");
    let text = std::fs::read_to_string(path).expect("the samples are in the repository");
    serde_json::from_str(&text).expect("they are JSON")
}

/// The trust of the samples as a policy.
fn policy(vectors: &Value) -> String {
    let texts = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (logs, witnesses) = (texts(&vectors["trust"]["log"]), texts(&vectors["trust"]["witnesses"]));
    let mut policy: String = logs.iter().map(|key| format!("log {key}\n")).collect();
    let names: Vec<String> = (0..witnesses.len()).map(|n| format!("w{n}")).collect();
    for (name, key) in names.iter().zip(&witnesses) {
        policy += &format!("witness {name} {key}\n");
    }
    match vectors["trust"]["quorum"].as_u64().expect("the samples ask for witnesses") {
        0 => policy + "quorum none\n",
        needed => policy + &format!("group all-of-them {needed} {}\nquorum all-of-them\n", names.join(" ")),
    }
}

#[test]
fn judges_every_frozen_sample_as_it_should() {
    let (cli, _folder) = empty();
    let vectors = vectors();
    cli.write("policy.txt", &policy(&vectors));
    let verify = |text: &str| {
        cli.write("receipt.txt", text);
        cli.run(&["verify", "receipt.txt", "--key", "policy.txt", "--json"])
    };
    for case in vectors["receipts"].as_array().unwrap() {
        let ran = verify(case["receipt"].as_str().unwrap());
        if case["expect"] == json!("refused") {
            assert!(ran.code == 1 || ran.code == 3, "{}: {}\n{}", case["name"], ran.code, ran.stdout);
            if ran.code == 1 {
                let answer = ran.json();
                assert_eq!(answer["verified"], json!(false), "{}", case["name"]);
                assert!(answer["why"].as_str().unwrap().starts_with("not verified: "), "{}", case["name"]);
            }
        } else {
            let answer = ran.done().json();
            assert_eq!(answer["verified"], json!(true), "{}", case["name"]);
            assert_eq!(answer["says"], case["expect"]["content"], "{}", case["name"]);
            assert_eq!(answer["index"], case["expect"]["index"], "{}", case["name"]);
        }
    }
}

#[test]
fn judges_proofs_of_membership_through_the_log() {
    let (cli, _folder) = empty();
    let vectors = vectors();
    cli.write("policy.txt", &policy(&vectors));
    for case in vectors["members"].as_array().unwrap() {
        let Some(file) = membership_file(case) else { continue };
        cli.write("proof.json", &file);
        let ran = cli.run(&["verify", "proof.json", "--key", "policy.txt", "--json"]);
        match &case["expect"] {
            expect if *expect == json!("refused") => {
                assert!(ran.code == 1 || ran.code == 3, "{}: {}", case["name"], ran.stdout);
            }
            expect => {
                let number = if *expect == json!("absent") { Value::Null } else { expect["present"].clone() };
                assert_eq!(ran.done().json()["number"], number, "{}", case["name"]);
            }
        }
    }
}

#[test]
fn judges_every_frozen_document_as_it_should() {
    let (cli, _folder) = empty();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../proof/tests/vectors/documents.json");
    let documents: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    cli.write("policy.txt", &policy(&documents));
    for case in ["receipts", "members"].iter().flat_map(|list| documents[list].as_array().unwrap()) {
        cli.write("document.json", case["text"].as_str().unwrap());
        let ran = cli.run(&["verify", "document.json", "--key", "policy.txt", "--json"]);
        match &case["expect"] {
            expect if *expect == json!("refused") => {
                assert!(ran.code == 1 || ran.code == 3, "{}: {}\n{}", case["name"], ran.code, ran.stdout);
            }
            expect => {
                let answer = ran.done().json();
                assert_eq!(answer["verified"], json!(true), "{}", case["name"]);
                assert_eq!(answer["number"], expect["present"], "{}", case["name"]);
            }
        }
    }
}

/// A sample as the file that a person is given; `None` where its revision cannot be read.
fn membership_file(case: &Value) -> Option<String> {
    let receipt: mandat_core::proof::Receipt = case["revision"].as_str()?.parse().ok()?;
    let statement: mandat_core::proof::RevisionStatement = String::from_utf8(receipt.content).ok()?.parse().ok()?;
    let file = json!({"format": "mandat-membership/1", "about": case["kind"], "corpus": statement.corpus,
        "revision": statement.number, "content_sha256": statement.content.to_string(), "secret": case["secret"],
        "proof": case["proof"], "revision_receipt": case["revision"]});
    Some(mandat_core::receipt::sorted_json(&file))
}

#[test]
fn a_receipt_becomes_a_document_and_a_page_and_back() {
    let (cli, folder) = empty();
    let vectors = vectors();
    cli.write("policy.txt", &policy(&vectors));
    cli.write("receipt.txt", vectors["receipts"][0]["receipt"].as_str().unwrap());
    let args = ["verify", "receipt.txt", "--key", "policy.txt", "--document", "r.json", "--page", "r.html"];
    drop(cli.run(&args).done().says("verified"));
    let german = ["verify", "r.json", "--key", "policy.txt", "--page", "r.de.html", "--lang", "de"];
    drop(cli.run(&german).done().says("geprüft und echt"));
    let page = std::fs::read_to_string(folder.path().join("r.de.html")).unwrap();
    assert!(page.contains("<h1>Quittung</h1>") && page.contains("verify.html") && !page.contains("<script"));
    let document = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    cli.write("changed.json", &document.replace("\"choice\"", "\"delivery\""));
    let refused = cli.run(&["verify", "changed.json", "--key", "policy.txt"]).ended(1);
    drop(refused.says("not verified: the document says something that the proof inside it does not cover"));
    cli.write("changed.json", &document.replace("\"choice\"", "\"delivery\""));
    drop(cli.run(&["verify", "changed.json", "--key", "policy.txt", "--lang", "de"]).ended(1).says("nicht echt: "));
}

#[test]
fn says_what_is_missing_and_what_cannot_be_read() {
    let (cli, _folder) = empty();
    let vectors = vectors();
    cli.write("receipt.txt", vectors["receipts"][0]["receipt"].as_str().unwrap());
    drop(cli.run(&["verify", "receipt.txt"]).ended(2).says("--key KEY"));
    drop(cli.run(&["verify", "receipt.txt", "--key", "nonsense"]).ended(3).says("neither a key nor a file"));
    cli.write("key.pub", &format!("{}\n", vectors["trust"]["log"][0].as_str().unwrap()));
    drop(cli.run(&["verify", "receipt.txt", "--key", "key.pub"]).done());
    for text in ["", "hello\n", "{}", "{\"format\": \"other/1\"}", "c2sp.org/tlog-proof@v1\n"] {
        cli.write("odd.txt", text);
        drop(cli.run(&["verify", "odd.txt", "--key", "key.pub"]).ended(3));
    }
    drop(cli.run(&["verify", "nothing.txt", "--key", "key.pub"]).ended(3).says("cannot read"));
}
