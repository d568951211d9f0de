use crate::start::{filled, home};

#[test]
fn says_who_is_in_who_is_out_and_why() {
    let (cli, _folder) = filled();
    let ran =
        cli.run(&["plan", "own-model"]).done().says("OBJECTED").says("CONSENT_MISSING").says("First thing to mend");
    assert!(ran.stdout.contains("5 records looked at; 1 people are in, of 3"), "{}", ran.stdout);
    drop(cli.run(&["plan", "own-model", "--lang", "de"]).done().says("Sie haben nicht Ja gesagt"));
}

#[test]
fn lists_records_that_have_a_reason_and_compares_with_the_last_revision() {
    let (cli, _folder) = filled();
    drop(cli.run(&["build", "own-model"]).done());
    let ran = cli.run(&["plan", "own-model", "--reason", "OBJECTED"]).done().says("mandat explain b1");
    let _said = ran.says("2 rows in revision 1, 2 if it were built now");
    drop(cli.run(&["plan", "own-model", "--reason", "WEATHER"]).ended(2).says("not a known reason code"));
}

#[test]
fn writes_every_verdict_once_and_over_nothing() {
    let (cli, folder) = filled();
    drop(cli.run(&["plan", "own-model", "--out", "verdicts.parquet"]).done().says("5 verdicts written"));
    let bytes = std::fs::read(folder.path().join("verdicts.parquet")).unwrap();
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    drop(cli.run(&["plan", "own-model", "--out", "verdicts.parquet"]).ended(1).says("exists already"));
}

#[test]
fn refuses_a_recipe_that_is_not_there_or_wrong_and_a_day_to_come() {
    let (cli, _folder) = home();
    drop(cli.run(&["plan", "cake"]).ended(3).says("there is no recipe `cake`").says("own-model"));
    cli.write("recipes/odd.toml", "name = \"odd\"\npurpos = \"train_generative\"\n");
    drop(cli.run(&["plan", "odd"]).ended(3).says("line 2"));
    drop(cli.run(&["plan", "own-model", "--at", "2030-01-01"]).ended(2).says("lies in the future"));
    cli.write("recipes/odd.toml", "name = \"odd\"\npurpose = \"train_generative\"\npacks = [\"nowhere\"]\n");
    drop(cli.run(&["plan", "odd"]).ended(3).says("no pack named `nowhere`"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = filled();
    let answer = cli.run(&["plan", "own-model-opt-out", "--json"]).done().json();
    assert_eq!((&answer["profile"], &answer["summary"]["candidates"]), (&"legitimate_interest".into(), &5.into()));
    assert_eq!(answer["summary"]["include"], 3, "anna's two public records and cleo's: told, and silent");
}

/// What `plan --since` answers, without what tells how it was found out.
fn since(cli: &mandat_testkit::Cli, more: &[&str]) -> serde_json::Value {
    let args: Vec<&str> = ["plan", "own-model", "--since", "1", "--json"].iter().chain(more).copied().collect();
    cli.run(&args).done().json()["since"].clone()
}

#[test]
fn says_what_changed_since_a_revision_as_if_every_record_were_compared() {
    let (cli, _folder) = filled();
    drop(cli.run(&["build", "own-model"]).done());
    let same = since(&cli, &[]);
    assert_eq!((&same["records"], &same["comes_in"]["records"], &same["whole"]), (&0.into(), &0.into(), &().into()));
    cli.write(
        "later.jsonl",
        r#"{"event":"object","received_at":"2025-04-10T00:00:00Z","platform":"x","account":"anna","purposes":["ai_training"]}
{"event":"consent","received_at":"2025-04-10T00:00:00Z","platform":"x","account":"cleo","purposes":["train_generative"],"notice":"n1","method":"active_toggle"}
{"event":"link","received_at":"2025-04-11T00:00:00Z","platform":"x","accounts":["cleo","dora"]}
"#,
    );
    cli.write("more.jsonl", "{\"id\":\"c2\",\"platform\":\"x\",\"account\":\"cleo\",\"audience\":\"public\",\"created_at\":\"2024-05-01T12:00:00Z\",\"text\":\"wind\"}\n");
    drop(cli.run(&["choices", "import", "later.jsonl"]).done());
    drop(cli.run(&["ingest", "more.jsonl"]).done());
    let (found, all) = (since(&cli, &[]), since(&cli, &["--whole"]));
    assert_eq!((&found["whole"], &all["whole"]), (&().into(), &"asked".into()));
    assert_eq!(
        found["comes_in"],
        serde_json::json!({"records": 2, "people": 1, "by_reason":
        {"CONSENT_MISSING": {"records": 1, "people": 1}, "new": {"records": 1, "people": 1}}})
    );
    assert_eq!(found["falls_out"]["by_reason"]["OBJECTED"]["records"], 2);
    for key in ["comes_in", "falls_out", "edited", "otherwise", "ahead"] {
        assert_eq!(found[key], all[key], "{key}");
    }
    let ran = cli.run(&["plan", "own-model", "--since", "1"]).done().says("2 records of 1 people come in");
    drop(ran.says("not there then").says("2 records of 1 people fall out").says("were judged anew"));
    // Linked accounts share what one of them denies.
    cli.write("dora.jsonl", "{\"event\":\"object\",\"received_at\":\"2025-04-12T00:00:00Z\",\"platform\":\"x\",\"account\":\"dora\",\"purposes\":[\"ai_training\"]}\n");
    drop(cli.run(&["choices", "import", "dora.jsonl"]).done());
    let (found, all) = (since(&cli, &[]), since(&cli, &["--whole"]));
    assert_eq!((&found["comes_in"]["records"], &found["whole"]), (&0.into(), &().into()));
    assert_eq!(found["otherwise"], all["otherwise"]);
}

#[test]
fn compares_everything_where_something_concerns_everybody_and_refuses_a_revision_that_is_not_there() {
    let (cli, _folder) = filled();
    drop(cli.run(&["plan", "own-model", "--since", "1"]).ended(2).says("none was built yet"));
    drop(cli.run(&["build", "own-model"]).done());
    drop(cli.run(&["plan", "own-model", "--since", "4"]).ended(2).says("there are: 1"));
    drop(cli.run(&["plan", "own-model", "--whole"]).ended(2).says("--since"));
    cli.write("n2.jsonl", "{\"id\":\"n2\",\"published\":\"2025-06-01\",\"purposes\":[\"match_jobs\"],\"languages\":[\"nl\"],\"text\":{\"nl\":\"Iets anders.\"}}\n");
    drop(cli.run(&["notices", "import", "n2.jsonl"]).done());
    let ran = cli.run(&["plan", "own-model", "--since", "1"]).done();
    drop(ran.says("every record was compared: notices came in"));
}
