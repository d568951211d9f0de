//! The properties of the law reference, section 4.4, and the split of facts that the build rests on.

use mandat_core::admission::{Compiler, Evaluator};
use mandat_core::decide::decide;
use mandat_core::derive::{Context, Fact, full_facts, order_facts, traits_facts};
use mandat_core::explain;
use mandat_core::history::{PersonHistory, Shared};
use mandat_core::packs::Kind;
use mandat_core::time::Micros;
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::{Audience, Category, Profile, Provenance, Reason, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cases::{Case, Everyone, Picks, cases, event, moving_settings, packs};

/// Out, in with something taken out, or in: what a corpus shows.
fn level(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Include => 2,
        Verdict::IncludeRedacted => 1,
        Verdict::Hold | Verdict::Exclude => 0,
    }
}

fn levels(case: &Case) -> [u8; 2] {
    let world = case.world();
    [Profile::Consent, Profile::LegitimateInterest].map(|p| level(case.decide_in(&world, p).verdict))
}

fn picks() -> impl Strategy<Value = Picks> {
    proptest::array::uniform16(any::<u8>())
}

/// Whether an event can only take records out.
fn is_restrictive(event: &Value) -> bool {
    let says = |key: &str| event[key].as_str().unwrap_or("");
    match says("event") {
        "refuse" | "withdraw" | "object" | "erase" | "restrict" | "signal" | "compromised" | "deleted" => true,
        "order" | "legal_hold" => event.get("lifted").is_none() && event.get("released").is_none(),
        "guardian" => says("act") == "object",
        "org_policy" | "directive" => says("act") == "deny",
        "account_status" => matches!(says("status"), "deactivated" | "deceased"),
        "visibility" => says("audience") != "public",
        "verification" => says("result") == "verified",
        _ => false,
    }
}

/// Whether an event can only let records in. A consent that ends closes legitimate interest behind it.
fn is_permissive(event: &Value) -> bool {
    let says = |key: &str| event[key].as_str().unwrap_or("");
    match says("event") {
        "notice_delivered" | "lift" => true,
        "consent" => event.get("expires").is_none(),
        "guardian" => says("act") == "consent",
        "org_policy" | "directive" => says("act") == "allow",
        "account_status" => says("status") == "active",
        _ => false,
    }
}

fn with_event(case: &Case, at: usize, mut event: Value) -> Case {
    let mut more = case.clone();
    if event["event"] == "order" {
        event["order"] = json!("another");
    }
    event["id"] = json!("added");
    more.events.insert(at.min(case.events.len()), event);
    more
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_global_rejects: 60_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn p01_a_restrictive_event_never_adds_a_record(case in cases(8), added in picks(), at in 0_usize..9) {
        let added = event(&added);
        prop_assume!(is_restrictive(&added));
        let more = with_event(&case, at, added);
        for (before, after) in levels(&case).into_iter().zip(levels(&more)) {
            prop_assert!(after <= before, "with it:{:?}", more);
        }
    }

    #[test]
    fn p02_taking_away_a_permissive_event_never_adds_a_record(case in cases(8), at in any::<prop::sample::Index>()) {
        let permissive: Vec<_> = (0..case.events.len()).filter(|i| is_permissive(&case.events[*i])).collect();
        prop_assume!(!permissive.is_empty());
        let mut less = case.clone();
        // What an id points to stays what it was: the event goes, its place remains.
        less.events[permissive[at.index(permissive.len())]] = json!({"event": "age", "received": "2024-06-01", "account": "nobody", "id": "gone"});
        for (before, after) in levels(&case).into_iter().zip(levels(&less)) {
            prop_assert!(after <= before, "without it:{:?}", less);
        }
    }

    #[test]
    fn p03_the_order_of_arrival_does_not_matter(case in cases(8), seed in any::<u64>()) {
        let mut shuffled = case.sequenced();
        let mut state = seed;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(case.world_in(&shuffled).people, case.world().people);
        for profile in Profile::ALL {
            prop_assert_eq!(case.decide_in(&case.world_in(&shuffled), *profile), case.decide(*profile));
        }
    }

    #[test]
    fn p04_an_event_twice_is_an_event_once(case in cases(6)) {
        let mut twice = case.sequenced();
        let again: Vec<_> = twice.iter().cloned().map(|mut e| { e.position += 100; e }).collect();
        twice.extend(again);
        for profile in Profile::ALL {
            prop_assert_eq!(case.decide_in(&case.world_in(&twice), *profile), case.decide(*profile));
        }
    }

    #[test]
    fn p05_a_narrower_consent_never_adds_a_record(case in cases(8), key in 0_usize..3) {
        let key = ["purposes", "categories", "recipients"][key];
        let mut narrow = case.clone();
        let lists = narrow.events.iter_mut().filter(|e| e["event"] == "consent");
        let mut narrowed = false;
        for list in lists.filter_map(|e| e[key].as_array_mut()).filter(|l| l.len() > 1) {
            list.pop();
            narrowed = true;
        }
        prop_assume!(narrowed);
        for (before, after) in levels(&case).into_iter().zip(levels(&narrow)) {
            prop_assert!(after <= before, "narrower:{:?}", narrow);
        }
    }

    #[test]
    fn p06_a_decision_is_a_function_and_a_stored_prefix_goes_on_as_if_never_stored(case in cases(8), cut in 0_usize..9) {
        let events = case.sequenced();
        let whole = case.world();
        let mut shared = case.world_in(&events[..cut.min(events.len())]).shared;
        let bytes = postcard::to_allocvec(&shared).unwrap();
        shared = postcard::from_bytes::<Shared>(&bytes).unwrap();
        events[cut.min(events.len())..].iter().for_each(|e| shared.apply(e, &whole.keyer));
        prop_assert_eq!(&shared, &whole.shared);
        let bytes = postcard::to_allocvec(whole.history()).unwrap();
        prop_assert_eq!(&postcard::from_bytes::<PersonHistory>(&bytes).unwrap(), whole.history());
        let text = serde_json::to_string(whole.history()).unwrap();
        prop_assert_eq!(&serde_json::from_str::<PersonHistory>(&text).unwrap(), whole.history());
        for profile in Profile::ALL {
            prop_assert_eq!(case.decide(*profile), case.decide_in(&whole, *profile));
        }
    }

    #[test]
    fn p07_people_who_share_no_record_do_not_touch_each_other(case in cases(6), added in picks()) {
        let mut added = event(&added);
        prop_assume!(added.get("account").is_some() && added.get("record").is_none());
        added["account"] = json!("zoe");
        let more = with_event(&case, case.events.len(), added);
        for profile in Profile::ALL {
            prop_assert_eq!(case.decide(*profile), more.decide(*profile));
        }
    }

    #[test]
    fn p08_inclusion_has_a_basis_and_exclusion_a_reason_with_an_article(case in cases(8)) {
        let world = case.world();
        let kind = &world.history().info;
        let natural = kind.kind == mandat_core::vocab::PersonKind::Natural && !kind.is_joint();
        for profile in Profile::ALL {
            let decision = case.decide_in(&world, *profile);
            prop_assert_eq!(decision.verdict == Verdict::Include, decision.reasons.is_empty());
            prop_assert!(decision.reasons.iter().all(|r| !r.articles.is_empty() && !explain::text(r.reason).articles.is_empty()));
            prop_assert!(level(decision.verdict) == 0 || !natural || !decision.basis.is_empty());
        }
    }

    #[test]
    fn p09_whoever_denies_and_never_takes_it_back_is_out(case in cases(8), at in 0_usize..9, kind in 0_usize..4) {
        let mut denied = case.clone();
        denied.events.retain(|e| !matches!(e["event"].as_str(), Some("consent" | "lift" | "verification")));
        let kind = ["object", "refuse", "withdraw", "erase"][kind];
        let event = json!({"event": kind, "received": "2025-03-03", "account": "anna"});
        let denied = with_event(&denied, at, event);
        prop_assert_eq!(levels(&denied), [0, 0]);
    }

    #[test]
    fn p11_what_is_stored_and_printed_names_nobody(case in cases(8)) {
        let world = case.world();
        for history in world.people.values() {
            let (text, debug) = (serde_json::to_string(history).unwrap(), format!("{history:?}"));
            for name in ["anna", "carl", "acme", "\"ben\"", "\"p1\""] {
                prop_assert!(!text.contains(name) && !debug.contains(name), "{}", name);
            }
        }
    }

    #[test]
    fn p12_profiles_differ_by_their_ground_alone(case in cases(8)) {
        let [consent, interest] = [Profile::Consent, Profile::LegitimateInterest].map(|p| case.decide(p).codes());
        let common = [
            Reason::Erased, Reason::Deleted, Reason::Superseded, Reason::Restricted, Reason::LegalHold,
            Reason::RegulatoryOrder, Reason::Deactivated, Reason::AgeUnknown, Reason::RetentionOver, Reason::OrgDeny,
            Reason::NoBasis, Reason::SpecialCategoryThirdParty, Reason::DpiaMissing, Reason::ObjectionPending,
            Reason::ParticipantMissing, Reason::LicenceNotCovered,
        ];
        for reason in common {
            prop_assert_eq!(consent.contains(&reason), interest.contains(&reason), "{}", reason);
        }
    }

    #[test]
    fn p13_what_is_erased_never_comes_back(case in cases(8), whole in any::<bool>(), mark in any::<bool>()) {
        let records = if whole { Value::Null } else { json!(["p1"]) };
        let mut erase = json!({"event": "erase", "received": "2024-06-01", "account": "anna", "records": records});
        erase.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        let erased = with_event(&case, 0, erase);
        for profile in Profile::ALL {
            let codes = erased.decide(*profile).codes();
            prop_assert!(codes.contains(&Reason::Erased));
        }
        // A re-import under another id is met by the suppression mark.
        let traits = Traits::new(Category::Post, Audience::Public, Provenance::Imported).with_if(Mark::Suppressed, mark);
        prop_assert_eq!(traits_facts(traits).has(Fact::Erased), mark);
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_global_rejects: 60_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn facts_hold_between_breakpoints_and_outside_the_categories_named(case in cases(10)) {
        let world = case.world();
        for profile in Profile::ALL {
            let ask = case.ask(*profile);
            let ctx = Context::new(&ask, &world.shared, moving_settings());
            for history in world.people.values() {
                check_split(history, &ctx)?;
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_global_rejects: 60_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_parts_of_a_fast_record_make_up_the_whole(case in cases(8)) {
        let world = case.world();
        let ask = case.ask(Profile::Consent);
        let ctx = Context::new(&ask, &world.shared, packs().settings);
        let others = world.others();
        let view = world.view(&others);
        let slow = view.traits.needs_lookup() || world.history().names_records() || world.shared.names_record(view.key);
        prop_assume!(!slow && view.retain_until.is_none());
        let category = view.traits.category().unwrap();
        let parts = world.history().facts(&ctx, category, view.created)
            | traits_facts(view.traits)
            | order_facts(world.history(), &ctx, &view);
        let whole = full_facts(&view, world.history(), &ctx, &Everyone { world: &world, ctx: &ctx });
        prop_assert_eq!(parts.iter().collect::<Vec<_>>(), whole.iter().collect::<Vec<_>>());
    }

    #[test]
    fn the_lowering_decides_like_the_specification(case in cases(8), layers in 0_usize..3) {
        let sets: [&[&str]; 3] = [
            &["core", "eu-gdpr"],
            &["core", "eu-gdpr", "de-hh-2025", "us-ca", "us-il-bipa", "us-coppa-2026", "br-anpd-2024"],
            &["bench"],
        ];
        let packs = mandat_core::packs::Packs::embedded(sets[layers]).unwrap();
        let world = case.world();
        for profile in Profile::ALL {
            let ask = case.ask(*profile);
            let ctx = Context::new(&ask, &world.shared, packs.settings);
            let mut evaluator = Evaluator::new(&packs.table, *profile);
            let mut compiler = Compiler::new(&ctx, &mut evaluator);
            world.people.iter().for_each(|(key, history)| compiler.push(&mut evaluator, *key, history));
            let admission = compiler.finish();
            let rows = admission.at(admission.seek(0, world.anna()), world.anna());
            let others = world.others();
            let view = world.view(&others);
            let people = Everyone { world: &world, ctx: &ctx };
            let named = rows.names(view.key) || world.shared.names_record(view.key);
            let slow = rows.slow || named || view.traits.needs_lookup();
            let facts = if slow {
                full_facts(&view, world.history(), &ctx, &people)
            } else {
                let (row, _) = rows.row(view.created.0);
                evaluator.person_facts(row, view.traits) | traits_facts(view.traits) | order_facts(world.history(), &ctx, &view)
            };
            let id = evaluator.judge(facts);
            let outcome = evaluator.outcome(id);
            let decision = decide(&view, world.history(), &ctx, &people, &packs.table);
            prop_assert_eq!(outcome.verdict, decision.verdict);
            let mut codes: Vec<_> = outcome.reasons.iter().collect();
            codes.sort_unstable();
            prop_assert_eq!(codes, decision.codes());
        }
    }

    #[test]
    fn nothing_changes_before_the_next_change(case in cases(8), share in 1_i64..100) {
        let world = case.world();
        let mut ask = case.ask(Profile::LegitimateInterest);
        ask.now = ask.at;
        let ctx = Context::new(&ask, &world.shared, packs().settings);
        let others = world.others();
        let view = world.view(&others);
        let category = view.traits.category().unwrap();
        let now = world.history().facts(&ctx, category, view.created) | order_facts(world.history(), &ctx, &view);
        let next = world.history().next_change_at(&ctx).unwrap_or(Micros::parse("2040-01-01").unwrap());
        let mut later = ask.clone();
        later.at = Micros(ask.at.0 + (next.0 - ask.at.0 - 1) / 100 * share);
        later.now = later.at;
        let ctx = Context::new(&later, &world.shared, packs().settings);
        let then = world.history().facts(&ctx, category, view.created) | order_facts(world.history(), &ctx, &view);
        prop_assert_eq!(now.iter().collect::<Vec<_>>(), then.iter().collect::<Vec<_>>());
    }
}

/// Facts are the same at both ends of a segment and in the middle, and for all categories that are
/// not named.
fn check_split(history: &PersonHistory, ctx: &Context<'_>) -> Result<(), TestCaseError> {
    let mut points = vec![Micros::parse("1990-01-01").unwrap()];
    points.extend(history.breakpoints(ctx));
    points.push(Micros::parse("2030-01-01").unwrap());
    let own = history.categories(ctx);
    let plain: Vec<_> = Category::ALL.iter().copied().filter(|c| !own.has(*c)).collect();
    for pair in points.windows(2).filter(|pair| pair[0] < pair[1]) {
        let middle = Micros(i64::midpoint(pair[0].0, pair[1].0));
        for category in Category::ALL {
            let first = history.facts(ctx, *category, pair[0]);
            for at in [middle, Micros(pair[1].0 - 1)] {
                let facts = history.facts(ctx, *category, at);
                prop_assert_eq!(
                    first.iter().collect::<Vec<_>>(),
                    facts.iter().collect::<Vec<_>>(),
                    "{} {}",
                    category,
                    at
                );
            }
        }
        if let Some(one) = plain.first() {
            let facts = history.facts(ctx, *one, middle);
            for other in &plain {
                prop_assert_eq!(facts, history.facts(ctx, *other, middle), "{} {}", one, other);
            }
        }
    }
    Ok(())
}

/// A property over cases that are all out would hold by accident.
#[test]
fn generated_cases_are_worth_their_name() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = [[0_u32; 3]; 2];
    for _ in 0..600 {
        let case = cases(8).new_tree(&mut runner).unwrap().current();
        for (counts, level) in seen.iter_mut().zip(levels(&case)) {
            counts[usize::from(level)] += 1;
        }
    }
    for counts in seen {
        assert!(counts[0] > 100 && counts[1] > 2 && counts[2] > 40, "out, redacted, in: {seen:?}");
    }
}

#[test]
fn every_pack_of_the_folder_is_built_in_and_reads() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().into_string().unwrap().strip_suffix(".toml").map(str::to_string))
        .collect();
    files.sort();
    let mut names: Vec<_> = mandat_core::packs::names().map(str::to_string).collect();
    names.sort();
    assert_eq!(files, names);
    for name in &names {
        let packs = mandat_core::packs::Packs::embedded(&[name]).unwrap();
        assert_eq!(&packs.packs[0].id, name);
        assert_eq!(packs.is_replay(), packs.packs[0].kind == Kind::Replay);
    }
}
