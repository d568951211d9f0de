//! Admission and build over random worlds: both evaluators agree, and bytes depend on content alone.

mod agree;
mod bytes;
mod world;
