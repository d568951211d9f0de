//! Admission: which records may be used, decided at the speed of reading their decision columns.
//!
//! One bucket at a time: the people of the bucket are compiled for the question
//! ([`mandat_core::admission`]), then every run is merged with them (`scan`). The result is one
//! outcome per row and a [`Tally`]. Nothing here reads text.

pub(crate) mod columns;
mod count;
pub mod find;
pub(crate) mod lookup;
mod rows;
pub(crate) mod scan;
mod tally;

use std::path::{Path, PathBuf};

use mandat_core::admission::{Admission, Compiler, Evaluator};
use mandat_core::derive::{Context, People};
use mandat_core::event::Categories;
use mandat_core::history::Shared;
use mandat_core::snapshot::Snapshot;
use mandat_core::table::{DecisionTable, Outcome};
use parquet::errors::ParquetError;

pub use lookup::SnapshotPeople;
pub use rows::each_record;
pub use scan::NO_CANDIDATE;
pub use tally::{InOut, ReasonCount, Summary, Tally};

use crate::build::Order;
use crate::vault::{Run, Vault, VaultError};
use scan::RunOutcomes;

/// Why records could not be decided.
#[derive(Debug, thiserror::Error)]
pub enum AdmitError {
    /// The vault.
    #[error("cannot read the vault")]
    Vault(#[from] VaultError),
    /// A Parquet file of the vault.
    #[error("cannot read `{path}`; run `mandat doctor --deep`")]
    Parquet {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ParquetError,
    },
    /// A file that is not laid out as the vault writes it.
    #[error("`{0}` has columns that the vault does not write; run `mandat doctor --deep`")]
    Layout(PathBuf),
}

impl AdmitError {
    pub(crate) fn parquet(path: &Path, source: ParquetError) -> Self {
        Self::Parquet { path: path.to_owned(), source }
    }
}

/// Everything a decision over the vault needs, and nothing that changes.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The question, with what is shared by all people.
    pub context: &'a Context<'a>,
    /// The rules.
    pub table: &'a DecisionTable,
    /// The people.
    pub snapshot: &'a dyn Snapshot,
    /// The people as they are asked about when others name them.
    pub people: &'a dyn People,
    /// Which records are asked for.
    pub categories: Categories,
}

impl<'a> Question<'a> {
    /// What an order asks of the people; one for each worker, for `people` remembers whom it was asked about.
    #[must_use]
    pub fn new(order: &'a Order, context: &'a Context<'a>, people: &'a SnapshotPeople<'a>) -> Self {
        let (table, categories) = (order.rules.table, order.recipe.categories);
        Self { context, table, snapshot: people.snapshot(), people, categories }
    }

    pub(crate) fn shared(&self) -> &Shared {
        self.context.shared
    }
}

/// The decision over one bucket.
pub struct BucketDecision {
    /// Its runs, oldest first.
    pub(crate) runs: Vec<Run>,
    /// What was decided about their rows, run by run.
    pub(crate) rows: Vec<RunOutcomes>,
    /// The outcomes behind the ids.
    pub(crate) outcomes: Vec<Outcome>,
    /// Counts.
    pub tally: Tally,
}

impl BucketDecision {
    /// The outcome of a row; `None` if it is no candidate.
    #[must_use]
    pub fn outcome(&self, run: usize, row: usize) -> Option<Outcome> {
        let id = self.rows[run].ids[row];
        (id != NO_CANDIDATE).then(|| self.outcomes[id as usize])
    }
}

/// Compiles the people of a bucket for a question.
#[must_use]
pub fn compile(question: &Question, evaluator: &mut Evaluator, bits: u32, bucket: u64) -> Admission {
    let mut compiler = Compiler::new(question.context, evaluator);
    question.snapshot.each_in_bucket(bits, bucket, &mut |key, history| compiler.push(evaluator, key, history));
    compiler.finish()
}

/// Decides every row of one bucket.
///
/// # Errors
/// When the vault cannot be read.
pub fn decide_bucket(vault: &Vault, question: &Question, bucket: u64) -> Result<BucketDecision, AdmitError> {
    let mut evaluator = Evaluator::new(question.table, question.context.ask.profile);
    let admission = compile(question, &mut evaluator, vault.layout().bucket_bits, bucket);
    decide_compiled(vault, question, bucket, &admission, &mut evaluator)
}

/// Decides every row of one bucket whose people were compiled before.
///
/// # Errors
/// When the vault cannot be read.
pub fn decide_compiled(
    vault: &Vault,
    question: &Question,
    bucket: u64,
    admission: &Admission,
    evaluator: &mut Evaluator,
) -> Result<BucketDecision, AdmitError> {
    let runs = vault.runs(bucket)?;
    let mut rows = Vec::with_capacity(runs.len());
    let mut counts = count::Counts::default();
    for run in &runs {
        rows.push(scan::scan(run, question, admission, evaluator, &mut counts)?);
    }
    let tally = count::count(&rows, counts, admission, evaluator);
    Ok(BucketDecision { runs, rows, outcomes: evaluator.outcomes().to_vec(), tally })
}
