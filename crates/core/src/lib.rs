//! The meaning of Mandat: words, records, events, rules, decisions. No I/O, no clock, no async.

pub mod event;
pub mod record;
pub mod table;
pub mod time;
pub mod traits;
pub mod vocab;

pub use mandat_proof as proof;
