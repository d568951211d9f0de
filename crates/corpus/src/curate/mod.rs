//! Curation: from admitted records to the rows of the shards.
//!
//! Three steps, and the driver between them:
//! - `pass`: each shard's admitted texts, once; a pure function over one shard's rows. It drops
//!   what can be judged alone and gives signals by which copies find each other.
//! - `settle`: over the signals of all shards, which copies give way. The only exchange.
//! - `finish`: each shard again, without what was dropped, to the writer; with the reason of every
//!   drop beside the verdicts, and a [`Summary`] that adds up.
//!
//! What lies between the steps is in private files of the store's scratch folder, so that no step
//! holds more than one shard a thread. Curation depends on the admitted records and the recipe: the
//! same revision comes out whatever the threads, the batches of ingest, or what a barrier redid.

mod count;
pub(crate) mod denied;
pub(crate) mod driver;
mod finish;
mod near;
pub(crate) mod pass;
pub(crate) mod settle;
pub(crate) mod shuffle;
mod spec;
pub(crate) mod spill;
mod summary;
mod why;

pub use finish::dropped_for;
pub use spec::{Curation, Duplicates, Evaluation, Language, Quality, Redact};
pub use summary::{Cell, InOut, Left, Redacted, Summary};
pub use why::{Step, Why};
