//! Every package from outside is under a licence that `deny.toml` allows.

use std::path::Path;

use anyhow::{Context, Result};

use super::Findings;
use super::metadata::Workspace;

/// Evaluates each package's SPDX expression against the allowed licences.
pub(super) fn check(workspace: &Workspace, root: &Path, findings: &mut Findings) -> Result<()> {
    let deny = std::fs::read_to_string(root.join("deny.toml")).context("cannot read deny.toml")?;
    let allowed = allowed(&deny).context("deny.toml has no `allow = [` under [licenses]")?;
    for package in &workspace.outside {
        match &package.licence {
            None => findings.add(&package.id, "names no licence"),
            Some(licence) if !permits(licence, &allowed) => {
                findings.add(&package.id, format_args!("licence `{licence}` is not allowed by deny.toml"));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The quoted words of `allow = [ … ]`.
fn allowed(deny: &str) -> Option<Vec<&str>> {
    let (_, section) = deny.split_once("[licenses]")?;
    let (_, list) = section.split_once("allow = [")?;
    let (list, _) = list.split_once(']')?;
    Some(list.split('"').skip(1).step_by(2).collect())
}

/// Whether an expression of `AND`, `OR`, `WITH`, brackets (and the old `/` for `OR`) can be met.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allowed };
    let met = parser.or();
    met && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a [&'a str],
}

impl Parser<'_> {
    fn or(&mut self) -> bool {
        let mut met = self.and();
        while self.take("OR") {
            met |= self.and();
        }
        met
    }

    fn and(&mut self) -> bool {
        let mut met = self.one();
        while self.take("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let met = self.or();
            return self.take(")") && met;
        }
        let Some((licence, rest)) = self.words.split_first() else { return false };
        self.words = rest;
        if !self.take("WITH") {
            return self.allowed.contains(licence);
        }
        let Some((exception, rest)) = self.words.split_first() else { return false };
        self.words = rest;
        self.allowed.contains(&format!("{licence} WITH {exception}").as_str())
    }

    fn take(&mut self, word: &str) -> bool {
        let Some((first, rest)) = self.words.split_first() else { return false };
        if *first == word {
            self.words = rest;
        }
        *first == word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evaluates_expressions() {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
        let permits = |e| super::permits(e, &allowed);
        for good in [
            "MIT",
            "MIT OR GPL-3.0-only",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(permits(good), "{good}");
        }
        for bad in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "MIT WITH LLVM-exception", "", "(MIT", "MIT MIT", "OR"] {
            assert!(!permits(bad), "{bad}");
        }
    }

    #[test]
    fn reads_the_allow_list() {
        assert_eq!(allowed("[x]\n[licenses]\nallow = [\n \"MIT\",\n \"ISC\",\n]\n"), Some(vec!["MIT", "ISC"]));
        assert_eq!(allowed("[licenses]\n"), None);
    }
}
