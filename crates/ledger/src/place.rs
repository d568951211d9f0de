//! Where a ledger is: a file, or a schema of a PostgreSQL server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::LedgerError;

/// The schema of a ledger whose URL names none.
const SCHEMA: &str = "mandat";

/// Where a ledger is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An SQLite file.
    File(PathBuf),
    /// A schema of a PostgreSQL server.
    Postgres {
        /// How to get there.
        url: PostgresUrl,
        /// The folder of compiled snapshot files; they never lie on the server.
        files: PathBuf,
    },
}

/// `postgresql://user:password@host:port/database?schema=name`; shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(Arc<Parts>);

#[derive(PartialEq, Eq)]
struct Parts {
    /// What the client understands: everything but the schema.
    connect: String,
    schema: String,
    shown: String,
}

impl PostgresUrl {
    /// Reads a URL; `schema` is ours (letters, digits and `_`; `mandat` if not given), the rest is libpq's.
    ///
    /// # Errors
    /// [`LedgerError::Url`], which does not repeat the URL: it may hold a password.
    pub fn parse(url: &str) -> Result<Self, LedgerError> {
        if !Self::is(url) {
            return Err(LedgerError::Url { what: "it does not begin with postgresql://" });
        }
        let (head, query) = url.split_once('?').unwrap_or((url, ""));
        let mut schema = SCHEMA;
        let mut rest = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("schema", name)) => schema = name,
                _ => rest.push(part),
            }
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if schema.is_empty() || schema.len() > 63 || !schema.chars().all(plain) || schema.starts_with("pg_") {
            return Err(LedgerError::Url { what: "`schema` is not lower-case letters, digits and `_`, at most 63" });
        }
        let join = |parts: &[&str]| format!("{head}{}{}", if parts.is_empty() { "" } else { "?" }, parts.join("&"));
        let hidden: Vec<&str> = query
            .split('&')
            .filter(|p| !p.is_empty())
            .map(|p| if p.starts_with("password=") { "password=***" } else { p })
            .collect();
        let shown = hide_password(head) + if hidden.is_empty() { "" } else { "?" } + &hidden.join("&");
        Ok(Self(Arc::new(Parts { connect: join(&rest), schema: schema.to_owned(), shown })))
    }

    /// Whether a text is meant as one.
    #[must_use]
    pub fn is(text: &str) -> bool {
        text.starts_with("postgresql://") || text.starts_with("postgres://")
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.0.schema
    }

    /// For the client alone: it holds the password.
    pub(crate) fn connect(&self) -> &str {
        &self.0.connect
    }
}

/// Between the first colon of the user part and its last `@` stands the password.
fn hide_password(head: &str) -> String {
    let Some((scheme, rest)) = head.split_once("://") else { return "postgresql://***".into() };
    let Some((user, host)) = rest.rsplit_once('@') else { return head.to_owned() };
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:***@{host}"),
        None => head.to_owned(),
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.shown)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres { url, .. } => url.fmt(f),
        }
    }
}

impl Place {
    /// The folder of compiled snapshot files.
    pub(crate) fn files(&self) -> PathBuf {
        match self {
            Self::File(path) => path.with_extension("snapshot"),
            Self::Postgres { files, .. } => files.clone(),
        }
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_ours_and_the_rest_goes_to_the_client() {
        let url = PostgresUrl::parse("postgresql:///db?host=/run/pg&schema=s1&user=a").unwrap();
        assert_eq!((url.schema(), url.connect()), ("s1", "postgresql:///db?host=/run/pg&user=a"));
        assert_eq!(PostgresUrl::parse("postgres://h/db").unwrap().schema(), "mandat");
        for bad in ["mysql://h/db", "postgres://h/db?schema=", "postgres://h/db?schema=A", "postgres://h/db?schema=a;b"]
        {
            assert!(PostgresUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in [
            "postgresql://anna:S3cret@h:5432/db",
            "postgresql://anna:S3cret@odd@h/db?sslmode=disable",
            "postgresql://h/db?user=anna&password=S3cret",
            "postgresql://anna:S3cret%40@h/db?password=S3cret&schema=x",
        ] {
            let parsed = PostgresUrl::parse(url).unwrap();
            let place = Place::Postgres { url: parsed.clone(), files: PathBuf::new() };
            assert!(!format!("{parsed} {parsed:?} {place} {place:?}").contains("S3cret"), "{parsed}");
            assert!(parsed.connect().contains("S3cret"));
        }
    }
}
