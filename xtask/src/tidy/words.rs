//! Words that do not belong into tracked files: promises without a number, and traces of one machine.

use super::{Findings, Tracked};

/// Files that others write: cargo's lock file names its registry.
const GENERATED: [&str; 1] = ["Cargo.lock"];

/// Spelled in two halves, so that this file does not find itself.
const PLACES: [[&str; 2]; 8] = [
    ["/ro", "ot/"],
    ["/wo", "rk/"],
    ["index.cra", "tes.io"],
    ["static.cra", "tes.io"],
    ["pypi", ".org"],
    ["pythonhos", "ted.org"],
    ["registry.np", "mjs.org"],
    ["deb.deb", "ian.org"],
];
const PROMISES: [[&str; 2]; 5] = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["todo", "!("], ["unimplemented", "!("]];

/// Looks at every line of every file.
pub(super) fn check(files: &[Tracked], findings: &mut Findings) {
    for file in files.iter().filter(|f| !GENERATED.contains(&f.path.as_str())) {
        for (number, line) in file.text.lines().enumerate() {
            let at = || format!("{}:{}", file.path, number + 1);
            if let Some(place) = PLACES.iter().map(|p| p.concat()).find(|p| line.contains(p)) {
                findings.add(at(), format_args!("`{place}` is a machine's path or a registry's host"));
            }
            if let Some(word) = PROMISES.iter().map(|p| p.concat()).find(|w| promises(line, w)) {
                findings.add(at(), format_args!("`{word}` without an issue number; write `{word}(#12)`"));
            }
        }
    }
}

/// Whether the word stands alone in the line and no `(#number)` follows it.
fn promises(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let alone = !line[..at].ends_with(is_word) && !line[at + word.len()..].starts_with(is_word);
        alone && !line[at + word.len()..].starts_with("(#")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> usize {
        let mut findings = Findings::default();
        check(&[Tracked { path: path.to_owned(), text: text.to_owned() }], &mut findings);
        findings.0.len()
    }

    #[test]
    fn finds_promises_and_places() {
        let promise = ["TO", "DO"].concat();
        assert_eq!(findings("a.rs", &format!("// {promise}: later")), 1);
        assert_eq!(findings("a.rs", &format!("// {promise}(#12): later")), 0);
        assert_eq!(findings("a.rs", &format!("{promise}_LIST")), 0);
        assert_eq!(findings("a.md", &["see /ro", "ot/x"].concat()), 1);
        assert_eq!(findings("Cargo.lock", &["index.cra", "tes.io"].concat()), 0);
    }
}
