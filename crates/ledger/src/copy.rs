//! A ledger moved to another database: every row as it is, to the byte.

use mandat_proof::{Digest, sha256};

use crate::error::LedgerError;
use crate::keys::Keys;
use crate::ledger::Ledger;
use crate::place::Place;
use crate::schema::COPIED;
use crate::store::{Connection, StoreError, TransactionBehavior, Value};

/// What a copy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct CopyReport {
    /// Rows of each table, in the order in which they were copied.
    pub rows: Vec<(&'static str, u64)>,
    /// Position of the last event.
    pub head: u64,
    /// SHA-256 over every value of every row, the same on both sides: read back from the copy.
    pub digest: String,
    /// People whose histories a full replay of the copy gave, all as in the original.
    pub people: u64,
}

/// The name in `meta` that only a database without a header of its own has.
const FORMAT: &str = "format";

impl Ledger {
    /// Copies everything to a place where there is no ledger, or an empty one with the same keys and name, and compares:
    /// rows, bytes, head, and the replay of everybody. Nobody writes to this ledger meanwhile. Both are there
    /// afterwards; whoever goes on with one must not go on with the other.
    ///
    /// # Errors
    /// [`LedgerError::Exists`] where something is; [`LedgerError::CopyDiffers`]; or when a database fails: what was
    /// copied is then not there, and the copy can be made again.
    pub fn copy_to(&self, place: &Place, keys: Keys) -> Result<CopyReport, LedgerError> {
        let source = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let target = vacant(place, &source)?;
        let tx = target.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for table in &COPIED {
            match table.0 {
                "log" => copy_log(&source, &tx)?,
                "log_heads" => {}
                _ => copy_rows(&source, &tx, table, None)?,
            }
        }
        tx.commit()?;
        drop(target);
        let copy = Self::open_at(place, keys)?;
        let (rows, digest) = contents(&source)?;
        if contents(&copy.connection)? != (rows.clone(), digest) || copy.head()? != self.head()? {
            return Err(LedgerError::CopyDiffers);
        }
        source.rollback()?;
        let check = copy.verify_snapshot(&self.snapshot()?)?;
        if !check.is_good() {
            return Err(LedgerError::CopyDiffers);
        }
        Ok(CopyReport { rows, head: copy.head()?.position, digest: digest.to_string(), people: check.people })
    }
}

/// A connection to where a ledger with the same keys and name may be filled.
fn vacant(place: &Place, source: &Connection) -> Result<Connection, LedgerError> {
    let meta = meta(source)?;
    match Connection::open(place) {
        Err(LedgerError::NotFound(_)) => {
            let meta: Vec<_> = meta.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            Connection::create(place, &meta)
        }
        Ok(there) if crate::schema::is_unused(&there)? && self::meta(&there)? == meta => Ok(there),
        Ok(_) => Err(LedgerError::Exists(place.clone())),
        Err(error) => Err(error),
    }
}

fn meta(connection: &Connection) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let mut query = connection.prepare_cached("SELECT name, value FROM meta WHERE name <> ?1")?;
    let mut rows: Vec<_> =
        query.query_map([FORMAT], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    rows.sort();
    Ok(rows)
}

/// The entries of the log, and after those of each transaction its head, which must cover them all.
fn copy_log(source: &Connection, target: &Connection) -> Result<(), LedgerError> {
    let table = |name: &str| COPIED.iter().find(|(table, ..)| *table == name).expect("bug: the log has its tables");
    let mut query = source.prepare_cached("SELECT size FROM log_heads ORDER BY size")?;
    let sizes: Vec<i64> = query.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut from = 0;
    for size in sizes {
        copy_rows(source, target, table("log"), Some((from, size)))?;
        copy_rows(source, target, table("log_heads"), Some((size, size + 1)))?;
        target.settle()?;
        from = size;
    }
    Ok(())
}

/// Rows in the order of their key: all, or those from one key to before another.
fn copy_rows(
    source: &Connection,
    target: &Connection,
    table: &(&str, &str, &str),
    keys: Option<(i64, i64)>,
) -> Result<(), LedgerError> {
    let (name, columns, key) = table;
    let width = columns.split(", ").count();
    let numbers: Vec<String> = (1..=width).map(|n| format!("?{n}")).collect();
    let mut insert =
        target.prepare_cached(&format!("INSERT INTO {name}({columns}) VALUES ({})", numbers.join(", ")))?;
    let bounds = keys.map_or_else(String::new, |_| format!(" WHERE {key} >= ?1 AND {key} < ?2"));
    let mut query = source.prepare_cached(&format!("SELECT {columns} FROM {name}{bounds} ORDER BY {key}"))?;
    let mut rows =
        query.query(keys.map_or_else(Vec::new, |(from, to)| vec![Value::Integer(from), Value::Integer(to)]))?;
    while let Some(row) = rows.next()? {
        let values: Vec<Value<'_>> = (0..width).map(|column| row.get_ref(column)).collect::<Result<_, _>>()?;
        insert.insert(values)?;
    }
    Ok(())
}

/// Rows of each table.
type Counts = Vec<(&'static str, u64)>;

/// Rows of each table, and the digest of all: each row is hashed behind the digest so far.
fn contents(connection: &Connection) -> Result<(Counts, Digest), LedgerError> {
    let mut digest = sha256(b"mandat-copy/1");
    let mut counts = Vec::new();
    let mut bytes = Vec::new();
    for table in &COPIED {
        let (name, columns, key) = *table;
        let width = columns.split(", ").count();
        let mut query = connection.prepare_cached(&format!("SELECT {columns} FROM {name} ORDER BY {key}"))?;
        let mut rows = query.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            bytes.clear();
            bytes.extend_from_slice(&digest.0);
            for column in 0..width {
                append(&mut bytes, row.get_ref(column)?);
            }
            digest = sha256(&bytes);
        }
        counts.push((name, count));
    }
    Ok((counts, digest))
}

/// A value behind its kind and length.
fn append(out: &mut Vec<u8>, value: Value<'_>) {
    let (kind, bytes): (u8, &[u8]) = match &value {
        Value::Null => (0, &[]),
        Value::Integer(number) => {
            out.push(1);
            out.extend(number.to_be_bytes());
            return;
        }
        Value::Text(text) => (2, text.as_bytes()),
        Value::Blob(bytes) => (3, bytes),
        Value::Blobs(_) => unreachable!("no column holds many values"),
    };
    out.push(kind);
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}
