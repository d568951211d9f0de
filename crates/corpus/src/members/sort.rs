//! Sorting tokens within a memory budget: tokens are uniform, so the leading bits cut them into even parts.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use mandat_proof::{Member, ROW_BYTES};
use rayon::prelude::*;

use crate::build::{BuildError, Store};

/// Members that are sorted in memory at once, about.
const IN_MEMORY: u64 = 1 << 19;
/// Parts at most: each is a file.
const MAX_BITS: u32 = 8;
/// Members that a part holds before they go to its file.
const WAITING: usize = 1 << 12;

/// Takes members in any order, gives them back in the order of tokens.
pub(super) struct Sorter {
    bits: u32,
    parts: Vec<Part>,
}

/// Members whose tokens have the same leading bits.
struct Part {
    path: PathBuf,
    file: Option<File>,
    waiting: Vec<Member>,
}

impl Sorter {
    /// A sorter for at most so many members.
    ///
    /// # Errors
    /// When there is no scratch folder.
    pub(super) fn new(store: &Store, name: &str, members: u64) -> Result<Self, BuildError> {
        Self::with_bits(store, name, bits_for(members))
    }

    fn with_bits(store: &Store, name: &str, bits: u32) -> Result<Self, BuildError> {
        let part = |number: u32| {
            let path = store.scratch(&format!("members-{name}-{number:02x}"))?;
            Ok(Part { path, file: None, waiting: Vec::new() })
        };
        Ok(Self { bits, parts: (0..1 << bits).map(part).collect::<Result<_, BuildError>>()? })
    }

    /// Takes a member.
    ///
    /// # Errors
    /// When the scratch file cannot be written.
    pub(super) fn push(&mut self, member: Member) -> Result<(), BuildError> {
        let part = usize::from(member.token.0[0]) >> (8 - self.bits);
        let part = &mut self.parts[part];
        part.waiting.push(member);
        if self.bits > 0 && part.waiting.len() == WAITING { part.spill() } else { Ok(()) }
    }

    /// Hands over the members, part by part, each sorted and above the one before it.
    pub(super) fn sorted(self) -> impl Iterator<Item = Result<Vec<Member>, BuildError>> {
        self.parts.into_iter().map(Part::sorted)
    }
}

/// Leading bits that cut so many members into parts that fit into memory.
const fn bits_for(members: u64) -> u32 {
    let parts = members.div_ceil(IN_MEMORY);
    let bits = if parts <= 1 { 0 } else { u64::BITS - (parts - 1).leading_zeros() };
    if bits > MAX_BITS { MAX_BITS } else { bits }
}

impl Part {
    fn spill(&mut self) -> Result<(), BuildError> {
        let failed = |source| BuildError::io("write", &self.path, source);
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::create_new(&self.path).map_err(failed)?),
        };
        let bytes: Vec<u8> = self.waiting.iter().flat_map(|member| member.to_bytes()).collect();
        file.write_all(&bytes).map_err(failed)?;
        self.waiting.clear();
        Ok(())
    }

    fn sorted(self) -> Result<Vec<Member>, BuildError> {
        let mut members = self.waiting;
        if self.file.is_some() {
            let bytes = fs::read(&self.path).map_err(|source| BuildError::io("read", &self.path, source))?;
            let (rows, rest) = bytes.as_chunks::<ROW_BYTES>();
            if !rest.is_empty() {
                return Err(BuildError::Layout("members"));
            }
            members.extend(rows.iter().map(Member::from_bytes));
            fs::remove_file(&self.path).map_err(|source| BuildError::io("remove", &self.path, source))?;
        }
        members.par_sort_unstable();
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use mandat_proof::{Token, sha256};

    use super::*;

    #[test]
    fn parts_on_disk_give_the_order_of_one_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path());
        let member = |n: u32| Member { token: Token(sha256(&n.to_be_bytes()).0), value: n };
        let mut expected: Vec<Member> = (0..40_000).map(member).collect();
        expected.sort_unstable();
        for bits in [0, 1, 3] {
            let mut sorter = Sorter::with_bits(&store, "test", bits).unwrap();
            (0..40_000).try_for_each(|n| sorter.push(member(n))).unwrap();
            let found: Vec<Member> = sorter.sorted().flat_map(Result::unwrap).collect();
            assert!(found == expected, "{bits} bits");
        }
        assert_eq!([0, IN_MEMORY, IN_MEMORY + 1, 3 * IN_MEMORY, u64::MAX].map(bits_for), [0, 0, 1, 2, 8]);
    }
}
