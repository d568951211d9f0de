//! Who and what is in a revision can be shown to whoever holds the secret, and absence alike.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use mandat_core::manifest::Content;
use mandat_core::members::{Secrets, record_digest};
use mandat_core::proof::{Keyer, MemberKind, MemberSecret, Membership, PersonKey, SubjectSecret};
use mandat_core::time::Micros;
use mandat_corpus::build::{BuildError, Store, build};
use mandat_corpus::members::MemberFiles;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::bytes::{FOUR, Head, Setting, damage, friendly, secret_of};
use crate::world::{ACCOUNTS, SECRET, World};

fn person(account: usize) -> PersonKey {
    Keyer::new(&SECRET).person("x", &format!("a{account}"))
}

/// What a proof says about a secret; every proof is verified against the manifest's root.
fn shown(store: &Store, content: &Content, revision: u64, kind: MemberKind, secret: &MemberSecret) -> Membership {
    let members = content.members.as_ref().unwrap();
    let root = match kind {
        MemberKind::Person => members.persons.root().unwrap(),
        MemberKind::Record => members.records.root().unwrap(),
    };
    let files = MemberFiles::new(&store.members_dir("grow", revision), kind, root);
    files.walk().unwrap();
    files.prove(&secret.token()).unwrap().verify(secret, &root).unwrap()
}

/// The keyed tokens that stand in the shards of a revision.
fn records_in(path: &std::path::Path, content: &Content) -> Vec<u128> {
    let mut found = Vec::new();
    for shard in &content.shards {
        let file = std::fs::File::open(path.join(&shard.path)).unwrap();
        for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let tokens = batch.column_by_name("record").unwrap().as_binary::<i32>();
            found.extend(tokens.iter().map(|token| u128::from_be_bytes(token.unwrap().try_into().unwrap())));
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn who_is_in_is_shown_in_and_who_is_out_out() {
    let (world, setting, dir) = (friendly(377), Setting::new(), tempfile::tempdir().unwrap());
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    let built = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    let (store, content) = (Store::new(dir.path()), &built.content);
    let inputs = content.inputs();
    assert_eq!(content.members.as_ref().unwrap().inputs, inputs.to_string());
    let delivered = records_in(&built.path, content);
    let keyer = Keyer::new(&SECRET);
    let mut counts: BTreeMap<usize, u32> = BTreeMap::new();
    for record in &world.records {
        let (id, account) = (record["id"].as_str().unwrap(), record["account"].as_str().unwrap());
        let author: usize = account[1..].parse().unwrap();
        let secret = MemberSecret::of_record(&secret_of(person(author)), &inputs, &record_digest(id));
        let expected = delivered.binary_search(&keyer.record("x", id).0).is_ok();
        let found = shown(&store, content, 1, MemberKind::Record, &secret);
        assert_eq!(matches!(found, Membership::Present(1 | 2)), expected, "{id}");
        *counts.entry(author).or_default() += u32::from(expected);
    }
    assert_eq!(content.members.as_ref().unwrap().records.members, content.records.rows);
    assert!(counts.values().filter(|count| **count > 0).count() > 4 && counts.values().any(|count| *count == 0));
    for (author, count) in (0..ACCOUNTS + 5).map(|author| (author, counts.get(&author).copied().unwrap_or(0))) {
        let secret = MemberSecret::of_person(&secret_of(person(author)), &inputs);
        let expected = if count == 0 { Membership::Absent } else { Membership::Present(count) };
        assert_eq!(shown(&store, content, 1, MemberKind::Person, &secret), expected, "{author}");
    }
}

#[test]
fn two_revisions_have_no_token_in_common() {
    let (mut world, setting, dir) = (friendly(610), Setting::new(), tempfile::tempdir().unwrap());
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    let event =
        serde_json::json!({"event": "object", "received": "2026-06-02T00:00:00Z", "platform": "x", "account": "a2"});
    world.events.push(event);
    setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    let store = Store::new(dir.path());
    let tokens = |revision: u64, kind: &str| -> Vec<Vec<u8>> {
        let rows = std::fs::read(store.members_dir("grow", revision).join(format!("{kind}.rows"))).unwrap();
        rows.chunks(36).skip(1).map(|row| row[..32].to_vec()).collect()
    };
    for kind in ["persons", "records"] {
        let (one, two) = (tokens(1, kind), tokens(2, kind));
        assert!(one.len() > two.len() && !two.is_empty(), "somebody went");
        assert!(one.iter().all(|token| !two.contains(token)), "{kind} can be linked");
    }
}

#[test]
fn damaged_trees_are_found_and_prove_nothing() {
    let (world, setting, dir) = (friendly(987), Setting::new(), tempfile::tempdir().unwrap());
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    let built = setting.build(&vault, dir.path(), &world.snapshot(), &Head::still(), 2);
    let store = Store::new(dir.path());
    assert_eq!(store.verify_revision("grow", 1, true), []);
    let root = built.content.members.as_ref().unwrap().records.root().unwrap();
    let files = MemberFiles::new(&store.members_dir("grow", 1), MemberKind::Record, root);
    let rows = store.members_dir("grow", 1).join("records.rows");
    let whole = std::fs::read(&rows).unwrap();
    damage(&rows);
    assert!(files.walk().is_err());
    assert_eq!(store.verify_revision("grow", 1, true).len(), 1);
    std::fs::write(&rows, &whole[..whole.len() - 36]).unwrap();
    assert!(files.walk().is_err());
    assert_eq!(store.verify_revision("grow", 1, false).len(), 1);
    // The first two change places: a tree out of order could prove both.
    let swapped = [&whole[..36], &whole[72..108], &whole[36..72], &whole[108..]].concat();
    std::fs::write(&rows, swapped).unwrap();
    assert!(files.walk().unwrap_err().to_string().contains("does not rise"));
}

/// Publishes at once, but knows nobody's secret.
struct Ignorant(Head);

impl Secrets for Ignorant {
    fn secrets(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, String> {
        Ok(vec![None; persons.len()])
    }
}

impl mandat_corpus::build::Barrier for Ignorant {
    fn commit(
        &self,
        position: u64,
        publish: &mut dyn FnMut(u64) -> Result<mandat_core::manifest::Revision, BuildError>,
    ) -> Result<mandat_corpus::build::Commit, BuildError> {
        self.0.commit(position, publish)
    }
}

#[test]
fn nothing_is_published_about_people_whom_the_ledger_does_not_know() {
    let (world, setting, dir): (World, _, _) = (friendly(1597), Setting::new(), tempfile::tempdir().unwrap());
    let vault = world.vault(dir.path(), &[(0..world.records.len()).collect()], 1, FOUR);
    let store = Store::new(dir.path());
    let head = Ignorant(Head::still());
    let tried = build(&vault, &store, &world.snapshot(), &setting.order(), Micros(0), &head, &|_, _| {});
    assert!(matches!(tried, Err(BuildError::Unknown(people)) if people > 4));
    assert_eq!(store.revisions("grow").unwrap(), [0; 0]);
}
