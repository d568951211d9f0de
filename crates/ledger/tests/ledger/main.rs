//! Tests of the ledger through its public interface, one binary.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails like the test")]

mod append;
mod choices;
mod crash;
mod erasure;
mod handles;
mod home;
mod log;
mod opening;
mod snapshot;
mod volume;
