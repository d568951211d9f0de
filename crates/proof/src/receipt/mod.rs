//! Receipts: what a person is given, and a stranger's tool can check.
//!
//! A receipt is a tlog-proof whose extra data opens the entry. Nothing in it has to be believed: the content and its
//! opening lead to a commitment, the commitment to an entry (or to a batch and then to its entry), the entry to a
//! checkpoint that the log and its witnesses signed.
//!
//! Extra data: version (1) ‖ opening (32) ‖ entry (70) ‖ 0, or 1 ‖ kind ‖ mark (32) ‖ place in the batch (u64) ‖ number
//! of hashes (u8) ‖ hashes ‖ and then the content. Numbers are big-endian. The content is UTF-8, for a choice a JSON
//! document as ISO/IEC TS 27560 describes it; it is committed to byte for byte, so that nothing needs a canonical form.

mod statement;

use std::fmt;
use std::str::FromStr;

pub use statement::{MarksStatement, RevisionStatement, StatementError};

use crate::batch::BatchStep;
use crate::checkpoint::{Trust, Trusted};
use crate::digest::Digest;
use crate::entry::{ENTRY_BYTES, Entry, EntryKind, LogSecret, Opening};
use crate::members::{MemberKind, MemberProof, MemberSecret, MembersError, Membership, Token};
use crate::merkle::MerkleError;
use crate::tlog_proof::{TlogProof, TlogProofError};

/// The longest content, in bytes.
pub const CONTENT_LIMIT: usize = 256 * 1024;
const VERSION: u8 = 1;
/// Hashes in the longest step.
const PATH_LIMIT: usize = 63;

/// Why a receipt was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Not a receipt.
    #[error("not a receipt: {0}")]
    Form(&'static str),
    /// What it says is not what was logged.
    #[error("the content is not what was logged; the receipt was changed")]
    Content,
    /// The step from an act to its batch.
    #[error("the batch does not hold this act: {0}")]
    Batch(MerkleError),
    /// The log.
    #[error(transparent)]
    Log(#[from] TlogProofError),
    /// What a revision says of itself.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// Membership.
    #[error(transparent)]
    Members(#[from] MembersError),
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What was logged, in words: only for its owner.
    pub content: Vec<u8>,
    /// What shows that the commitment is to this content.
    pub opening: Opening,
    /// The entry.
    pub entry: Entry,
    /// The step to the entry, where it stands for many.
    pub batch: Option<BatchStep>,
    /// The entry's place in the log. Its extra data is empty: [`Receipt`] is what goes there.
    pub proof: TlogProof,
}

/// What a receipt shows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Verified {
    /// What it is about.
    pub kind: EntryKind,
    /// What the person finds it by.
    pub mark: Digest,
    /// When, in hours since 1970.
    pub hour: u32,
    /// Place in the log.
    pub index: u64,
    /// The checkpoint that includes it.
    pub trusted: Trusted,
}

/// Checks a receipt offline.
///
/// # Errors
/// [`ReceiptError`] unless exactly this content was logged where the receipt says.
pub fn verify_receipt(receipt: &Receipt, trust: &Trust) -> Result<Verified, ReceiptError> {
    let Receipt { content, opening, entry, batch, proof } = receipt;
    let (kind, mark) = batch.as_ref().map_or((entry.kind(), *entry.mark()), |step| (step.kind, step.mark));
    let commitment = opening.commit(kind, content);
    match batch {
        Some(step) => step.verify(commitment, entry).map_err(ReceiptError::Batch)?,
        None if kind == EntryKind::Batch || commitment != *entry.commitment() => return Err(ReceiptError::Content),
        None if !kind.is_personal() && *opening != Opening::PUBLIC => return Err(ReceiptError::Content),
        None => {}
    }
    let trusted = proof.verify(&entry.to_bytes(), trust)?;
    Ok(Verified { kind, mark, hour: entry.hour(), index: proof.index, trusted })
}

/// Checks offline whether the owner of a secret is in a revision: `revision` is the receipt of its entry, `proof` the
/// bytes of a [`MemberProof`].
///
/// # Errors
/// [`ReceiptError`] unless the log holds the revision and the proof shows one or the other.
pub fn verify_membership(
    revision: &Receipt,
    kind: MemberKind,
    proof: &[u8],
    secret: &MemberSecret,
    trust: &Trust,
) -> Result<(Membership, RevisionStatement), ReceiptError> {
    let verified = verify_receipt(revision, trust)?;
    if verified.kind != EntryKind::Revision {
        return Err(ReceiptError::Form("it is not the receipt of a revision"));
    }
    let text = std::str::from_utf8(&revision.content).map_err(|_| StatementError)?;
    let statement: RevisionStatement = text.parse()?;
    let root = match kind {
        MemberKind::Person => &statement.persons,
        MemberKind::Record => &statement.records,
    };
    let shown = MemberProof::parse(proof, root)?.verify(secret, root)?;
    Ok((shown, statement))
}

/// Checks offline that act `n` is the latest of the owner of a log secret, and up to which size of the log that holds:
/// `marks` is the receipt of a [`MarksStatement`], `proof` the bytes of a [`MemberProof`] for the mark of act `n` + 1.
///
/// # Errors
/// [`ReceiptError`] unless the log holds both, the act is covered, and no later one is.
pub fn verify_latest(
    act: &Receipt,
    n: u64,
    secret: &LogSecret,
    marks: &Receipt,
    proof: &[u8],
    trust: &Trust,
) -> Result<u64, ReceiptError> {
    let (own, over) = (verify_receipt(act, trust)?, verify_receipt(marks, trust)?);
    if over.kind != EntryKind::Marks || own.mark != secret.mark(n) {
        return Err(ReceiptError::Form("it is not about this act, or not the receipt of all marks"));
    }
    let text = std::str::from_utf8(&marks.content).map_err(|_| StatementError)?;
    let MarksStatement { size, marks } = text.parse()?;
    if own.index >= size {
        return Err(ReceiptError::Form("the act is later than what the marks cover"));
    }
    let next = Token(secret.mark(n + 1).0);
    match MemberProof::parse(proof, &marks)?.verify_token(&next, &marks)? {
        None => Ok(size),
        Some(_) => Err(ReceiptError::Form("a later act was logged")),
    }
}

impl Receipt {
    fn extra(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend(self.opening.0);
        out.extend(self.entry.to_bytes());
        match &self.batch {
            None => out.push(0),
            Some(step) => {
                out.extend([1, step.kind as u8]);
                out.extend(step.mark.0);
                out.extend(step.index.to_be_bytes());
                out.push(u8::try_from(step.path.len()).expect("a path has at most 63 hashes"));
                step.path.iter().for_each(|hash| out.extend(hash.0));
            }
        }
        out.extend(&self.content);
        out
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proof = TlogProof { extra: Some(self.extra()), ..self.proof.clone() };
        fmt::Display::fmt(&proof, f)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let mut proof: TlogProof = text.parse()?;
        let extra = proof.extra.take().ok_or(ReceiptError::Form("the proof opens no entry"))?;
        let read = read_extra(&extra).ok_or(ReceiptError::Form("the extra data opens no entry"))?;
        let (opening, entry, batch, content) = read;
        if content.len() > CONTENT_LIMIT {
            return Err(ReceiptError::Form("the content is too long"));
        }
        Ok(Self { content: content.to_vec(), opening, entry, batch, proof })
    }
}

type Extra<'a> = (Opening, Entry, Option<BatchStep>, &'a [u8]);

fn read_extra(bytes: &[u8]) -> Option<Extra<'_>> {
    let (VERSION, rest) = bytes.split_first().map(|(v, rest)| (*v, rest))? else { return None };
    let (opening, rest) = rest.split_first_chunk()?;
    let (entry, rest) = rest.split_first_chunk::<ENTRY_BYTES>()?;
    let entry = Entry::parse(entry).ok()?;
    let (steps, rest) = rest.split_first()?;
    let (batch, content) = match steps {
        0 => (None, rest),
        1 => {
            let (kind, rest) = rest.split_first()?;
            let (mark, rest) = rest.split_first_chunk()?;
            let (index, rest) = rest.split_first_chunk()?;
            let (length, rest) = rest.split_first()?;
            let length = usize::from(*length);
            if length > PATH_LIMIT {
                return None;
            }
            let (path, rest) = rest.split_at_checked(32 * length)?;
            let path = path.as_chunks::<32>().0.iter().copied().map(Digest).collect();
            let kind = EntryKind::from_byte(*kind)?;
            (Some(BatchStep { kind, mark: Digest(*mark), index: u64::from_be_bytes(*index), path }), rest)
        }
        _ => return None,
    };
    Some((Opening(*opening), entry, batch, content))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::batch::BatchItem;
    use crate::checkpoint::Checkpoint;
    use crate::digest::sha256;
    use crate::members::{Member, MembersRoot, build_members};
    use crate::merkle::tests::reference_root;
    use crate::merkle::{leaf_hash, prove_inclusion};
    use crate::seal::SubjectSecret;
    use crate::sign::NoteSigner;

    const ORIGIN: &str = "log.example/a";

    fn person(n: u8) -> LogSecret {
        LogSecret::new(&SubjectSecret([n; 32]), ORIGIN)
    }

    fn path(all: &[Digest], index: u64) -> Vec<Digest> {
        let mut nodes = |level: u32, at: u64| Ok(reference_root(&all[(at << level) as usize..][..1 << level]));
        prove_inclusion(index, all.len() as u64, &mut nodes).unwrap()
    }

    /// A log of nine entries in which the given one stands at 4.
    fn logged(entry: &Entry) -> (TlogProof, Trust) {
        let mut all: Vec<_> = (0_u8..9).map(|i| leaf_hash(&[i])).collect();
        all[4] = leaf_hash(&entry.to_bytes());
        let signer = NoteSigner::from_seed(ORIGIN, &[1; 32]).unwrap();
        let head = Checkpoint::new(ORIGIN, 9, reference_root(&all)).unwrap();
        let proof = TlogProof { extra: None, index: 4, path: path(&all, 4), checkpoint: head.sign(&signer).unwrap() };
        (proof, Trust::in_log(signer.public().clone()))
    }

    fn choice() -> (Receipt, Trust) {
        let content = br#"{"event":"object","purposes":["train_generative"]}"#.to_vec();
        let entry = Entry::personal(EntryKind::Choice, &person(7), 3, &content, 495_000).unwrap();
        let (proof, trust) = logged(&entry);
        (Receipt { content, opening: person(7).opening(3), entry, batch: None, proof }, trust)
    }

    fn delivered() -> (Receipt, Trust) {
        let item = |n: u8| BatchItem::new(EntryKind::Delivery, &person(n), 0, b"notice n1").unwrap();
        let leaves: Vec<_> = (0..11).map(|n| item(n).leaf()).collect();
        let entry = Entry::batch(11, reference_root(&leaves), 495_000).unwrap();
        let (proof, trust) = logged(&entry);
        let step = BatchStep { kind: EntryKind::Delivery, mark: item(7).mark, index: 7, path: path(&leaves, 7) };
        let content = b"notice n1".to_vec();
        (Receipt { content, opening: person(7).opening(0), entry, batch: Some(step), proof }, trust)
    }

    #[test]
    fn a_receipt_shows_what_was_logged() {
        let (receipt, trust) = choice();
        let read: Receipt = receipt.to_string().parse().unwrap();
        assert_eq!(read, receipt);
        let verified = verify_receipt(&read, &trust).unwrap();
        assert_eq!((verified.kind, verified.index, verified.hour), (EntryKind::Choice, 4, 495_000));
        assert_eq!(verified.mark, person(7).mark(3));
        assert_eq!(verified.trusted.checkpoint.size(), 9);
    }

    #[test]
    fn a_receipt_from_a_batch_takes_two_steps() {
        let (receipt, trust) = delivered();
        let read: Receipt = receipt.to_string().parse().unwrap();
        assert_eq!(read, receipt);
        let verified = verify_receipt(&read, &trust).unwrap();
        assert_eq!((verified.kind, verified.mark), (EntryKind::Delivery, person(7).mark(0)));
    }

    #[test]
    fn nothing_can_be_put_in_place_of_what_was_logged() {
        let (receipt, trust) = choice();
        let refuse = |receipt: &Receipt| verify_receipt(receipt, &trust).unwrap_err();
        let content = receipt.content.iter().map(|b| if *b == b'o' { b'0' } else { *b }).collect();
        assert_eq!(refuse(&Receipt { content, ..receipt.clone() }), ReceiptError::Content);
        assert_eq!(refuse(&Receipt { opening: person(7).opening(4), ..receipt.clone() }), ReceiptError::Content);
        let later = Entry::personal(EntryKind::Choice, &person(7), 3, &receipt.content, 495_001).unwrap();
        assert!(matches!(refuse(&Receipt { entry: later, ..receipt.clone() }), ReceiptError::Log(_)));
        let (other, _) = delivered();
        assert!(matches!(refuse(&Receipt { batch: other.batch.clone(), ..receipt.clone() }), ReceiptError::Batch(_)));
        assert!(matches!(refuse(&Receipt { proof: other.proof.clone(), ..receipt }), ReceiptError::Log(_)));
        assert_eq!(refuse(&Receipt { batch: None, ..other.clone() }), ReceiptError::Content);
        let step = BatchStep { kind: EntryKind::Tombstone, ..other.batch.clone().unwrap() };
        assert!(matches!(refuse(&Receipt { batch: Some(step), ..other }), ReceiptError::Batch(_)));
    }

    #[test]
    fn a_batch_of_commitments_is_no_way_to_show_a_public_entry() {
        let item = BatchItem {
            kind: EntryKind::Revision,
            mark: Digest([0; 32]),
            commitment: Opening::PUBLIC.commit(EntryKind::Revision, b"forged"),
        };
        let entry = Entry::batch(1, item.leaf(), 1).unwrap();
        let (proof, trust) = logged(&entry);
        let step = BatchStep { kind: EntryKind::Revision, mark: item.mark, index: 0, path: vec![] };
        let receipt =
            Receipt { content: b"forged".to_vec(), opening: Opening::PUBLIC, entry, batch: Some(step), proof };
        assert!(matches!(verify_receipt(&receipt, &trust), Err(ReceiptError::Batch(_))));
    }

    #[test]
    fn text_that_is_no_receipt_is_refused() {
        let (receipt, trust) = choice();
        let of = |extra: Vec<u8>| TlogProof { extra: Some(extra), ..receipt.proof.clone() }.to_string();
        let good = receipt.extra();
        assert!(receipt.proof.to_string().parse::<Receipt>().is_err(), "without extra data");
        for length in 0..104 {
            assert!(of(good[..length].to_vec()).parse::<Receipt>().is_err(), "{length}");
        }
        for (at, value) in [(0, 0), (0, 2), (33, 9), (34, 99), (103, 2), (103, 1)] {
            let mut wrong = good.clone();
            wrong[at] = value;
            let held = of(wrong).parse::<Receipt>().map(|r| verify_receipt(&r, &trust).is_ok());
            assert_ne!(held, Ok(true), "byte {at} = {value}");
        }
        let long = [good, vec![b' '; CONTENT_LIMIT]].concat();
        assert!(of(long).parse::<Receipt>().is_err());
        let (batch, _) = delivered();
        let mut wrong = batch.extra();
        wrong[145] = 64;
        assert!(of(wrong).parse::<Receipt>().is_err());
    }

    #[test]
    fn membership_is_shown_through_the_log() {
        let revision = sha256(b"inputs of revision 3");
        let secret = |n: u8| MemberSecret::of_person(&SubjectSecret([n; 32]), &revision);
        let mut members: Vec<_> = (0..20).map(|n| secret(n).member(u32::from(n))).collect();
        members.sort_unstable();
        let persons = build_members(members.iter().copied(), &mut |_, _| {}).unwrap();
        let records = build_members([], &mut |_, _| {}).unwrap();
        let content = sha256(b"content.json");
        let statement = RevisionStatement {
            corpus: "own-model".to_owned(),
            number: 3,
            inputs: revision,
            content,
            position: 77,
            persons,
            records,
        };
        let entry = Entry::public(EntryKind::Revision, statement.to_string().as_bytes(), 495_000).unwrap();
        let (proof, trust) = logged(&entry);
        let receipt = Receipt {
            content: statement.to_string().into_bytes(),
            opening: Opening::PUBLIC,
            entry,
            batch: None,
            proof,
        };
        let bytes = |n: u8| prove(&members, &persons, &secret(n).token());
        let verify = |n: u8, bytes: &[u8]| verify_membership(&receipt, MemberKind::Person, bytes, &secret(n), &trust);
        assert_eq!(verify(5, &bytes(5)), Ok((Membership::Present(5), statement.clone())));
        assert_eq!(verify(25, &bytes(25)), Ok((Membership::Absent, statement)));
        assert!(verify(6, &bytes(5)).is_err());
        let as_record = verify_membership(&receipt, MemberKind::Record, &bytes(5), &secret(5), &trust);
        assert!(as_record.is_err());
        let (other, trust) = choice();
        assert!(verify_membership(&other, MemberKind::Person, &bytes(5), &secret(5), &trust).is_err());
    }

    #[test]
    fn the_latest_act_is_shown_and_an_earlier_one_is_not() {
        let (receipt, trust) = choice();
        let logged_marks = |count: u64, size: u64| {
            let mut rows: Vec<_> = (0..count).map(|n| Member { token: Token(person(7).mark(n).0), value: 0 }).collect();
            rows.sort_unstable();
            let marks = build_members(rows.iter().copied(), &mut |_, _| {}).unwrap();
            let content = MarksStatement { size, marks }.to_string().into_bytes();
            let entry = Entry::public(EntryKind::Marks, &content, 495_000).unwrap();
            let proof = logged(&entry).0;
            let next = prove(&rows, &marks, &Token(person(7).mark(4).0));
            (Receipt { content, opening: Opening::PUBLIC, entry, batch: None, proof }, next)
        };
        let latest =
            |n: u64, (marks, proof): (Receipt, Vec<u8>)| verify_latest(&receipt, n, &person(7), &marks, &proof, &trust);
        assert_eq!(latest(3, logged_marks(4, 9)), Ok(9));
        assert!(latest(3, logged_marks(5, 9)).is_err(), "a later act");
        assert!(latest(3, logged_marks(4, 4)).is_err(), "not covered");
        assert!(latest(2, logged_marks(4, 9)).is_err(), "another act");
        assert!(latest(3, (receipt.clone(), logged_marks(4, 9).1)).is_err(), "not of all marks");
    }

    fn prove(members: &[Member], root: &MembersRoot, token: &Token) -> Vec<u8> {
        let rows = [&[Member::SENTINEL], members].concat();
        let bytes: Vec<u8> = rows.iter().flat_map(|row| row.to_bytes()).collect();
        let mut read = |first: u64, count: u64| Ok(bytes[first as usize * 36..(first + count) as usize * 36].to_vec());
        let mut none = |_: &crate::tiles::Tile| Ok(None);
        let proof = crate::members::MemberTree::new(*root, &mut read, &mut none).prove(token).unwrap();
        proof.to_bytes(root)
    }

    proptest! {
        #[test]
        fn a_receipt_verifies_if_and_only_if_it_is_untouched(at in any::<usize>(), bit in 0_u8..8, batch: bool) {
            let (receipt, trust) = if batch { delivered() } else { choice() };
            let mut bytes = receipt.to_string().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            if let Ok(text) = String::from_utf8(bytes) {
                let held = text.parse::<Receipt>().map(|r| verify_receipt(&r, &trust).is_ok());
                prop_assert_ne!(held, Ok(true), "byte {}", at);
            }
        }
    }
}
