//! What changed since a revision, found among what was touched, is what comparing every record finds.

use std::collections::BTreeSet;

use mandat_core::event::EventLine;
use mandat_core::history::subjects;
use mandat_core::packs::Packs;
use mandat_core::snapshot::{MemorySnapshot, Snapshot};
use mandat_core::time::Micros;
use mandat_core::vocab::Profile;
use mandat_corpus::build::{BuildError, Order, Rules, Store, build};
use mandat_corpus::recipe::Recipe;
use mandat_corpus::since::{Answer, Incomparable, Since, Touched, Whole, since};
use mandat_corpus::vault::{Layout, Vault};
use proptest::prelude::*;

use crate::bytes::Head;
use crate::world::{Rng, World, keyer};

const FOUR: Layout = Layout { bucket_bits: 2, shard_bits: 3, group_bits: 4 };

/// A revision, and what happened afterwards.
struct Story {
    world: World,
    dir: tempfile::TempDir,
    recipe: Recipe,
    packs: Packs,
    vault: Vault,
    then: usize,
    revised: Micros,
}

impl Story {
    /// Builds a revision from the first `events` and the first `parts` of the records.
    fn new(seed: u64, profile: Profile, packs: &[&str], later: usize, days: i64) -> Self {
        let world = World::random(seed, 60, 50);
        let dir = tempfile::tempdir().unwrap();
        let (then, half) = (50 - later, 60 - later % 20);
        let vault = world.vault(dir.path(), &[(0..half).collect()], 1, FOUR);
        let recipe = Recipe { profile, ..Recipe::new("grow", "train_generative") };
        let snapshot = world.known(then);
        let revised = snapshot.appended().plus_days(days);
        let story = Self { world, dir, recipe, packs: Packs::embedded(packs).unwrap(), vault, then, revised };
        let store = Store::new(story.dir.path());
        build(&story.vault, &store, &snapshot, &story.order(revised), Micros(0), &Head::still(), &|_, _| {}).unwrap();
        story
    }

    fn order(&self, at: Micros) -> Order<'_> {
        let rules = Rules { table: &self.packs.table, settings: self.packs.settings, packs: &[] };
        Order { recipe: &self.recipe, rules, at }
    }

    /// Ingests the rest of the records in batches.
    fn ingest_rest(&mut self, batches: usize) {
        let from = 60 - (50 - self.then) % 20;
        let rest: Vec<usize> = (from..60).collect();
        let parts: Vec<Vec<usize>> = rest.chunks(rest.len().div_ceil(batches).max(1)).map(<[usize]>::to_vec).collect();
        self.vault = self.world.vault(self.dir.path(), &parts, 1, FOUR);
    }

    /// What the later events touch.
    fn touched(&self) -> Touched {
        let mut touched = Touched::default();
        for line in &self.world.events[self.then..] {
            let line: EventLine = serde_json::from_value(line.clone()).unwrap();
            let people = subjects(&line, "x", &keyer());
            if people.is_empty() {
                touched.event(&line, &keyer());
            }
            touched.people.extend(people);
        }
        let (then, now) = (self.world.known(self.then), self.world.snapshot());
        let differs = |key: &_| then.people.get(key) != now.people.get(key);
        touched.people.extend(now.people.keys().filter(|key| differs(key)));
        touched
    }

    fn since(&self, snapshot: &MemorySnapshot, at: Micros, touched: &Touched, all: bool) -> Since {
        let store = Store::new(self.dir.path());
        match since(&self.vault, &store, 1, snapshot, &self.order(at), touched, all).unwrap() {
            Answer::Changes(changes) => *changes,
            Answer::Incomparable(why) => panic!("{why:?}"),
        }
    }
}

/// Both ways of finding out; gives what changed, and whether anything was taken over.
fn compare(seed: u64, profile: Profile, packs: &[&str], later: usize) -> Result<(u64, bool), TestCaseError> {
    let mut rng = Rng(seed ^ 77);
    let mut story = Story::new(seed, profile, packs, later, [-400, 0, 1, 400][rng.below(4)]);
    story.ingest_rest(1 + rng.below(3));
    let (snapshot, mut touched) = (story.world.snapshot(), story.touched());
    let at = if rng.one_in(3) { story.revised } else { story.revised.max(snapshot.appended()) };
    let at = at.plus_days([0, 1, 40, 900][rng.below(4)]);
    let found = story.since(&snapshot, at, &touched, false);
    touched.everybody = None;
    let all = story.since(&snapshot, at, &touched, true);
    prop_assert_eq!(all.whole, Some(Whole::Asked));
    let taken_over = found.whole.is_none() && found.records < all.records;
    let changed = all.comes_in.records + all.falls_out.records + all.otherwise + all.edited;
    let alike = Since { whole: None, people: 0, records: 0, ..found };
    prop_assert_eq!(alike, Since { whole: None, people: 0, records: 0, ..all }, "seed {} later {}", seed, later);
    Ok((changed, taken_over))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, ..ProptestConfig::default() })]

    #[test]
    fn what_was_touched_holds_all_that_changed(seed in any::<u64>(), consent in any::<bool>(), later in 0_usize..20) {
        let profile = if consent { Profile::Consent } else { Profile::LegitimateInterest };
        compare(seed, profile, &["core", "eu-gdpr"], later)?;
    }

    #[test]
    fn also_under_the_simple_rule(seed in any::<u64>(), later in 0_usize..20) {
        compare(seed, Profile::Consent, &["bench"], later)?;
    }
}

/// A property over stories in which nothing happens, or everything is read, would hold by accident.
#[test]
fn stories_are_worth_their_name() {
    let (mut changed, mut taken_over) = (0, 0);
    for seed in 0..40 {
        let (records, saved) = compare(seed, Profile::LegitimateInterest, &["core", "eu-gdpr"], 4).unwrap();
        changed += u64::from(records > 0);
        taken_over += u64::from(saved);
    }
    assert!(changed >= 25 && taken_over >= 10, "changed in {changed}, taken over in {taken_over} of 40");
}

#[test]
fn what_concerns_everybody_compares_every_record_and_says_why() {
    let story = Story::new(3, Profile::Consent, &["core", "eu-gdpr"], 0, 0);
    let (snapshot, none) = (story.world.snapshot(), Touched::default());
    let same = story.since(&snapshot, story.revised, &none, false);
    assert_eq!((same.whole, same.records, same.people), (None, 0, 0), "nothing happened, nothing is read");
    assert_eq!(story.since(&snapshot, story.revised.plus_days(-1), &none, false).whole, Some(Whole::Earlier));
    let notices = Touched { everybody: Some(Whole::Notices), ..Touched::default() };
    assert_eq!(story.since(&snapshot, story.revised, &notices, false).whole, Some(Whole::Notices));
    let mut other = story.world.snapshot();
    other.shared.controller.min_training_age = 21;
    assert_eq!(story.since(&other, story.revised, &none, false).whole, Some(Whole::Controller));
    let mut stricter = Story { packs: Packs::embedded(&["core", "eu-gdpr", "de-hh-2025"]).unwrap(), ..story };
    assert_eq!(stricter.since(&snapshot, stricter.revised, &none, false).whole, Some(Whole::Packs));
    stricter.packs = Packs::embedded(&["core", "eu-gdpr"]).unwrap();
    stricter.recipe.recipient = "lab".into();
    assert_eq!(stricter.since(&snapshot, stricter.revised, &none, false).whole, Some(Whole::Recipe));
}

#[test]
fn a_revision_that_left_nothing_to_compare_with_is_named() {
    let mut story = Story::new(5, Profile::Consent, &["core", "eu-gdpr"], 0, 0);
    let store = Store::new(story.dir.path());
    let basis = store.verdict_dir("grow", 1).join("basis.json");
    let ask = |story: &Story| {
        let (snapshot, order) = (story.world.snapshot(), story.order(story.revised));
        since(&story.vault, &store, 1, &snapshot, &order, &Touched::default(), false)
    };
    let batch = story.vault.batches()[0].id.clone();
    story.vault.undo(&batch, true, 1 << 20).unwrap();
    assert_eq!(ask(&story).unwrap(), Answer::Incomparable(Incomparable::Merged));
    std::fs::remove_file(basis).unwrap();
    assert_eq!(ask(&story).unwrap(), Answer::Incomparable(Incomparable::NoBasis));
}

#[test]
fn a_damaged_file_is_an_error_that_says_what_to_do() {
    let story = Story::new(7, Profile::Consent, &["core", "eu-gdpr"], 0, 0);
    let store = Store::new(story.dir.path());
    let dir = store.verdict_dir("grow", 1);
    let names: BTreeSet<_> = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name()).collect();
    let (touched, at) = (Touched::default(), story.revised);
    for name in names.iter().filter_map(|n| n.to_str()) {
        if !name.ends_with(".rows") && !name.ends_with(".ahead") {
            continue;
        }
        let whole = std::fs::read(dir.join(name)).unwrap();
        std::fs::remove_file(dir.join(name)).unwrap();
        std::fs::write(dir.join(name), &whole[..whole.len() - 1]).unwrap();
        let all = since(
            &story.vault,
            &store,
            1,
            &story.world.snapshot(),
            &story.order(at),
            &touched,
            name.ends_with(".rows"),
        );
        assert!(matches!(all, Err(BuildError::Io { .. })), "{name} cut short was read");
        std::fs::remove_file(dir.join(name)).unwrap();
        std::fs::write(dir.join(name), &whole).unwrap();
    }
}
