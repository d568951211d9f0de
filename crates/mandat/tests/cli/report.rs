use crate::start::filled;

/// The home of [`filled`], with copies among anna's texts.
fn copies() -> (mandat_testkit::Cli, tempfile::TempDir) {
    let (cli, folder) = filled();
    let line = |id: u32, text: &str| {
        format!(
            r#"{{"id":"d{id}","platform":"x","account":"anna","audience":"public","created_at":"2024-04-0{id}T10:00:00Z","text":"{text}"}}"#
        )
    };
    let lines = [line(1, "tomaten"), line(2, "tomaten"), line(3, "!!!")];
    cli.write("copies.jsonl", &lines.join("\n"));
    drop(cli.run(&["ingest", "copies.jsonl"]).done());
    drop(cli.run(&["build", "own-model"]).done().says("DUPLICATE_EXACT"));
    (cli, folder)
}

#[test]
fn shows_what_was_dropped_and_draws_it() {
    let (cli, folder) = copies();
    let ran = cli.run(&["report", "curation", "--pictures", "pictures"]).done();
    let _said = ran.says("DUPLICATE_EXACT").says("-2").says("EMPTY").says("the same text as an earlier record");
    for name in ["funnel", "languages", "lengths", "time"] {
        let svg = std::fs::read_to_string(folder.path().join(format!("pictures/{name}.svg"))).unwrap();
        assert!(svg.starts_with("<svg") && !svg.contains("tomaten"), "{name}");
    }
    drop(cli.run(&["report", "curation", "--lang", "de"]).done().says("derselbe Text"));
    drop(cli.run(&["explain", "d2"]).done().says("IN").says("DUPLICATE_EXACT").says("revision 1"));
    assert!(!cli.run(&["explain", "a1"]).done().stdout.contains("DUPLICATE"));
}

#[test]
fn refuses_what_was_made_without_it() {
    let (cli, folder) = filled();
    drop(cli.run(&["report", "curation"]).ended(3).says("no revision").says("mandat build"));
    let recipe = folder.path().join("recipes/own-model.toml");
    let text = std::fs::read_to_string(&recipe).unwrap();
    std::fs::write(&recipe, text.split("[curation]").next().unwrap()).unwrap();
    drop(cli.run(&["build", "own-model"]).done());
    drop(cli.run(&["report", "curation"]).ended(3).says("without curation").says("[curation]"));
    drop(cli.run(&["report", "curation", "7"]).ended(3).says("no revision 7"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = copies();
    let answer = cli.run(&["report", "curation", "--json"]).done().json();
    assert_eq!(answer["summary"]["dropped"]["DUPLICATE_EXACT"]["records"], 2);
    assert_eq!(answer["funnel"][0]["step"], "empty");
    assert_eq!((&answer["summary"]["admitted"], &answer["summary"]["kept"]), (&5.into(), &2.into()));
}
