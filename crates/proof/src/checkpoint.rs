//! Checkpoints of a log (C2SP tlog-checkpoint v1.0.0) and what it takes to believe one.

use std::fmt;
use std::str::FromStr;

use crate::base64::{base64, unbase64};
use crate::digest::Digest;
use crate::merkle::MAX_TREE_SIZE;
use crate::note::{NoteError, SignedNote, is_text};
use crate::policy::Quorum;
use crate::sign::{KeyKind, NoteKey, NoteSigner};

/// Why a checkpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not the text of a checkpoint.
    #[error("not a checkpoint; expected origin, size and root on three lines")]
    Form,
    /// A checkpoint of another log.
    #[error("a checkpoint of another log; expected one of `{expected}`")]
    Origin {
        /// The log that was expected.
        expected: String,
    },
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not the witnesses that are asked for.
    #[error("{found} witnesses signed it, and that is not enough (at least {wanted}); ask for a newer copy")]
    Witnesses {
        /// Witnesses that signed.
        found: usize,
        /// The fewest that can be enough.
        wanted: usize,
    },
}

/// The head of a log: how many entries, and the root over them.
///
/// Text: origin, size, base64 of the root, one line each. Lines after them are kept and written back; this log
/// writes none, as monitors cannot check them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Digest,
    extensions: String,
}

impl Checkpoint {
    /// The head of a log.
    ///
    /// # Errors
    /// [`CheckpointError::Form`] when the origin is no line of text or the size no tree's.
    pub fn new(origin: &str, size: u64, root: Digest) -> Result<Self, CheckpointError> {
        let line = !origin.is_empty() && !origin.contains('\n') && is_text(&format!("{origin}\n"));
        if !line || size > MAX_TREE_SIZE {
            return Err(CheckpointError::Form);
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions: String::new() })
    }

    /// Which log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries it has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root of the Merkle tree over them.
    #[must_use]
    pub const fn root(&self) -> &Digest {
        &self.root
    }

    /// The note that says so. Sign only what is durable: a log that signs two heads that do not fit has forked.
    ///
    /// # Errors
    /// [`NoteError::Key`] for the key of a witness.
    pub fn sign(&self, signer: &NoteSigner) -> Result<SignedNote, NoteError> {
        let text = self.to_string();
        let line = signer.sign_line(&text)?;
        SignedNote::new(&text, vec![line])
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n{}", self.origin, self.size, base64(&self.root.0), self.extensions)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let form = CheckpointError::Form;
        let mut parts = text.splitn(4, '\n');
        let (Some(origin), Some(size), Some(root), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(form);
        };
        let extensions_fit = rest.is_empty() || is_text(rest) && !rest.starts_with('\n') && !rest.contains("\n\n");
        if !extensions_fit {
            return Err(form);
        }
        let size = decimal(size).ok_or(CheckpointError::Form)?;
        let root: [u8; 32] = unbase64(root).and_then(|bytes| bytes.try_into().ok()).ok_or(form)?;
        Ok(Self { extensions: rest.to_owned(), ..Self::new(origin, size, Digest(root))? })
    }
}

/// A number as these formats write it: ASCII digits without leading zeros, at most [`MAX_TREE_SIZE`].
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten().filter(|n| *n <= MAX_TREE_SIZE)
}

/// Whom a verifier believes: the log's keys, witnesses, and which of them must have signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The log.
    pub origin: String,
    /// Keys of the log; one must have signed.
    pub log: Vec<NoteKey>,
    /// Witnesses.
    pub witnesses: Vec<NoteKey>,
    /// Which witnesses together are enough.
    pub quorum: Quorum,
}

/// A checkpoint that a verifier may believe.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Trusted {
    /// The head.
    pub checkpoint: Checkpoint,
    /// Which of the log's keys signed it.
    pub signer: String,
    /// Witnesses that signed it, and when, in seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
}

impl Trust {
    /// Trust in one key of a log alone, under the key's name as its origin.
    #[must_use]
    pub fn in_log(key: NoteKey) -> Self {
        Self { origin: key.name().to_owned(), log: vec![key], witnesses: Vec::new(), quorum: Quorum::none() }
    }

    /// Opens the note of a checkpoint.
    ///
    /// # Errors
    /// [`CheckpointError`] when it is none, of another log, not signed by the log, or by too few witnesses.
    pub fn open(&self, note: &str) -> Result<Trusted, CheckpointError> {
        let note = SignedNote::parse(note)?;
        let log: Vec<_> = self.log.iter().filter(|key| key.kind() == KeyKind::Note).cloned().collect();
        let signer = note.vouches(&log)?[0].key.name().to_owned();
        let checkpoint: Checkpoint = note.text().parse()?;
        if checkpoint.origin != self.origin {
            return Err(CheckpointError::Origin { expected: self.origin.clone() });
        }
        let (places, witnesses) = self.witnessed(&note)?;
        if !self.quorum.is_met(&places) {
            return Err(CheckpointError::Witnesses { found: witnesses.len(), wanted: self.quorum.least() });
        }
        Ok(Trusted { checkpoint, signer, witnesses })
    }

    /// Places of the witnesses that signed, and their names and times; each public key once, whatever names it has.
    fn witnessed(&self, note: &SignedNote) -> Result<Witnessed, CheckpointError> {
        let mut seen = Vec::new();
        let mut found = Witnessed::default();
        let vouches = match note.vouches(&self.witnesses) {
            Err(NoteError::Untrusted) => Vec::new(),
            other => other?,
        };
        for vouch in vouches {
            if let Some(time) = vouch.time
                && !seen.contains(&vouch.key.public_bytes())
            {
                seen.push(vouch.key.public_bytes());
                found.0.extend(self.witnesses.iter().position(|key| key == vouch.key));
                found.1.push((vouch.key.name().to_owned(), time));
            }
        }
        Ok(found)
    }
}

type Witnessed = (Vec<usize>, Vec<(String, u64)>);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256;

    const SOFA: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn signed(origin: &str) -> (SignedNote, Trust) {
        let signer = NoteSigner::from_seed("log.example/a", &[1; 32]).unwrap();
        let head = Checkpoint::new(origin, 5, sha256(b"root")).unwrap();
        (head.sign(&signer).unwrap(), Trust::in_log(signer.public().clone()))
    }

    fn witness(byte: u8) -> NoteSigner {
        NoteSigner::cosigner(&format!("witness.example/{byte}"), &[byte; 32]).unwrap()
    }

    #[test]
    fn the_published_example_reads_and_writes_back() {
        let head: Checkpoint = SOFA.parse().unwrap();
        assert_eq!((head.origin(), head.size()), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(head.to_string(), SOFA);
        let extended = format!("{SOFA}one\ntwo\n");
        assert_eq!(extended.parse::<Checkpoint>().unwrap().to_string(), extended);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for wrong in [
            String::new(),
            "a\n1\n".to_owned(),
            format!("a\n1\n{root}"),
            format!("\n1\n{root}\n"),
            format!("a\n\n{root}\n"),
            format!("a\n01\n{root}\n"),
            format!("a\n+1\n{root}\n"),
            format!("a\n-1\n{root}\n"),
            format!("a\n 1\n{root}\n"),
            format!("a\n0x1\n{root}\n"),
            format!("a\n9223372036854775808\n{root}\n"),
            format!("a\n18446744073709551616\n{root}\n"),
            format!("a\n1\n{}\n", &root[4..]),
            format!("a\n1\n{}\n", root.trim_end_matches('=')),
            format!("a\n1\nAAAA{root}\n"),
            format!("a\n1\n{root}\n\n"),
            format!("a\n1\n{root}\nx\n\ny\n"),
            format!("a\n1\n{root}\nx"),
            format!("a\r\n1\n{root}\n"),
        ] {
            assert_eq!(wrong.parse::<Checkpoint>(), Err(CheckpointError::Form), "{wrong:?}");
        }
        assert!(Checkpoint::new("a\nb", 1, sha256(b"")).is_err());
        assert!(Checkpoint::new("", 1, sha256(b"")).is_err());
        assert!(Checkpoint::new("a", u64::MAX, sha256(b"")).is_err());
    }

    #[test]
    fn a_checkpoint_of_another_log_or_key_is_not_believed() {
        let (note, trust) = signed("log.example/a");
        assert_eq!(trust.open(&note.to_string()).unwrap().checkpoint.size(), 5);
        let (elsewhere, _) = signed("log.example/b");
        assert!(matches!(trust.open(&elsewhere.to_string()), Err(CheckpointError::Origin { .. })));
        let stranger = NoteSigner::from_seed("log.example/a", &[2; 32]).unwrap();
        let trust = Trust::in_log(stranger.public().clone());
        assert_eq!(trust.open(&note.to_string()), Err(CheckpointError::Note(NoteError::Untrusted)));
    }

    #[test]
    fn a_signed_text_that_is_no_checkpoint_is_not_believed() {
        let signer = NoteSigner::from_seed("log.example/a", &[1; 32]).unwrap();
        let note = signer.sign("mandat-pack/1\n").unwrap();
        assert_eq!(Trust::in_log(signer.public().clone()).open(&note), Err(CheckpointError::Form));
    }

    #[test]
    fn witnesses_count_once_whatever_they_are_called() {
        let (mut note, mut trust) = signed("log.example/a");
        trust.witnesses = [1, 2, 3].map(|b| witness(b).public().clone()).to_vec();
        let alias = NoteSigner::cosigner("alias.example", &[2; 32]).unwrap();
        trust.witnesses.push(alias.public().clone());
        trust.quorum = Quorum::any(2, 4);
        let open = |note: &SignedNote| trust.open(&note.to_string());
        assert_eq!(open(&note), Err(CheckpointError::Witnesses { found: 0, wanted: 2 }));
        for signer in [&witness(2), &alias, &witness(9)] {
            note.add(signer.cosign_line(note.text(), 100).unwrap()).unwrap();
        }
        assert_eq!(open(&note), Err(CheckpointError::Witnesses { found: 1, wanted: 2 }));
        note.add(witness(3).cosign_line(note.text(), 200).unwrap()).unwrap();
        let names = [("witness.example/2".to_owned(), 100), ("witness.example/3".to_owned(), 200)];
        assert_eq!(open(&note).unwrap().witnesses, names);
    }

    #[test]
    fn a_witness_does_not_stand_in_for_the_log_nor_its_line_for_another_head() {
        let (note, mut trust) = signed("log.example/a");
        let cosigned = SignedNote::new(note.text(), vec![witness(1).cosign_line(note.text(), 1).unwrap()]).unwrap();
        trust.witnesses = vec![witness(1).public().clone()];
        assert!(trust.open(&cosigned.to_string()).is_err());
        trust.log = trust.witnesses.clone();
        assert!(trust.open(&cosigned.to_string()).is_err());
        let (mut other, mut trust) = signed("log.example/a");
        trust.witnesses = vec![witness(1).public().clone()];
        other.add(witness(1).cosign_line("log.example/a\n4\n", 1).unwrap()).unwrap();
        assert_eq!(trust.open(&other.to_string()), Err(CheckpointError::Note(NoteError::Broken)));
    }
}
