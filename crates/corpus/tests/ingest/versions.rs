//! Versions, deletions, holds, references, undo, compaction.

use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::Special;
use mandat_corpus::ingest::NoAccounts;
use mandat_corpus::vault::Manifest;

use crate::support::{Store, keyer, record};

#[test]
fn the_newest_version_counts_whichever_comes_first() {
    let old = record("1", "a", r#""text":"old","audience":"public""#);
    let new = record("1", "a", r#""text":"new","audience":"followers","edited_at":"2024-03-02""#);
    let mut digests = Vec::new();
    for batches in [vec![vec![&old, &new]], vec![vec![&new], vec![&old]], vec![vec![&old], vec![&new], vec![&old]]] {
        let mut store = Store::new();
        for batch in batches {
            store.lines(&batch.into_iter().cloned().collect::<Vec<_>>());
        }
        let row = store.row("1");
        assert_eq!(row.text.as_deref(), Some("new"));
        assert!(row.has(Mark::AudienceNarrowed), "it was public before");
        digests.push((store.digest(), store.rows()));
    }
    assert!(digests.windows(2).all(|d| d[0] == d[1]));
}

#[test]
fn a_deletion_stays_whatever_arrives_later() {
    let mut store = Store::new();
    store.lines(&[record("1", "a", r#""text":"once""#)]);
    store.lines(&[record("1", "a", r#""deleted_at":"2024-03-02""#)]);
    store.lines(&[record("1", "a", r#""text":"again","edited_at":"2024-05-01","collected_at":"2025-01-01""#)]);
    let row = store.row("1");
    assert!(row.has(Mark::Deleted));
    assert_eq!(row.text, None);
}

#[test]
fn the_same_id_of_two_accounts_is_two_records() {
    let mut store = Store::new();
    store.lines(&[record("1", "a", ""), record("1", "b", ""), record("2", "c", r#""repost_of":"1""#)]);
    assert_eq!(store.rows().len(), 3);
    assert!(store.row("2").has(Mark::Unresolved), "whom it names cannot be told");
}

#[test]
fn a_rejected_line_holds_its_record_until_a_good_version_comes() {
    let mut store = Store::new();
    store.lines(&[record("1", "a", r#""text":"one""#), record("2", "a", "")]);
    let clean = store.digest();
    store.lines(&[record("1", "a", r#""text":"two","edited_at":"9999-01-01T00:00:00Z""#)]);
    assert!(store.row("1").has(Mark::OnHold) && !store.row("2").has(Mark::OnHold));
    assert_ne!(store.digest(), clean, "a hold changes what a build gives");
    // The same version again says nothing about the line that was rejected.
    store.lines(&[record("1", "a", r#""text":"one""#), record("3", "a", "")]);
    assert!(store.row("1").has(Mark::OnHold), "an old dump came again");
    store.lines(&[record("1", "a", r#""text":"two","edited_at":"2024-03-05""#)]);
    assert!(!store.row("1").has(Mark::OnHold));
    // An older version does not count as the good one.
    store.lines(&[record("1", "a", r#""audiance":"public""#)]);
    store.lines(&[record("1", "a", r#""text":"older""#)]);
    assert!(store.row("1").has(Mark::OnHold));
}

#[test]
fn a_quote_names_an_unknown_person_until_its_parent_comes() {
    let mut store = Store::new();
    let child = r#""quote_of":"parent","in_reply_to":"parent","text":"look""#;
    store.lines(&[record("child", "a", child), record("both", "a", r#""quote_of":"parent","repost_of":"second""#)]);
    assert!(store.row("child").has(Mark::Unresolved) && store.row("both").has(Mark::Unresolved));
    assert!(store.row("child").others.iter().all(|o| o.contains("None None")));
    store.lines(&[record("parent", "b", "")]);
    let child = store.row("child");
    assert!(!child.has(Mark::Unresolved) && child.has(Mark::Others));
    let author = keyer().person("x", "b");
    assert_eq!(child.others.len(), 2);
    assert!(child.others.iter().all(|o| o.contains(&format!("{author:?}"))));
    assert!(store.row("both").has(Mark::Unresolved), "its other parent is still missing");
    assert_eq!(store.vault().postings(author).unwrap().len(), 2, "two rows name the author");
    store.lines(&[record("second", "b", "")]);
    assert!(!store.row("both").has(Mark::Unresolved));
}

#[test]
fn handles_resolve_when_their_holder_is_known_and_alone() {
    let mut store = Store::new();
    store.lines(&[record("1", "a", r#""text":"hi @Ben and @cleo","mentions":["17","18"]"#)]);
    let unknown = |store: &Store| store.row("1").others.iter().filter(|o| o.contains("None")).count();
    let before = store.row("1").others;
    assert_eq!(before.iter().filter(|o| o.starts_with("mentioned None")).count(), 2);
    store.lines(&[record("2", "ben-id", r#""handle":"ben","text":"x""#)]);
    let ben = keyer().person("x", "ben-id");
    assert_eq!(store.row("1").others.iter().filter(|o| o.contains(&format!("{ben:?}"))).count(), 1);
    assert_eq!(store.vault().postings(ben).unwrap().len(), 1);
    store.lines(&[record("3", "other-id", r#""handle":"@BEN","text":"x""#)]);
    assert_eq!(store.row("1").others, before, "two people hold it now");
    assert_eq!(unknown(&store), 4, "two spans nobody holds, two accounts without a span");
    assert!(!store.vault().refresh_handles(&mut store.names).unwrap());
    assert!(!store.vault().refresh_handles(&mut NoAccounts).unwrap(), "nobody was known anyway");
}

#[test]
fn accounts_are_told_once_per_handle_with_the_earliest_time() {
    let mut store = Store::new();
    let at = |id: &str, day: &str, handle: &str| {
        format!(r#"{{"id":"{id}","platform":"x","account":"a","handle":"{handle}","created_at":"2024-01-{day}"}}"#)
    };
    store.lines(&[at("1", "05", "new"), at("2", "01", "old"), at("3", "02", "old"), at("4", "03", "new")]);
    let told: Vec<_> = store.names.seen.iter().map(|a| (a.handle.as_deref().unwrap(), a.from.to_string())).collect();
    assert_eq!(told, [("old", "2024-01-01T00:00:00Z".into()), ("new", "2024-01-03T00:00:00Z".into())]);
}

#[test]
fn undoing_a_batch_gives_the_vault_before_it() {
    let mut store = Store::new();
    store.lines(&[record("1", "a", r#""text":"one","quote_of":"9""#), record("2", "a", "")]);
    let before = (store.digest(), store.rows());
    let bad = record("2", "a", r#""text":7"#);
    let lines =
        [record("1", "a", r#""text":"two","edited_at":"2024-04-01""#), record("9", "b", ""), record("2", "a", ""), bad];
    let report = store.lines(&lines);
    assert_ne!((store.digest(), store.rows()), before);
    store.vault().undo(report.batch.as_ref().unwrap(), true, 1 << 20).unwrap();
    assert_eq!((store.digest(), store.rows()), before);
    assert!(store.vault().undo(report.batch.as_ref().unwrap(), true, 1 << 20).is_err(), "it is gone");
    assert_eq!(store.lines(&lines).accepted, 3, "and can be taken in again");
}

#[test]
fn many_batches_are_merged_and_nothing_changes_for_readers() {
    let (mut many, mut one) = (Store::new(), Store::new());
    let mut all = Vec::new();
    for n in 0..12 {
        let lines = vec![
            record("edited", "a", &format!(r#""text":"version {n}","edited_at":"2024-04-{:02}""#, n + 1)),
            record(&format!("{n}"), &format!("p{}", n % 5), &format!(r#""text":"hi @p{n}","quote_of":"{}""#, n + 3)),
        ];
        many.lines(&lines);
        all.extend(lines);
    }
    one.lines(&all);
    assert_eq!(many.vault().batches().len(), 12);
    let runs = (0..4).map(|b| many.vault().runs(b).unwrap().len()).max().unwrap();
    assert!(runs <= 8, "{runs} runs");
    assert_eq!((many.digest(), many.rows()), (one.digest(), one.rows()));
    let on_disk = many.texts().iter().filter(|t| t.starts_with("version")).count();
    assert_eq!(on_disk, 12 - 4, "five batches were merged: the text of four replaced versions is gone");
    let merged = many.vault().batches()[0].id.clone();
    let error = many.vault().undo(&merged, true, 1 << 20).unwrap_err();
    assert!(error.to_string().contains("merged"), "{error}");
}

#[test]
fn a_hold_is_lifted_by_what_is_at_least_as_new_as_the_rejected_line() {
    for (line, version, lifts) in [
        (r#""edited_at":"2024-05-01","audiance":"public""#, r#""edited_at":"2024-04-30T23:59:59Z""#, false),
        (r#""edited_at":"2024-05-01","audiance":"public""#, r#""edited_at":"2024-05-01""#, true),
        (r#""collected_at":"2024-05-01","text":7"#, r#""collected_at":"2024-04-30""#, false),
        (r#""collected_at":"2024-05-01","text":7"#, r#""collected_at":"2024-05-01""#, true),
        (r#""edited_at":"never","text":7"#, r#""collected_at":"2024-03-01""#, false),
        (r#""edited_at":"never","text":7"#, r#""collected_at":"2024-03-02""#, true),
        (r#""text":7"#, r#""text":"other words at the same time""#, false),
    ] {
        let mut store = Store::new();
        store.lines(&[record("1", "a", r#""text":"one""#)]);
        store.lines(&[record("1", "a", line)]);
        assert!(store.row("1").has(Mark::OnHold));
        store.lines(&[record("1", "a", version)]);
        assert_eq!(store.row("1").has(Mark::OnHold), !lifts, "{line} then {version}");
    }
}

#[test]
fn holds_stay_when_batches_are_merged() {
    let mut store = Store::new();
    let one = || record("1", "a", r#""text":"one""#);
    store.lines(&[one(), record("2", "b", "")]);
    store.lines(&[record("1", "a", r#""edited_at":"2024-05-01","text":7"#)]);
    for n in 0..12 {
        store.lines(&[one(), record(&format!("more-{n}"), "c", "")]);
        assert!(store.row("1").has(Mark::OnHold), "after batch {n}");
    }
    store.lines(&[record("1", "a", r#""edited_at":"2024-05-02","text":"fine""#)]);
    assert!(!store.row("1").has(Mark::OnHold));
}

#[test]
fn deletions_and_holds_of_an_undone_batch_stay() {
    let mut store = Store::new();
    let posts = ["1", "2", "3"].map(|id| record(id, "a", r#""text":"posted""#));
    store.lines(&posts);
    let before = (store.digest(), store.rows());
    let second = [
        record("1", "a", r#""text":"what was deleted","deleted_at":"2024-04-01""#),
        record("2", "a", r#""text":7"#),
        record("3", "a", r#""text":"edited","edited_at":"2024-04-01""#),
    ];
    let batch = store.lines(&second).batch.unwrap();
    let undone = store.vault().undo(&batch, false, 1 << 20).unwrap();
    assert_eq!((undone.batch.rows, undone.deletions, undone.holds), (2, 1, 1));
    assert!(store.row("1").has(Mark::Deleted) && store.row("2").has(Mark::OnHold));
    assert_eq!(store.row("3").text.as_deref(), Some("posted"));
    assert!(!store.texts().contains(&"what was deleted".to_owned()), "no text of it is left");
    assert_eq!(store.vault().verify_files(true), []);
    let kept = undone.kept.unwrap();
    assert!(store.vault().undo(&kept, false, 1 << 20).is_err(), "nothing but denials is left");
    // The same lines can come again and go again; what stays still stays.
    let again = store.lines(&second).batch.unwrap();
    assert_eq!(again, batch);
    store.vault().undo(&again, true, 1 << 20).unwrap();
    assert!(store.row("1").has(Mark::Deleted) && store.row("2").has(Mark::OnHold));
    store.vault().undo(&kept, true, 1 << 20).unwrap();
    assert_eq!((store.digest(), store.rows()), before);
}

#[test]
fn a_vault_is_cut_finer_once_its_text_asks_for_it() {
    let mut store = Store::new();
    store.options.layout = None;
    let words = "all of these words count ".repeat(40_000);
    let line = |id: &str, account: &str| record(id, account, &format!(r#""text":"{words}{id}""#));
    let mut bits = Vec::new();
    for n in 0..6 {
        store.lines(&[line(&format!("{n}"), &format!("p{n}")), line(&format!("{n}b"), &format!("q{n}"))]);
        bits.push(store.vault().layout().group_bits);
    }
    // Two million bytes a batch, four and a quarter a group.
    assert_eq!(bits, [0, 0, 1, 1, 2, 2]);
    let mut once = Store::new();
    once.options.layout = None;
    once.lines(
        &(0..6)
            .flat_map(|n| [line(&format!("{n}"), &format!("p{n}")), line(&format!("{n}b"), &format!("q{n}"))])
            .collect::<Vec<_>>(),
    );
    assert_eq!(once.vault().layout(), store.vault().layout());
    assert_eq!((once.digest(), once.rows()), (store.digest(), store.rows()));
}

#[test]
fn special_categories_are_found_at_ingest_and_again_when_the_lists_change() {
    let mut store = Store::new();
    let named = r#""text":"Guten Morgen","special":["religion"]"#;
    store.lines(&[record("1", "a", r#""text":"Nach der Chemotherapie geht es besser.""#), record("2", "b", named)]);
    store.lines(&[record("1", "a", r#""text":"Wieder im Büro.","edited_at":"2024-04-01""#), record("3", "c", "")]);
    let special = |store: &Store, id: &str| {
        let traits = Traits(store.row(id).traits);
        Special::ALL.iter().filter(|s| traits.has_special(**s)).map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(special(&store, "2"), ["religion"]);
    assert!(special(&store, "1").is_empty() && special(&store, "3").is_empty(), "the newest version counts");
    let mut store = Store::new();
    store.lines(&[record("1", "a", r#""text":"Nach der Chemotherapie geht es besser.""#), record("2", "b", named)]);
    assert_eq!((special(&store, "1"), special(&store, "2")), (vec!["health".into()], vec!["religion".into()]));
    let before = (store.digest(), store.rows());
    // As if an earlier version with other lists had written it.
    let path = store.path().join("vault").join(Manifest::file_name(store.vault().sequence()));
    let text = std::fs::read_to_string(&path).unwrap();
    let version = mandat_corpus::screen::version();
    assert!(text.contains(&version));
    std::fs::write(&path, text.replace(&version, "0000000000000000")).unwrap();
    assert!(!store.vault().manifest().is_screened());
    store.sources(Vec::new());
    assert!(store.vault().manifest().is_screened());
    assert_eq!((store.digest(), store.rows()), before);
    assert_eq!(store.vault().verify_files(true), []);
}
