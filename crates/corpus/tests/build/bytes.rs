//! Same inputs, same bytes: whatever the threads, batches and order; and what a barrier does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use mandat_core::manifest::{Content, PackRef, Revision};
use mandat_core::members::Secrets;
use mandat_core::packs::Packs;
use mandat_core::proof::{Keyer, PersonKey, SubjectSecret, sha256};
use mandat_core::snapshot::{MemorySnapshot, Snapshot};
use mandat_core::time::Micros;
use mandat_corpus::build::{Barrier, BuildError, Commit, Order, Rules, Store, build, difference, plan};
use mandat_corpus::recipe::Recipe;
use mandat_corpus::vault::{Fault, Layout, Vault};
use serde_json::json;

use crate::world::{ACCOUNTS, SECRET, World};

pub(crate) const FOUR: Layout = Layout { bucket_bits: 2, shard_bits: 3, group_bits: 5 };

/// Publishes at once, after handing over newer snapshots first.
pub(crate) struct Head {
    pub(crate) newer: RefCell<Vec<MemorySnapshot>>,
}

impl Head {
    pub(crate) fn still() -> Self {
        Self { newer: RefCell::default() }
    }
}

impl Secrets for Head {
    fn secrets(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, String> {
        Ok(persons.iter().map(|person| Some(secret_of(*person))).collect())
    }
}

pub(crate) fn secret_of(person: PersonKey) -> SubjectSecret {
    SubjectSecret(sha256(&person.to_bytes()).0)
}

impl Barrier for Head {
    fn commit(
        &self,
        position: u64,
        publish: &mut dyn FnMut(u64) -> Result<Revision, BuildError>,
    ) -> Result<Commit, BuildError> {
        match self.newer.borrow_mut().pop() {
            Some(snapshot) => Ok(Commit::Newer(Box::new(snapshot))),
            None => publish(position).map(|r| Commit::Done(Box::new(r))),
        }
    }
}

pub(crate) struct Setting {
    packs: Packs,
    refs: Vec<PackRef>,
    pub(crate) recipe: Recipe,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let packs = Packs::embedded(&["core", "eu-gdpr"]).unwrap();
        let refs = vec![PackRef { id: "core".into(), version: "1".into(), sha256: packs.hash.to_string() }];
        Self { packs, refs, recipe: Recipe::new("grow", "train_generative") }
    }

    pub(crate) fn order(&self) -> Order<'_> {
        let rules = Rules { table: &self.packs.table, settings: self.packs.settings, packs: &self.refs };
        Order { recipe: &self.recipe, rules, at: Micros::parse("2026-06-01").unwrap() }
    }

    pub(crate) fn build(
        &self,
        vault: &Vault,
        dir: &Path,
        snapshot: &dyn Snapshot,
        head: &Head,
        threads: usize,
    ) -> mandat_corpus::build::Built {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let store = Store::new(dir);
        let order = self.order();
        // The barrier holds what is not shared between threads; the build itself runs on the pool.
        let newer: Vec<MemorySnapshot> = head.newer.borrow_mut().drain(..).collect();
        pool.install(move || {
            let head = Head { newer: RefCell::new(newer) };
            build(vault, &store, snapshot, &order, Micros(0), &head, &|_, _| {}).unwrap()
        })
    }
}

/// A world in which most people agree to most things.
pub(crate) fn friendly(seed: u64) -> World {
    let mut world = World::random(seed, 400, 0);
    for i in 0..ACCOUNTS {
        world.people[i] = json!({"account": format!("a{i}"), "country": "DE", "born": "1980-01-01"});
        let account = format!("a{i}");
        world.events.push(json!({"event": "notice_delivered", "received": "2016-01-02T00:00:00Z", "platform": "x", "account": account, "notice": "n1", "channel": "email", "language": "de"}));
        if i != 3 {
            world.events.push(json!({"event": "consent", "received": "2026-01-03T00:00:00Z", "platform": "x", "account": account, "purposes": ["train_generative"], "notice": "n1"}));
        }
    }
    world.events.sort_by_key(|e| e["received"].as_str().unwrap().to_owned());
    world
}

pub(crate) fn objection(account: &str, at: &str) -> serde_json::Value {
    json!({"event": "object", "received": at, "platform": "x", "account": account})
}

pub(crate) fn files(dir: &Path, content: &Content) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for name in content.shards.iter().map(|s| s.path.as_str()).chain(["content.json", "README.md"]) {
        let bytes = std::fs::read(dir.join("corpora/grow/1").join(name)).unwrap();
        files.insert(name.to_owned(), sha256(&bytes).to_string());
    }
    files
}

#[test]
fn bytes_do_not_depend_on_threads_batches_or_order() {
    let world = friendly(5);
    let snapshot = world.snapshot();
    let setting = Setting::new();
    let all: Vec<usize> = (0..world.records.len()).collect();
    let backwards: Vec<usize> = all.iter().rev().copied().collect();
    let thirds: Vec<Vec<usize>> = (0..3).map(|p| all.iter().copied().filter(|i| i % 3 == p).collect()).collect();
    let mut seen = Vec::new();
    for (parts, threads) in [
        (vec![all.clone()], 1),
        (vec![backwards], 2),
        (thirds, 2),
        (all.chunks(29).map(<[usize]>::to_vec).collect(), 1),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let vault = world.vault(dir.path(), &parts, threads, FOUR);
        let built = setting.build(&vault, dir.path(), &snapshot, &Head::still(), threads);
        assert!(built.content.records.rows > 20, "the world is friendly: {} rows", built.content.records.rows);
        assert!(built.content.shards.len() > 4, "rows fall into several shards");
        seen.push(files(dir.path(), &built.content));
    }
    assert!(seen.iter().all(|f| *f == seen[0]));
}

#[test]
fn an_objection_during_a_build_is_in_what_it_publishes() {
    let mut world = friendly(8);
    let before = world.snapshot();
    world.events.push(objection("a1", "2026-06-02T00:00:00Z"));
    let after = world.snapshot();
    let setting = Setting::new();
    let parts = [(0..world.records.len()).collect::<Vec<usize>>()];
    let (late, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let vault = world.vault(late.path(), &parts, 1, FOUR);
    let head = Head { newer: RefCell::new(vec![after.clone()]) };
    let interrupted = setting.build(&vault, late.path(), &before, &head, 2);
    assert_eq!(interrupted.retries, 1);
    let vault = world.vault(fresh.path(), &parts, 1, FOUR);
    let plain = setting.build(&vault, fresh.path(), &after, &Head::still(), 1);
    assert_eq!(files(late.path(), &interrupted.content), files(fresh.path(), &plain.content), "purge = rebuild");
    assert_eq!(interrupted.content.known.ledger, after.position);
}

#[test]
fn a_second_revision_shares_untouched_shards_and_says_what_went() {
    let mut world = friendly(13);
    let setting = Setting::new();
    let dir = tempfile::tempdir().unwrap();
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    let first = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    world.events.push(objection("a2", "2026-06-02T00:00:00Z"));
    let second = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    assert_eq!((second.revision.revision, second.revision.parent), (2, Some(1)));
    let difference = difference(&Store::new(dir.path()), "grow", 1, 2).unwrap();
    assert_eq!(difference.added, 0);
    assert_eq!(difference.removed, first.content.records.rows - second.content.records.rows);
    assert!(difference.removed > 0 && difference.shared_shards > 0, "{difference:?}");
    let order = setting.order();
    let tally = plan(&vault, &world.snapshot(), &order, &|_, _| {}).unwrap();
    assert_eq!(tally, second.tally);
}

#[test]
fn leftovers_of_a_killed_build_are_no_revision_and_are_swept() {
    let world = friendly(21);
    let setting = Setting::new();
    let dir = tempfile::tempdir().unwrap();
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    let half = dir.path().join("corpora/grow/1");
    std::fs::create_dir_all(half.join("data")).unwrap();
    std::fs::write(half.join("content.json"), "{").unwrap();
    std::fs::create_dir_all(dir.path().join("blobs/tmp")).unwrap();
    std::fs::write(dir.path().join("blobs/tmp/train-0.parquet"), "half").unwrap();
    let built = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 1);
    assert_eq!(built.revision.revision, 1);
    assert_eq!(std::fs::read_dir(dir.path().join("blobs/tmp")).unwrap().count(), 0);
    assert_eq!(Store::new(dir.path()).revisions("grow").unwrap(), [1]);
}

#[test]
fn many_threads_read_one_run_without_mixing_its_bytes() {
    let mut world = World::random(34, 6_000, 0);
    world.events = friendly(34).events;
    world.people = friendly(34).people;
    for (i, record) in world.records.iter_mut().enumerate() {
        let words: Vec<String> = (0..40).map(|w| format!("w{:x}", (i * 40 + w) * 2_654_435_761)).collect();
        *record = json!({"id": format!("r{i}"), "platform": "x", "account": format!("a{}", i % ACCOUNTS), "audience": "public",
            "created_at": "2024-05-01T00:00:00Z", "text": words.join(" ")});
    }
    let (snapshot, setting) = (world.snapshot(), Setting::new());
    let dir = tempfile::tempdir().unwrap();
    let one_bucket = Layout { bucket_bits: 0, shard_bits: 4, group_bits: 5 };
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 2, one_bucket);
    let mut seen = Vec::new();
    for threads in [1, 4, 4, 4] {
        let built = setting.build(&vault, dir.path(), &snapshot, &Head::still(), threads);
        assert!(built.content.records.rows > 4_000, "{} rows", built.content.records.rows);
        seen.push(built.revision.content_sha256);
    }
    assert!(seen.iter().all(|s| *s == seen[0]), "every build wrote the same content");
}

/// Turns one bit over, though the file is read-only.
pub(crate) fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn mode(path: impl AsRef<Path>) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files_in(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect()
}

#[test]
fn a_damaged_blob_is_not_published_again() {
    let (world, setting, dir) = (friendly(55), Setting::new(), tempfile::tempdir().unwrap());
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    let first = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    damage(&files_in(&dir.path().join("blobs"))[0]);
    let second = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    assert_eq!(first.content, second.content);
    let store = Store::new(dir.path());
    assert_eq!(store.verify_revision("grow", 2, true), []);
    let old = store.verify_revision("grow", 1, true);
    assert_eq!(old.iter().map(|p| p.fault).collect::<Vec<_>>(), [Fault::Content], "the old link stays damaged");
    for blob in files_in(&dir.path().join("blobs")) {
        let digest = sha256(&std::fs::read(&blob).unwrap()).to_string();
        assert_eq!(blob.file_name().unwrap().to_str(), Some(digest.as_str()));
        assert_eq!(mode(&blob), 0o444);
    }
}

#[test]
fn a_revision_tells_which_of_its_files_are_damaged_or_gone() {
    let (world, setting, dir) = (friendly(89), Setting::new(), tempfile::tempdir().unwrap());
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    let built = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    let store = Store::new(dir.path());
    let faults = |deep| store.verify_revision("grow", 1, deep).iter().map(|p| p.fault).collect::<Vec<_>>();
    assert_eq!(faults(true), []);
    damage(&built.path.join(&built.content.shards[0].path));
    assert_eq!((faults(false), faults(true)), (vec![], vec![Fault::Content]));
    let verdicts = store.verdict_dir("grow", 1);
    std::fs::remove_file(verdicts.join("b0000-u00000001.parquet")).unwrap();
    assert_eq!(faults(false), [Fault::Missing]);
    std::fs::remove_file(built.path.join(&built.content.shards[1].path)).unwrap();
    assert_eq!(faults(false), [Fault::Missing, Fault::Missing]);
    damage(&built.path.join("content.json"));
    assert_eq!(faults(false), [Fault::Content, Fault::Missing]);
    std::fs::remove_dir_all(verdicts).unwrap();
    assert_eq!(faults(false), [Fault::Content, Fault::Missing]);
}

#[test]
fn nothing_is_built_from_a_vault_that_is_damaged_or_gone() {
    let (world, setting, dir) = (friendly(144), Setting::new(), tempfile::tempdir().unwrap());
    let (store, order, snapshot) = (Store::new(dir.path()), setting.order(), world.snapshot());
    let tried = |vault: &Vault| build(vault, &store, &snapshot, &order, Micros(0), &Head::still(), &|_, _| {});
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    assert!(tried(&vault).is_ok());
    let run = vault.runs(0).unwrap().remove(0);
    for path in [&run.decide_path, &run.others_path, &run.text_path] {
        let whole = std::fs::read(path).unwrap();
        damage(path);
        let error = tried(&vault).unwrap_err();
        assert!(matches!(error, BuildError::DamagedVault { more: 0, .. }) && error.is_damage(), "{error}");
        std::fs::write(path, whole).unwrap();
    }
    std::fs::rename(dir.path().join("vault"), dir.path().join("elsewhere")).unwrap();
    let empty = Vault::open(dir.path(), &Keyer::new(&SECRET)).unwrap();
    assert!(matches!(tried(&empty), Err(BuildError::NoVault { corpus }) if corpus == "grow"));
    assert_eq!(store.revisions("grow").unwrap(), [1]);
}

#[test]
fn others_on_the_machine_read_what_is_published_and_nothing_else() {
    let (world, setting, dir) = (friendly(233), Setting::new(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(dir.path().join("blobs/tmp")).unwrap();
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    let built = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    for folder in ["blobs", "blobs/tmp", "verdicts", "verdicts/grow", "verdicts/grow/1", "members", "members/grow/1"] {
        assert_eq!(mode(dir.path().join(folder)), 0o700, "{folder}");
    }
    for file in ["verdicts/grow/1", "members/grow/1"].iter().flat_map(|folder| files_in(&dir.path().join(folder))) {
        assert_eq!(mode(&file) & 0o077, 0, "{}", file.display());
    }
    for file in ["content.json", "revision.json", "README.md"] {
        assert_eq!(mode(built.path.join(file)), 0o644, "{file}");
    }
    for shard in &built.content.shards {
        assert_eq!(mode(built.path.join(&shard.path)), 0o444, "{}", shard.path);
    }
}
