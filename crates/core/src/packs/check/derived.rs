//! What the checks take for granted holds for everything that can be derived.

use proptest::prelude::*;
use serde_json::json;

use crate::ask::Ask;
use crate::controller::Controller;
use crate::derive::{Context, Fact, Other, People, RecordView, Settings, Stance, full_facts};
use crate::event::EventLine;
use crate::history::{PersonHistory, Sequenced, Shared, org_key};
use crate::notice::Notice;
use crate::packs::check::assumptions;
use crate::packs::check::logic::Cube;
use crate::person::{AgeBand, PersonInfo, PersonMore};
use crate::proof::{Keyer, PersonKey, RecordKey};
use crate::table::Facts;
use crate::time::Micros;
use crate::traits::{Mark, Traits};
use crate::vocab::{AccountStatus, Audience, Category, Flag, PersonKind, Profile, Provenance, Role, Special};

/// Choices of a generated case, each taken modulo what there is to choose from.
type Picks = Vec<u8>;

const KINDS: [&str; 24] = [
    "notice_delivered",
    "consent",
    "consent",
    "consent",
    "consent",
    "consent",
    "refuse",
    "withdraw",
    "object",
    "erase",
    "restrict",
    "lift",
    "guardian",
    "org_policy",
    "order",
    "legal_hold",
    "directive",
    "signal",
    "account_status",
    "age",
    "move",
    "compromised",
    "visibility",
    "edited",
];

fn pick<'p, T: Clone>(picks: &mut impl Iterator<Item = &'p u8>, from: &[T]) -> T {
    from[usize::from(*picks.next().unwrap_or(&0)) % from.len()].clone()
}

fn day(number: u8) -> String {
    Micros::parse("2025-11-01").unwrap().plus_days(i64::from(number % 60)).to_string()
}

/// An event of Anna's, or of nobody, about the one record there is.
fn event(position: u64, picks: &[u8]) -> Sequenced {
    let mut next = picks.iter().cycle();
    let kind = pick(&mut next, &KINDS);
    let received = day(*next.next().unwrap());
    let late = pick(&mut next, &[false, false, false, true]);
    let asserted = if late { day(*next.next().unwrap()) } else { received.clone() };
    let mut line = json!({"event": kind, "received": received, "asserted": asserted});
    if !matches!(kind, "order" | "org_policy") {
        line["account"] = json!("anna");
    }
    if kind == "consent" {
        consent(&mut line, &mut next);
    } else {
        particulars(kind, &mut line, &mut next);
    }
    if matches!(kind, "consent" | "refuse" | "withdraw" | "object" | "guardian" | "org_policy" | "order") {
        let posts = json!(["post", "reply", "repost", "quote", "comment", "caption", "photo", "profile"]);
        line["categories"] = pick(&mut next, &[json!(["*"]), posts, json!(["direct_message", "career"])]);
    }
    if line["categories"].is_array() && kind != "order" {
        let training = json!(["train_generative"]);
        let purposes = [training.clone(), training, json!(["*"]), json!(["ai_training"]), json!(["match_jobs"])];
        line["purposes"] = pick(&mut next, &purposes);
    }
    let line: EventLine = serde_json::from_value(line).unwrap();
    Sequenced { position, appended: line.received, line }
}

fn consent<'p>(line: &mut serde_json::Value, next: &mut impl Iterator<Item = &'p u8>) {
    line["notice"] = json!(pick(next, &["n1", "n1", "n2", "n3"]));
    line["method"] = json!(pick(next, &["active_toggle", "written_release", "written_release", "tos_accept"]));
    line["recipients"] = pick(next, &[json!(["first_party"]), json!(["*"]), json!(["*"]), json!(["lab"])]);
    line["explicit"] = pick(next, &[json!([]), json!(["health", "biometric"])]);
    line["names"] = json!([pick(next, &["minor_records", "career", "guardian", "non_public", "gpc_conflict"])]);
    line["term"] = json!("2027-01-01");
    if pick(next, &[true, false, false]) {
        line["expires"] = json!("2025-12-10");
    }
}

/// What an event of a kind says beyond who and when; one that a kind does not know changes nothing.
fn particulars<'p>(kind: &str, line: &mut serde_json::Value, next: &mut impl Iterator<Item = &'p u8>) {
    let mut set = |key: &str, value: serde_json::Value| line[key] = value;
    match kind {
        "notice_delivered" => {
            set("notice", json!(pick(next, &["n1", "n2"])));
            set("language", json!(pick(next, &["nl", "de"])));
        }
        "object" => set("verified", pick(next, &[json!(true), json!("pending"), json!("failed")])),
        "restrict" => set("by", json!(pick(next, &["subject", "platform"]))),
        "lift" => {
            set("by", json!(pick(next, &["subject", "platform"])));
            set("of", json!(pick(next, &["restriction", "objection", "signal_conflict", "e1"])));
        }
        "guardian" => set("act", json!(pick(next, &["consent", "object"]))),
        "directive" => set("act", json!(pick(next, &["allow", "deny"]))),
        "org_policy" => {
            set("act", json!(pick(next, &["allow", "deny"])));
            set("org", json!("page"));
        }
        "order" => set("regions", pick(next, &[json!(["EU"]), json!(["US"])])),
        "signal" => {
            let sources = ["gpc", "content_usage", "tdmrep", "cawg", "lexicon", "rsl", "drp"];
            set("source", json!(pick(next, &sources)));
            let raw = ["1", "train-ai=n", "training=false", "training=true", "notAllowed", "sale:opt-out"];
            set("raw", json!(pick(next, &raw)));
        }
        "account_status" => set("status", json!(pick(next, &["deactivated", "active", "deceased"]))),
        "age" => set("born", json!(pick(next, &["1980-01-01", "2009-06-01", "2014-01-01"]))),
        "move" => set("country", json!(pick(next, &["US", "BR", "AT", "GB"]))),
        "visibility" => {
            set("record", json!("p1"));
            set("audience", json!(pick(next, &["public", "private", "group"])));
        }
        "edited" => {
            set("record", json!("p1"));
            set("special", json!(["health"]));
        }
        _ => {}
    }
}

fn notices() -> Vec<Notice> {
    let notice = |id: &str, rest: serde_json::Value| {
        let mut notice =
            json!({"id": id, "published": "2025-10-20", "purposes": ["train_generative"], "languages": ["nl"]});
        notice.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        serde_json::from_value(notice).unwrap()
    };
    vec![
        notice("n1", json!({"covers_earlier_records": true})),
        notice("n2", json!({"effective": "2025-11-20", "recipients": ["*"], "languages": ["nl", "de"]})),
    ]
}

fn person(picks: &[u8], keyer: &Keyer) -> PersonInfo {
    let mut next = picks.iter();
    let country = pick(&mut next, &["DE", "US", "BR", "AT"]);
    let kind = pick(&mut next, &[PersonKind::Natural, PersonKind::Natural, PersonKind::Organisation, PersonKind::Bot]);
    let holders = if pick(&mut next, &[false, false, true]) { vec![keyer.person("x", "ben").0] } else { Vec::new() };
    PersonInfo {
        country: Some(country.parse().unwrap()),
        born: pick(&mut next, &[None, Some(4_000), Some(14_000), Some(16_000)]),
        age_band: pick(&mut next, &[None, Some(AgeBand::From16To17), Some(AgeBand::Adult)]),
        kind,
        status: pick(&mut next, &[AccountStatus::Active, AccountStatus::Active, AccountStatus::Deceased]),
        more: Some(Box::new(PersonMore {
            holders,
            org: Some(org_key(keyer, "page").0),
            last_interaction: Some(Micros::parse(pick(&mut next, &["2020-01-01", "2025-01-01"])).unwrap()),
            ..PersonMore::default()
        })),
        ..PersonInfo::default()
    }
}

fn traits(picks: &[u8]) -> Traits {
    let mut next = picks.iter();
    let category = pick(&mut next, Category::ALL);
    let audience = pick(&mut next, Audience::ALL);
    let mut traits = Traits::new(category, audience, pick(&mut next, Provenance::ALL));
    if pick(&mut next, &[true, false]) {
        traits = traits.with_special(pick(&mut next, Special::ALL));
    }
    if pick(&mut next, &[true, false]) {
        traits = traits.with_flag(pick(&mut next, Flag::ALL));
    }
    let marks = [
        Mark::Text,
        Mark::Text,
        Mark::Deleted,
        Mark::AudienceNarrowed,
        Mark::QuotesUnknown,
        Mark::Suppressed,
        Mark::Dependent,
        Mark::OnHold,
        Mark::Superseded,
        Mark::Rightsholder,
        Mark::DepictsChild,
        Mark::DepictsUnknown,
        Mark::ReservedSpan,
    ];
    traits.with(pick(&mut next, &marks))
}

/// Everybody else says what the case says.
struct Others(Stance);

impl People for Others {
    fn stance(&self, _: PersonKey, _: Option<RecordKey>, _: Category, _: Micros) -> Stance {
        self.0
    }
}

fn facts(events: &[Picks], rest: &[u8]) -> Facts {
    let keyer = Keyer::new(&[7; 32]);
    let mut shared = Shared::new(Controller::default());
    shared.notices = notices().into_iter().map(|n| (n.id.clone(), n)).collect();
    let mut history = PersonHistory::new(person(&rest[..8], &keyer));
    let told = json!({"event": "notice_delivered", "received": "2025-10-25", "account": "anna", "notice": "n1", "language": "nl"});
    let told: EventLine = serde_json::from_value(told).unwrap();
    let first = Sequenced { position: 0, appended: told.received, line: told };
    let told_first = rest[23] & 3 != 0;
    for event in told_first.then_some(first).into_iter().chain(events.iter().zip(1..).map(|(p, i)| event(i, p))) {
        if event.line.account.is_some() {
            history.apply(&event, &keyer);
        }
        shared.apply(&event, &keyer);
    }
    let mut next = rest[8..].iter();
    let profile = pick(&mut next, Profile::ALL);
    let purpose = pick(&mut next, &["train_generative", "match_jobs", "license_third_party"]);
    let at = Micros::parse(pick(&mut next, &["2025-12-05", "2026-01-20"])).unwrap();
    let mut ask = Ask::build(purpose, profile, at);
    ask.recipient = (pick(&mut next, &["first_party", "first_party", "lab"])).into();
    let says = *next.next().unwrap();
    let people =
        Others(Stance { consents: says & 1 > 0, denies: says & 2 > 0, told: says & 4 > 0, ..Stance::default() });
    let role = pick(&mut next, Role::ALL);
    let other = Other { role, person: Some(keyer.person("x", "ben")), record: None, redactable: says & 8 > 0 };
    let org = (says & 16 > 0).then(|| org_key(&keyer, "page"));
    let created = Micros::parse(pick(&mut next, &["2019-01-01", "2025-11-25"])).unwrap();
    let traits = traits(&rest[16..]).with_if(Mark::Org, org.is_some());
    let record = RecordView {
        key: keyer.record("x", "p1"),
        id: "p1",
        person: keyer.person("x", "anna"),
        traits,
        created,
        collected: created,
        org,
        retain_until: None,
        others: &[other],
    };
    let context = Context::new(&ask, &shared, Settings::default());
    full_facts(&record, &history, &context, &people)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn no_derived_facts_break_an_assumption(
        events in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 12), 0..7),
        rest in proptest::collection::vec(any::<u8>(), 24),
    ) {
        let facts = facts(&events, &rest);
        let names: Vec<_> = facts.iter().map(Fact::as_str).collect();
        for clause in assumptions() {
            let broken = Cube { mask: clause.set | clause.clear, value: clause.clear };
            prop_assert!(facts.0 & broken.mask != broken.value, "{:?} in {names:?}", Facts(clause.set | clause.clear).iter().collect::<Vec<_>>());
        }
    }
}

/// The generator is worth its name: most facts are met in some case.
#[test]
fn generated_cases_reach_most_facts() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let bytes = |n: usize| proptest::collection::vec(any::<u8>(), n);
    let strategy = (proptest::collection::vec(bytes(12), 0..7), bytes(24));
    let mut seen = Facts::default();
    for _ in 0..3_000 {
        let (events, rest) = strategy.new_tree(&mut runner).unwrap().current();
        seen |= facts(&events, &rest);
    }
    let missing: Vec<_> = Fact::ALL.iter().filter(|f| !seen.has(**f)).map(|f| f.as_str()).collect();
    assert!(missing.len() <= 20, "{} of {}: {missing:?}", missing.len(), Fact::ALL.len());
}
