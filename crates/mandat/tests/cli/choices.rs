use crate::start::home;

const CHOICES: &str = r#"{"event":"object","received_at":"2026-01-02T00:00:00Z","platform":"x","account":"1","purposes":["ai_training"]}
{"event":"consent","received_at":"2026-01-02T00:00:00Z","platform":"x","account":"2","purposes":["train_generative"]}
"#;

#[test]
fn takes_choices_in_once_and_undoes_them() {
    let (cli, _folder) = home();
    cli.write("choices.jsonl", CHOICES);
    let ran = cli.run(&["choices", "import", "choices.jsonl"]).done();
    let _said = ran.says("1 events taken in, batch 1").says("consent needs its `notice`").says("2");
    drop(cli.run(&["choices", "import", "choices.jsonl"]).done().says("1 were there already"));
    drop(cli.run(&["choices", "undo", "1"]).done().says("1 denials stay"));
    drop(cli.run(&["choices", "undo", "1", "--with-denials"]).done().says("1 events are void"));
    drop(cli.run(&["choices", "batches"]).done().says("2026-11-21T12:00:00Z"));
}

#[test]
fn refuses_to_undo_what_is_not_there() {
    let (cli, _folder) = home();
    drop(cli.run(&["choices", "undo", "7"]).ended(1).says("there is no batch 7"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = home();
    cli.write("choices.jsonl", CHOICES);
    let answer = cli.run(&["choices", "import", "choices.jsonl", "--json"]).done().json();
    assert_eq!((&answer["accepted"], &answer["batches"][0]), (&1.into(), &1.into()));
    assert_eq!(answer["rejected"][0]["line"], 2);
}

const DENIALS: &str = r#"{"event":"object","received_at":"2026-01-02T00:00:00Z","account":"1","purposes":["train-generative"]}
{"event":"refuse","received_at":"2026-01-02T00:00:00Z","account":"2","purposes":[]}
{"event":"object","received_at":"2026-01-02T00:00:00Z","account":"3","purpose":"train_generative"}
{"event":"withdraw","received_at":"2026-01-02T00:00:00Z","account":"4","categories":["art"],"event_id":7}
{"event":"object","received_at":"2026-01-02T00:00:00Z","account":"5","purposes":["train_spam_filter"]}
{"event":"consent","received_at":"2026-01-02T00:00:00Z","account":"6","purpose":"train_generative"}
{"event":"object","account":{"id":1}}
"#;

#[test]
fn a_denial_is_never_lost() {
    let (cli, _folder) = home();
    cli.write("choices.jsonl", &format!("\u{feff}{DENIALS}"));
    let import = ["choices", "import", "choices.jsonl", "--platform", "x"];
    let answer = cli.run(&[&import[..], &["--json"]].concat()).done().json();
    assert_eq!(answer["accepted"], 5);
    assert_eq!(answer["widened"], serde_json::json!([1, 2]));
    assert_eq!(answer["taken_strictly"], serde_json::json!([3, 4]));
    assert_eq!(answer["rejected"].as_array().unwrap().len(), 2);
    let ran = cli.run(&import).done().says("5 were there already").says("reach everything, lines 1, 2");
    drop(ran.says("taken in strictly, for everything, lines 3, 4"));
}

#[test]
fn a_line_without_a_platform_is_refused_where_the_home_names_none() {
    let (cli, _folder) = home();
    cli.write("choices.jsonl", DENIALS);
    drop(cli.run(&["choices", "import", "choices.jsonl"]).ended(3).says("platform is missing: name it in the line"));
}

#[test]
fn an_undone_denial_can_be_taken_in_again() {
    let (cli, _folder) = home();
    cli.write("choices.jsonl", CHOICES);
    drop(cli.run(&["choices", "import", "choices.jsonl"]).done());
    drop(cli.run(&["choices", "undo", "1", "--with-denials"]).done());
    drop(cli.run(&["choices", "import", "choices.jsonl"]).done().says("1 events taken in, batch 2"));
}

#[test]
fn a_denial_under_an_id_that_is_taken_is_taken_in_and_named() {
    let (cli, _folder) = home();
    let line = CHOICES.lines().next().unwrap().replace("\"event\"", "\"event_id\":\"e1\",\"event\"");
    cli.write("choices.jsonl", &format!("{line}\n{}\n", line.replace("\"account\":\"1\"", "\"account\":\"2\"")));
    let ran = cli.run(&["choices", "import", "choices.jsonl"]).done().says("2 events taken in");
    drop(ran.says("1 denials whose event_id belongs to another event"));
}
