//! Admission and build over random worlds: both evaluators agree, and bytes depend on content alone.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod agree;
mod bytes;
mod curate;
mod members;
mod since;
mod world;
