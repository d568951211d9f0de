//! The corpus crate: records in, training sets out.
//!
//! - [`ingest`] reads files through a map into the [`vault`], sorted by person;
//! - admission, curation, build and manifests read the vault and write revisions.
//!
//! Sole owner of Arrow, Parquet and rayon.

pub mod admit;
pub mod build;
pub mod curate;
pub mod durable;
pub mod export;
pub mod ingest;
pub mod input;
pub mod map;
pub mod measure;
pub mod members;
pub mod recipe;
pub mod screen;
pub mod since;
pub mod vault;
