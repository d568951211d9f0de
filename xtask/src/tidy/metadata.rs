//! The package graph, as `cargo metadata` tells it.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::place::Place;
use crate::shell::Cmd;

/// A package of this workspace.
pub(crate) struct Member {
    /// Without the `mandat-` in front.
    pub(crate) name: String,
    /// Where its manifest lies, relative to the checkout.
    pub(crate) folder: String,
    /// Every dependency it names.
    pub(crate) names: Vec<Named>,
}

/// One line of a `[dependencies]` table.
pub(crate) struct Named {
    /// The package.
    pub(crate) package: String,
    /// Only for tests.
    pub(crate) dev: bool,
}

/// A package from a registry.
pub(crate) struct Outside {
    /// `name version`.
    pub(crate) id: String,
    /// The SPDX expression, as published.
    pub(crate) licence: Option<String>,
}

/// The workspace and what it pulls in.
pub(crate) struct Workspace {
    pub(crate) members: Vec<Member>,
    pub(crate) outside: Vec<Outside>,
}

/// Asks cargo, for this machine's platform.
pub(crate) fn read(place: &Place) -> Result<Workspace> {
    let version = Cmd::new(place, "rustc").arg("-vV").read()?;
    let host = version.lines().find_map(|l| l.strip_prefix("host: ")).context("rustc does not name its host")?;
    let asked = Cmd::cargo(place, "metadata --format-version 1 --locked --filter-platform").arg(host).read()?;
    let graph: Value = serde_json::from_str(&asked).context("cargo metadata did not print JSON")?;
    let root = format!("{}/", place.root.display());
    let mut workspace = Workspace { members: Vec::new(), outside: Vec::new() };
    for package in list(&graph, "packages") {
        let id = || format!("{} {}", text(package, "name"), text(package, "version"));
        if package["source"].is_null() {
            workspace.members.push(member(package, &root));
        } else if is_resolved(&graph, package) {
            let licence = package["license"].as_str().map(str::to_owned);
            workspace.outside.push(Outside { id: id(), licence });
        }
    }
    Ok(workspace)
}

fn member(package: &Value, root: &str) -> Member {
    let manifest = text(package, "manifest_path");
    let folder = manifest.strip_prefix(root).unwrap_or(manifest).trim_end_matches("/Cargo.toml");
    let named = |d: &Value| Named { package: text(d, "name").to_owned(), dev: d["kind"] == "dev" };
    Member {
        name: short(text(package, "name")).to_owned(),
        folder: folder.to_owned(),
        names: list(package, "dependencies").iter().map(named).collect(),
    }
}

fn is_resolved(graph: &Value, package: &Value) -> bool {
    list(&graph["resolve"], "nodes").iter().any(|node| node["id"] == package["id"])
}

/// A member's name as the design writes it.
pub(crate) fn short(package: &str) -> &str {
    package.strip_prefix("mandat-").unwrap_or(package)
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
