//! One ingest from start to end.

use std::collections::BTreeSet;
use std::fs;

use mandat_core::proof::{Digest, Hasher, hex};
use rayon::ThreadPool;

use super::parse::Parser;
use super::read::{Intake, Sink};
use super::sort::RowSorter;
use super::unit::{UnitDraft, UnitPlan, UnitWriter};
use super::{Accounts, FileReport, IngestOptions, IngestReport, Phase, Progress};
use crate::durable::HashedFile;
use crate::input::{self, Input, LineLimits, Place, Source};
use crate::map::Map;
use crate::vault::change::{Draft, Writer};
use crate::vault::fixed::Sorter;
use crate::vault::manifest::{FileEntry, Layout, SourceEntry};
use crate::vault::{Batch, Manifest, Vault, VaultError, compact, format};

/// Sources that are in the vault: digest, length and what they were read through.
type Known = BTreeSet<(String, u64, String)>;

/// Takes sources in as one batch and publishes it.
///
/// A source whose bytes and map are in a live batch is left out; if none is left, nothing changes and the
/// report says so. Bad lines are counted and listed, and do not stop anything.
///
/// # Errors
/// [`VaultError`] if the store cannot be written or another ingest is running; nothing is published then.
pub fn ingest(
    vault: &mut Vault,
    sources: Vec<Source>,
    map: &Map,
    options: &IngestOptions,
    accounts: &mut dyn Accounts,
    progress: &dyn Progress,
) -> Result<IngestReport, VaultError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.threads.max(1)).build();
    let pool = pool.map_err(|e| VaultError::io(&vault.dir, std::io::Error::other(e)))?;
    let job = Job { map, options, progress, how: how(map, options.strict), pool };
    let (inputs, passed) = input::expand(sources);
    let mut report = IngestReport { files_passed_over: passed, dry_run: options.dry_run, ..IngestReport::default() };
    if options.dry_run {
        job.read(vault, inputs, None, &mut report)?;
        return Ok(report);
    }
    let mut writer = Writer::open(vault)?;
    let sink = job.sink(&writer)?;
    let (intake, sources) = job.read(vault, inputs, Some(sink), &mut report)?;
    if sources.is_empty() || report.accepted == 0 && report.rejected_total() == 0 {
        report.unchanged = report.files.iter().any(|f| f.unchanged);
    } else {
        job.publish(&mut writer, intake, sources, accounts, &mut report)?;
    }
    // Also when nothing came: an earlier ingest may have been killed before this.
    job.maintain(writer, vault)?;
    vault.reload()?;
    Ok(report)
}

struct Job<'a> {
    map: &'a Map,
    options: &'a IngestOptions,
    progress: &'a dyn Progress,
    how: String,
    pool: ThreadPool,
}

/// Digest of everything but the bytes that decides what a source gives.
fn how(map: &Map, strict: bool) -> String {
    let mut hasher = Hasher::new();
    hasher.update(b"mandat/ingest/v1");
    hasher.update(&map.digest().0);
    hasher.update(&[u8::from(strict)]);
    hasher.finish().to_string()
}

/// What is left of the intake when reading is over.
struct Taken {
    sink: Option<Sink>,
    text: u64,
}

impl Job<'_> {
    fn sink(&self, writer: &Writer) -> Result<Sink, VaultError> {
        let temp = writer.temp.path();
        let rejections = temp.join("rejections");
        Ok(Sink {
            sorter: RowSorter::new(temp, self.options.memory / 2),
            holds: Sorter::new(temp, self.options.memory / 16),
            rejections: HashedFile::create_private(&rejections).map_err(|e| VaultError::io(&rejections, e))?,
        })
    }

    /// Merges units that became too many, cuts a vault finer that became too large, removes what that replaced.
    fn maintain(&self, mut writer: Writer, vault: &mut Vault) -> Result<(), VaultError> {
        let IngestOptions { memory, layout, .. } = *self.options;
        compact::compact_if_due(&mut writer, memory)?;
        if compact::is_renewal_due(&writer, layout) {
            self.progress.phase(Phase::Renewing);
            compact::renew(&mut writer, layout, memory)?;
        }
        writer.sweep(vault)
    }

    /// Reads all inputs that are not known yet.
    fn read(
        &self,
        vault: &Vault,
        inputs: Vec<Input>,
        sink: Option<Sink>,
        report: &mut IngestReport,
    ) -> Result<(Taken, Vec<SourceEntry>), VaultError> {
        self.progress.phase(Phase::Reading);
        let options = self.options;
        let (map, strict, max_line) = (self.map, options.strict, options.max_line);
        let piece = (options.memory / 64).clamp(1 << 12, 1 << 20);
        let mut intake = Intake {
            parser: Parser { keyer: &vault.keyer, map, strict, max_line },
            pool: &self.pool,
            threads: options.threads.max(1),
            limits: LineLimits { line: max_line, piece },
            progress: self.progress,
            vault: &vault.dir,
            sink,
            text: 0,
            reasons: std::collections::BTreeMap::new(),
            shown: Vec::new(),
        };
        let mut known = self.known(&vault.manifest);
        let (mut sources, mut fresh) = (Vec::new(), false);
        for input in inputs {
            if let Some(file) = self.already_in(&input, &known) {
                self.progress.bytes(file.bytes);
                report.files.push(file);
                continue;
            }
            let (mut file, digest) = intake.read(input)?;
            // What has no bytes, or cannot be opened, is no source: it may have some another time.
            if file.bytes > 0 {
                let (name, sha256, bytes) = (file.name.clone(), digest.to_string(), file.bytes);
                // A stream shows only at its end that it was known; its rows then repeat what is there.
                file.unchanged = !known.insert((sha256.clone(), bytes, self.how.clone()));
                fresh |= !file.unchanged && (file.accepted > 0 || file.rejected > 0);
                sources.push(SourceEntry { name, sha256, bytes });
            }
            report.files.push(file);
        }
        if !fresh {
            sources.clear();
        }
        report.sum(intake.reasons, intake.shown);
        Ok((Taken { sink: intake.sink, text: intake.text }, sources))
    }

    fn known(&self, manifest: &Manifest) -> Known {
        let sources =
            |b: &Batch| b.sources.iter().map(|s| (s.sha256.clone(), s.bytes, b.map.clone())).collect::<Vec<_>>();
        manifest.batches.iter().flat_map(sources).collect()
    }

    /// Whether a file is in a live batch; only files of a length that is there are read for that.
    fn already_in(&self, input: &Input, known: &Known) -> Option<FileReport> {
        let Place::File(path) = &input.place else { return None };
        let bytes = fs::metadata(path).ok()?.len();
        known.iter().find(|(_, length, how)| *length == bytes && *how == self.how)?;
        let (digest, bytes): (Digest, u64) = input::digest_file(path).ok()?;
        let is_in = known.contains(&(digest.to_string(), bytes, self.how.clone()));
        is_in.then(|| FileReport { name: input.name.clone(), bytes, unchanged: true, ..FileReport::default() })
    }

    fn publish(
        &self,
        writer: &mut Writer,
        taken: Taken,
        sources: Vec<SourceEntry>,
        accounts: &mut dyn Accounts,
        report: &mut IngestReport,
    ) -> Result<(), VaultError> {
        let sink = taken.sink.expect("bug: only a dry run has no sink");
        let fresh = writer.manifest.units.is_empty();
        let chosen = || self.options.layout.unwrap_or_else(|| Layout::for_text(taken.text));
        let layout = if fresh { chosen() } else { writer.manifest.layout };
        let sequence = writer.next();
        let rejections = keep_rejections(writer, sink.rejections, report.rejected_total() > 0)?;
        self.progress.phase(Phase::Writing);
        let plan = UnitPlan {
            vault: &writer.dir,
            temp: writer.temp.path(),
            layout,
            number: sequence,
            batches: vec![sequence],
            holds: sink.holds,
            memory: self.options.memory / 2,
        };
        let unit = self.write_unit(plan, sink.sorter, accounts)?;
        (report.rows, report.duplicates) = (unit.rows, unit.duplicates);
        let batch = Batch {
            id: batch_id(&self.how, &sources),
            sequence,
            at: self.options.at,
            map: self.how.clone(),
            sources,
            rows: unit.rows,
            duplicates: unit.duplicates,
            rejected: report.rejected.clone(),
            rejections,
        };
        report.batch = Some(batch.id.clone());
        report.sequence = sequence;
        self.progress.phase(Phase::Publishing);
        let mut batches = writer.manifest.batches.clone();
        batches.push(batch);
        let draft = Draft { add: vec![unit], remove: Vec::new(), batches, layout };
        writer.commit(draft, self.options.memory, Some(accounts))
    }

    fn write_unit(
        &self,
        plan: UnitPlan<'_>,
        sorter: RowSorter,
        accounts: &mut dyn Accounts,
    ) -> Result<UnitDraft, VaultError> {
        let dir = plan.vault.to_owned();
        let mut unit = UnitWriter::create(plan)?;
        let mut sorted = self.pool.install(|| sorter.sorted()).map_err(|e| VaultError::io(&dir, e))?;
        while let Some(row) = sorted.next().map_err(|e| VaultError::io(&dir, e))? {
            unit.push(&row, accounts)?;
        }
        drop(sorted);
        unit.finish(accounts)
    }
}

/// Gives the list of rejections its name; an empty one goes with the temporary folder.
fn keep_rejections(writer: &Writer, list: HashedFile, any: bool) -> Result<Option<FileEntry>, VaultError> {
    let folder = writer.dir.join("rejections");
    let at = |e| VaultError::io(&folder, e);
    let written = list.finish().map_err(at)?;
    if !any {
        return Ok(None);
    }
    let name = format!("rejections/{:08}.jsonl", writer.next());
    crate::durable::make_private_dir(&folder).map_err(at)?;
    fs::rename(writer.temp.path().join("rejections"), writer.dir.join(&name)).map_err(at)?;
    crate::durable::sync_dir(&folder).map_err(at)?;
    Ok(Some(FileEntry { path: name, bytes: written.bytes, sha256: written.sha256.to_string() }))
}

/// Names a batch by what was read and how.
fn batch_id(how: &str, sources: &[SourceEntry]) -> String {
    let mut hasher = Hasher::new();
    hasher.update_prefixed(how.as_bytes());
    for source in sources {
        hasher.update_prefixed(source.sha256.as_bytes());
    }
    hex(&hasher.finish().0[..8])
}

const _: () = assert!(format::MAX_UNITS > 2, "compaction needs something to merge");
