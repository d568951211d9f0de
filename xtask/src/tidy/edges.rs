//! The crate edges: who may use whom, and who alone names a heavy dependency.

use super::metadata::{Member, Workspace, short};
use super::{Findings, Tracked};

/// The house: a crate, and the crates it may use. An edge that is not here does not exist.
const EDGES: [(&str, &[&str]); 8] = [
    ("proof", &[]),
    ("core", &["proof"]),
    ("ledger", &["core", "proof"]),
    ("corpus", &["core", "proof", "text"]),
    ("mandat", &["core", "corpus", "ledger", "proof", "text"]),
    ("testkit", &["core", "proof"]),
    ("text", &[]),
    ("xtask", &[]),
];

/// A dependency (a trailing `*` stands for any ending) and the one crate that names it.
const OWNERS: [(&str, &str); 14] = [
    ("arrow*", "corpus"),
    ("chacha20poly1305", "proof"),
    ("clap", "mandat"),
    ("ed25519-dalek", "proof"),
    ("flate2", "corpus"),
    ("hmac", "proof"),
    ("indicatif", "mandat"),
    ("object_store", "corpus"),
    ("parquet", "corpus"),
    ("rusqlite", "ledger"),
    ("serde-saphyr", "core"),
    ("sha2", "proof"),
    ("tokio*", "ledger"),
    ("zstd", "corpus"),
];

/// Holds the workspace to the two tables, and every named dependency to being used.
pub(super) fn check(workspace: &Workspace, files: &[Tracked], findings: &mut Findings) {
    let members: Vec<&str> = workspace.members.iter().map(|m| m.name.as_str()).collect();
    for member in &workspace.members {
        let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == member.name) else {
            findings.add(&member.folder, "a crate that the table of edges in xtask/src/tidy/edges.rs does not know");
            continue;
        };
        for named in &member.names {
            let package = short(&named.package);
            let test_only = named.dev && package == "testkit";
            if members.contains(&package) && !allowed.contains(&package) && !test_only {
                findings.add(&member.folder, format_args!("`{}` may not use `{package}`", member.name));
            }
            if let Some(owner) = owner(&named.package)
                && owner != member.name
                && !named.dev
            {
                findings.add(&member.folder, format_args!("only `{owner}` may name `{}`", named.package));
            }
        }
        unused(member, files, findings);
    }
}

fn owner(package: &str) -> Option<&'static str> {
    let owns = |name: &str| name.strip_suffix('*').map_or(name == package, |head| package.starts_with(head));
    OWNERS.iter().find(|(name, _)| owns(name)).map(|(_, owner)| *owner)
}

/// A dependency whose name no source file of the crate mentions.
fn unused(member: &Member, files: &[Tracked], findings: &mut Findings) {
    let folder = format!("{}/", member.folder);
    let sources: Vec<_> = files.iter().filter(|f| f.is_rust() && f.path.starts_with(&folder)).collect();
    for named in &member.names {
        let ident = named.package.replace('-', "_");
        let used =
            sources.iter().any(|f| f.text.contains(&format!("{ident}::")) || f.text.contains(&format!("use {ident}")));
        if !used {
            findings.add(&member.folder, format_args!("names `{}` and never uses it", named.package));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::metadata::Named;
    use super::*;

    fn findings(name: &str, package: &str, dev: bool) -> Vec<String> {
        let names = vec![Named { package: package.to_owned(), dev }];
        let member = |name: &str, names| Member { name: name.to_owned(), folder: format!("crates/{name}"), names };
        let members = vec![member("core", vec![]), member("testkit", vec![]), member(name, names)];
        let workspace = Workspace { members, outside: Vec::new() };
        let text = format!("use {}::Thing;", package.replace('-', "_"));
        let source = Tracked { path: format!("crates/{name}/src/lib.rs"), text };
        let mut findings = Findings::default();
        check(&workspace, &[source], &mut findings);
        findings.0
    }

    #[test]
    fn refuses_edges_and_owners_that_are_not_in_the_tables() {
        assert_eq!(findings("ledger", "mandat-core", false), Vec::<String>::new());
        assert_eq!(findings("ledger", "mandat-testkit", true), Vec::<String>::new());
        assert_eq!(findings("proof", "mandat-core", false), ["crates/proof: `proof` may not use `core`"]);
        assert_eq!(findings("ledger", "mandat-testkit", false), ["crates/ledger: `ledger` may not use `testkit`"]);
        assert_eq!(findings("ledger", "arrow-array", false), ["crates/ledger: only `corpus` may name `arrow-array`"]);
        assert_eq!(findings("web", "serde", false).len(), 1);
    }
}
