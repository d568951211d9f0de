//! The program as people run it: for each command one happy path, one refusal, one answer as JSON.

mod audit;
mod build;
mod choices;
mod config;
mod demo;
mod doctor;
mod explain;
mod export;
mod help;
mod ingest;
mod init;
mod log;
mod notices;
mod packs;
mod packs_rules;
mod people;
mod plan;
mod prove;
mod report;
mod start;
mod verify;

#[test]
fn no_test_file_is_forgotten() {
    let this = include_str!("main.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs").to_owned();
        assert!(module == "main" || this.contains(&format!("mod {module};")), "{name} is not in main.rs");
    }
}
