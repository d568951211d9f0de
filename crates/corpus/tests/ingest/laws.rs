//! Laws: what goes in decides what is there, and nothing else does.

use std::fs;

use mandat_corpus::map::Map;
use mandat_corpus::vault::Layout;
use proptest::prelude::*;

use crate::support::{Store, record};

/// A few people who write, edit, delete, quote, reply, repost and mention each other.
fn line() -> impl Strategy<Value = String> {
    let more = prop_oneof![
        Just(String::new()),
        (0..4u8).prop_map(|n| format!(r#""text":"text {n}","audience":"public""#)),
        (1..5u8).prop_map(|d| format!(r#""text":"edit","edited_at":"2024-04-0{d}","audience":"group""#)),
        (1..3u8).prop_map(|d| format!(r#""deleted_at":"2024-04-0{d}""#)),
        (0..12u8).prop_map(|r| format!(r#""quote_of":"{r}","text":"ü @h{r} and @h1","mentions":["p2"]"#)),
        (0..12u8).prop_map(|r| format!(r#""repost_of":"{r}","quote_of":"{}""#, r / 2)),
        (0..12u8).prop_map(|r| format!(r#""in_reply_to":"{r}","participants":["p1","p3"],"org":"acme""#)),
        (0..4u8).prop_map(|n| format!(r#""handle":"h{n}","text":"abc","quoted_text":[{{"start":0,"end":2}}]"#)),
    ];
    (0..12u8, 0..5u8, more).prop_map(|(id, person, more)| record(&id.to_string(), &format!("p{person}"), &more))
}

/// Lines with the batch each goes into.
fn batches() -> impl Strategy<Value = Vec<(String, usize)>> {
    prop::collection::vec((line(), 0..11_usize), 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn split_order_threads_and_memory_do_not_matter(lines in batches(), threads in 1..3_usize, reverse: bool) {
        let mut whole = Store::new();
        whole.lines(&lines.iter().map(|l| l.0.clone()).collect::<Vec<_>>());
        let mut split = Store::new();
        (split.options.threads, split.options.memory) = (threads, 1 << 12);
        let mut order: Vec<usize> = (0..11).collect();
        if reverse {
            order.reverse();
        }
        for batch in order {
            let part: Vec<String> = lines.iter().filter(|l| l.1 == batch).map(|l| l.0.clone()).collect();
            if !part.is_empty() {
                split.lines(&part);
            }
        }
        prop_assert_eq!(whole.digest(), split.digest());
        prop_assert_eq!(whole.rows(), split.rows());
    }

    #[test]
    fn a_vault_that_grows_is_cut_as_one_that_was_large_at_once(lines in batches(), gone in 0..3_usize) {
        let (mut grown, mut whole) = (Store::new(), Store::new());
        let fine = grown.options.layout;
        let mut reports = Vec::new();
        for (batch, layout) in [Some(Layout::SMALL), Some(Layout { bucket_bits: 0, shard_bits: 1, group_bits: 2 }), fine].into_iter().enumerate() {
            grown.options.layout = layout;
            let part: Vec<String> = lines.iter().filter(|l| l.1 % 3 == batch).map(|l| l.0.clone()).collect();
            for store in [&mut grown, &mut whole] {
                reports.push(store.lines(&part).batch);
            }
        }
        prop_assume!(reports[4].is_some());
        prop_assert_eq!(grown.vault().layout(), fine.unwrap());
        prop_assert_eq!((grown.digest(), grown.rows()), (whole.digest(), whole.rows()));
        prop_assert_eq!(grown.vault().verify_files(true), []);
        // Batches are still batches: each can be taken out again.
        if let Some(batch) = &reports[2 * gone] {
            for store in [&mut grown, &mut whole] {
                store.vault().undo(batch, true, 1 << 20).unwrap();
            }
        }
        prop_assert_eq!((grown.digest(), grown.rows()), (whole.digest(), whole.rows()));
    }

    #[test]
    fn undo_is_as_if_it_never_came(lines in batches(), gone in 0..3_usize) {
        let (mut with, mut without) = (Store::new(), Store::new());
        let mut undone = None;
        for batch in 0..3 {
            let part: Vec<String> = lines.iter().filter(|l| l.1 % 3 == batch).map(|l| l.0.clone()).collect();
            if part.is_empty() {
                continue;
            }
            let report = with.lines(&part);
            if batch == gone {
                undone = report.batch;
            } else {
                without.lines(&part);
            }
        }
        // Names are the ledger's: they stay when a batch goes.
        if let Some(batch) = undone {
            with.vault().undo(&batch, true, 1 << 20).unwrap();
            without.vault().refresh_handles(&mut with.names).unwrap();
            with.vault().refresh_handles(&mut with.names).unwrap();
        }
        prop_assert_eq!(with.digest(), without.digest());
        prop_assert_eq!(with.rows(), without.rows());
    }

    #[test]
    fn any_bytes_are_read_to_the_end(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut store = Store::new();
        let mut input = bytes;
        input.extend(b"\n");
        input.extend(record("last", "a", "").as_bytes());
        let compressed = input.starts_with(&[0x1F, 0x8B]) || input.starts_with(&[0x28, 0xB5, 0x2F, 0xFD]);
        prop_assert!(store.bytes(input).accepted == 1 || compressed);
    }
}

#[test]
fn a_hundred_spills_give_what_memory_gives() {
    let line = |i: usize| {
        let more = format!(r#""text":"words {} @h{}","quote_of":"{}","handle":"h{i}""#, i * 7919, i % 50, i / 3);
        record(&i.to_string(), &format!("p{}", i % 37), &more)
    };
    let lines: Vec<String> = (0..3000).map(line).collect();
    let (mut roomy, mut cramped) = (Store::new(), Store::new());
    (cramped.options.memory, cramped.options.threads) = (1 << 12, 2);
    assert_eq!(roomy.lines(&lines).rows, cramped.lines(&lines).rows);
    assert_eq!((roomy.digest(), roomy.rows()), (cramped.digest(), cramped.rows()));
}

#[test]
fn the_same_file_again_changes_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"));
    fs::write(&first, record("1", "a", "")).unwrap();
    fs::write(&second, record("2", "a", "")).unwrap();
    let mut store = Store::new();
    assert!(!store.files(std::slice::from_ref(&first)).unchanged);
    let before = (store.digest(), store.vault().sequence());
    assert!(store.files(std::slice::from_ref(&first)).unchanged);
    assert!(store.bytes(record("1", "a", "")).unchanged, "also as a stream");
    assert_eq!((store.digest(), store.vault().sequence()), before);
    let report = store.files(&[first.clone(), second.clone(), second]);
    let unchanged: Vec<bool> = report.files.iter().map(|f| f.unchanged).collect();
    assert_eq!((unchanged, report.rows), (vec![true, false, true], 1));
    store.map = Map::parse("[set]\naudience = \"public\"").unwrap();
    assert!(!store.files(&[first]).unchanged, "another map gives other records");
}

#[test]
fn a_map_makes_foreign_lines_canonical() {
    let map = r#"
        time_zone = "Europe/Berlin"
        ignore = ["party"]
        [rename]
        author = "handle"
        when = "created_at"
        [template]
        account = "btp:{author}"
        [set]
        platform = "bundestag"
        audience = "public"
        [values.kind]
        to = "category"
        map = { speech = "post", shout = "comment" }
    "#;
    let line = |id: &str, kind: &str| {
        format!(r#"{{"id":"{id}","author":"Ada L.","when":"2010-03-24T13:00:00","kind":"{kind}","party":"none"}}"#)
    };
    let mut store = Store::new();
    store.map = Map::parse(map).unwrap();
    let report = store.lines(&[line("1", "speech"), line("2", "song")]);
    assert_eq!((report.accepted, report.rejected_total()), (1, 1));
    assert!(report.files[0].unknown_fields.is_empty(), "a mapped field is known");
    let mut plain = Store::new();
    plain.lines(&[concat!(
        r#"{"id":"1","platform":"bundestag","account":"btp:Ada L.","handle":"Ada L.","category":"post","#,
        r#""audience":"public","created_at":"2010-03-24T12:00:00Z"}"#
    )
    .to_owned()]);
    assert_eq!(store.row("1").version, plain.row("1").version);
}
