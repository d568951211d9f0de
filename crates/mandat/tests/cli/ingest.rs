use crate::start::{RECORDS, home};

#[test]
fn takes_records_in_once_and_undoes_them() {
    let (cli, _folder) = home();
    cli.write("r.jsonl", RECORDS);
    drop(cli.run(&["ingest", "--dry-run", "r.jsonl"]).done().says("5 lines would be taken in"));
    drop(cli.run(&["ingest", "batches"]).done().says("nothing was taken in yet"));
    drop(cli.run(&["ingest", "r.jsonl"]).done().says("5 lines taken in"));
    drop(cli.run(&["ingest", "r.jsonl"]).done().says("nothing new"));
    let batches = cli.run(&["ingest", "batches", "--json"]).done().json();
    assert_eq!(batches.as_array().unwrap().len(), 1);
    let id = batches[0]["id"].as_str().unwrap();
    drop(cli.run(&["ingest", "undo", &id[..8]]).done().says("5 rows taken out again"));
    drop(cli.run(&["ingest", "undo", &id[..8]]).ended(1).says("there is no batch"));
}

#[test]
fn bad_lines_are_counted_and_listed_without_their_content() {
    let (cli, _folder) = home();
    let bad = "{\"id\":\"x1\",\"platform\":\"x\",\"created_at\":\"2024-03-01T10:00:00Z\",\"text\":\"geheim\"}\nkein json geheim\n";
    cli.write("r.jsonl", &format!("{RECORDS}{bad}"));
    drop(cli.run(&["ingest", "r.jsonl", "--max-rejections", "1"]).ended(3).says("2 lines were rejected, more than 1"));
    let ran = cli.run(&["ingest", "--rejections"]).done().says("account");
    assert!(!ran.stdout.contains("geheim"), "{}", ran.stdout);
    assert_eq!(cli.run(&["ingest", "--rejections", "--json"]).done().json()[0]["line"], 6);
}

#[test]
fn refuses_what_it_cannot_read() {
    let (cli, _folder) = home();
    drop(cli.run(&["ingest", "nothing.jsonl"]).ended(3).says("there is no file `nothing.jsonl`"));
    drop(cli.run(&["ingest"]).ended(2).says("no file named"));
    cli.write("r.jsonl", "{\"tweet\": 1}\n");
    drop(cli.run(&["ingest", "r.jsonl"]).ended(3).says("does it need a map?"));
    cli.write("map.toml", "[rename]\ntweet = \"txt\"\n");
    drop(cli.run(&["ingest", "r.jsonl", "--map", "map.toml"]).ended(3).says("`txt`, which is not a field"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = home();
    cli.write("r.jsonl", RECORDS);
    let answer = cli.run(&["ingest", "r.jsonl", "--json"]).done().json();
    assert_eq!((&answer["accepted"], &answer["files"][0]["name"]), (&5.into(), &"r.jsonl".into()));
}

#[test]
fn what_an_undone_batch_deleted_stays_deleted_and_is_said() {
    let (cli, _folder) = home();
    let line = |id: &str, more: &str| {
        format!(
            "{{\"id\":\"{id}\",\"platform\":\"x\",\"account\":\"1\",\"created_at\":\"2024-03-01T10:00:00Z\"{more}}}\n"
        )
    };
    cli.write("r.jsonl", &(line("p1", "") + &line("p2", "") + &line("p3", "")));
    drop(cli.run(&["ingest", "r.jsonl"]).done());
    cli.write(
        "d.jsonl",
        &(line("p1", ",\"deleted_at\":\"2024-04-01\"") + &line("p2", ",\"text\":7") + &line("p4", "")),
    );
    let id = cli.run(&["ingest", "d.jsonl", "--json"]).done().json()["batch"].as_str().unwrap().to_owned();
    let answer = cli.run(&["ingest", "undo", &id, "--json"]).done().json();
    assert_eq!((&answer["rows"], &answer["deletions_kept"], &answer["holds_kept"]), (&1.into(), &1.into(), &1.into()));
    drop(cli.run(&["ingest", "batches"]).done().says("(deletions and holds that stay)"));
    let kept = answer["kept"].as_str().unwrap();
    drop(cli.run(&["ingest", "undo", kept]).ended(1).says("they go with --with-deletions"));
    let again = cli.run(&["ingest", "d.jsonl", "--json"]).done().json();
    assert_eq!(again["batch"], id.as_str(), "the same file can be taken in again");
    let ran = cli.run(&["ingest", "undo", &id]).done();
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("deletions that stay: 1; records that stay on hold: 1"), "{said}");
    drop(cli.run(&["ingest", "undo", kept, "--with-deletions"]).done().says("1 rows taken out again"));
}

#[test]
fn names_of_fields_that_could_be_content_are_not_shown() {
    let (cli, _folder) = home();
    let odd = RECORDS.replacen('{', "{\"Frau Geheim, Tel. 0123\":1,\"lieblings_farbe\":2,", 1);
    cli.write("r.jsonl", &odd);
    let ran = cli.run(&["ingest", "--dry-run", "r.jsonl"]).done();
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("a name that is not shown") && said.contains("`lieblings_farbe`"), "{said}");
    assert!(!said.contains("Geheim"), "{said}");
    let ran = cli.run(&["ingest", "r.jsonl", "--json"]).done();
    assert!(!ran.stdout.contains("Geheim"), "{}", ran.stdout);
    assert_eq!(ran.json()["files"][0]["unknown_fields"]["a name that is not shown"], 1);
}

#[test]
fn a_file_that_ends_in_the_middle_is_said_plainly() {
    let (cli, folder) = home();
    // A gzip stream of one stored block that is not the last, and nothing behind it.
    let size = u16::try_from(RECORDS.len()).unwrap();
    let mut bytes = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 0];
    bytes.extend(size.to_le_bytes().into_iter().chain((!size).to_le_bytes()));
    bytes.extend(RECORDS.as_bytes());
    std::fs::write(folder.path().join("r.jsonl.gz"), bytes).unwrap();
    let ran = cli.run(&["ingest", "r.jsonl.gz"]).done().says("5 lines taken in");
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("r.jsonl.gz: the file ends in the middle or is damaged; the rest of it"), "{said}");
}
