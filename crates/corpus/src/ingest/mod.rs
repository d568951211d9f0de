//! Ingest: files in, one published batch of sorted runs out.

pub mod row;
