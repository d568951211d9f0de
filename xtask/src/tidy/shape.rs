//! Sizes of files and functions, crate roots that say what they are, and what a crate may not touch.

use super::rust::{code_only, functions, test_modules, without};
use super::{Findings, Tracked};

/// Lines of a source file, tests not counted.
const FILE_LINES: usize = 600;
/// Lines of a function.
const FUNCTION_LINES: usize = 70;

/// Crates without `async`: they are called from places that have no runtime.
const SYNC: [&str; 6] = ["proof", "core", "corpus", "text", "train", "testkit"];
/// Crates without effects, and what they may therefore not name.
const PURE: [&str; 2] = ["proof", "core"];
const EFFECTS: [&str; 6] = ["std::fs", "std::net", "std::env", "std::process", "std::thread", "tokio::"];

/// Holds every Rust file to its limits.
pub(super) fn check(files: &[Tracked], findings: &mut Findings) {
    for file in files.iter().filter(|f| f.is_rust()) {
        let code = code_only(&file.text);
        let tests = test_modules(&code);
        let kept = without(&code, &tests);
        if !file.is_test() {
            let tested: usize = tests.into_iter().map(|range| code[range].lines().count()).sum();
            sizes(file, &kept, code.lines().count() - tested, findings);
        }
        root(file, findings);
        forbidden(file, &kept, findings);
        ignored(file, &code, findings);
    }
}

fn sizes(file: &Tracked, code: &str, lines: usize, findings: &mut Findings) {
    if lines > FILE_LINES {
        findings.add(&file.path, format_args!("{lines} lines without tests; {FILE_LINES} is the limit"));
    }
    for function in functions(code).iter().filter(|f| f.lines > FUNCTION_LINES) {
        let at = format!("{}:{}", file.path, function.line);
        findings
            .add(at, format_args!("`{}` has {} lines; {FUNCTION_LINES} is the limit", function.name, function.lines));
    }
}

fn root(file: &Tracked, findings: &mut Findings) {
    let is_root = ["/src/lib.rs", "/src/main.rs"].iter().any(|end| file.path.ends_with(end));
    if is_root && !file.text.starts_with("//!") {
        findings.add(&file.path, "a crate root starts with `//!`: what it does, what it refuses, where to start");
    }
}

fn forbidden(file: &Tracked, code: &str, findings: &mut Findings) {
    let within = |names: &[&str]| {
        let mut parts = file.path.split('/');
        parts.next() == Some("crates")
            && parts.next().is_some_and(|p| names.contains(&p))
            && parts.next() == Some("src")
    };
    for (number, line) in code.lines().enumerate() {
        let at = || format!("{}:{}", file.path, number + 1);
        if within(&SYNC) && (line.contains("async fn ") || line.contains("async move ")) {
            findings.add(at(), "no `async` in this crate");
        }
        if let Some(effect) = EFFECTS.iter().find(|e| line.contains(**e))
            && within(&PURE)
        {
            findings.add(at(), format_args!("no `{effect}` in a crate without effects"));
        }
    }
}

fn ignored(file: &Tracked, code: &str, findings: &mut Findings) {
    for (number, line) in code.lines().enumerate() {
        for attribute in ["#[ignore", "#[should_panic"] {
            if line.contains(attribute) {
                findings.add(format!("{}:{}", file.path, number + 1), format_args!("no `{attribute}]`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let mut findings = Findings::default();
        check(&[Tracked { path: path.to_owned(), text: text.to_owned() }], &mut findings);
        findings.0
    }

    #[test]
    fn measures_what_is_not_a_test() {
        let long = format!("fn long() {{\n{}}}\n", "    x();\n".repeat(70));
        assert_eq!(findings("crates/a/src/b.rs", &long), ["crates/a/src/b.rs:1: `long` has 72 lines; 70 is the limit"]);
        assert!(findings("crates/a/tests/b.rs", &long).is_empty());
        assert!(findings("crates/a/src/b.rs", &format!("#[cfg(test)]\nmod tests {{\n{long}}}\n")).is_empty());
        let many = "const A: u8 = 1;\n".repeat(601);
        assert_eq!(findings("crates/a/src/b.rs", &many).len(), 1);
        let mostly_tests = format!("#[cfg(test)]\nmod tests {{\n{many}}}\n");
        assert!(findings("crates/a/src/b.rs", &mostly_tests).is_empty());
    }

    #[test]
    fn refuses_effects_async_and_ignored_tests() {
        assert_eq!(findings("crates/core/src/a.rs", "use std::fs;\n").len(), 1);
        assert!(findings("crates/core/src/a.rs", "// use std::fs;\n").is_empty());
        assert!(findings("crates/ledger/src/a.rs", "use std::fs;\n").is_empty());
        assert_eq!(findings("crates/proof/src/a.rs", "pub async fn a() {}\n").len(), 1);
        assert_eq!(findings("crates/a/tests/a.rs", "#[ignore]\nfn a() {}\n").len(), 1);
        assert_eq!(findings("crates/a/src/lib.rs", "mod b;\n").len(), 1);
    }
}
