//! The tables, in SQLite's words; [`crate::store`] says the rest in the words of the database.

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
