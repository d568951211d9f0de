use crate::start::empty;

#[test]
fn makes_a_home_that_only_its_owner_can_read() {
    let (cli, folder) = empty();
    let ran = cli.run(&["init", "--home", "plaza"]).done().says("own-model");
    assert!(ran.stderr.contains("keep a copy of keys/"));
    use std::os::unix::fs::MetadataExt;
    for file in ["keys", "keys/person.key", "keys/seal.key", "keys/log.key", "ledger.sqlite"] {
        let meta = std::fs::metadata(folder.path().join("plaza").join(file)).unwrap();
        assert_eq!(meta.mode() & 0o077, 0, "{file}");
    }
}

#[test]
fn refuses_a_folder_that_is_a_home() {
    let (cli, _folder) = empty();
    drop(cli.run(&["init"]).done());
    drop(cli.run(&["init"]).ended(1).says("is a home already").says("hint:"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = empty();
    let answer = cli.run(&["init", "--json"]).done().json();
    assert_eq!(answer["recipes"], serde_json::json!(["own-model", "own-model-opt-out"]));
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (cli, folder) = crate::start::home();
    let key = folder.path().join("keys/person.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    drop(cli.run(&["choices", "batches"]).ended(1).says("can be read by others").says("chmod 600"));
}

#[test]
fn keys_from_the_environment_must_be_those_of_the_ledger() {
    let (cli, _folder) = crate::start::home();
    let other = "ab".repeat(32);
    let cli = cli.with("MANDAT_PERSON_SECRET", &other);
    drop(cli.run(&["choices", "batches"]).ended(3).says("is not the one this ledger was made with"));
    let cli = cli.with("MANDAT_PERSON_SECRET", "short");
    drop(cli.run(&["choices", "batches"]).ended(3).says("64 hexadecimal digits"));
}

#[test]
fn a_password_belongs_into_the_environment_and_a_server_that_is_not_there_leaves_no_half_a_home() {
    let (cli, folder) = empty();
    let ran =
        cli.run(&["init", "--ledger", "postgresql://anna:S3cret@127.0.0.1:1/db"]).ended(2).says("MANDAT_LEDGER_URL");
    assert!(!ran.stderr.contains("S3cret"));
    drop(cli.run(&["init", "--ledger", "postgresql://anna@127.0.0.1:1/db"]).ended(1).says("cannot open the ledger"));
    drop(cli.run(&["init", "--ledger", "postgresql://db.example.org/db"]).ended(3).says("not encrypted"));
    assert!(!folder.path().join("mandat.toml").exists());
}
