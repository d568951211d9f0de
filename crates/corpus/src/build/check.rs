//! Whether published revisions are still what was published, and the inputs of a build are whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use arrow_array::cast::AsArray;
use mandat_core::manifest::{CONTENT_FORMAT, Content, MemberRoot, Members, REVISION_FORMAT, Revision};
use mandat_core::proof::{MemberKind, sha256};
use serde::de::DeserializeOwned;

use crate::admit::AdmitError;
use crate::admit::columns::{BATCH_ROWS, Columns};
use crate::build::BuildError;
use crate::build::card::card;
use crate::build::publish::Store;
use crate::build::verdicts::{self, Sum};
use crate::durable;
use crate::input;
use crate::members::{MemberFiles, TreeFault};
use crate::vault::{Fault, Problem, Vault};

impl Store {
    /// Looks at every file of a revision: whether `content.json` is the one that `revision.json` names,
    /// whether shards and verdicts are there and of their length, and with `deep` whether their bytes are
    /// those that were written; of the members' trees, whether they lead to the roots that it names. Paths are below
    /// the revision's folder or that of its verdicts or members.
    #[must_use]
    pub fn verify_revision(&self, corpus: &str, revision: u64, deep: bool) -> Vec<Problem> {
        let (dir, verdict_dir) = (self.revision_dir(corpus, revision), self.verdict_dir(corpus, revision));
        let mut problems = match content_of(&dir) {
            Ok(content) => {
                let members = self.member_faults(&content, revision, deep);
                let shards = content.shards.into_iter().map(|s| (s.path, Sum { bytes: s.bytes, sha256: s.sha256 }));
                faults(&dir, shards, deep).into_iter().chain(members).collect()
            }
            Err(problem) => vec![problem],
        };
        match listed(&verdict_dir) {
            Ok(list) => problems.extend(faults(&verdict_dir, list, deep)),
            Err(problem) => problems.push(problem),
        }
        problems
    }

    /// The trees of a revision's members, with the roots that its content names; none in revisions of earlier versions.
    #[must_use]
    pub fn member_files(&self, content: &Content, revision: u64) -> Vec<(MemberKind, MemberFiles)> {
        let folder = self.members_dir(&content.corpus, revision);
        let Some(Members { persons, records, .. }) = &content.members else { return Vec::new() };
        let files =
            |(kind, root): (MemberKind, &MemberRoot)| Some((kind, MemberFiles::new(&folder, kind, root.root()?)));
        [(MemberKind::Person, persons), (MemberKind::Record, records)].into_iter().filter_map(files).collect()
    }

    fn member_faults(&self, content: &Content, revision: u64, deep: bool) -> Vec<Problem> {
        let fault = |(_, files): (MemberKind, MemberFiles)| {
            let found = if deep { files.walk() } else { files.check_length().map(drop) };
            let fault = match found.err()? {
                TreeFault::Unread { source, .. } => unread(&source),
                _ => Fault::Content,
            };
            Some(Problem { path: files.name(), fault })
        };
        self.member_files(content, revision).into_iter().filter_map(fault).collect()
    }

    /// Refuses a vault whose texts were screened with other lists, one that is gone though revisions were made from it, or whose files are not those that
    /// its manifest names; with `deep` the bytes of every file that a build reads are looked at.
    ///
    /// # Errors
    /// [`BuildError::Unscreened`], [`BuildError::NoVault`], [`BuildError::DamagedVault`], or when the store cannot be read.
    pub fn check_vault(&self, vault: &Vault, deep: bool) -> Result<(), BuildError> {
        if vault.sequence() == 0
            && let Some(corpus) = self.corpora()?.into_iter().next()
        {
            return Err(BuildError::NoVault { corpus });
        }
        if !vault.manifest().is_screened() {
            return Err(BuildError::Unscreened);
        }
        let problems = if deep { vault.verify_for_build() } else { vault.verify_files(false) };
        match problems.split_first() {
            None => Ok(()),
            Some((first, rest)) => Err(BuildError::DamagedVault { first: first.clone(), more: rest.len() }),
        }
    }
}

/// Both manifests of a revision in a folder, if `content.json` is the one that `revision.json` names.
///
/// # Errors
/// The first thing that is wrong with them.
pub fn manifests(dir: &Path) -> Result<(Content, Revision), Problem> {
    let lineage: Revision = parsed("revision.json", &bytes(dir, "revision.json")?)?;
    let content = bytes(dir, "content.json")?;
    if sha256(&content).to_string() != lineage.content_sha256 {
        return Err(Problem { path: "content.json".into(), fault: Fault::Content });
    }
    let content: Content = parsed("content.json", &content)?;
    for (name, known) in
        [("content.json", content.format == CONTENT_FORMAT), ("revision.json", lineage.format == REVISION_FORMAT)]
    {
        if !known {
            return Err(Problem { path: name.into(), fault: Fault::Content });
        }
    }
    Ok((content, lineage))
}

fn content_of(dir: &Path) -> Result<Content, Problem> {
    manifests(dir).map(|(content, _)| content)
}

/// Reads every shard of a revision in a folder: whether its bytes and its rows are those that `content.json` names, and
/// whether `data/` holds anything else, which a loader would take along.
#[must_use]
pub fn shard_problems(dir: &Path, content: &Content) -> Vec<Problem> {
    let sums = content.shards.iter().map(|s| (s.path.clone(), Sum { bytes: s.bytes, sha256: s.sha256.clone() }));
    let mut problems = faults(dir, sums, true);
    let wrong = |path: &str, fault| Problem { path: path.into(), fault };
    for shard in &content.shards {
        let counted: u64 = shard.groups.iter().map(|group| group.rows).sum();
        let found =
            Columns::open(&dir.join(&shard.path)).map(|c| c.group_rows().into_iter().map(|rows| rows as u64).sum());
        let known = problems.iter().any(|problem| problem.path == Path::new(&shard.path));
        if !known && (counted != shard.rows || found.unwrap_or(u64::MAX) != shard.rows) {
            problems.push(wrong(&shard.path, Fault::Content));
        }
    }
    let listed: BTreeSet<&Path> = content.shards.iter().map(|shard| Path::new(&shard.path)).collect();
    let others = durable::files_below(&dir.join("data")).unwrap_or_default();
    let others = others.iter().map(|name| Path::new("data").join(name)).filter(|name| !listed.contains(name.as_path()));
    problems.extend(others.map(|path| Problem { path, fault: Fault::Content }));
    // Loaders read from the card which files belong to the corpus.
    let card_differs = bytes(dir, "README.md").map(|found| found != card(content).as_bytes());
    match card_differs {
        Ok(true) if content.tool.version == env!("CARGO_PKG_VERSION") => {
            problems.push(wrong("README.md", Fault::Content));
        }
        Ok(_) => {}
        Err(problem) => problems.push(problem),
    }
    problems
}

/// Whether the counts of a manifest agree with one another: rows with the tree of records, persons with rows.
#[must_use]
pub fn counts_agree(content: &Content) -> bool {
    let rows: u64 = content.shards.iter().map(|shard| shard.rows).sum();
    let members = content.members.as_ref();
    rows == content.records.rows
        && members.is_none_or(|m| {
            m.records.members == rows && m.persons.members <= rows && (rows == 0) == (m.persons.members == 0)
        })
}

/// How many rows of a shard another build of the same name does not have, by their keyed tokens.
///
/// # Errors
/// When either cannot be read.
pub fn rows_not_in(shard: &Path, other: &Path) -> Result<u64, BuildError> {
    let keys = |path: &Path| -> Result<Vec<Vec<u8>>, BuildError> {
        let columns = Columns::open(path).map_err(|source| AdmitError::parquet(path, source))?;
        let mut found = Vec::new();
        for batch in columns.read((0..columns.groups()).collect(), &["record"], BATCH_ROWS)? {
            let batch = batch?;
            let column = batch.column(0).as_binary_opt::<i32>().ok_or(BuildError::Layout("record"))?;
            found.extend(column.iter().flatten().map(<[u8]>::to_vec));
        }
        found.sort_unstable();
        Ok(found)
    };
    let theirs = if other.is_file() { keys(other)? } else { Vec::new() };
    Ok(keys(shard)?.iter().filter(|key| theirs.binary_search(key).is_err()).count() as u64)
}

/// The verdict files of a revision. Revisions of earlier versions have no list; their folder must be there.
fn listed(dir: &Path) -> Result<BTreeMap<String, Sum>, Problem> {
    if dir.is_dir() && !dir.join(verdicts::LIST).exists() {
        return Ok(BTreeMap::new());
    }
    parsed(verdicts::LIST, &bytes(dir, verdicts::LIST)?)
}

/// The files of a folder that are not as listed.
fn faults(dir: &Path, listed: impl IntoIterator<Item = (String, Sum)>, deep: bool) -> Vec<Problem> {
    let fault = |(name, sum): (String, Sum)| {
        let fault = fault(&dir.join(&name), &sum, deep)?;
        Some(Problem { path: name.into(), fault })
    };
    listed.into_iter().filter_map(fault).collect()
}

fn fault(path: &Path, sum: &Sum, deep: bool) -> Option<Fault> {
    match fs::metadata(path) {
        Err(error) => Some(unread(&error)),
        Ok(found) if found.len() != sum.bytes => Some(Fault::Length { expected: sum.bytes, found: found.len() }),
        Ok(_) if deep => match input::digest_file(path) {
            Err(error) => Some(unread(&error)),
            Ok((digest, _)) => (digest.to_string() != sum.sha256).then_some(Fault::Content),
        },
        Ok(_) => None,
    }
}

fn bytes(dir: &Path, name: &str) -> Result<Vec<u8>, Problem> {
    fs::read(dir.join(name)).map_err(|error| Problem { path: name.into(), fault: unread(&error) })
}

fn parsed<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, Problem> {
    let fault = Fault::Unreadable(ErrorKind::InvalidData);
    serde_json::from_slice(bytes).map_err(|_| Problem { path: name.into(), fault })
}

fn unread(error: &std::io::Error) -> Fault {
    if error.kind() == ErrorKind::NotFound { Fault::Missing } else { Fault::Unreadable(error.kind()) }
}
