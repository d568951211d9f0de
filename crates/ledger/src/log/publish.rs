//! From the ledger's head to signed files: a derivation that may be cut off anywhere and begun again.
//!
//! Order: tiles, then the signature, witnesses, the signed note into the ledger, and the file `checkpoint` last.
//! Only heads that were committed are signed; what was published before is held against the ledger first, so that an
//! older copy of the ledger, or another one, signs nothing. Starting anew after a kill is the same code.

use std::ops::Range;

use mandat_core::time::Micros;
use mandat_proof::{
    Checkpoint, Digest, Entry, Frontier, KeyKind, NoteSigner, Policy, Quorum, ReadError, Shelf, SignedNote, Tile,
    TileEdge, Trust, write_bundle,
};

use super::error::LogError;
use super::files::LogFiles;
use super::tables::{checkpoint_from, read_entries, read_frontier, root_at, store_checkpoint};
use super::witness::FileWitness;
use crate::error::LedgerError;
use crate::fault;
use crate::ledger::Ledger;

/// Tiles that are written side by side.
const GROUP: usize = 256;

/// Publishes the log of one ledger.
#[derive(Debug)]
pub struct Publisher {
    files: LogFiles,
    signer: NoteSigner,
    witnesses: Vec<FileWitness>,
    trust: Trust,
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Entries in the log.
    pub size: u64,
    /// How many of them are new.
    pub new: u64,
    /// The checkpoint as it stands in the folder.
    pub note: String,
}

impl Publisher {
    /// A publisher into a folder, with the key of the log, which goes by the origin as its name.
    ///
    /// # Errors
    /// [`LogError::Key`] for the key of a witness.
    pub fn new(files: LogFiles, signer: NoteSigner) -> Result<Self, LogError> {
        let key = signer.public().clone();
        if key.kind() != KeyKind::Note {
            return Err(LogError::Key(mandat_proof::NoteError::Key));
        }
        Ok(Self { files, signer, witnesses: Vec::new(), trust: Trust::in_log(key) })
    }

    /// With witnesses that are asked before anything is published, and which of those in the policy must have signed;
    /// without a policy, all that are asked.
    ///
    /// # Errors
    /// [`LogError::Quorum`] when the policy can never be met by these.
    pub fn with_witnesses(mut self, witnesses: Vec<FileWitness>, policy: Option<&Policy>) -> Result<Self, LogError> {
        let (keys, quorum) = match policy {
            Some(policy) => (policy.witnesses.clone(), policy.quorum.clone()),
            None => {
                (witnesses.iter().map(|w| w.key().clone()).collect(), Quorum::any(witnesses.len(), witnesses.len()))
            }
        };
        let places: Vec<_> =
            witnesses.iter().filter_map(|witness| keys.iter().position(|key| key == witness.key())).collect();
        if !quorum.is_met(&places) {
            return Err(LogError::Quorum { found: places.len(), wanted: quorum.least() });
        }
        self.trust = Trust { witnesses: keys, quorum, ..self.trust };
        self.witnesses = witnesses;
        Ok(self)
    }

    /// Where it publishes.
    #[must_use]
    pub const fn files(&self) -> &LogFiles {
        &self.files
    }

    /// What a stranger needs to believe what it publishes.
    #[must_use]
    pub const fn trust(&self) -> &Trust {
        &self.trust
    }
}

impl Ledger {
    /// Holds what was published against this ledger: `None` if nothing was, or its size.
    ///
    /// # Errors
    /// [`LogError::Behind`] and [`LogError::Forked`] for a ledger that must not go on; [`LogError::Foreign`].
    pub fn continues(&self, publisher: &Publisher) -> Result<Option<u64>, LogError> {
        if publisher.trust.origin != self.origin {
            return Err(LogError::Key(mandat_proof::NoteError::Name));
        }
        Ok(self.published(publisher)?.map(|head| head.size()))
    }

    /// Entries that were committed, published or not.
    ///
    /// # Errors
    /// When the database fails.
    pub fn log_size(&self) -> Result<u64, LedgerError> {
        Ok(read_frontier(&self.connection)?.size())
    }

    /// Entries of the log, each held against its leaf hash.
    ///
    /// # Errors
    /// When the database fails or an entry was changed.
    pub fn log_entries(&self, places: Range<u64>) -> Result<Vec<Entry>, LedgerError> {
        let count = places.end.saturating_sub(places.start);
        Ok(read_entries(&self.connection, places.start, count)?.into_iter().map(|(entry, _)| entry).collect())
    }

    fn published(&self, publisher: &Publisher) -> Result<Option<Checkpoint>, LogError> {
        // Witnesses may have changed since; the log's own key may not.
        let own = Trust::in_log(publisher.signer.public().clone());
        let Some(trusted) = publisher.files.trusted(&own)? else { return Ok(None) };
        let head = trusted.checkpoint;
        let held = read_frontier(&self.connection)?.size();
        if head.size() > held {
            return Err(LogError::Behind { published: head.size(), held });
        }
        if root_at(&self.connection, head.size())? != Some(*head.root()) {
            return Err(LogError::Forked { size: head.size() });
        }
        Ok(Some(head))
    }

    /// Publishes everything that was committed; with nothing new, changes nothing.
    ///
    /// # Errors
    /// When the ledger must not go on ([`Self::continues`]), a witness does not sign, or files cannot be written.
    /// Whatever was written then is completed by the next call.
    pub fn publish(&mut self, publisher: &Publisher, now: Micros) -> Result<Published, LogError> {
        self.continues(publisher)?;
        let _lock = publisher.files.lock()?;
        fault::at("publish")?;
        let old = self.published(publisher)?;
        let head = read_frontier(&self.connection)?;
        let before = old.as_ref().map_or(0, Checkpoint::size);
        let published =
            |note: &SignedNote| Published { size: head.size(), new: head.size() - before, note: note.to_string() };
        if let (Some(old), Some(note)) = (&old, publisher.files.checkpoint()?)
            && old.size() == head.size()
        {
            return Ok(Published { size: head.size(), new: 0, note });
        }
        self.write_tiles(publisher, before, &head)?;
        fault::at("publish.tiles.done")?;
        let note = match checkpoint_from(&self.connection, head.size())? {
            Some((size, note)) if size == head.size() => note,
            _ => self.sign(publisher, &head, now)?,
        };
        publisher.files.set_checkpoint(&note)?;
        fault::at("publish.checkpoint.done")?;
        publisher.files.drop_partial(&Tile::between(before, head.size()))?;
        fault::at("publish.done")?;
        Ok(published(&note))
    }

    fn sign(&mut self, publisher: &Publisher, head: &Frontier, now: Micros) -> Result<SignedNote, LogError> {
        let checkpoint = Checkpoint::new(&self.origin, head.size(), head.root())
            .map_err(|_| LedgerError::Corrupt { position: 0, what: "the head of its log" })?;
        fault::at("publish.sign")?;
        let mut note = checkpoint.sign(&publisher.signer).map_err(LogError::Key)?;
        let signed = note.clone();
        for witness in &publisher.witnesses {
            let line = witness.look(&publisher.files, &publisher.trust, &signed, now)?;
            note.add(line).map_err(LogError::Key)?;
        }
        fault::at("publish.witnesses.done")?;
        store_checkpoint(&self.connection, head.size(), &note)?;
        Ok(note)
    }

    /// Writes the tiles that a log of this size has more than one of `before` entries.
    fn write_tiles(&self, publisher: &Publisher, before: u64, head: &Frontier) -> Result<(), LogError> {
        let files = &publisher.files;
        let edge = match TileEdge::read(before, &mut |tile| files.read(tile)) {
            Ok(edge) => edge,
            // Files that are not there are made again from the ledger.
            Err(ReadError::Absent { .. }) => TileEdge::new(),
            Err(other) => return Err(other.into()),
        };
        let mut tiles = Tiles { files, waiting: Vec::new() };
        let edge = self.fill(edge, head.size(), &mut tiles)?;
        if edge.root() != head.root() {
            return Err(LogError::Forked { size: edge.size() });
        }
        for (tile, hashes) in edge.partial() {
            tiles.add(tile, hashes.iter().flat_map(|hash| hash.0).collect())?;
        }
        tiles.flush()
    }

    /// Bundles of entries, and the tiles that they fill, from the end of the edge on.
    fn fill(&self, mut edge: TileEdge, size: u64, tiles: &mut Tiles<'_>) -> Result<TileEdge, LogError> {
        let from = edge.size();
        for index in from / 256..size.div_ceil(256) {
            let Some(bundle) = Tile::in_tree(size, Shelf::Entries, index) else { continue };
            let first = index * 256;
            let entries = read_entries(&self.connection, first, u64::from(bundle.width()))?;
            if entries.len() != usize::from(bundle.width()) {
                return Err(LedgerError::Corrupt { position: 0, what: "the number of entries of its log" }.into());
            }
            let bytes: Vec<_> = entries.iter().map(|(entry, _)| entry.to_bytes()).collect();
            let slices: Vec<&[u8]> = bytes.iter().map(<[u8; 70]>::as_slice).collect();
            tiles.add(bundle, write_bundle(&slices).expect("bug: a bundle of 1 to 256 short entries"))?;
            let mut full = Vec::new();
            for ((_, leaf), place) in entries.iter().zip(first..) {
                if place >= from {
                    edge.push(*leaf, &mut |tile, hashes| full.push((tile, bytes_of(hashes))));
                }
            }
            full.into_iter().try_for_each(|(tile, bytes)| tiles.add(tile, bytes))?;
        }
        Ok(edge)
    }
}

fn bytes_of(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Tiles on their way to the disk.
struct Tiles<'a> {
    files: &'a LogFiles,
    waiting: Vec<(Tile, Vec<u8>)>,
}

impl Tiles<'_> {
    fn add(&mut self, tile: Tile, bytes: Vec<u8>) -> Result<(), LogError> {
        self.waiting.push((tile, bytes));
        if self.waiting.len() >= GROUP { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.files.write(&std::mem::take(&mut self.waiting))
    }
}
