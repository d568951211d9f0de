//! A vault in a temporary folder, and what can be read back from it.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use mandat_core::proof::{Digest, Keyer, PersonKey};
use mandat_core::traits::{Mark, Traits};
use mandat_corpus::ingest::{Account, Accounts, IngestOptions, IngestReport, NoProgress, handle_tag, ingest};
use mandat_corpus::input::Source;
use mandat_corpus::map::Map;
use mandat_corpus::vault::rows::RunRows;
use mandat_corpus::vault::{Layout, Other, Vault};
use tempfile::TempDir;

/// The secret of all tests.
pub(crate) fn keyer() -> Keyer {
    Keyer::new(&[7; 32])
}

/// A ledger's table of handles, in memory.
#[derive(Default)]
pub(crate) struct Names {
    /// Accounts in the order they came.
    pub(crate) seen: Vec<Account>,
    holders: BTreeMap<u128, Vec<PersonKey>>,
}

impl Accounts for Names {
    fn observe(&mut self, accounts: &[Account]) -> Result<(), String> {
        for account in accounts {
            if let Some(handle) = &account.handle {
                let holders = self.holders.entry(handle_tag(&keyer(), &account.platform, handle)).or_default();
                if !holders.contains(&account.person) {
                    holders.push(account.person);
                }
            }
            self.seen.push(account.clone());
        }
        Ok(())
    }

    fn holder(&mut self, tag: u128) -> Option<PersonKey> {
        match self.holders.get(&tag)?.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }
}

/// A store for one test.
pub(crate) struct Store {
    dir: TempDir,
    pub(crate) names: Names,
    pub(crate) options: IngestOptions,
    pub(crate) map: Map,
}

/// One current version as a reader of the vault sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) person: PersonKey,
    pub(crate) created_at: i64,
    pub(crate) id: String,
    pub(crate) version: Vec<u8>,
    pub(crate) traits: u64,
    pub(crate) text: Option<String>,
    pub(crate) extra: Option<String>,
    pub(crate) others: Vec<String>,
}

impl Seen {
    pub(crate) fn has(&self, mark: Mark) -> bool {
        Traits(self.traits).has(mark)
    }
}

impl Store {
    pub(crate) fn new() -> Self {
        let layout = Some(Layout { bucket_bits: 2, shard_bits: 3, group_bits: 5 });
        let options = IngestOptions { layout, memory: 64 << 20, ..IngestOptions::default() };
        Self { dir: tempfile::tempdir().unwrap(), names: Names::default(), options, map: Map::default() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn vault(&self) -> Vault {
        Vault::open(self.path(), &keyer()).unwrap()
    }

    /// Ingests lines as one batch.
    pub(crate) fn lines(&mut self, lines: &[String]) -> IngestReport {
        self.bytes(lines.join("\n").into_bytes())
    }

    /// Ingests bytes as one stream.
    pub(crate) fn bytes(&mut self, bytes: impl Into<Vec<u8>>) -> IngestReport {
        let stream = Box::new(Cursor::new(bytes.into()));
        self.sources(vec![Source::Stream { name: "-".into(), stream }])
    }

    pub(crate) fn files(&mut self, files: &[PathBuf]) -> IngestReport {
        self.sources(files.iter().cloned().map(Source::Path).collect())
    }

    pub(crate) fn sources(&mut self, sources: Vec<Source>) -> IngestReport {
        let mut vault = self.vault();
        ingest(&mut vault, sources, &self.map, &self.options, &mut self.names, &NoProgress).unwrap()
    }

    pub(crate) fn digest(&self) -> Digest {
        self.vault().digest()
    }

    /// All current versions in order, with everything that later arrivals changed.
    pub(crate) fn rows(&self) -> Vec<Seen> {
        let vault = self.vault();
        let mut seen = Vec::new();
        for bucket in 0..vault.buckets() {
            for run in vault.runs(bucket).unwrap() {
                let mut others: BTreeMap<u32, Vec<String>> = BTreeMap::new();
                for other in run.others().unwrap() {
                    let Other { row, role, person, span, redactable, .. } = other.unwrap();
                    others.entry(row).or_default().push(format!("{role} {person:?} {span:?} {redactable}"));
                }
                let mut rows = RunRows::open(&run).unwrap();
                let mut count = 0;
                while rows.advance().unwrap() {
                    let at = rows.number();
                    count += 1;
                    if run.overlay.is_superseded(at) {
                        continue;
                    }
                    let row = rows.row().unwrap();
                    assert_eq!(row.person.prefix(vault.layout().bucket_bits), bucket);
                    seen.push(Seen {
                        person: row.person,
                        created_at: row.created_at,
                        id: row.id.to_owned(),
                        version: row.version.to_vec(),
                        traits: run.overlay.patch(at).apply(row.traits).0,
                        text: row.text.map(str::to_owned),
                        extra: row.extra.map(str::to_owned),
                        others: others.remove(&at).unwrap_or_default(),
                    });
                }
                assert_eq!(count, run.rows);
            }
        }
        seen.sort();
        seen
    }

    /// Every text on disk, also of versions that were replaced.
    pub(crate) fn texts(&self) -> Vec<String> {
        let vault = self.vault();
        let mut texts = Vec::new();
        for run in (0..vault.buckets()).flat_map(|b| vault.runs(b).unwrap()) {
            let mut rows = RunRows::open(&run).unwrap();
            while rows.advance().unwrap() {
                texts.extend(rows.row().unwrap().text.map(str::to_owned));
            }
        }
        texts
    }

    /// The current version of the one record with that id.
    #[track_caller]
    pub(crate) fn row(&self, id: &str) -> Seen {
        let rows: Vec<Seen> = self.rows().into_iter().filter(|r| r.id == id).collect();
        assert_eq!(rows.len(), 1, "current versions of `{id}`");
        rows.into_iter().next().unwrap()
    }
}

/// A record of `account` on X, with more fields as JSON.
pub(crate) fn record(id: &str, account: &str, more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"id":"{id}","platform":"x","account":"{account}","created_at":"2024-03-01T09:00:00Z"{comma}{more}}}"#)
}
