//! Curation: same inputs, same bytes; a copy gives way if and only if an earlier one stays.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use mandat_core::manifest::Content;
use mandat_corpus::build::{Built, Store};
use mandat_corpus::curate::{Curation, dropped_for};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use serde_json::json;

use crate::bytes::{FOUR, Head, Setting, files, friendly, objection};
use crate::world::{ACCOUNTS, Rng, World, keyer};

fn setting() -> Setting {
    let mut setting = Setting::new();
    setting.recipe.curation = Some(Curation::default());
    setting
}

/// A friendly world whose texts are copies of each other more often than not.
fn copying(seed: u64) -> World {
    let mut world = friendly(seed);
    let mut rng = Rng(seed ^ 99);
    for i in 0..300 {
        let text = match rng.below(4) {
            0 => format!("something that record {i} alone says"),
            1 => "!!! …".to_owned(),
            _ => format!("the saying number {} that many repeat", rng.below(9)),
        };
        world
            .records
            .push(json!({"id": format!("c{i}"), "platform": "x", "account": format!("a{}", rng.below(ACCOUNTS)),
            "audience": "public", "created_at": rng.time(), "text": text}));
    }
    world
}

/// The texts of a revision, by record token.
fn texts(dir: &Path, content: &Content) -> BTreeMap<u128, String> {
    let mut found = BTreeMap::new();
    for shard in &content.shards {
        let file = std::fs::File::open(dir.join("corpora/grow/1").join(&shard.path)).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let (records, texts) = (batch.column(0).as_binary::<i32>(), batch.column(1).as_string::<i32>());
            for row in 0..batch.num_rows() {
                let record = u128::from_be_bytes(records.value(row).try_into().unwrap());
                found.insert(record, texts.value(row).to_owned());
            }
        }
    }
    found
}

fn once(world: &World, setting: &Setting, parts: &[Vec<usize>], threads: usize) -> (tempfile::TempDir, Built) {
    let dir = tempfile::tempdir().unwrap();
    let vault = world.vault(dir.path(), parts, threads, FOUR);
    let built = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), threads);
    (dir, built)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn threads_batches_and_order_change_no_byte_and_no_count(seed in any::<u64>()) {
        let (world, setting) = (copying(seed), setting());
        let all: Vec<usize> = (0..world.records.len()).collect();
        let backwards: Vec<usize> = all.iter().rev().copied().collect();
        let (one, built) = once(&world, &setting, std::slice::from_ref(&all), 1);
        let parts: Vec<Vec<usize>> = backwards.chunks(150).map(<[usize]>::to_vec).collect();
        let (other, again) = once(&world, &setting, &parts, 4);
        prop_assert_eq!(files(one.path(), &built.content), files(other.path(), &again.content));
        prop_assert_eq!(built.curated, again.curated);
    }

    #[test]
    fn a_copy_gives_way_if_and_only_if_an_earlier_one_stays(seed in any::<u64>()) {
        let (world, setting) = (copying(seed), setting());
        let all: Vec<usize> = (0..world.records.len()).collect();
        let mut plain = Setting::new();
        plain.recipe.curation = None;
        let (admitted_dir, admitted) = once(&world, &plain, std::slice::from_ref(&all), 2);
        let (dir, built) = once(&world, &setting, &[all], 2);
        let (admitted, kept) = (texts(admitted_dir.path(), &admitted.content), texts(dir.path(), &built.content));
        let mut first = BTreeMap::<&str, (i64, u128, String)>::new();
        let keyer = keyer();
        let mut records = BTreeMap::new();
        for record in &world.records {
            let id = record["id"].as_str().unwrap();
            let created = mandat_core::time::Micros::parse(record["created_at"].as_str().unwrap()).unwrap().0;
            let person = keyer.person("x", record["account"].as_str().unwrap()).0;
            records.insert(keyer.record("x", id).0, (created, person, id.to_owned()));
        }
        for (record, text) in admitted.iter().filter(|(_, t)| t.chars().any(char::is_alphanumeric)) {
            let order = records[record].clone();
            first.entry(text.as_str()).and_modify(|f| *f = order.clone().min(f.clone())).or_insert(order);
        }
        let store = Store::new(dir.path());
        let mut counts = BTreeMap::<String, u64>::new();
        for (record, text) in &admitted {
            let stays = first.get(text.as_str()).is_some_and(|f| *f == records[record]);
            prop_assert_eq!(kept.contains_key(record), stays);
            let why = dropped_for(&store, "grow", 1, *record).unwrap();
            prop_assert_eq!(why.is_none(), stays);
            why.into_iter().for_each(|why| *counts.entry(why).or_default() += 1);
        }
        let summary = built.curated.unwrap();
        prop_assert!(counts["DUPLICATE_EXACT"] > 50 && counts["EMPTY"] > 5, "{counts:?}");
        prop_assert_eq!(summary.dropped.iter().map(|(k, c)| (k.clone(), c.records)).collect::<BTreeMap<_, _>>(), counts);
        prop_assert_eq!((summary.admitted, summary.kept), (admitted.len() as u64, kept.len() as u64));
        prop_assert_eq!(store.curation("grow", 1).unwrap(), Some(summary));
        prop_assert_eq!(store.verify_revision("grow", 1, true), []);
    }
}

#[test]
fn an_objection_to_an_original_brings_the_copy_in_as_a_rebuild_does() {
    let (mut world, setting) = (copying(3), setting());
    let before = world.snapshot();
    let all = [(0..world.records.len()).collect::<Vec<usize>>()];
    let (undisturbed, unaware) = once(&world, &setting, &all, 2);
    let had = texts(undisturbed.path(), &unaware.content);
    let original = had.iter().find(|(_, text)| text.contains("that many repeat")).unwrap();
    let author = world.records.iter().find(|r| keyer().record("x", r["id"].as_str().unwrap()).0 == *original.0);
    world.events.push(objection(author.unwrap()["account"].as_str().unwrap(), "2026-06-02T00:00:00Z"));
    let after = world.snapshot();
    let late = tempfile::tempdir().unwrap();
    let vault = world.vault(late.path(), &all, 1, FOUR);
    let interrupted = setting.build(&vault, late.path(), &before, &Head { newer: RefCell::new(vec![after]) }, 2);
    let (fresh, plain) = once(&world, &setting, &all, 1);
    assert_eq!(interrupted.retries, 1);
    assert_eq!(files(late.path(), &interrupted.content), files(fresh.path(), &plain.content), "purge = rebuild");
    assert_eq!(interrupted.curated, plain.curated);
    let has = texts(late.path(), &interrupted.content);
    assert!(!has.contains_key(original.0));
    let copy = has.iter().find(|(_, text)| *text == original.1).expect("a copy took the place of the original");
    assert!(!had.contains_key(copy.0));
}

#[test]
fn what_is_delivered_suppresses_what_stands_for_few_people() {
    let (_dir, built) = once(&copying(5), &setting(), &[(0..700).collect()], 2);
    let (summary, published) = (built.curated.unwrap(), built.content.curation.unwrap());
    for (reason, cell) in &summary.dropped {
        let shown = published.dropped_by_reason[reason];
        assert_eq!(shown, (cell.people >= 10).then_some(cell.records / 10 * 10), "{reason}");
    }
    assert!(summary.dropped.values().any(|c| c.people >= 10));
}
