//! Scenario files: the project's own and, where they lie beside the checkout, the shared ones.

use std::path::{Path, PathBuf};

use mandat_core::scenario;

/// Every file of a folder and of the folders in it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// Runs every `*.yaml` below a folder and returns how many there were and what failed.
fn run_folder(folder: &Path) -> (usize, Vec<String>) {
    let mut files = files_below(folder);
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml"));
    files.sort();
    let mut failures = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let scenario = match scenario::read(&name, &text) {
            Ok(scenario) => scenario,
            Err(found) => {
                failures.extend(found.iter().map(ToString::to_string));
                continue;
            }
        };
        let result = match scenario::run(&scenario, &|_| None) {
            Ok(result) => result,
            Err(found) => {
                failures.extend(found.iter().map(|f| format!("{name}: {f}")));
                continue;
            }
        };
        for case in result.cases.iter().filter(|c| c.failure.is_some()) {
            let why = case.failure.clone().unwrap_or_default();
            failures.push(format!(
                "{name}: {} #{} {} {}: {why}; expected {}, got {}",
                result.scenario, case.question, case.record, case.profile, case.expected, case.got
            ));
        }
    }
    (files.len(), failures)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_projects_scenarios_hold() {
    let (_, failures) = run_folder(&root().join("scenarios"));
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_shared_scenarios_hold_where_they_lie_beside_the_checkout() {
    let folder = root().join("../shared/scenarios");
    if !folder.is_dir() {
        // Said where the test's output is shown; the project's own copies cover the same ground.
        let mut err = std::io::stderr();
        std::io::Write::write_all(&mut err, b"left out: no shared scenarios beside the checkout\n").unwrap();
        return;
    }
    let (count, failures) = run_folder(&folder);
    assert!(count >= 4, "found {count} scenarios");
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n"));
}
