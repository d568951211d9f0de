//! Tests of the core at its seams; one binary.

mod cases;
mod properties;
mod scenarios;
