//! Tests of the core at its seams; one binary.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod cases;
mod decisions;
mod packs;
mod properties;
mod scenarios;
mod schema;
