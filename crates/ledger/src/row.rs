//! One row of the `events` table: what stands in the open, and how the rest is sealed.

use std::fmt;

use mandat_core::time::Micros;
use mandat_proof::{SealError, SubjectSecret, hex};

/// Random pseudonym under which one person's rows stand; it dies with the person's secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Subject(pub(crate) [u8; 16]);

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({})", hex(&self.0))
    }
}

/// Row kinds beside those of [`mandat_core::event::EventKind`]; a file format.
pub(crate) mod kind {
    /// A line of the people file.
    pub(crate) const FACTS: u8 = 200;
    /// A notice.
    pub(crate) const NOTICE: u8 = 201;
    /// Acts of an import are void from here on.
    pub(crate) const VOID: u8 = 202;
    /// The subject's secret was destroyed.
    pub(crate) const ERASED: u8 = 203;
}

/// Bits of the `marks` column; a file format.
pub(crate) mod mark {
    /// Came in through an import of choices.
    pub(crate) const IMPORTED: u8 = 1;
    /// Said to be received later than it was appended: taken as received then.
    pub(crate) const CLAMPED: u8 = 2;
    /// Named a handle or an account nobody had seen; binds an account that held it.
    pub(crate) const BY_HANDLE: u8 = 4;
    /// Carried over from a linked account that was erased.
    pub(crate) const CARRIED: u8 = 8;
}

/// What a row says in the open; also what its payload is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) position: u64,
    pub(crate) kind: u8,
    pub(crate) marks: u8,
    pub(crate) appended: Micros,
    pub(crate) received: Micros,
    pub(crate) asserted: Micros,
    pub(crate) subject: Option<Subject>,
}

impl Row {
    /// Seals a payload: nonce = position, bound to everything the row says in the open.
    ///
    /// Context: `mandat-row/1`, position, kind, marks, the three times, subject (16 zero bytes for none),
    /// numbers big-endian.
    pub(crate) fn seal(&self, secret: &SubjectSecret, plain: &[u8]) -> Vec<u8> {
        secret.seal(self.position, &self.context(), plain)
    }

    /// Opens a payload; fails if anything in the row was changed.
    pub(crate) fn open(&self, secret: &SubjectSecret, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        secret.open(self.position, &self.context(), sealed)
    }

    fn context(&self) -> [u8; 62] {
        let mut out = [0; 62];
        out[..12].copy_from_slice(b"mandat-row/1");
        out[12..20].copy_from_slice(&self.position.to_be_bytes());
        out[20] = self.kind;
        out[21] = self.marks;
        out[22..30].copy_from_slice(&self.appended.0.to_be_bytes());
        out[30..38].copy_from_slice(&self.received.0.to_be_bytes());
        out[38..46].copy_from_slice(&self.asserted.0.to_be_bytes());
        if let Some(Subject(bytes)) = self.subject {
            out[46..].copy_from_slice(&bytes);
        }
        out
    }
}

/// Side-table values are sealed under the same secret with a random nonce above all positions.
pub(crate) const SIDE_NONCE: u64 = 1 << 63;

/// Seals a value of a side table; the nonce stands before the bytes.
pub(crate) fn seal_side(secret: &SubjectSecret, random: [u8; 8], use_: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce = u64::from_be_bytes(random) | SIDE_NONCE;
    let mut out = nonce.to_be_bytes().to_vec();
    out.extend(secret.seal(nonce, use_, plain));
    out
}

/// Opens a value of a side table.
pub(crate) fn open_side(secret: &SubjectSecret, use_: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, rest) = sealed.split_first_chunk::<8>().ok_or(SealError)?;
    secret.open(u64::from_be_bytes(*nonce), use_, rest)
}

/// Seals a person's secret under the wrapping secret of the home, bound to the subject.
pub(crate) fn wrap(wrapping: &SubjectSecret, subject: Subject, secret: &SubjectSecret) -> Vec<u8> {
    wrapping.seal(wrap_nonce(subject), &wrap_context(subject), &secret.0)
}

/// Opens what [`wrap`] made.
pub(crate) fn unwrap(wrapping: &SubjectSecret, subject: Subject, wrapped: &[u8]) -> Result<SubjectSecret, SealError> {
    let bytes = wrapping.open(wrap_nonce(subject), &wrap_context(subject), wrapped)?;
    Ok(SubjectSecret(bytes.try_into().map_err(|_| SealError)?))
}

fn wrap_nonce(Subject(bytes): Subject) -> u64 {
    let (head, _) = bytes.split_first_chunk::<8>().expect("a subject has 16 bytes");
    u64::from_be_bytes(*head)
}

fn wrap_context(Subject(bytes): Subject) -> [u8; 29] {
    let mut out = [0; 29];
    out[..13].copy_from_slice(b"mandat-wrap/1");
    out[13..].copy_from_slice(&bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Row = Row {
        position: 7,
        kind: 4,
        marks: 0,
        appended: Micros(3),
        received: Micros(2),
        asserted: Micros(1),
        subject: Some(Subject([9; 16])),
    };

    #[test]
    fn a_payload_opens_only_in_its_own_row() {
        let secret = SubjectSecret([1; 32]);
        let sealed = ROW.seal(&secret, b"objects");
        assert_eq!(ROW.open(&secret, &sealed).unwrap(), b"objects");
        let others = [
            Row { position: 8, ..ROW },
            Row { kind: 1, ..ROW },
            Row { marks: 1, ..ROW },
            Row { appended: Micros(4), ..ROW },
            Row { received: Micros(1), ..ROW },
            Row { asserted: Micros(2), ..ROW },
            Row { subject: Some(Subject([8; 16])), ..ROW },
        ];
        assert!(others.iter().all(|row| row.open(&secret, &sealed).is_err()));
    }

    #[test]
    fn side_values_and_wrapped_secrets_are_bound_to_their_use() {
        let secret = SubjectSecret([1; 32]);
        let sealed = seal_side(&secret, [5; 8], b"account", b"anna");
        assert_eq!(open_side(&secret, b"account", &sealed).unwrap(), b"anna");
        assert!(open_side(&secret, b"handle", &sealed).is_err());
        assert!(open_side(&secret, b"account", &sealed[..7]).is_err());
        let wrapped = wrap(&secret, Subject([2; 16]), &SubjectSecret([3; 32]));
        assert!(unwrap(&secret, Subject([2; 16]), &wrapped).unwrap() == SubjectSecret([3; 32]));
        assert!(unwrap(&secret, Subject([4; 16]), &wrapped).is_err());
    }
}
