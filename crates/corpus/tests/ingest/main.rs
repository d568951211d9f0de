//! Ingest end to end: files in, a vault on disk out.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking, also in its helpers")]

mod damage;
mod hostile;
mod killed;

mod laws;
mod support;
mod tables;
mod versions;
