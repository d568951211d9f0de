use crate::start::filled;

#[test]
fn goes_from_the_choice_to_the_article() {
    let (cli, _folder) = filled();
    let ran = cli.run(&["explain", "b1"]).done().says("record b1").says("OUT").says("OBJECTED");
    let _said = ran.says("object received 2025-03-10T00:00:00Z").says("GDPR 21");
    drop(cli.run(&["explain", "https://x.example.org/ben/status/b1", "--lang", "de"]).done().says("DRAUSSEN"));
    drop(cli.run(&["explain", "a1"]).done().says("IN").says("consent received 2025-02-10T00:00:00Z"));
}

#[test]
fn an_account_is_told_about_all_its_records_by_id_and_by_handle() {
    let (cli, _folder) = filled();
    drop(cli.run(&["explain", "anna"]).done().says("NOT_PUBLIC").says("notice_delivered").says("consent"));
    drop(cli.run(&["explain", "@anna_a"]).done().says("NOT_PUBLIC"));
}

#[test]
fn says_what_a_revision_decided() {
    let (cli, _folder) = filled();
    drop(cli.run(&["build", "own-model"]).done());
    drop(cli.run(&["explain", "b1", "--revision", "1"]).done().says("revision 1: OUT OBJECTED"));
    drop(cli.run(&["explain", "b1", "--revision", "9"]).ended(3).says("no revision 9"));
}

#[test]
fn refuses_what_nobody_knows() {
    let (cli, _folder) = filled();
    drop(cli.run(&["explain", "zzz"]).ended(3).says("neither a record nor an account"));
    drop(cli.run(&["explain", "b1", "--platform", "y"]).ended(3).says("on `y`"));
}

#[test]
fn finds_a_record_by_an_id_that_is_a_url_and_on_the_one_platform_that_has_it() {
    let (cli, _folder) = filled();
    let more = r#"{"id":"https://y.example.org/posts/ben","platform":"y","account":"dan","audience":"public","created_at":"2024-03-01T10:00:00Z","text":"appels"}
{"id":"b1","platform":"y","account":"dan","audience":"public","created_at":"2024-03-02T10:00:00Z","text":"peren"}
"#;
    cli.write("more.jsonl", more);
    drop(cli.run(&["ingest", "more.jsonl"]).done());
    // The exact id comes before the account `ben` at the end of it, also on another platform than the home's.
    let url = "https://y.example.org/posts/ben";
    drop(cli.run(&["explain", url]).done().says("record https://y.example.org/posts/ben"));
    drop(cli.run(&["explain", url, "--platform", "y"]).done().says("record https://y.example.org/posts/ben"));
    drop(cli.run(&["explain", url, "--platform", "x"]).done().says("taken from the end of the address: ben"));
    drop(cli.run(&["explain", "b1"]).done().says("OBJECTED"));
    cli.write("mandat.toml", "[controller]\ndpia = true\n");
    drop(cli.run(&["explain", "a1"]).done().says("record a1"));
    drop(cli.run(&["explain", "dan"]).done().says("AGE_UNKNOWN"));
    drop(cli.run(&["explain", "b1"]).ended(2).says("on which platform?").says("x, y"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = filled();
    let answer = cli.run(&["explain", "b1", "--json"]).done().json();
    assert_eq!(answer["verdict"], "exclude");
    assert!(answer["reasons"].as_array().unwrap().iter().any(|r| r["reason"] == "OBJECTED"));
}
