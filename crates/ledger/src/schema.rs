//! The tables, in SQLite's words; [`crate::store`] says the rest in the words of the database.

use crate::store::{Connection, StoreError};

/// Version of everything below.
pub(crate) const FORMAT: i64 = 2;

/// Tables and indexes. Another database has other names for the types and no options after a table.
pub(crate) const TABLES: &str = "
CREATE TABLE meta(
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events(
    position INTEGER PRIMARY KEY,
    tag BLOB NOT NULL CHECK (length(tag) = 16),
    part INTEGER NOT NULL CHECK (part >= 0),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 255),
    marks INTEGER NOT NULL,
    appended_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL CHECK (received_at <= appended_at),
    asserted_at INTEGER NOT NULL,
    subject BLOB CHECK (subject IS NULL OR length(subject) = 16),
    payload BLOB NOT NULL,
    number INTEGER CHECK (number >= 0)
) STRICT;
CREATE UNIQUE INDEX events_by_tag ON events(tag, part);
CREATE INDEX events_by_subject ON events(subject, position, number) WHERE subject IS NOT NULL;
CREATE INDEX events_shared ON events(position, number) WHERE subject IS NULL;

CREATE TABLE voids(
    voided INTEGER PRIMARY KEY REFERENCES events(position),
    by INTEGER NOT NULL REFERENCES events(position)
) STRICT;
CREATE INDEX voids_by ON voids(by);

CREATE TABLE notices(
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    position INTEGER NOT NULL REFERENCES events(position)
) STRICT, WITHOUT ROWID;

CREATE TABLE imports(
    batch INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL CHECK (last >= first),
    PRIMARY KEY (batch, first)
) STRICT, WITHOUT ROWID;

CREATE TABLE subjects(
    subject BLOB PRIMARY KEY CHECK (length(subject) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    seen INTEGER NOT NULL CHECK (seen IN (0, 1)),
    secret BLOB,
    account BLOB,
    facts BLOB,
    link BLOB,
    erased INTEGER CHECK ((erased IS NULL) = (secret IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX subjects_by_person ON subjects(person);
CREATE INDEX subjects_by_link ON subjects(link) WHERE link IS NOT NULL;
CREATE INDEX subjects_unseen ON subjects(seen) WHERE seen = 0;
CREATE INDEX subjects_erased ON subjects(erased) WHERE erased IS NOT NULL;

CREATE TABLE handles(
    handle BLOB NOT NULL CHECK (length(handle) = 16),
    subject BLOB NOT NULL REFERENCES subjects(subject),
    since INTEGER,
    until INTEGER,
    name BLOB NOT NULL,
    PRIMARY KEY (handle, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX handles_by_subject ON handles(subject);

CREATE TABLE log(
    place INTEGER PRIMARY KEY,
    entry BLOB NOT NULL CHECK (length(entry) = 70),
    leaf BLOB NOT NULL CHECK (length(leaf) = 32),
    first INTEGER REFERENCES events(position),
    last INTEGER CHECK (last >= first),
    opening BLOB CHECK (opening IS NULL OR length(opening) = 32),
    statement BLOB,
    said BLOB CHECK (said IS NULL OR length(said) = 32)
) STRICT;
CREATE INDEX log_by_row ON log(first) WHERE first IS NOT NULL;
CREATE UNIQUE INDEX log_by_statement ON log(said) WHERE said IS NOT NULL;

CREATE TABLE log_batches(
    place INTEGER PRIMARY KEY REFERENCES log(place),
    items BLOB NOT NULL
) STRICT;

CREATE TABLE log_heads(
    size INTEGER PRIMARY KEY CHECK (size > 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    frontier BLOB NOT NULL
) STRICT;

CREATE TABLE log_checkpoints(
    size INTEGER PRIMARY KEY,
    note BLOB NOT NULL
) STRICT;
";

/// Tables that are only ever added to.
pub(crate) const APPEND_ONLY: [&str; 8] =
    ["events", "voids", "notices", "imports", "log", "log_batches", "log_heads", "log_checkpoints"];

/// Every table but `meta`, in an order in which they can be filled: table, columns, key.
pub(crate) const COPIED: [(&str, &str, &str); 10] = [
    (
        "events",
        "position, tag, part, kind, marks, appended_at, received_at, asserted_at, subject, payload, number",
        "position",
    ),
    ("voids", "voided, by", "voided"),
    ("notices", "id, digest, position", "position"),
    ("imports", "batch, first, last", "batch, first"),
    ("subjects", "subject, person, seen, secret, account, facts, link, erased", "subject"),
    ("handles", "handle, subject, since, until, name", "handle, subject"),
    ("log", "place, entry, leaf, first, last, opening, statement, said", "place"),
    ("log_batches", "place, items", "place"),
    ("log_heads", "size, root, frontier", "size"),
    ("log_checkpoints", "size, note", "size"),
];

/// Whether nothing was written yet.
pub(crate) fn is_unused(connection: &Connection) -> Result<bool, StoreError> {
    for (table, ..) in COPIED {
        if connection.prepare_cached(&format!("SELECT 1 FROM {table} LIMIT 1"))?.exists([])? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_names_every_column_of_every_table() {
        let tables = TABLES.split("CREATE TABLE ").skip(1).map(|text| {
            let (name, rest) = text.split_once('(').unwrap();
            let body = rest.split_once("\n)").unwrap().0;
            let columns = body.lines().filter_map(|line| line.trim().split_once(' ')).map(|(column, _)| column);
            let columns: Vec<_> = columns.filter(|c| c.chars().all(|c| c.is_ascii_lowercase() || c == '_')).collect();
            (name, columns.join(", "))
        });
        let tables: Vec<_> = tables.filter(|(name, _)| *name != "meta").collect();
        let mut copied: Vec<_> = COPIED.iter().map(|(name, columns, _)| (*name, (*columns).to_owned())).collect();
        let mut expected = tables.clone();
        copied.sort();
        expected.sort();
        assert_eq!(copied, expected);
    }
}
