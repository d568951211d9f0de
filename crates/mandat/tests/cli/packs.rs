use crate::start::{empty, home};

const WRONG: &str = r#"format: 1
scenario: silence is a yes
people:
  anna: {country: NL, born: 1980-05-01}
records:
  p1: {by: anna, created: 2024-03-01}
ask: {purpose: train_generative, profile: consent, at: 2025-12-01T00:00:00Z}
expect:
  p1: {verdict: include}
"#;

#[test]
fn the_built_in_scenarios_hold() {
    let (cli, _folder) = empty();
    let answer = cli.run(&["packs", "test", "--json"]).done().json();
    assert!(answer["scenarios"].as_u64() > Some(50) && answer["failed"] == 0);
    drop(cli.run(&["packs", "test"]).done().says("an objection reaches thirteen years of posts"));
}

#[test]
fn an_expectation_that_does_not_hold_is_shown_and_ends_with_1() {
    let (cli, _folder) = home();
    cli.write("wrong.yaml", WRONG);
    drop(cli.run(&["packs", "test", "wrong.yaml"]).ended(1).says("silence is a yes").says("CONSENT_MISSING"));
}

#[test]
fn a_file_that_cannot_be_read_ends_with_3_and_names_the_place() {
    let (cli, _folder) = home();
    cli.write("bad.yaml", &WRONG.replace("people:", "peeple:"));
    drop(cli.run(&["packs", "test", "bad.yaml"]).ended(3).says("bad.yaml:3:"));
    drop(cli.run(&["packs", "test", "nowhere"]).ended(3).says("cannot read `nowhere`"));
    cli.write("a.yaml", WRONG);
    cli.write("b.yaml", WRONG);
    drop(cli.run(&["packs", "test", "a.yaml", "b.yaml"]).ended(3).says("another scenario is called"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = home();
    let answer = cli.run(&["packs", "test", "--json"]).done().json();
    assert_eq!((&answer["passed"], &answer["failed"]), (&true.into(), &0.into()));
}

#[test]
fn says_what_the_scenarios_cover_and_where_processes_are_tested() {
    let (cli, _folder) = empty();
    let answer = cli.run(&["packs", "test", "--coverage", "--json"]).done().json();
    let coverage = &answer["coverage"];
    assert_eq!(coverage["cases"].as_array().unwrap().len(), 58);
    assert_eq!(coverage["without_scenario"]["reasons"], serde_json::json!(["RULEPACK_UNSIGNED"]));
    assert!(coverage["processes"].as_array().unwrap().iter().all(|p| p["tested_by"].as_str().is_some()));
    let ran = cli.run(&["packs", "test", "--coverage"]).done().says("S26-versions").says("RULEPACK_UNSIGNED");
    drop(ran.says("an old dump brings no deleted or superseded version back"));
    let without = cli.run(&["packs", "test", "--json"]).done().json();
    assert!(without.get("coverage").is_none());
}

#[test]
fn doctor_and_the_test_name_the_same_numbers() {
    let (cli, _folder) = home();
    let answer = cli.run(&["packs", "test", "--json"]).done().json();
    let own = answer["rules"].as_array().unwrap().iter().find(|r| r["packs"].as_array().unwrap().len() == 2).unwrap();
    let number = own["expectations"].as_u64().unwrap();
    assert!(number < answer["expectations"].as_u64().unwrap());
    drop(cli.run(&["doctor"]).says(&number.to_string()));
}

#[test]
fn a_failure_after_the_report_is_in_the_same_document() {
    let (cli, _folder) = home();
    cli.write("wrong.yaml", WRONG);
    let answer = cli.run(&["packs", "test", "wrong.yaml", "--json"]).ended(1).json();
    assert_eq!((&answer["failed"], &answer["error"]["exit"]), (&1.into(), &1.into()));
    assert_eq!(answer["error"]["message"], "1 expectation does not hold");
}
