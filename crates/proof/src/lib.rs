//! Proofs, signatures and secrets: bytes in, bytes out, no I/O, no clock, no randomness.
//!
//! This crate is the only one that names a hash function, a cipher or a signature, so that an outsider can audit what
//! Mandat's claims rest on by reading one crate. Nothing in it trusts what it reads: every format has one spelling, a
//! limit, and tests that refuse more than they accept. The formats are described in `docs/log.md`.
//!
//! - **Identifiers**: [`Digest`] (SHA-256, FIPS 180-4), the content address of shards, packs and manifests;
//!   [`PersonKey`] and [`RecordKey`] (HMAC-SHA-256, RFC 2104, cut to 128 bits, under the operator's secret), pseudonyms
//!   in the sense of GDPR Art 4(5).
//! - **Sealing**: [`SubjectSecret::seal`] (ChaCha20-Poly1305, RFC 8439) under a secret of one person; destroying the
//!   secret makes every row sealed under it unreadable.
//! - **Log**: the Merkle tree of RFC 6962 ([`Frontier`], [`verify_inclusion`], [`verify_consistency`]) as C2SP
//!   tlog-tiles ([`Tile`], [`TileEdge`], [`StoredTree`], [`check_tiles`]), its [`Checkpoint`]s and what it takes to
//!   believe one ([`Trust`], [`Policy`]), C2SP tlog-proofs ([`TlogProof`]) and witnesses ([`witness()`]).
//! - **Signatures**: C2SP signed notes with Ed25519 (RFC 8032), verified strictly ([`NoteSigner`], [`NoteKey`],
//!   [`SignedNote`], [`open_note`]); witnesses' cosignature/v1.
//! - **Entries**: [`Entry`], 70 bytes that name nobody, under keys from the person's secret ([`LogSecret`]); many at
//!   once as a batch ([`BatchStep`]).
//! - **Receipts**: [`Receipt`], checked by [`verify_receipt`]; [`verify_latest`] for "nothing came after it".
//! - **Members**: who is in a revision and who is not ([`MemberSecret`], [`build_members`], [`MemberTree`],
//!   [`MemberProof`]), checked through the log by [`verify_membership`].
//!
//! Refused: unknown versions, second spellings, anything past a limit, signatures that are malleable or by weak keys,
//! proofs of another length than the sizes ask for. Reading starts well at `merkle`, then `tiles`, `entry`, `receipt`.

mod base64;
mod batch;
mod checkpoint;
mod digest;
mod entry;
mod keys;
mod members;
mod merkle;
mod note;
mod policy;
mod receipt;
mod seal;
mod short;
mod sign;
mod tiles;
mod tlog_proof;
mod witness;

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
pub use policy::{Policy, PolicyError, Quorum};
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
pub use witness::{WitnessAnswer, WitnessHead, WitnessRequest, WitnessRequestError, witness};
