use crate::start::home;

const PEOPLE: &str = r#"{"account":"1","platform":"x","country":"NL","born":"1980-05-01"}
{"account":"2","platform":"x"}
{"account":"3","platform":"x","born":"soon"}
"#;

#[test]
fn takes_people_in_and_names_the_line_that_is_wrong() {
    let (cli, _folder) = home();
    cli.write("people.jsonl", PEOPLE);
    let ran = cli.run(&["people", "import", "people.jsonl"]).done().says("2 people taken in").says("1 lines rejected");
    assert!(!ran.stdout.contains("soon"), "no content in reports");
    drop(cli.run(&["people", "import", "people.jsonl"]).done().says("2 said nothing new"));
}

#[test]
fn refuses_a_file_without_a_good_line_and_one_that_is_not_there() {
    let (cli, _folder) = home();
    cli.write("people.jsonl", "not people\n");
    drop(cli.run(&["people", "import", "people.jsonl"]).ended(3).says("no line could be taken in"));
    drop(cli.run(&["people", "import", "nobody.jsonl"]).ended(3).says("cannot read `nobody.jsonl`"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = home();
    cli.write("people.jsonl", PEOPLE);
    let answer = cli.run(&["people", "import", "people.jsonl", "--json"]).done().json();
    assert_eq!((&answer["accepted"], &answer["rejected"][0]["line"]), (&2.into(), &3.into()));
}

#[test]
fn a_line_must_name_platform_and_account_and_a_day_that_was() {
    let (cli, _folder) = home();
    let lines = [
        r#"{"account":"1"}"#,
        r#"{"account":" ","platform":"x"}"#,
        r#"{"account":"2","platform":"x","born":"2180-05-01"}"#,
    ];
    cli.write("people.jsonl", &lines.join("\n"));
    let ran = cli.run(&["people", "import", "people.jsonl"]).ended(3).says("platform is missing: name it in the line");
    drop(ran.says("`account` is empty").says("`born` lies in the future"));
    drop(cli.run(&["people", "import", "people.jsonl", "--platform", "x"]).done().says("1 people taken in"));
}
