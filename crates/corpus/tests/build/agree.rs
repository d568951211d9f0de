//! The vectorised build decides every row as `decide` does.

use mandat_core::ask::{Ask, Mode};
use mandat_core::decide::decide;
use mandat_core::derive::Context;
use mandat_core::event::Categories;
use mandat_core::packs::Packs;
use mandat_core::snapshot::Snapshot;
use mandat_core::time::Micros;
use mandat_core::vocab::Profile;
use mandat_corpus::admit::{Question, SnapshotPeople, decide_bucket, each_record};
use mandat_corpus::vault::Layout;
use proptest::prelude::*;

use crate::world::{Rng, World};

const FOUR: Layout = Layout { bucket_bits: 2, shard_bits: 3, group_bits: 4 };

fn compare(seed: u64, profile: Profile, purpose: &str, recipient: &str, packs: &[&str]) -> Result<(), TestCaseError> {
    let world = World::random(seed, 60, 45);
    let dir = tempfile::tempdir().unwrap();
    let mut rng = Rng(seed ^ 1);
    let mut parts = vec![Vec::new(); 1 + rng.below(3)];
    for i in 0..world.records.len() {
        let part = rng.below(parts.len());
        parts[part].push(i);
    }
    let vault = world.vault(dir.path(), &parts, 1, FOUR);
    let snapshot = world.snapshot();
    let packs = Packs::embedded(packs).unwrap();
    let at = Micros::parse(&rng.time()).unwrap();
    let now = at.max(snapshot.appended());
    let ask = Ask {
        purpose: purpose.into(),
        profile,
        recipient: recipient.into(),
        at,
        now,
        mode: Mode::Build,
        known_at: None,
    };
    let context = Context::new(&ask, snapshot.shared(), packs.settings);
    let people = SnapshotPeople::new(&snapshot, &context);
    let question = Question {
        context: &context,
        table: &packs.table,
        snapshot: &snapshot,
        people: &people,
        categories: Categories::ALL,
    };
    for bucket in 0..vault.buckets() {
        let decision = decide_bucket(&vault, &question, bucket).unwrap();
        for (index, run) in vault.runs(bucket).unwrap().iter().enumerate() {
            let mut failed = None;
            each_record(run, &mut |row, record, current| {
                let got = decision.outcome(index, row as usize);
                if !current || record.created > at {
                    assert_eq!(got, None, "only current records made up to T are candidates");
                    return;
                }
                let history = snapshot.person(record.person).unwrap_or_default();
                let expected = decide(record, &history, &context, &people, &packs.table);
                let got = got.unwrap();
                if (got.verdict, got.reasons.iter().collect()) != (expected.verdict, expected.codes()) {
                    let codes: Vec<_> = got.reasons.iter().collect();
                    failed.get_or_insert(format!(
                        "seed {seed} {profile} record {} at {at}: build says {} {codes:?}, decide says {} {:?}",
                        record.id,
                        got.verdict,
                        expected.verdict,
                        expected.codes()
                    ));
                }
            })
            .unwrap();
            prop_assert!(failed.is_none(), "{}", failed.unwrap());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn decide_equals_the_lowering_under_the_default_packs(seed in any::<u64>(), consent in any::<bool>()) {
        let profile = if consent { Profile::Consent } else { Profile::LegitimateInterest };
        compare(seed, profile, "train_generative", "first_party", &["core", "eu-gdpr"])?;
    }

    #[test]
    fn decide_equals_the_lowering_for_licensees(seed in any::<u64>(), consent in any::<bool>()) {
        let profile = if consent { Profile::Consent } else { Profile::LegitimateInterest };
        compare(seed, profile, "license_third_party", "lab", &["core", "eu-gdpr"])?;
    }

    #[test]
    fn decide_equals_the_lowering_under_the_simple_rule(seed in any::<u64>(), consent in any::<bool>()) {
        let profile = if consent { Profile::Consent } else { Profile::LegitimateInterest };
        compare(seed, profile, "train_generative", "first_party", &["bench"])?;
    }
}
