//! Curation: same inputs, same bytes; a copy gives way if and only if an earlier one stays.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use mandat_core::manifest::Content;
use mandat_corpus::build::{Built, Store};
use mandat_corpus::curate::{Curation, Duplicates, Quality, dropped_for};
use mandat_text::fingerprint::{Fingerprinter, jaccard};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use serde_json::json;

use crate::bytes::{FOUR, Head, Setting, files, friendly, objection};
use crate::world::{ACCOUNTS, Rng, World, keyer};

fn setting() -> Setting {
    let mut setting = Setting::new();
    setting.recipe.curation = Some(Curation { quality: Quality::Off, ..Curation::default() });
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

/// Adds long texts that differ from each other in a few words or in all, by people of whom one never agrees.
fn nearly(seed: u64) -> World {
    let mut world = copying(seed);
    let mut rng = Rng(seed ^ 7);
    for i in 0..160 {
        let family = rng.below(12);
        let mut words: Vec<String> = (0..70).map(|w| format!("w{}", (family * 1_000 + w) * 7919)).collect();
        if i < 5 {
            // What somebody who never agreed said first, and others will say again.
            let words: Vec<String> = (0..70).map(|w| format!("w{}", (i * 1_000 + w) * 7919)).collect();
            world.records.push(json!({"id": format!("n{i}"), "platform": "x", "account": "a3", "audience": "public",
                "created_at": "2015-01-01T00:00:00Z", "text": words.join(" ")}));
            continue;
        }
        for _ in 0..rng.below(9) {
            let at = rng.below(words.len());
            words[at] = format!("other{}", rng.below(1_000_000));
        }
        world
            .records
            .push(json!({"id": format!("n{i}"), "platform": "x", "account": format!("a{}", rng.below(ACCOUNTS)),
            "audience": "public", "created_at": rng.time(), "text": words.join(" ")}));
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
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn threads_batches_and_order_change_no_byte_and_no_count(seed in any::<u64>()) {
        let (world, setting) = (nearly(seed), setting());
        let all: Vec<usize> = (0..world.records.len()).collect();
        let backwards: Vec<usize> = all.iter().rev().copied().collect();
        let (one, built) = once(&world, &setting, std::slice::from_ref(&all), 1);
        let parts: Vec<Vec<usize>> = backwards.chunks(150).map(<[usize]>::to_vec).collect();
        let (other, again) = once(&world, &setting, &parts, 4);
        prop_assert_eq!(files(one.path(), &built.content), files(other.path(), &again.content));
        prop_assert_eq!(built.curated, again.curated);
    }

    #[test]
    fn near_copies_give_way_to_an_earlier_one_that_stays_and_denied_texts_take_repetitions_out(seed in any::<u64>()) {
        let (world, setting) = (nearly(seed), setting());
        let all: Vec<usize> = (0..world.records.len()).collect();
        let mut plain = Setting::new();
        plain.recipe.curation = None;
        let (admitted_dir, admitted) = once(&world, &plain, std::slice::from_ref(&all), 2);
        let (dir, built) = once(&world, &setting, &[all], 2);
        let (admitted, kept) = (texts(admitted_dir.path(), &admitted.content), texts(dir.path(), &built.content));
        let mut maker = Fingerprinter::new(0);
        let mut long = Vec::new();
        for record in world.records.iter().filter(|r| r["id"].as_str().unwrap().starts_with('n')) {
            let token = keyer().record("x", record["id"].as_str().unwrap()).0;
            let created = mandat_core::time::Micros::parse(record["created_at"].as_str().unwrap()).unwrap().0;
            let person = record["account"].as_str().unwrap().to_owned();
            let pieces = maker.read(record["text"].as_str().unwrap()).1.to_vec();
            long.push((created, keyer().person("x", &person).0, token, pieces));
        }
        let store = Store::new(dir.path());
        let mut seen = BTreeMap::<String, u64>::new();
        for (created, person, token, pieces) in long.iter().filter(|l| admitted.contains_key(&l.2)) {
            let why = dropped_for(&store, "grow", 1, *token).unwrap();
            let before = |l: &&(i64, u128, u128, Vec<u32>)| (l.0, l.1) < (*created, *person);
            let kept_alike = |least| long.iter().filter(before).any(|l| kept.contains_key(&l.2) && jaccard(&l.3, pieces) >= least);
            let denied = |l: &&(i64, u128, u128, Vec<u32>)| !admitted.contains_key(&l.2) && l.1 != *person && l.0 <= *created;
            let denied_alike = |least| long.iter().filter(denied).any(|l| jaccard(&l.3, pieces) >= least);
            match why.as_deref() {
                None => prop_assert!(!kept_alike(0.92) && !denied_alike(0.95)),
                Some("COPY_OF_DENIED") => prop_assert!(denied_alike(0.5)),
                Some("DUPLICATE_NEAR") => prop_assert!(kept_alike(0.8)),
                // The earliest of equal texts may itself have given way to one that is nearly the same.
                Some("DUPLICATE_EXACT") => prop_assert!(kept_alike(0.8)),
                Some(other) => prop_assert!(false, "{other}"),
            }
            *seen.entry(why.unwrap_or_default()).or_default() += 1;
        }
        prop_assert!(seen.len() >= 3 && seen.contains_key("COPY_OF_DENIED"), "{seen:?}");
    }

    #[test]
    fn a_copy_gives_way_if_and_only_if_an_earlier_one_stays(seed in any::<u64>()) {
        let (world, mut setting) = (copying(seed), setting());
        setting.recipe.curation = Some(Curation {
            quality: Quality::Off,
            duplicates: Duplicates::Exact,
            denied_copies: false,
            ..Curation::default()
        });
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

#[test]
fn what_breaks_a_rule_or_stands_in_an_evaluation_set_is_dropped_for_that() {
    let mut world = copying(21);
    let exam = "which of the seven rivers of the old kingdom runs uphill for a day in every leap year";
    for (id, text) in [
        ("exam", exam),
        ("links", "https://example.org/a https://example.org/b"),
        ("mail", "if you want to come along to the lake, write to anna.meier@example.org or ring the bell"),
    ] {
        world.records.push(json!({"id": id, "platform": "x", "account": "a1", "audience": "public",
            "created_at": "2024-01-01T00:00:00Z", "text": text}));
    }
    let mut curation = Curation::default();
    curation.take_in(&json!({"question": exam}).to_string());
    let mut setting = Setting::new();
    setting.recipe.curation = Some(curation);
    let (dir, built) = once(&world, &setting, &[(0..world.records.len()).collect()], 2);
    let why = |id: &str| dropped_for(&Store::new(dir.path()), "grow", 1, keyer().record("x", id).0).unwrap();
    assert_eq!(why("exam").as_deref(), Some("EVALUATION_OVERLAP"));
    assert_eq!(why("links").as_deref(), Some("spam.link_only"));
    assert_eq!(why("mail"), None);
    let kept = texts(dir.path(), &built.content);
    let mail = &kept[&keyer().record("x", "mail").0];
    assert_eq!(mail, "if you want to come along to the lake, write to <EMAIL_1> or ring the bell");
    let summary = built.curated.unwrap();
    assert_eq!(summary.redacted["EMAIL"].spans, 1);
    assert_eq!(built.content.curation.unwrap().redacted_by_kind["EMAIL"], None, "fewer than ten people");
    assert_eq!(summary.funnel().last().unwrap().left, summary.kept, "every drop belongs to a step");
}
