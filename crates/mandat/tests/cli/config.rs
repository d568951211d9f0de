use crate::start::{empty, home};

#[test]
fn prints_every_setting_and_where_it_comes_from() {
    let (cli, _folder) = home();
    cli.write("mandat.toml", "[ingest]\nthreads = 3\n");
    let ran = cli.run(&["config"]).done();
    let line = ran.stdout.lines().find(|l| l.starts_with("ingest.threads")).unwrap();
    assert!(line.contains(" 3 ") && line.contains("mandat.toml"), "{line}");
    assert!(ran.stdout.lines().any(|l| l.starts_with("controller.dpia") && l.contains("false")));
}

#[test]
fn refuses_an_unknown_key_and_names_its_line() {
    let (cli, _folder) = home();
    cli.write("mandat.toml", "lang = \"de\"\n\n[ingest]\nthread = 3\n");
    drop(cli.run(&["config"]).ended(3).says("line 4").says("thread"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = home();
    let answer = cli.run(&["config", "--json"]).done().json();
    assert_eq!(answer[0]["key"], "lang");
    assert_eq!(answer[0]["origin"], "default");
}

#[test]
fn the_home_is_found_from_below_and_its_absence_is_said() {
    let (cli, folder) = home();
    std::fs::create_dir(folder.path().join("below")).unwrap();
    let below = mandat_testkit::Cli::new(env!("CARGO_BIN_EXE_mandat"), &folder.path().join("below"));
    drop(below.run(&["config"]).done());
    let (cli_elsewhere, _elsewhere) = empty();
    drop(cli_elsewhere.run(&["config"]).ended(2).says("mandat init"));
    let named = cli_elsewhere.with("MANDAT_HOME", &cli.folder().to_string_lossy());
    drop(named.run(&["config"]).done());
}

#[test]
fn the_home_may_speak_german() {
    let (cli, _folder) = home();
    cli.write("mandat.toml", "lang = \"de\"\n");
    drop(cli.run(&["choices", "batches"]).done().says("noch wurden keine Entscheidungen importiert"));
    drop(cli.run(&["choices", "batches", "--lang", "en"]).done().says("no choices were imported yet"));
    drop(cli.with("LANG", "de_AT.UTF-8").run(&["init"]).ended(1).says("Fehler:"));
}
