use crate::start::filled;

#[test]
fn publishes_a_revision_that_says_what_it_was_made_from() {
    let (cli, folder) = filled();
    drop(cli.run(&["build", "own-model"]).done().says("revision 1").says("2 rows in 1 files"));
    let revision = folder.path().join("corpora/own-model/1");
    for file in ["content.json", "revision.json", "README.md"] {
        assert!(revision.join(file).is_file(), "{file}");
    }
}

#[test]
fn the_same_question_gives_the_same_content() {
    let (cli, folder) = filled();
    for _ in 0..2 {
        drop(cli.run(&["build", "own-model", "--at", "2026-11-01"]).done());
    }
    let content = |n: u32| std::fs::read(folder.path().join(format!("corpora/own-model/{n}/content.json"))).unwrap();
    assert_eq!(content(1), content(2));
    let answer = cli.run(&["build", "own-model", "--at", "2025-02-20", "--json"]).done().json();
    assert_eq!((&answer["difference"]["from"], &answer["difference"]["added"]), (&2.into(), &0.into()));
}

#[test]
fn refuses_rules_without_tests_and_papers_that_are_not_on_file() {
    let (cli, folder) = filled();
    cli.write("mandat.toml", "[controller]\nlia = true\n");
    drop(cli.run(&["build", "own-model"]).ended(1).says("impact assessment").says("dpia = "));
    cli.write("mandat.toml", "[controller]\ndpia = [\"train_generative\"]\n");
    drop(cli.run(&["build", "own-model-opt-out"]).ended(1).says("legitimate interest assessment"));
    std::fs::remove_file(folder.path().join("packs-tested.json")).unwrap();
    drop(cli.run(&["build", "own-model"]).ended(1).says("have not passed their tests").says("mandat packs test"));
    assert!(!folder.path().join("corpora").exists(), "nothing is published by a refused build");
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = filled();
    let answer = cli.run(&["build", "own-model", "--json"]).done().json();
    assert_eq!((&answer["revision"], &answer["rows"]), (&1.into(), &2.into()));
}
