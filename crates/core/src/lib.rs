//! The meaning of Mandat: words, records, events, rules, decisions. No I/O, no clock, no async.
//!
//! Start at [`decide::decide`]: one record, one question, a verdict with every reason. It rests on
//!
//! - [`event`] and [`record`]: the canonical input, one schema in two spellings;
//! - [`history`]: folds over ledger events, one per person ([`history::PersonHistory`]) and one for
//!   what concerns nobody alone ([`history::Shared`]); compact, and without any name or text;
//! - [`derive`](mod@derive): at most 128 named facts, derived once; what depends on person, category
//!   and time of creation is apart from what depends on the record;
//! - [`packs`]: rule packs in TOML, layered, compiled to a [`table::DecisionTable`] of masks over facts;
//! - [`admission`]: the vectorised evaluator of the same table, held equal to `decide` by tests;
//! - [`scenario`]: the law as tests, in YAML that a lawyer can read (`scenarios/FORMAT.md`);
//! - [`explain`]: sentences for people; [`manifest`]: what a revision is and where it came from.
//!
//! Invariants, each with its test:
//!
//! - A denial known now counts whatever time is asked about and whenever the record was made; a
//!   permission must hold at the time asked about and at the moment of execution
//!   (`tests/core/properties.rs`, p01, p02, p09).
//! - What is not known is a denial: age, audience, country, partner, author, category
//!   (`packs check` searches the masks for gaps).
//! - No rule is written in Rust; every reason comes from a pack, every rule has an article.
//! - A decision is a pure function of history, question and packs (p03, p04, p06).
//! - Nothing here holds or prints an account, a handle or a text (p11).
//!
//! How the specification is read where it leaves room stands in `docs/law.md`.

pub mod admission;
pub mod ask;
pub mod controller;
pub mod decide;
pub mod derive;
pub mod event;
pub mod explain;
pub mod history;
pub mod manifest;
pub mod members;
pub mod notice;
pub mod packs;
pub mod person;
pub mod place;
pub mod receipt;
pub mod record;
pub mod scenario;
pub mod snapshot;
pub mod table;
pub mod time;
pub mod traits;
pub mod vocab;

pub use mandat_proof as proof;
