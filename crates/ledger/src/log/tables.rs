//! Reading and writing the tables of the log.
//!
//! `log`: entries by their place; `first` and `last` are the rows of `events` that an entry is about, `opening` that of a
//! tombstone, whose secret is gone, `statement` what an entry says that is about no row. `log_batches`: the acts of a
//! batch. `log_heads`: what the log was after a transaction; heads past the newest of `log_checkpoints`, which keeps
//! what was signed, are what is left to publish.

use mandat_proof::{Digest, Entry, Frontier, SignedNote, empty_root, leaf_hash};

use crate::error::LedgerError;
use crate::fault;
use crate::store::{Connection, OptionalExtension, TransactionBehavior, params};

/// What the log was after the newest transaction.
pub(crate) fn read_frontier(connection: &Connection) -> Result<Frontier, LedgerError> {
    let mut query =
        connection.prepare_cached("SELECT size, root, frontier FROM log_heads ORDER BY size DESC LIMIT 1")?;
    let head = query
        .query_row([], |row| Ok((row.get::<i64>(0)?.cast_unsigned(), row.get::<[u8; 32]>(1)?, row.get::<Vec<u8>>(2)?)));
    let Some((size, root, hashes)) = head.optional()? else { return Ok(Frontier::new()) };
    let (hashes, rest) = hashes.as_chunks::<32>();
    let frontier = Frontier::from_parts(size, hashes.iter().copied().map(Digest).collect());
    match frontier {
        Ok(frontier) if rest.is_empty() && frontier.root() == Digest(root) => Ok(frontier),
        _ => Err(LedgerError::Corrupt { position: 0, what: "the head of its log" }),
    }
}

/// The root when the log had that size; `None` if no transaction ended there.
pub(crate) fn root_at(connection: &Connection, size: u64) -> Result<Option<Digest>, LedgerError> {
    if size == 0 {
        return Ok(Some(empty_root()));
    }
    let mut query = connection.prepare_cached("SELECT root FROM log_heads WHERE size = ?1")?;
    Ok(query.query_row([size.cast_signed()], |row| Ok(Digest(row.get(0)?))).optional()?)
}

/// Adds what the log is now.
pub(crate) fn add_head(connection: &Connection, frontier: &Frontier) -> Result<(), LedgerError> {
    let hashes: Vec<u8> = frontier.hashes().iter().flat_map(|hash| hash.0).collect();
    connection.prepare_cached("INSERT INTO log_heads(size, root, frontier) VALUES (?1, ?2, ?3)")?.execute(params![
        frontier.size().cast_signed(),
        frontier.root().0,
        hashes
    ])?;
    Ok(())
}

/// Entries from a place on, each held against its leaf hash, in order.
pub(crate) fn read_entries(
    connection: &Connection,
    first: u64,
    count: u64,
) -> Result<Vec<(Entry, Digest)>, LedgerError> {
    let mut query =
        connection.prepare_cached("SELECT entry, leaf FROM log WHERE place >= ?1 AND place < ?2 ORDER BY place")?;
    let end = first.saturating_add(count);
    let mut rows = query.query(params![crate::read::clamp(first), crate::read::clamp(end)])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        let leaf = Digest(row.get(1)?);
        let entry = Entry::parse(&bytes).ok().filter(|_| leaf_hash(&bytes) == leaf);
        out.push((entry.ok_or(LedgerError::Corrupt { position: 0, what: "an entry of its log" })?, leaf));
    }
    Ok(out)
}

/// Keeps what was signed, so that a receipt that is asked for again is the same.
pub(crate) fn store_checkpoint(connection: &Connection, size: u64, note: &SignedNote) -> Result<(), LedgerError> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute(
        "INSERT INTO log_checkpoints(size, note) VALUES (?1, ?2)",
        params![size.cast_signed(), note.to_string().into_bytes()],
    )?;
    fault::at("note")?;
    tx.commit()?;
    fault::at("note.done")
}

/// The first checkpoint of at least that size that was signed; `None` if there is none yet.
pub(crate) fn checkpoint_from(connection: &Connection, size: u64) -> Result<Option<(u64, SignedNote)>, LedgerError> {
    let mut query =
        connection.prepare_cached("SELECT size, note FROM log_checkpoints WHERE size >= ?1 ORDER BY size LIMIT 1")?;
    let found =
        query.query_row([size.cast_signed()], |row| Ok((row.get::<i64>(0)?.cast_unsigned(), row.get::<Vec<u8>>(1)?)));
    let Some((size, note)) = found.optional()? else { return Ok(None) };
    let note = String::from_utf8(note).ok().and_then(|note| SignedNote::parse(&note).ok());
    note.map(|note| Some((size, note))).ok_or(LedgerError::Corrupt { position: 0, what: "a checkpoint of its log" })
}
