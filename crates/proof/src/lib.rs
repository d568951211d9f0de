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

mod base64;
mod batch;
mod checkpoint;
mod digest;
mod entry;
mod keys;
mod members;
mod merkle;
mod note;
mod receipt;
mod seal;
mod sign;
mod tiles;
mod tlog_proof;

pub use base64::{base64, unbase64};
pub use batch::{BatchItem, BatchStep};
pub use checkpoint::{Checkpoint, CheckpointError, Trust, Trusted};
pub use digest::{Digest, Hasher, ParseDigestError, hex, sha256, unhex};
pub use entry::{ENTRY_BYTES, Entry, EntryError, EntryKind, LogSecret, Opening};
pub use keys::{KEY_BYTES, Keyer, PersonKey, RecordKey};
pub use members::{
    Member, MemberBlock, MemberKind, MemberProof, MemberSecret, MemberTree, MembersBuilder, MembersError, MembersRoot,
    Membership, ROW_BYTES, ReadRows, Token, build_members,
};
pub use merkle::{
    Frontier, MAX_TREE_SIZE, MerkleError, ReadError, empty_root, inclusion_length, inclusion_root, leaf_hash,
    node_hash, prove_consistency, prove_inclusion, root_of, verify_consistency, verify_inclusion,
};
pub use note::{NOTE_LIMIT, NoteError, SIGNATURES_LIMIT, SignatureLine, SignedNote};
pub use receipt::{
    CONTENT_LIMIT, MarksStatement, Receipt, ReceiptError, RevisionStatement, StatementError, Verified, verify_latest,
    verify_membership, verify_receipt,
};
pub use seal::{SealError, SubjectSecret};
pub use sign::{KeyKind, NoteKey, NoteSigner, Opened, Vouch, open_note};
pub use tiles::{
    BundleError, ENTRY_LIMIT, Fsck, ReadTile, Shelf, StoredTree, TILE_WIDTH, Tile, TileEdge, TilePathError,
    check_tiles, read_bundle, write_bundle,
};
pub use tlog_proof::{TLOG_PROOF_LIMIT, TlogProof, TlogProofError};
