//! Witnesses (C2SP tlog-witness): what a log asks of them, and what they must hold a log to.
//!
//! Request body: `old SIZE`, up to 63 hashes of the consistency proof, an empty line, the note of the checkpoint.
//! This module decides; whoever calls it stores the new head *before* the answer goes out, and makes check and store one
//! step, or two requests at once could take a witness back.

use std::fmt;
use std::str::FromStr;

use crate::base64::base64;
use crate::checkpoint::{Checkpoint, Trust, decimal};
use crate::digest::Digest;
use crate::merkle::{MerkleError, empty_root, verify_consistency};
use crate::note::{NOTE_LIMIT, NoteError, SignatureLine, SignedNote};
use crate::policy::Quorum;
use crate::sign::NoteSigner;
use crate::tlog_proof::hash;

const PATH_LIMIT: usize = 63;

/// A request that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an add-checkpoint request; expected `old SIZE`, hashes, an empty line and a checkpoint")]
pub struct WitnessRequestError;

/// What a log sends to have a checkpoint signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessRequest {
    /// The size that the log believes the witness saw last.
    pub old: u64,
    /// Consistency proof from there.
    pub path: Vec<Digest>,
    /// The note of the new checkpoint.
    pub checkpoint: SignedNote,
}

/// What a witness answers, by HTTP status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum WitnessAnswer {
    /// 200: store this head, then send the line.
    Sign(Checkpoint, SignatureLine),
    /// 403: no key of the log signed it.
    Forbidden,
    /// 404: a log that this witness does not know.
    Unknown,
    /// 409: the witness has seen this size; the body says so, as `text/x.tlog.size`.
    Conflict(u64),
    /// 422: the new tree does not contain the one that was seen. Keep the request: it may show a fork.
    Inconsistent(MerkleError),
    /// 400: the sizes make no sense.
    Bad,
}

/// The head that a witness stored last; [`WitnessHead::default`] before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WitnessHead {
    /// Entries.
    pub size: u64,
    /// Root.
    pub root: Digest,
}

impl Default for WitnessHead {
    fn default() -> Self {
        Self { size: 0, root: empty_root() }
    }
}

/// Decides about a request: `log` is whom the witness believes to be the log, `seen` what it stored of it last, `time`
/// the moment in seconds since 1970.
///
/// # Errors
/// [`NoteError`] when `signer` is not the key of a witness, or the time cannot be signed.
pub fn witness(
    request: &WitnessRequest,
    log: &Trust,
    seen: WitnessHead,
    signer: &NoteSigner,
    time: u64,
) -> Result<WitnessAnswer, NoteError> {
    let text = request.checkpoint.text();
    let Ok(claimed) = text.parse::<Checkpoint>() else { return Ok(WitnessAnswer::Bad) };
    if claimed.origin() != log.origin {
        return Ok(WitnessAnswer::Unknown);
    }
    let log_alone = Trust { witnesses: Vec::new(), quorum: Quorum::none(), ..log.clone() };
    let Ok(trusted) = log_alone.open(&request.checkpoint.to_string()) else { return Ok(WitnessAnswer::Forbidden) };
    let head = trusted.checkpoint;
    if request.old > head.size() {
        return Ok(WitnessAnswer::Bad);
    }
    if request.old != seen.size {
        return Ok(WitnessAnswer::Conflict(seen.size));
    }
    if head.size() == seen.size && *head.root() != seen.root {
        return Ok(WitnessAnswer::Conflict(seen.size));
    }
    if let Err(err) = verify_consistency(seen.size, head.size(), &request.path, &seen.root, head.root()) {
        return Ok(WitnessAnswer::Inconsistent(err));
    }
    let line = signer.cosign_line(text, time)?;
    Ok(WitnessAnswer::Sign(head, line))
}

impl fmt::Display for WitnessRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", base64(&hash.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for WitnessRequest {
    type Err = WitnessRequestError;

    fn from_str(text: &str) -> Result<Self, WitnessRequestError> {
        if text.len() > NOTE_LIMIT {
            return Err(WitnessRequestError);
        }
        let (head, note) = text.split_once("\n\n").ok_or(WitnessRequestError)?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let path: Option<Vec<_>> = lines.take(PATH_LIMIT + 1).map(hash).collect();
        let path = path.filter(|path| path.len() <= PATH_LIMIT).ok_or(WitnessRequestError)?;
        let checkpoint = SignedNote::parse(note).map_err(|_| WitnessRequestError)?;
        checkpoint.text().parse::<Checkpoint>().map_err(|_| WitnessRequestError)?;
        Ok(Self { old: old.ok_or(WitnessRequestError)?, path, checkpoint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::prove_consistency;
    use crate::merkle::tests::{leaves, reference_root};

    const ORIGIN: &str = "log.example/a";

    fn log() -> NoteSigner {
        NoteSigner::from_seed(ORIGIN, &[1; 32]).unwrap()
    }

    fn head(size: u64) -> WitnessHead {
        WitnessHead { size, root: reference_root(&leaves(size)) }
    }

    fn request(old: u64, new: u64) -> WitnessRequest {
        let all = leaves(new);
        let mut nodes = |level: u32, at: u64| Ok(reference_root(&all[(at << level) as usize..][..1 << level]));
        let path = prove_consistency(old.min(new), new, &mut nodes).unwrap();
        let checkpoint = Checkpoint::new(ORIGIN, new, reference_root(&all)).unwrap().sign(&log()).unwrap();
        WitnessRequest { old, path, checkpoint }
    }

    fn decide(request: &WitnessRequest, seen: WitnessHead) -> WitnessAnswer {
        let signer = NoteSigner::cosigner("witness.example/1", &[2; 32]).unwrap();
        witness(request, &Trust::in_log(log().public().clone()), seen, &signer, 1_795_000_000).unwrap()
    }

    #[test]
    fn a_witness_signs_what_grew_and_the_line_counts() {
        for (old, new) in [(0, 0), (0, 5), (3, 5), (5, 5), (4, 8)] {
            let request = request(old, new);
            let seen = if old == 0 { WitnessHead::default() } else { head(old) };
            let WitnessAnswer::Sign(stored, line) = decide(&request, seen) else { panic!("{old} to {new}") };
            assert_eq!((stored.size(), *stored.root()), (new, reference_root(&leaves(new))));
            let mut note = request.checkpoint.clone();
            note.add(line).unwrap();
            let witness = NoteSigner::cosigner("witness.example/1", &[2; 32]).unwrap().public().clone();
            let trust =
                Trust { witnesses: vec![witness], quorum: Quorum::any(1, 1), ..Trust::in_log(log().public().clone()) };
            assert_eq!(trust.open(&note.to_string()).unwrap().witnesses[0].1, 1_795_000_000);
        }
    }

    #[test]
    fn a_witness_is_never_taken_back_and_never_sees_two_trees() {
        assert_eq!(decide(&request(3, 5), head(4)), WitnessAnswer::Conflict(4));
        assert_eq!(decide(&request(0, 3), head(5)), WitnessAnswer::Conflict(5));
        assert_eq!(decide(&request(5, 3), head(5)), WitnessAnswer::Bad);
        let other = WitnessHead { root: empty_root(), ..head(5) };
        assert_eq!(decide(&request(5, 5), other), WitnessAnswer::Conflict(5));
        let forked = WitnessHead { root: reference_root(&leaves(4)), size: 3 };
        assert!(matches!(decide(&request(3, 5), forked), WitnessAnswer::Inconsistent(_)));
        let short = WitnessRequest { path: vec![], ..request(3, 5) };
        assert!(matches!(decide(&short, head(3)), WitnessAnswer::Inconsistent(_)));
        let long = WitnessRequest { path: vec![empty_root()], ..request(0, 5) };
        assert!(matches!(decide(&long, WitnessHead::default()), WitnessAnswer::Inconsistent(_)));
    }

    #[test]
    fn strangers_are_turned_away() {
        let signed = |origin: &str, seed: u8| {
            let signer = NoteSigner::from_seed(origin, &[seed; 32]).unwrap();
            let checkpoint = Checkpoint::new(origin, 5, head(5).root).unwrap().sign(&signer).unwrap();
            decide(&WitnessRequest { checkpoint, ..request(0, 5) }, WitnessHead::default())
        };
        assert_eq!(signed("log.example/b", 1), WitnessAnswer::Unknown);
        assert_eq!(signed(ORIGIN, 9), WitnessAnswer::Forbidden);
        let note = SignedNote::parse(&log().sign("hello\n").unwrap()).unwrap();
        let other = WitnessRequest { checkpoint: note, ..request(0, 5) };
        assert_eq!(decide(&other, WitnessHead::default()), WitnessAnswer::Bad);
        let plain = witness(&request(0, 5), &Trust::in_log(log().public().clone()), WitnessHead::default(), &log(), 1);
        assert_eq!(plain, Err(NoteError::Key));
    }

    #[test]
    fn the_example_of_the_specification_reads_and_writes_back() {
        let example = "old 20852014\n\
            PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
            jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
            5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
            /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
            \n\
            example.com/behind-the-sofa\n\
            20852163\n\
            CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
            \n\
            — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
            — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
        let request: WitnessRequest = example.parse().unwrap();
        assert_eq!((request.old, request.path.len(), request.checkpoint.lines().len()), (20_852_014, 4, 2));
        assert_eq!(request.to_string(), example);
    }

    #[test]
    fn requests_are_read_as_they_were_written_and_others_refused() {
        let good = request(3, 5);
        let text = good.to_string();
        assert!(text.starts_with("old 3\n"));
        assert_eq!(text.parse(), Ok(good));
        let line = base64(&[7; 32]);
        for wrong in [
            String::new(),
            text.replace("old 3", "old 03"),
            text.replace("old 3", "old -3"),
            text.replace("old 3", "new 3"),
            text.replace("old 3", "old 3\n"),
            text.replace("old 3", &format!("old 3{}", format!("\n{line}").repeat(64))),
            text.replace("old 3", "old 3\nAAAA"),
            text.replace("\n\n", "\n"),
            text.trim_end().to_owned(),
            format!("{text}{}", " ".repeat(NOTE_LIMIT)),
        ] {
            assert_eq!(wrong.parse::<WitnessRequest>(), Err(WitnessRequestError), "{:?}", wrong.get(..40));
        }
    }
}
