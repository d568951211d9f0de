use crate::start::home;

const CHOICES: &str = r#"{"event":"object","received_at":"2026-01-02T00:00:00Z","platform":"x","account":"1","purposes":["ai_training"]}
{"event":"consent","received_at":"2026-01-02T00:00:00Z","platform":"x","account":"2","purposes":["train_generative"]}
"#;

#[test]
fn takes_choices_in_once_and_undoes_them() {
    let (cli, _folder) = home();
    cli.write("choices.jsonl", CHOICES);
    let ran = cli.run(&["choices", "import", "choices.jsonl"]).done();
    let _said = ran.says("1 events taken in, batch 1").says("consent needs its notice").says("2");
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
