//! A proof that stands alone (C2SP tlog-proof): an entry's index, its inclusion proof, and the checkpoint.

use std::fmt;
use std::str::FromStr;

use crate::base64::{base64, unbase64};
use crate::checkpoint::{CheckpointError, Trust, Trusted, decimal};
use crate::digest::Digest;
use crate::merkle::{MerkleError, leaf_hash, verify_inclusion};
use crate::note::{NOTE_LIMIT, SignedNote};

/// First line of a proof.
const HEADER: &str = "c2sp.org/tlog-proof@v1\n";
/// The longest proof that is looked at, in bytes.
pub const TLOG_PROOF_LIMIT: usize = 2 * NOTE_LIMIT;
/// Hashes in the longest inclusion proof.
const PATH_LIMIT: usize = 63;

/// Why a proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Not a proof.
    #[error("not a tlog-proof: {0}")]
    Form(&'static str),
    /// The checkpoint in it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes in it.
    #[error(transparent)]
    Merkle(#[from] MerkleError),
}

/// An entry's place in a log, with all that is needed to check it offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// What goes with the proof and is *not* covered by it.
    pub extra: Option<Vec<u8>>,
    /// Place of the entry, from 0.
    pub index: u64,
    /// Inclusion proof, from the leaf up.
    pub path: Vec<Digest>,
    /// The note of the checkpoint, word for word.
    pub checkpoint: SignedNote,
}

impl TlogProof {
    /// Holds an entry against the proof.
    ///
    /// # Errors
    /// [`TlogProofError`] unless a checkpoint that is trusted includes exactly this entry at this place.
    pub fn verify(&self, entry: &[u8], trust: &Trust) -> Result<Trusted, TlogProofError> {
        let trusted = trust.open(&self.checkpoint.to_string())?;
        let (size, root) = (trusted.checkpoint.size(), trusted.checkpoint.root());
        verify_inclusion(&leaf_hash(entry), self.index, size, &self.path, root)?;
        Ok(trusted)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", base64(&hash.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        let form = TlogProofError::Form;
        if text.len() > TLOG_PROOF_LIMIT {
            return Err(form("it is too long"));
        }
        let rest = text.strip_prefix(HEADER).ok_or(form("the first line is another"))?;
        let (head, note) = rest.split_once("\n\n").ok_or(form("no checkpoint follows"))?;
        let mut lines = head.split('\n').peekable();
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(text) => {
                lines.next();
                Some(unbase64(text).ok_or(form("the extra data is not base64"))?)
            }
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(form("no index"))?;
        let path: Option<Vec<_>> = lines.take(PATH_LIMIT + 1).map(hash).collect();
        let path = path.filter(|p| p.len() <= PATH_LIMIT).ok_or(form("a line is no hash, or there are too many"))?;
        let checkpoint = SignedNote::parse(note).map_err(CheckpointError::from)?;
        Ok(Self { extra, index, path, checkpoint })
    }
}

/// A hash on a line of its own.
pub(crate) fn hash(line: &str) -> Option<Digest> {
    unbase64(line)?.try_into().ok().map(Digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::merkle::tests::{leaves, reference_root};
    use crate::merkle::{node_hash, prove_inclusion};
    use crate::sign::NoteSigner;

    fn sample() -> (TlogProof, Trust) {
        let all = leaves(5);
        let signer = NoteSigner::from_seed("log.example/a", &[1; 32]).unwrap();
        let head = Checkpoint::new("log.example/a", 5, reference_root(&all)).unwrap();
        let mut nodes = |level: u32, index: u64| Ok(reference_root(&all[(index << level) as usize..][..1 << level]));
        let path = prove_inclusion(2, 5, &mut nodes).unwrap();
        let proof = TlogProof { extra: None, index: 2, path, checkpoint: head.sign(&signer).unwrap() };
        (proof, Trust::in_log(signer.public().clone()))
    }

    #[test]
    fn a_proof_shows_its_entry_and_no_other() {
        let (proof, trust) = sample();
        assert_eq!(proof.verify(&2_u64.to_be_bytes(), &trust).unwrap().checkpoint.size(), 5);
        assert!(proof.verify(&1_u64.to_be_bytes(), &trust).is_err());
        assert!(TlogProof { index: 3, ..proof.clone() }.verify(&2_u64.to_be_bytes(), &trust).is_err());
        assert!(TlogProof { path: vec![], ..proof.clone() }.verify(&2_u64.to_be_bytes(), &trust).is_err());
        let pair = node_hash(&leaves(2)[0], &leaves(2)[1]);
        let climbing = TlogProof { index: 0, path: proof.path[1..].to_vec(), ..proof };
        assert!(climbing.verify(&pair.0, &trust).is_err(), "an inner node is no entry");
    }

    #[test]
    fn text_is_read_as_it_was_written() {
        let (proof, _) = sample();
        for extra in [None, Some(vec![]), Some(b"opening".to_vec())] {
            let proof = TlogProof { extra, ..proof.clone() };
            let text = proof.to_string();
            assert!(text.starts_with("c2sp.org/tlog-proof@v1\n"));
            assert_eq!(text.parse::<TlogProof>().unwrap(), proof);
        }
    }

    #[test]
    fn every_flipped_bit_is_refused_or_says_the_same() {
        let (proof, trust) = sample();
        let text = proof.to_string();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                let held = changed.parse::<TlogProof>().map(|p| p.verify(&2_u64.to_be_bytes(), &trust).is_ok());
                assert_ne!(held, Ok(true), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let (proof, _) = sample();
        let good = proof.to_string();
        let hash = base64(&[7; 32]);
        for wrong in [
            String::new(),
            good.replace("@v1", "@v2"),
            good.replace("index 2", "index 02"),
            good.replace("index 2", "index -2"),
            good.replace("index 2", "index"),
            good.replace("index 2\n", ""),
            good.replace("index 2", "extra AA=\nindex 2"),
            good.replace("index 2", "index 2\nextra AAAA"),
            good.replace("index 2", "extra AAAA\nextra AAAA\nindex 2"),
            good.replace("index 2", "index 2\nAAAA"),
            good.replace("index 2", &format!("index 2{}", format!("\n{hash}").repeat(64))),
            good.replace("\n\n", "\n"),
            good.trim_end().to_owned(),
            format!("{good}\n"),
            format!("{}{good}", " ".repeat(TLOG_PROOF_LIMIT)),
        ] {
            assert!(wrong.parse::<TlogProof>().is_err(), "{:?}", wrong.get(..60));
        }
    }
}
