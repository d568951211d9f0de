//! Raw choice events of a Parquet file as people: the raw form that `mandat bench` starts from.
//!
//! Choices lie in narrow rows, by person; an act is made of one only while its person is looked at.

use std::hash::BuildHasher;
use std::path::Path;

use hashbrown::{DefaultHashBuilder, HashTable};
use mandat_core::event::{Categories, Range};
use mandat_core::history::{Act, Consent, Named, PersonHistory, Reach, Shared, Tag, What};
use mandat_core::person::PersonInfo;
use mandat_core::proof::{Keyer, PersonKey};
use mandat_core::snapshot::Snapshot;
use mandat_core::time::Micros;
use mandat_core::vocab::{Category, FIRST_PARTY, Method};
use mandat_corpus::build::BuildError;
use mandat_corpus::measure::each_choice;

/// The platform that generated records are on.
const PLATFORM: &str = "bench";
/// A choice that names no record.
const NO_RECORD: u32 = u32::MAX;

/// One choice.
#[derive(Debug, Clone, Copy)]
struct Choice {
    at: i64,
    /// Its place among all choices, counted from one.
    position: u32,
    /// Its place among the shapes.
    shape: u32,
    /// The record it names, by its place among those named.
    record: u32,
}

/// People with their choices.
pub(crate) struct RawPeople {
    shared: Shared,
    shapes: Shapes,
    records: Vec<u128>,
    /// By person, then as they came.
    choices: Vec<Choice>,
    /// By key: the person, and where in `choices` theirs start.
    people: Vec<(PersonKey, u32)>,
}

impl RawPeople {
    /// Reads `choices.parquet`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(crate) fn read(data: &Path, keyer: &Keyer) -> Result<Self, BuildError> {
        let (mut names, mut shapes, mut records) = (Names::default(), Shapes::default(), Vec::new());
        let (mut choices, mut persons) = (Vec::new(), Vec::new());
        each_choice(&data.join("choices.parquet"), &mut |account, purpose, kind, category, record, at| {
            persons.push(names.number(account));
            let record = record.map_or(NO_RECORD, |id| {
                records.push(keyer.record(PLATFORM, id).0);
                number(records.len() - 1)
            });
            let (position, shape) = (number(persons.len()), shapes.number(purpose, kind, category));
            choices.push(Choice { at, position, shape, record });
        })?;
        let people = names.keys(keyer);
        let (people, choices) = by_person(&people, &persons, &choices);
        Ok(Self { shared: Shared::default(), shapes, records, choices, people })
    }

    /// The acts of the person at a place, put into a list that is used again and again.
    fn history(&self, at: usize, mut acts: Vec<Act>) -> PersonHistory {
        let end = self.people.get(at + 1).map_or(self.choices.len(), |p| p.1 as usize);
        acts.clear();
        acts.extend(self.choices[self.people[at].1 as usize..end].iter().map(|choice| self.act(choice)));
        PersonHistory::with_acts(PersonInfo::default(), acts)
    }

    fn act(&self, choice: &Choice) -> Act {
        let (position, at) = (u64::from(choice.position), Micros(choice.at));
        let what = self.shapes.what(choice.shape, self.records.get(choice.record as usize).copied());
        Act { position, id: Tag::of_position(position), received: at, asserted: at, appended: at, what }
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("fewer than 2^32 choices and people")
}

/// People by key with where their choices start, and the choices in that order.
fn by_person(keys: &[PersonKey], persons: &[u32], choices: &[Choice]) -> (Vec<(PersonKey, u32)>, Vec<Choice>) {
    let mut people: Vec<(PersonKey, u32)> = keys.iter().copied().zip(0..).collect();
    people.sort_unstable();
    let mut next = vec![0_u32; keys.len()];
    persons.iter().for_each(|person| next[*person as usize] += 1);
    let mut start = 0;
    for (_, place) in &mut people {
        let count = std::mem::replace(&mut next[*place as usize], start);
        *place = start;
        start += count;
    }
    let mut sorted = vec![Choice { at: 0, position: 0, shape: 0, record: NO_RECORD }; choices.len()];
    for (person, choice) in persons.iter().zip(choices) {
        let place = &mut next[*person as usize];
        sorted[*place as usize] = *choice;
        *place += 1;
    }
    (people, sorted)
}

impl Snapshot for RawPeople {
    fn position(&self) -> u64 {
        self.choices.len() as u64
    }

    fn appended(&self) -> Micros {
        Micros::DISTANT_PAST
    }

    fn shared(&self) -> &Shared {
        &self.shared
    }

    fn each_in_bucket(&self, bits: u32, bucket: u64, visit: &mut dyn FnMut(PersonKey, &PersonHistory)) {
        let start = self.people.partition_point(|(key, _)| key.prefix(bits) < bucket);
        let end = self.people.partition_point(|(key, _)| key.prefix(bits) <= bucket);
        let mut acts = Vec::new();
        for at in start..end {
            let history = self.history(at, acts);
            visit(self.people[at].0, &history);
            acts = history.into_acts();
        }
    }

    fn person(&self, key: PersonKey) -> Option<PersonHistory> {
        let at = self.people.binary_search_by_key(&key, |(k, _)| *k).ok()?;
        Some(self.history(at, Vec::new()))
    }
}

/// What choices say, each combination of words once.
#[derive(Default)]
struct Shapes {
    list: Vec<Shape>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

struct Shape {
    words: (String, String, Option<String>),
    hash: u64,
    categories: Categories,
    /// What a choice of this shape says that names no record.
    plain: What,
}

impl Shapes {
    fn number(&mut self, purpose: &str, kind: &str, category: Option<&str>) -> u32 {
        let hash = self.hasher.hash_one((purpose, kind, category));
        let list = &self.list;
        let same = |n: &u32| {
            let words = &list[*n as usize].words;
            (words.0.as_str(), words.1.as_str(), words.2.as_deref()) == (purpose, kind, category)
        };
        if let Some(number) = self.table.find(hash, same) {
            return *number;
        }
        let number = number(list.len());
        self.table.insert_unique(hash, number, |n| list[*n as usize].hash);
        let categories = category.and_then(|c| c.parse::<Category>().ok()).map_or(Categories::ALL, Categories::one);
        let words = (purpose.to_owned(), kind.to_owned(), category.map(str::to_owned));
        self.list.push(Shape { words, hash, categories, plain: what(purpose, kind, categories, Vec::new()) });
        number
    }

    fn what(&self, number: u32, record: Option<u128>) -> What {
        let shape = &self.list[number as usize];
        match record {
            None => shape.plain.clone(),
            Some(record) => what(&shape.words.0, &shape.words.1, shape.categories, vec![record]),
        }
    }
}

fn what(purpose: &str, kind: &str, categories: Categories, records: Vec<u128>) -> What {
    let reach = Reach::new([purpose], categories, [FIRST_PARTY], records, Range::default());
    match kind {
        "consent" => What::Consent(consent(reach)),
        "withdraw" => What::Withdraw(reach),
        _ => What::Object(reach, Default::default()),
    }
}

fn consent(reach: Reach) -> Consent {
    Consent {
        reach,
        notice: None,
        method: Method::ActiveToggle,
        explicit: 0,
        names: Named::default(),
        bundled: false,
        expires: None,
        term: None,
    }
}

/// Accounts by name, numbered as they come; names lie one behind the other.
#[derive(Default)]
struct Names {
    text: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Names {
    fn name(text: &str, ends: &[u32], number: u32) -> std::ops::Range<usize> {
        let start = number.checked_sub(1).map_or(0, |before| ends[before as usize] as usize);
        debug_assert!(ends[number as usize] as usize <= text.len(), "bug: a name ends behind the text");
        start..ends[number as usize] as usize
    }

    fn number(&mut self, account: &str) -> u32 {
        let hash = self.hasher.hash_one(account);
        let same = |n: &u32| &self.text[Self::name(&self.text, &self.ends, *n)] == account;
        if let Some(number) = self.table.find(hash, same) {
            return *number;
        }
        let number = u32::try_from(self.ends.len()).expect("fewer people than 2^32");
        self.text.push_str(account);
        self.ends.push(u32::try_from(self.text.len()).expect("names of a bench fit in 4 GB"));
        let (text, ends, hasher) = (&self.text, &self.ends, &self.hasher);
        self.table.insert_unique(hash, number, |n| hasher.hash_one(&text[Self::name(text, ends, *n)]));
        number
    }

    /// Person keys by number.
    fn keys(&self, keyer: &Keyer) -> Vec<PersonKey> {
        let numbers = 0..u32::try_from(self.ends.len()).expect("fewer people than 2^32");
        numbers.map(|n| keyer.person(PLATFORM, &self.text[Self::name(&self.text, &self.ends, n)])).collect()
    }
}
