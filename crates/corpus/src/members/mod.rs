//! What a revision commits to about who and what is in it: two indexed sorted Merkle trees of keyed tokens.
//!
//! While shards are written, each notes whom and what it holds in a scratch list (`list`). Once all are there, the
//! tokens are derived from the persons' secrets, which the ledger keeps and hands out through [`Secrets`], sorted
//! (`sort`) and hashed (`tree`). The roots go into `content.json`; the trees stay in the store, under
//! `members/CORPUS/REVISION/`, so that proofs can be made later. They are not delivered.
//!
//! Tokens are scoped to [`Content::inputs`]: a function of what the revision was built from, so that a rebuild gives the
//! same trees, and two revisions have no token in common. What a token is stands in `docs/log.md`.

mod list;
mod sort;
mod tree;

use std::path::PathBuf;

use mandat_core::manifest::{Content, MemberRoot, Members};
use mandat_core::members::Secrets;
use mandat_proof::{Digest, MemberKind, MemberSecret, MembersError, MembersRoot, PersonKey, SubjectSecret};
use rayon::prelude::*;

pub use tree::{MemberFiles, TreeFault};

pub(crate) use list::{List, Name, mark_redacted, name};

use crate::build::{BuildError, Store};
use sort::Sorter;

/// Persons whose secrets are asked for at once.
const PERSONS: usize = 1 << 16;

/// The trees of a revision, written but not yet part of it.
pub(crate) struct Committed {
    /// What goes into `content.json`.
    pub(crate) members: Members,
    /// Files and their names in the revision's folder of members.
    pub(crate) files: Vec<(PathBuf, String)>,
    /// Persons without a secret: in the ledger's eyes they do not exist, or no longer.
    pub(crate) missing: u64,
}

/// Builds both trees over everybody and everything in `lists`.
///
/// # Errors
/// When secrets cannot be read, two members have one token, or files cannot be written.
pub(crate) fn commit<'a>(
    store: &Store,
    content: &Content,
    lists: impl Iterator<Item = &'a List>,
    secrets: &dyn Secrets,
) -> Result<Committed, BuildError> {
    let inputs = content.inputs();
    let rows = content.shards.iter().map(|s| s.rows).sum();
    let mut persons = Sorter::new(store, "persons", rows)?;
    let mut records = Sorter::new(store, "records", rows)?;
    let mut missing = 0;
    let mut waiting: Vec<Own> = Vec::new();
    for list in lists {
        for own in list.read()? {
            waiting.push(own);
            if waiting.len() == PERSONS {
                missing += derive(&mut waiting, &inputs, secrets, &mut persons, &mut records)?;
            }
        }
    }
    missing += derive(&mut waiting, &inputs, secrets, &mut persons, &mut records)?;
    let mut files = Vec::new();
    let mut write = |sorter: Sorter, kind| -> Result<MemberRoot, BuildError> {
        let written = tree::write(store, sorter, kind)?;
        files.extend(written.files);
        Ok(root_entry(&written.root))
    };
    let members = Members {
        inputs: inputs.to_string(),
        persons: write(persons, MemberKind::Person)?,
        records: write(records, MemberKind::Record)?,
    };
    Ok(Committed { members, files, missing })
}

/// A person in a shard, and what of them is in it.
pub(crate) struct Own {
    person: PersonKey,
    records: Vec<(Digest, u8)>,
}

/// Derives the tokens of the persons that wait; gives how many have no secret.
fn derive(
    waiting: &mut Vec<Own>,
    inputs: &Digest,
    secrets: &dyn Secrets,
    persons: &mut Sorter,
    records: &mut Sorter,
) -> Result<u64, BuildError> {
    let keys: Vec<PersonKey> = waiting.iter().map(|own| own.person).collect();
    let found = secrets.secrets(&keys).map_err(BuildError::Secrets)?;
    let pairs: Vec<(&Own, &SubjectSecret)> =
        waiting.iter().zip(&found).filter_map(|(own, secret)| Some((own, secret.as_ref()?))).collect();
    let missing = waiting.len() - pairs.len();
    for (own, of) in pairs.par_iter().map(|(own, secret)| tokens(own, secret, inputs)).collect::<Vec<_>>() {
        persons.push(own)?;
        of.into_iter().try_for_each(|record| records.push(record))?;
    }
    waiting.clear();
    Ok(missing as u64)
}

fn tokens(own: &Own, secret: &SubjectSecret, inputs: &Digest) -> (mandat_proof::Member, Vec<mandat_proof::Member>) {
    let count = u32::try_from(own.records.len()).expect("bug: a shard has at most u32 rows");
    let record = |(name, number): &(Digest, u8)| MemberSecret::of_record(secret, inputs, name).member((*number).into());
    (MemberSecret::of_person(secret, inputs).member(count), own.records.iter().map(record).collect())
}

fn root_entry(root: &MembersRoot) -> MemberRoot {
    MemberRoot { members: root.members, root: root.root.to_string() }
}

impl From<MembersError> for BuildError {
    fn from(error: MembersError) -> Self {
        Self::Members(error)
    }
}
