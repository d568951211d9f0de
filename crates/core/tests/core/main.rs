//! Tests of the core at its seams; one binary.

mod scenarios;
