//! Digests, keyed pseudonyms and sealing: bytes in, bytes out, no I/O.
//!
//! This crate is the only one that names a hash function or a cipher, so that an outsider can audit
//! what Mandat's identifiers and sealed rows rest on by reading one small crate:
//!
//! - [`Digest`]: SHA-256 (FIPS 180-4), the content address of shards, packs and manifests;
//! - [`PersonKey`], [`RecordKey`]: HMAC-SHA-256 (RFC 2104) truncated to 128 bits, under the
//!   operator's secret: pseudonyms in the sense of GDPR Art 4(5);
//! - [`NoteSigner`], [`open_note`]: Ed25519 (RFC 8032) signatures over short texts, as C2SP signed notes;
//! - [`SubjectSecret::seal`]: ChaCha20-Poly1305 (RFC 8439) under a secret of one person; destroying the secret
//!   makes every row sealed under it unreadable.

mod digest;
mod keys;
mod seal;
mod sign;

pub use digest::{Digest, Hasher, ParseDigestError, hex, sha256, unhex};
pub use keys::{KEY_BYTES, Keyer, PersonKey, RecordKey};
pub use seal::{SealError, SubjectSecret};
pub use sign::{NoteError, NoteKey, NoteSigner, Opened, open_note};
