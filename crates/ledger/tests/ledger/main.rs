//! Tests of the ledger through its public interface, one binary.

mod append;
mod choices;
mod crash;
mod erasure;
mod handles;
mod home;
mod opening;
mod snapshot;
mod volume;
