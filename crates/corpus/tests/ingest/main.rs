//! Ingest end to end: files in, a vault on disk out.

mod hostile;
mod killed;

mod laws;
mod support;
mod tables;
mod versions;
