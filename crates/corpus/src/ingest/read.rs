//! Reads inputs: one thread reads and decompresses, the pool parses, and results are taken in order.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

use mandat_core::proof::Digest;
use rayon::ThreadPool;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::parse::{Parsed, Parser, Rejected};
use super::sort::RowSorter;
use super::{FileReport, Progress};
use crate::input::lines::Lines;
use crate::input::raw::{MAX_NAMES, OTHER_NAMES};
use crate::input::{self, Input, LineLimits, Opened, Part, Place, Reason, Rejection};
use crate::vault::VaultError;
use crate::vault::entries;
use crate::vault::fixed::Sorter;

/// Rejections shown in a report; the list of the batch has all.
const SHOWN: usize = 20;

/// Where rows and rejections go; without it they are only counted.
pub(crate) struct Sink {
    pub(crate) sorter: RowSorter,
    pub(crate) holds: Sorter<{ entries::HOLD }>,
    pub(crate) rejections: crate::durable::HashedFile,
}

/// Reads one input after another.
pub(crate) struct Intake<'a> {
    pub(crate) parser: Parser<'a>,
    pub(crate) pool: &'a ThreadPool,
    pub(crate) threads: usize,
    pub(crate) limits: LineLimits,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) vault: &'a Path,
    pub(crate) sink: Option<Sink>,
    pub(crate) text: u64,
    pub(crate) reasons: BTreeMap<String, u64>,
    pub(crate) shown: Vec<Rejection>,
}

impl Intake<'_> {
    /// Reads an input to its end.
    pub(crate) fn read(&mut self, input: Input) -> Result<(FileReport, Digest), VaultError> {
        let mut report = FileReport { name: input.name, ..FileReport::default() };
        let (parts, received) = sync_channel(self.threads);
        let (done, digest) = channel();
        let counter = Arc::new(AtomicU64::new(0));
        let shared = Arc::clone(&counter);
        let limits = self.limits;
        let taken = thread::scope(|scope| {
            scope.spawn(move || produce(input.place, limits, shared, done, &parts));
            self.take_all(&received, &counter, &mut report)
        });
        taken?;
        let (digest, bytes) = digest.try_iter().last().unwrap_or((mandat_core::proof::sha256(b""), 0));
        report.bytes = bytes;
        Ok((report, digest))
    }

    fn take_all(
        &mut self,
        received: &Receiver<Part>,
        counter: &AtomicU64,
        report: &mut FileReport,
    ) -> Result<(), VaultError> {
        let mut counted = 0;
        while let Ok(first) = received.recv() {
            let mut parts = vec![first];
            while parts.len() < self.threads
                && let Ok(part) = received.recv()
            {
                parts.push(part);
            }
            let parser = &self.parser;
            let parsed: Vec<Parsed> = self.pool.install(|| parts.par_iter().map(|p| parser.parse(p)).collect());
            drop(parts);
            for part in parsed {
                self.progress.rows(part.rows.len() as u64);
                self.take(part, report)?;
            }
            let now = counter.load(Ordering::Relaxed);
            self.progress.bytes(now - counted);
            counted = now;
        }
        self.progress.bytes(counter.load(Ordering::Relaxed) - counted);
        Ok(())
    }

    fn take(&mut self, part: Parsed, report: &mut FileReport) -> Result<(), VaultError> {
        report.accepted += part.rows.len() as u64;
        self.text += part.rows.text;
        for (name, count) in part.names.sorted() {
            let full = report.unknown_fields.len() >= MAX_NAMES && !report.unknown_fields.contains_key(&name);
            let name = if full { OTHER_NAMES.to_owned() } else { name };
            *report.unknown_fields.entry(name).or_default() += count;
        }
        for rejected in part.rejected {
            self.reject(rejected, report)?;
        }
        let at = |e| VaultError::io(self.vault, e);
        match &mut self.sink {
            Some(sink) => self.pool.install(|| sink.sorter.add(part.rows)).map_err(at),
            None => Ok(()),
        }
    }

    fn reject(&mut self, rejected: Rejected, report: &mut FileReport) -> Result<(), VaultError> {
        report.rejected += 1;
        report.rest_lost |= matches!(rejected.reason, Reason::Truncated | Reason::Damaged);
        *self.reasons.entry(rejected.reason.word().to_owned()).or_default() += 1;
        let rejection = Rejection::new(&report.name, rejected.line, rejected.reason);
        if let Some(sink) = &mut self.sink {
            let mut line = serde_json::to_vec(&rejection).expect("plain data is JSON");
            line.push(b'\n');
            let held = rejected.hold.map_or(Ok(()), |hold| sink.holds.push(hold.to_bytes()));
            held.and_then(|()| sink.rejections.write_all(&line)).map_err(|e| VaultError::io(self.vault, e))?;
        }
        if self.shown.len() < SHOWN {
            self.shown.push(rejection);
        }
        Ok(())
    }
}

/// Runs on its own thread; gives up when nobody takes the parts.
fn produce(
    place: Place,
    limits: LineLimits,
    shared: Arc<AtomicU64>,
    done: std::sync::mpsc::Sender<(Digest, u64)>,
    parts: &SyncSender<Part>,
) {
    let counter = Arc::clone(&shared);
    let digests = done.clone();
    match input::open(place, shared, done) {
        Ok(Opened::Lines(stream)) => {
            for piece in Lines::new(stream, limits) {
                if parts.send(Part::Lines(piece)).is_err() {
                    return;
                }
            }
        }
        Ok(Opened::Table(path)) => {
            if table(&path, parts)
                && let Ok((digest, bytes)) = input::digest_file(&path)
            {
                counter.fetch_add(bytes, Ordering::Relaxed);
                // Nobody waits for the digest if reading was given up.
                let _ = digests.send((digest, bytes));
            }
        }
        Err(_) => {
            // The receiver is gone only if an error ended the ingest.
            let _ = parts.send(Part::Broken { line: None, reason: Reason::Unreadable });
        }
    }
}

/// Sends the rows of a Parquet file; `false` if nobody takes them.
fn table(path: &Path, parts: &SyncSender<Part>) -> bool {
    let broken = |line| Part::Broken { line, reason: Reason::Damaged };
    let Ok(reader) = input::table::open(path) else { return parts.send(broken(None)).is_ok() };
    let mut first = 1;
    for batch in reader {
        let Ok(rows) = batch else { return parts.send(broken(Some(first))).is_ok() };
        let next = first + rows.num_rows() as u64;
        if parts.send(Part::Rows { first, rows }).is_err() {
            return false;
        }
        first = next;
    }
    true
}
