use crate::start::home;

const NOTICE: &str = r#"{"id":"n1","published":"2025-01-01","purposes":["train_generative"],"languages":["en"],"text":{"en":"We would like to train."}}"#;

#[test]
fn takes_a_notice_in_once() {
    let (cli, _folder) = home();
    cli.write("notices.jsonl", NOTICE);
    drop(cli.run(&["notices", "import", "notices.jsonl"]).done().says("1 notices taken in"));
    drop(cli.run(&["notices", "import", "notices.jsonl"]).done().says("1 were there already"));
}

#[test]
fn refuses_a_changed_text_under_the_same_id() {
    let (cli, _folder) = home();
    cli.write("notices.jsonl", NOTICE);
    drop(cli.run(&["notices", "import", "notices.jsonl"]).done());
    cli.write("changed.jsonl", &NOTICE.replace("like to", "not"));
    drop(cli.run(&["notices", "import", "changed.jsonl"]).ended(3).says("a changed text needs a new id"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = home();
    cli.write("notices.jsonl", NOTICE);
    let answer = cli.run(&["notices", "import", "notices.jsonl", "--json"]).done().json();
    assert_eq!(answer["accepted"], 1);
}
