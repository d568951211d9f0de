//! Tests of the ledger through its public interface, one binary.
//!
//! The files of `suite` are one conformance suite, run on SQLite and on PostgreSQL; what only one of them has
//! is tested beside it. Without `MANDAT_TEST_POSTGRES` the second half says that it was left out.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails like the test")]
#![expect(clippy::duplicate_mod, reason = "one suite, two databases")]

mod postgres;
mod sqlite;
