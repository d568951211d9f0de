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
