//! The meaning of Mandat: words, records, events, rules, decisions. No I/O, no clock, no async.

pub mod admission;
pub mod ask;
pub mod controller;
pub mod decide;
pub mod derive;
pub mod event;
pub mod explain;
pub mod history;
pub mod manifest;
pub mod notice;
pub mod packs;
pub mod person;
pub mod place;
pub mod record;
pub mod scenario;
pub mod snapshot;
pub mod table;
pub mod time;
pub mod traits;
pub mod vocab;

pub use mandat_proof as proof;
