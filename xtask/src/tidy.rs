//! `cargo xtask tidy`: the house rules that no lint knows, all findings at once.

mod edges;
mod licences;
mod links;
mod metadata;
mod pages;
mod rust;
mod shape;
mod words;

use std::fmt::Display;
use std::path::Path;

use anyhow::{Context, Result};

use crate::place::Place;
use crate::shell::Cmd;

/// Where something is not as it should be, and what.
#[derive(Default)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    /// Adds one finding about a place.
    pub(crate) fn add(&mut self, at: impl Display, what: impl Display) {
        self.0.push(format!("{at}: {what}"));
    }
}

/// A tracked file, read once for all checks.
#[derive(Clone)]
pub(crate) struct Tracked {
    /// Relative to the checkout, with `/`.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl Tracked {
    /// Whether it is Rust source.
    pub(crate) fn is_rust(&self) -> bool {
        self.extension() == "rs"
    }

    /// Whether it is prose.
    pub(crate) fn is_markdown(&self) -> bool {
        self.extension() == "md"
    }

    /// Whether it is a test by where it lies.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| part == "tests" || part == "benches")
    }

    fn extension(&self) -> &str {
        Path::new(&self.path).extension().and_then(|e| e.to_str()).unwrap_or_default()
    }
}

/// Runs as a verb of its own.
pub(crate) fn run(args: &[String]) -> Result<bool> {
    anyhow::ensure!(args.is_empty(), "tidy takes no arguments");
    check(&Place::find()?)
}

/// Prints every finding; true if there is none.
pub(crate) fn check(place: &Place) -> Result<bool> {
    let files = tracked(place)?;
    let workspace = metadata::read(place)?;
    let mut findings = Findings::default();
    edges::check(&workspace, &files, &mut findings);
    licences::check(&workspace, &place.root, &mut findings)?;
    shape::check(&files, &mut findings);
    words::check(&files, &mut findings);
    links::check(&files, &mut findings);
    pages::check(&files, &mut findings);
    for finding in &findings.0 {
        println!("{finding}");
    }
    let (files, packages) = (files.len(), workspace.outside.len());
    println!("tidy: {} findings in {files} files, {packages} packages from outside", findings.0.len());
    Ok(findings.0.is_empty())
}

/// What git tracks, and what it would: a new file is held to the rules before its first commit.
fn tracked(place: &Place) -> Result<Vec<Tracked>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let list = Cmd::new(place, "git").args(list).read().context("tidy works in a git checkout")?;
    let mut files = Vec::new();
    for path in list.split('\0').filter(|p| !p.is_empty()) {
        if let Ok(bytes) = std::fs::read(place.root.join(path)) {
            files.push(Tracked { path: path.to_owned(), text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    Ok(files)
}
