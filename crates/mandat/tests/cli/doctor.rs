use crate::start::filled;

#[test]
fn finds_nothing_wrong_in_a_good_home() {
    let (cli, _folder) = filled();
    let ran = cli.run(&["doctor", "--deep"]).done().says("people agree").says("1 batches, 5 rows");
    assert!(!ran.stdout.contains("WRONG"), "{}", ran.stdout);
}

#[test]
fn says_what_is_wrong_and_ends_with_1() {
    let (cli, _folder) = filled();
    cli.write("recipes/odd.toml", "name = \"odd\"\n");
    drop(cli.run(&["doctor"]).ended(1).says("WRONG").says("recipe odd").says("purpose"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = filled();
    let answer = cli.run(&["doctor", "--json"]).done().json();
    assert!(answer.as_array().unwrap().iter().all(|line| line["ok"] == true));
}

#[test]
fn looks_at_every_file_of_every_revision() {
    let (cli, folder) = filled();
    drop(cli.run(&["build", "own-model"]).done());
    drop(cli.run(&["doctor", "--deep"]).done().says("own-model/1").says("all there and as they were written"));
    let content = folder.path().join("corpora/own-model/1/content.json");
    let text = std::fs::read_to_string(&content).unwrap();
    std::fs::write(&content, text.replacen("\"rows\": 2", "\"rows\": 3", 1)).unwrap();
    drop(cli.run(&["doctor"]).ended(1).says("WRONG").says("`content.json` was changed"));
    std::fs::write(&content, text).unwrap();
    std::fs::remove_dir_all(folder.path().join("verdicts/own-model/1")).unwrap();
    drop(cli.run(&["doctor"]).ended(1).says("WRONG").says("`verdicts.json` is missing"));
}
