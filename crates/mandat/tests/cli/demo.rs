use crate::start::{RECORDS, empty};

#[test]
fn shows_the_whole_job_and_offers_force_the_second_time() {
    let (cli, folder) = empty();
    let ran = cli.run(&["demo"]).done().says("Why records are out").says("OUT").says("What changed?");
    let next: Vec<&str> = ran.stdout.lines().filter_map(|l| l.trim().strip_prefix("mandat ")).collect();
    assert_eq!(next.len(), 3, "three commands to try next: {}", ran.stdout);
    for command in next {
        drop(cli.run(&command.split(' ').collect::<Vec<_>>()).done());
    }
    assert!(folder.path().join("mandat-demo/corpora/own-model/2/revision.json").is_file());
    drop(cli.run(&["doctor", "--deep", "--home", "mandat-demo"]).done());
    drop(cli.run(&["demo"]).ended(1).says("has run in `mandat-demo` already").says("--force"));
    let answer = cli.run(&["demo", "--force", "--json"]).done().json();
    assert_eq!(answer["people"], 400);
    let (records, admitted) = (answer["records"].as_u64().unwrap(), answer["admitted"].as_u64().unwrap());
    let out = answer["excluded"].as_u64().unwrap() + answer["held"].as_u64().unwrap();
    assert_eq!(records, admitted + out);
    assert!(admitted > 2000, "a few thousand records are in: {admitted}");
    assert!(answer["before"]["rows"].as_u64() > answer["after"]["rows"].as_u64(), "the objection took records out");
    assert_eq!(answer["rejected_lines"], 0);
}

#[test]
fn works_on_somebodys_posts_and_finds_the_map() {
    let (cli, _folder) = empty();
    let line = |n: u32| {
        format!(
            "{{\"id\":\"i{n}\",\"author\":\"nick{}\",\"created_at\":\"2015-03-01T10:00:00Z\",\"text\":\"hello {n}\",\"kind\":\"message\",\"channel\":\"c\",\"source\":\"s\"}}\n",
            n % 40
        )
    };
    cli.write("irc.jsonl", &(0..200).map(line).collect::<String>());
    let answer = cli.run(&["demo", "--data", "irc.jsonl", "--json"]).done().json();
    assert_eq!(
        (&answer["map"], &answer["records"], &answer["people"]),
        (&"irc-ubuntu".into(), &200.into(), &40.into())
    );
    cli.write("r.jsonl", RECORDS);
    let answer = cli.run(&["demo", "--data", "r.jsonl", "--home", "other", "--json"]).done().json();
    assert_eq!((&answer["map"], &answer["records"]), (&"canonical".into(), &5.into()));
}

#[test]
fn touches_no_folder_that_is_not_its_own() {
    let (cli, folder) = empty();
    std::fs::create_dir(folder.path().join("mine")).unwrap();
    cli.write("mine/diary.txt", "dear diary");
    drop(cli.run(&["demo", "--home", "mine", "--force"]).ended(1).says("not empty"));
    drop(cli.run(&["init", "--home", "real"]).done());
    drop(cli.run(&["demo", "--home", "real", "--force"]).ended(1).says("a home that is no demo"));
    cli.write("odd.jsonl", "{\"foo\": 1}\n");
    drop(cli.run(&["demo", "--data", "odd.jsonl"]).ended(3).says("no map of ours fits"));
    drop(cli.run(&["demo", "--data", "none.jsonl"]).ended(3).says("there is no file"));
}
