//! Whether published revisions are still what was published, and the inputs of a build are whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use mandat_core::manifest::{Content, MemberRoot, Members, Revision};
use mandat_core::proof::{MemberKind, sha256};
use serde::de::DeserializeOwned;

use crate::build::BuildError;
use crate::build::publish::Store;
use crate::build::verdicts::{self, Sum};
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

    /// Refuses a vault that is gone though revisions were made from it, or whose files are not those that
    /// its manifest names; with `deep` the bytes of every file that a build reads are looked at.
    ///
    /// # Errors
    /// [`BuildError::NoVault`], [`BuildError::DamagedVault`], or when the store cannot be read.
    pub fn check_vault(&self, vault: &Vault, deep: bool) -> Result<(), BuildError> {
        if vault.sequence() == 0
            && let Some(corpus) = self.corpora()?.into_iter().next()
        {
            return Err(BuildError::NoVault { corpus });
        }
        let problems = if deep { vault.verify_for_build() } else { vault.verify_files(false) };
        match problems.split_first() {
            None => Ok(()),
            Some((first, rest)) => Err(BuildError::DamagedVault { first: first.clone(), more: rest.len() }),
        }
    }
}

/// `content.json`, if it is the one that `revision.json` names.
fn content_of(dir: &Path) -> Result<Content, Problem> {
    let lineage: Revision = parsed("revision.json", &bytes(dir, "revision.json")?)?;
    let content = bytes(dir, "content.json")?;
    if sha256(&content).to_string() != lineage.content_sha256 {
        return Err(Problem { path: "content.json".into(), fault: Fault::Content });
    }
    parsed("content.json", &content)
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
