//! From decided records to a published revision.
//!
//! A revision's content is a pure function of the vault's logical rows, the ledger position, the
//! packs, the recipe and this program: the same bytes on any number of threads, for any order or
//! number of ingests. [`plan`] only counts; [`build`] stages every bucket, reads the ledger's head
//! again (the barrier of DESIGN 8.12), redoes the buckets whose outcomes changed, and publishes.

mod card;
mod check;
mod compare;
mod difference;
mod export;
pub(crate) mod gather;
mod publish;
mod redact;
mod rights;
mod shard;
pub(crate) mod stage;
pub mod verdicts;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use mandat_core::ask::{Ask, Mode};
use mandat_core::derive::{Context, Settings};
use mandat_core::manifest::{CONTENT_FORMAT, Content, Counts, Known, PackRef, Revision, Shard, Tool, published};
use mandat_core::members::Secrets;
use mandat_core::snapshot::Snapshot;
use mandat_core::table::DecisionTable;
use mandat_core::time::Micros;
use mandat_core::vocab::{Reason, Verdict};
use parquet::errors::ParquetError;
use rayon::prelude::*;

pub use check::{counts_agree, manifests, rows_not_in, shard_problems};
pub use compare::{Comparison, Count, Moved, compare};
pub use difference::{Difference, difference};
pub use export::export_verdicts;
pub use publish::Store;
pub use redact::{PLACEHOLDER, cut};
pub use shard::{schema, writer_digest};

use crate::admit::{AdmitError, BucketDecision, Question, SnapshotPeople, Tally, decide_bucket};
use crate::curate::Summary;
use crate::curate::driver::curate;
use crate::curate::pass::Stage;
use crate::durable::Lock;
use crate::members;
use crate::recipe::Recipe;
use crate::since::{self, Basis};
use crate::vault::{Problem, Vault, VaultError};
use stage::{Cuts, StagedBucket};

/// Why a build failed; nothing was published.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Records could not be decided.
    #[error("cannot decide the records")]
    Admit(#[from] AdmitError),
    /// The file system.
    #[error("cannot {what} `{path}`")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Parquet.
    #[error("cannot read or write Parquet")]
    Parquet(#[from] ParquetError),
    /// Arrow.
    #[error("cannot assemble rows")]
    Arrow(#[from] arrow_schema::ArrowError),
    /// A column of the vault that is not as the vault writes it.
    #[error("column `{0}` of the vault is not as it was written; run `mandat doctor --deep`")]
    Layout(&'static str),
    /// A manifest that does not parse.
    #[error("`{path}` is not a manifest; restore it from a backup")]
    Manifest {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The vault is gone though revisions were made from one.
    #[error(
        "the vault holds nothing, but `{corpus}` has revisions that were made from one; restore the vault from a backup"
    )]
    NoVault {
        /// A corpus with revisions.
        corpus: String,
    },
    /// Facts that a decision needs were found with other word lists than this version's.
    #[error(
        "the texts of the vault were screened with other word lists than this version has; run `mandat ingest rescreen`"
    )]
    Unscreened,
    /// Files of the vault are not as they were written.
    #[error(
        "the vault is damaged: {first}{}; restore its files from a backup: `mandat doctor --deep` lists them",
        others(*.more)
    )]
    DamagedVault {
        /// One of them.
        first: Problem,
        /// How many more there are.
        more: usize,
    },
    /// Another build took the number.
    #[error("another build published `{path}` first; run the command again")]
    Raced {
        /// The file both wanted to write.
        path: PathBuf,
    },
    /// Another build is running.
    #[error("another build is running in this store; wait until it is done")]
    Busy,
    /// The secrets that member tokens are derived from.
    #[error("cannot read the secrets of persons: {0}")]
    Secrets(String),
    /// Two members of one token.
    #[error("cannot commit to the members; run `mandat doctor --deep`")]
    Members(#[source] mandat_proof::MembersError),
    /// Records of people whom the ledger does not know.
    #[error("{0} people whose records would be in the revision are not in the ledger; run `mandat doctor --deep`")]
    Unknown(u64),
    /// The ledger could not be read again.
    #[error("cannot read the ledger again before publishing: {0}")]
    Barrier(String),
}

impl From<VaultError> for BuildError {
    fn from(error: VaultError) -> Self {
        Self::Admit(AdmitError::Vault(error))
    }
}

/// How many more files are damaged, in words.
fn others(more: usize) -> String {
    if more == 0 { String::new() } else { format!(", and {more} more") }
}

impl BuildError {
    /// Whether something that was read is damaged or missing, so that the same build fails again.
    #[must_use]
    pub const fn is_damage(&self) -> bool {
        match self {
            Self::Admit(_) | Self::Layout(_) | Self::Manifest { .. } => true,
            Self::NoVault { .. } | Self::DamagedVault { .. } | Self::Unscreened => true,
            Self::Io { what, .. } => matches!(what.as_bytes(), b"read"),
            Self::Unknown(_) | Self::Members(_) => true,
            Self::Parquet(_) | Self::Arrow(_) | Self::Raced { .. } | Self::Busy => false,
            Self::Barrier(_) | Self::Secrets(_) => false,
        }
    }

    pub(crate) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }
}

/// The rules of a build.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The table of all layered packs.
    pub table: &'a DecisionTable,
    /// What they set.
    pub settings: Settings,
    /// Their ids and digests.
    pub packs: &'a [PackRef],
}

/// What is asked of the vault.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// What corpus.
    pub recipe: &'a Recipe,
    /// By which rules.
    pub rules: Rules<'a>,
    /// T.
    pub at: Micros,
}

impl Order<'_> {
    /// The question at one ledger position. The moment of execution is T or the ledger's head,
    /// whichever is later, so that it follows from the inputs.
    #[must_use]
    pub fn ask(&self, snapshot: &dyn Snapshot) -> Ask {
        Ask {
            purpose: self.recipe.purpose.clone(),
            profile: self.recipe.profile,
            recipient: self.recipe.recipient.clone(),
            at: self.at,
            now: self.at.max(snapshot.appended()),
            mode: Mode::Build,
            known_at: None,
        }
    }
}

/// Where a long run tells how far it is: buckets done, of how many.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Counts what a build would take and leave, and reads no text.
///
/// # Errors
/// When the vault cannot be read.
pub fn plan(vault: &Vault, snapshot: &dyn Snapshot, order: &Order, progress: Progress) -> Result<Tally, BuildError> {
    if !vault.manifest().is_screened() {
        return Err(BuildError::Unscreened);
    }
    let total = Mutex::new(Tally::default());
    each_bucket::<BuildError>(vault, snapshot, order, progress, |_, decision| {
        total.lock().expect("no thread panicked").add(&decision.tally);
        Ok(())
    })?;
    Ok(total.into_inner().expect("no thread panicked"))
}

/// Decides every bucket in parallel and hands each over.
///
/// # Errors
/// When the vault cannot be read, or `visit` fails.
pub fn each_bucket<E: From<AdmitError> + Send>(
    vault: &Vault,
    snapshot: &dyn Snapshot,
    order: &Order,
    progress: Progress,
    visit: impl Fn(u64, BucketDecision) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let ask = order.ask(snapshot);
    let context = Context::new(&ask, snapshot.shared(), order.rules.settings);
    let done = std::sync::atomic::AtomicU64::new(0);
    (0..vault.buckets()).into_par_iter().try_for_each(|bucket| {
        let people = SnapshotPeople::new(snapshot, &context);
        let question = Question::new(order, &context, &people);
        visit(bucket, decide_bucket(vault, &question, bucket)?)?;
        progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, vault.buckets());
        Ok(())
    })
}

/// The ledger as a build sees it again before it publishes, and the secrets it keeps.
pub trait Barrier: Secrets {
    /// Runs `publish` while no event can be appended, unless a restrictive event came after
    /// `position`: then nothing runs and the newer snapshot is returned.
    ///
    /// # Errors
    /// [`BuildError::Barrier`] if the ledger cannot be read, or what `publish` returns.
    fn commit(
        &self,
        position: u64,
        publish: &mut dyn FnMut(u64) -> Result<Revision, BuildError>,
    ) -> Result<Commit, BuildError>;
}

/// Whether a revision was published.
#[must_use]
pub enum Commit {
    /// It was.
    Done(Box<Revision>),
    /// Somebody said no in the meantime: this is what is known now.
    Newer(Box<dyn Snapshot>),
}

/// What a build did.
#[derive(Debug)]
pub struct Built {
    /// Lineage.
    pub revision: Revision,
    /// Content.
    pub content: Content,
    /// Full counts, for the operator.
    pub tally: Tally,
    /// What curation did, if the recipe asks for it; for the operator.
    pub curated: Option<Summary>,
    /// Where it lies.
    pub path: PathBuf,
    /// How often the barrier sent it back.
    pub retries: u32,
}

/// Builds and publishes a revision. Every file that it reads is compared with its digest before it is used.
///
/// # Errors
/// [`BuildError`]; nothing is then visible as a revision.
pub fn build(
    vault: &Vault,
    store: &Store,
    snapshot: &dyn Snapshot,
    order: &Order,
    published_at: Micros,
    barrier: &dyn Barrier,
    progress: Progress,
) -> Result<Built, BuildError> {
    let _lock: Lock = store.lock()?.ok_or(BuildError::Busy)?;
    store.check_vault(vault, true)?;
    store.sweep(&order.recipe.name)?;
    let mut staged = BTreeMap::new();
    let mut newer: Option<Box<dyn Snapshot>> = None;
    let mut retries = 0;
    loop {
        let current: &dyn Snapshot = newer.as_deref().unwrap_or(snapshot);
        staged = restage(vault, store, current, order, staged, progress)?;
        let curated = order
            .recipe
            .curation
            .as_ref()
            .map(|spec| curate(store, spec, &Cuts::of(vault), &mut staged))
            .transpose()?;
        let mut content = content(vault, current, order, &staged, curated.as_ref());
        let committed = members::commit(store, &content, staged.values().flat_map(|b| &b.members), barrier)?;
        let missing = committed.missing;
        let basis = Basis::new(vault, current, order);
        let prepared = store.prepare(&mut content, &staged, committed, curated.as_ref(), (&basis, &vault.dir))?;
        let mut publish = |head: u64| match missing {
            0 => store.commit(&prepared, published_at, head),
            missing => Err(BuildError::Unknown(missing)),
        };
        match barrier.commit(current.position(), &mut publish)? {
            Commit::Done(revision) => {
                store.sweep(&order.recipe.name)?;
                return Ok(finish(store, *revision, content, &staged, (curated, retries)));
            }
            Commit::Newer(snapshot) => {
                store.discard(&prepared)?;
                newer = Some(snapshot);
                retries += 1;
            }
        }
    }
}

fn finish(
    store: &Store,
    revision: Revision,
    content: Content,
    staged: &BTreeMap<u64, StagedBucket>,
    (curated, retries): (Option<Summary>, u32),
) -> Built {
    let path = store.revision_dir(&revision.corpus, revision.revision);
    Built { path, revision, content, tally: total(staged), curated, retries }
}

/// Stages every bucket, keeping those whose outcomes are as before.
fn restage(
    vault: &Vault,
    store: &Store,
    snapshot: &dyn Snapshot,
    order: &Order,
    before: BTreeMap<u64, StagedBucket>,
    progress: Progress,
) -> Result<BTreeMap<u64, StagedBucket>, BuildError> {
    let curation = order.recipe.curation.as_ref().map(Stage::new);
    let before = Mutex::new(before);
    let after = Mutex::new(BTreeMap::new());
    let ask = order.ask(snapshot);
    let context = Context::new(&ask, snapshot.shared(), order.rules.settings);
    each_bucket::<BuildError>(vault, snapshot, order, progress, |bucket, decision| {
        let coming = since::coming(snapshot, &context, vault.layout().bucket_bits, bucket, &decision)?;
        let old = before.lock().expect("no thread panicked").remove(&bucket);
        let staged = match old {
            Some(old) if old.decided == stage::digest(&decision, &coming) => old,
            _ => {
                let ahead = (order.recipe.categories, &coming);
                stage::stage(vault, store, curation.as_ref(), bucket, decision, ahead)?
            }
        };
        after.lock().expect("no thread panicked").insert(bucket, staged);
        Ok(())
    })?;
    Ok(after.into_inner().expect("no thread panicked"))
}

fn total(staged: &BTreeMap<u64, StagedBucket>) -> Tally {
    let mut tally = Tally::default();
    staged.values().for_each(|b| tally.add(&b.tally));
    tally
}

/// The content manifest: nothing in it depends on when or how often it was built.
fn content(
    vault: &Vault,
    snapshot: &dyn Snapshot,
    order: &Order,
    staged: &BTreeMap<u64, StagedBucket>,
    curated: Option<&Summary>,
) -> Content {
    let tally = total(staged);
    let shards: Vec<Shard> = staged.values().flat_map(|b| &b.shards).map(publish::Staged::entry).collect();
    Content {
        format: CONTENT_FORMAT.into(),
        corpus: order.recipe.name.clone(),
        purpose: order.recipe.purpose.clone(),
        profile: order.recipe.profile,
        recipient: order.recipe.recipient.clone(),
        at: order.at,
        known: Known { ledger: snapshot.position(), ledger_at: snapshot.appended() },
        packs: order.rules.packs.to_vec(),
        recipe_sha256: order.recipe.digest().to_string(),
        tool: Tool {
            name: "mandat".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            writer_sha256: writer_digest().to_string(),
        },
        vault_sha256: vault.digest().to_string(),
        records: counts(&tally, shards.iter().map(|s| s.rows).sum()),
        curation: curated.map(Summary::published),
        shards,
        members: None,
    }
}

/// Counts as they may be published; people stand behind every cell.
fn counts(tally: &Tally, rows: u64) -> Counts {
    let mut by_reason = BTreeMap::new();
    for (outcome, counts) in tally.outcomes.iter().filter(|(o, _)| o.verdict > Verdict::IncludeRedacted) {
        for reason in outcome.reasons.iter() {
            *by_reason.entry(reason).or_insert(0) += counts.iter().sum::<u64>();
        }
    }
    let people = |r: Reason| tally.people_by_reason.get(&r.index()).copied().unwrap_or(0);
    let shown = by_reason.into_iter().map(|(r, n)| (r.as_str().to_owned(), published(n, people(r))));
    Counts { rows, candidates: published(tally.candidates(), tally.people), excluded_by_reason: shown.collect() }
}
