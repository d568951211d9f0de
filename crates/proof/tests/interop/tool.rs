//! Programs of other languages. Where one is missing the test says so and is left out; where `CI` is set it fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The program, if it works here; `missing` says what to install.
///
/// # Panics
/// Where `CI` is set: there, a test that is left out would look like one that passed.
#[expect(clippy::print_stdout, reason = "a test that was left out says so")]
pub(crate) fn find(mut probe: Command, missing: &str) -> Option<()> {
    let works = probe.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if works {
        return Some(());
    }
    assert!(std::env::var_os("CI").is_none(), "{missing}");
    println!("left out: {missing}");
    None
}

/// Runs a peer over lines of requests and gives its lines of answers, one for one.
pub(crate) fn ask(mut peer: Command, name: &str, requests: &[String]) -> Vec<String> {
    let file = scratch().join(format!("{name}.requests"));
    fs::write(&file, requests.join("\n") + "\n").unwrap();
    let output = peer.stdin(fs::File::open(&file).unwrap()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{name} failed");
    let answers: Vec<_> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), requests.len(), "{name} answers every line");
    answers
}

/// A file beside this one.
pub(crate) fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)
}

/// A folder that tests may write to.
pub(crate) fn scratch() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}
