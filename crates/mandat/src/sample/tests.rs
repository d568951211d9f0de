use std::collections::{BTreeMap, BTreeSet};

use mandat_core::vocab::Category;

use super::*;

fn small() -> Options {
    Options { people: 60, records: 1500, ..Options::default() }
}

fn bytes(options: &Options) -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    generate(options).write(folder.path()).unwrap();
    FILES.iter().map(|name| std::fs::read(folder.path().join(name)).unwrap()).collect()
}

#[test]
fn same_seed_same_bytes_and_another_seed_others() {
    let other = Options { seed: 1, ..small() };
    assert_eq!(bytes(&small()), bytes(&small()));
    assert_ne!(bytes(&small())[2], bytes(&other)[2]);
}

#[test]
fn the_sample_has_what_it_promises() {
    let sample = generate(&Options::default());
    let mut categories: BTreeMap<Category, usize> = BTreeMap::new();
    let ids: BTreeSet<&str> = sample.records.iter().map(|r| r.id.as_str()).collect();
    for record in &sample.records {
        *categories.entry(record.category).or_default() += 1;
        let refs = [&record.in_reply_to, &record.repost_of, &record.quote_of];
        for id in refs.into_iter().flatten() {
            assert!(ids.contains(id.as_str()) && *id < record.id, "an answer comes after what it answers");
        }
    }
    assert_eq!((sample.people.len(), ids.len()), (400, 20_000));
    let expected = [
        Category::Post,
        Category::Reply,
        Category::Repost,
        Category::Quote,
        Category::Photo,
        Category::Profile,
        Category::CareerPosition,
        Category::DirectMessage,
        Category::GroupMessage,
        Category::BiometricFace,
    ];
    for category in expected {
        assert!(categories.contains_key(&category), "{category}");
    }
    assert!(sample.records.len() > ids.len() + 200, "edits and deletions are later versions");
    assert!(sample.records.iter().any(|r| r.text.as_deref().is_some_and(|t| t.contains("@example."))));
}

#[test]
fn texts_vary() {
    let sample = generate(&Options::default());
    let posts: Vec<&str> =
        sample.records.iter().filter(|r| r.category == Category::Post).filter_map(|r| r.text.as_deref()).collect();
    let distinct: BTreeSet<&str> = posts.iter().copied().collect();
    assert!(distinct.len() * 10 > posts.len() * 7, "{} of {} posts differ", distinct.len(), posts.len());
}

#[test]
fn quoted_spans_lie_inside_the_text_and_events_are_in_order() {
    let sample = generate(&small());
    for record in &sample.records {
        let length = record.text.as_deref().unwrap_or_default().chars().count();
        assert!(record.quoted_text.iter().all(|s| s.start < s.end && s.end as usize <= length), "{}", record.id);
    }
    assert!(sample.choices.windows(2).all(|w| w[0].received <= w[1].received));
    assert!(sample.choices.last().unwrap().received < small().until);
}

#[test]
fn the_fast_shapes_are_read_back_as_records() {
    let folder = tempfile::tempdir().unwrap();
    write_fast(&FastOptions { seed: 1, people: 50, records: 300, choices: 120 }, folder.path()).unwrap();
    let text = std::fs::read_to_string(folder.path().join("records.jsonl")).unwrap();
    let records: Vec<Record> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let text = std::fs::read_to_string(folder.path().join("choices.jsonl")).unwrap();
    let choices: Vec<EventLine> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!((records.len(), choices.len()), (300, 120));
    assert!(choices.windows(2).all(|w| w[0].received <= w[1].received));
}
