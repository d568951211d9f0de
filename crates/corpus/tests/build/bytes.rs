//! Same inputs, same bytes: whatever the threads, batches and order; and what a barrier does.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use mandat_core::manifest::{Content, PackRef, Revision};
use mandat_core::packs::Packs;
use mandat_core::proof::sha256;
use mandat_core::snapshot::{MemorySnapshot, Snapshot};
use mandat_core::time::Micros;
use mandat_corpus::build::{Barrier, BuildError, Commit, Order, Rules, Store, build, difference, plan};
use mandat_corpus::recipe::Recipe;
use mandat_corpus::vault::{Layout, Vault};
use serde_json::json;

use crate::world::{ACCOUNTS, World};

const FOUR: Layout = Layout { bucket_bits: 2, shard_bits: 3, group_bits: 5 };

/// Publishes at once, after handing over newer snapshots first.
struct Head {
    newer: RefCell<Vec<MemorySnapshot>>,
}

impl Head {
    fn still() -> Self {
        Self { newer: RefCell::default() }
    }
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

struct Setting {
    packs: Packs,
    refs: Vec<PackRef>,
    recipe: Recipe,
}

impl Setting {
    fn new() -> Self {
        let packs = Packs::embedded(&["core", "eu-gdpr"]).unwrap();
        let refs = vec![PackRef { id: "core".into(), version: "1".into(), sha256: packs.hash.to_string() }];
        Self { packs, refs, recipe: Recipe::new("grow", "train_generative") }
    }

    fn order(&self) -> Order<'_> {
        let rules = Rules { table: &self.packs.table, settings: self.packs.settings, packs: &self.refs };
        Order { recipe: &self.recipe, rules, at: Micros::parse("2026-06-01").unwrap() }
    }

    fn build(
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
fn friendly(seed: u64) -> World {
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

fn objection(account: &str, at: &str) -> serde_json::Value {
    json!({"event": "object", "received": at, "platform": "x", "account": account})
}

fn files(dir: &Path, content: &Content) -> BTreeMap<String, String> {
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
