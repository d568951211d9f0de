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
