//! Decisions that no scenario file states.

use mandat_core::ask::{Ask, Mode};
use mandat_core::decide::{Decision, decide};
use mandat_core::derive::{Context, People, RecordView, Stance};
use mandat_core::event::{EventKind, EventLine};
use mandat_core::history::{PersonHistory, Sequenced, Shared};
use mandat_core::packs::Packs;
use mandat_core::person::PersonLine;
use mandat_core::proof::{Keyer, PersonKey, RecordKey};
use mandat_core::time::Micros;
use mandat_core::traits::Traits;
use mandat_core::vocab::{Audience, Category, Profile, Provenance, Reason, Verdict};
use serde_json::{Value, json};

struct Nobody;

impl People for Nobody {
    fn stance(&self, _: PersonKey, _: Option<RecordKey>, _: Category, _: Micros) -> Stance {
        Stance::default()
    }
}

/// Anna, told in January and with the given events after that, and one public post of hers.
struct Anna {
    keyer: Keyer,
    shared: Shared,
    history: PersonHistory,
}

impl Anna {
    fn new(events: &[Value]) -> Self {
        let keyer = Keyer::new(&[1; 32]);
        let mut shared = Shared::default();
        let notice = json!({"published": "2025-01-01", "purposes": ["train_generative"], "covers_earlier_records": true, "languages": ["en"]});
        shared.notices.insert("n1".into(), serde_json::from_value(notice).unwrap());
        let mut line = PersonLine::new("anna");
        line.born = Some(time("1985-01-01"));
        let mut anna = Self { history: PersonHistory::new(line.info("x", &keyer)), keyer, shared };
        let told = json!({"event": "notice_delivered", "received": "2025-01-02", "account": "anna", "notice": "n1", "language": "en"});
        for (i, event) in std::iter::once(&told).chain(events).enumerate() {
            let line: EventLine = serde_json::from_value(event.clone()).unwrap();
            let event = Sequenced { position: i as u64 + 1, appended: line.received, line };
            anna.history.apply(&event, &anna.keyer);
        }
        anna
    }

    fn decide(&self, packs: &[&str], ask: &Ask, category: Category, audience: Audience, created: &str) -> Decision {
        let packs = Packs::embedded(packs).unwrap();
        let ctx = Context::new(ask, &self.shared, packs.settings);
        let record = RecordView {
            key: self.keyer.record("x", "p1"),
            id: "p1",
            person: self.keyer.person("x", "anna"),
            traits: Traits::new(category, audience, Provenance::SelfPosted),
            created: time(created),
            collected: time(created),
            org: None,
            retain_until: None,
            others: &[],
        };
        decide(&record, &self.history, &ctx, &Nobody, &packs.table)
    }
}

fn time(text: &str) -> Micros {
    Micros::parse(text).unwrap()
}

fn choice(event: &str, day: &str, more: &Value) -> Value {
    let mut line = json!({"event": event, "received": day, "account": "anna", "purposes": ["train_generative"]});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    line
}

fn consent(day: &str) -> Value {
    choice("consent", day, &json!({"notice": "n1"}))
}

const DEFAULT: [&str; 2] = mandat_core::packs::DEFAULT;

#[test]
fn of_what_did_not_exist_nothing_is_known() {
    let anna = Anna::new(&[consent("2025-02-01")]);
    let ask = Ask::build("train_generative", Profile::Consent, time("2025-06-01"));
    let then = anna.decide(&DEFAULT, &ask, Category::Post, Audience::Public, "2025-06-01");
    assert_eq!((then.verdict, then.candidate), (Verdict::Include, true));
    let later = anna.decide(&DEFAULT, &ask, Category::Post, Audience::Public, "2025-06-02");
    assert_eq!((later.verdict, later.candidate, later.codes()), (Verdict::Exclude, false, vec![Reason::NoBasis]));
}

#[test]
fn a_decision_names_the_events_and_the_notice_it_rests_on() {
    let ask = Ask::build("train_generative", Profile::Consent, time("2025-06-01"));
    let agreed = Anna::new(&[consent("2025-02-01")]);
    let included = agreed.decide(&DEFAULT, &ask, Category::Post, Audience::Public, "2025-01-01");
    assert_eq!(included.basis.len(), 1);
    let basis = &included.basis[0];
    assert_eq!((basis.position, basis.event, basis.notice.as_deref()), (2, EventKind::Consent, Some("n1")));
    let object = choice("object", "2025-03-01", &json!({}));
    let objected = Anna::new(&[consent("2025-02-01"), object]).decide(
        &DEFAULT,
        &ask,
        Category::Post,
        Audience::Public,
        "2025-01-01",
    );
    let reason = objected.reasons.iter().find(|r| r.reason == Reason::Objected).unwrap();
    assert_eq!(reason.rule, "core/objected-consent");
    assert_eq!(reason.evidence.iter().map(|e| e.position).collect::<Vec<_>>(), [3]);
    assert!(objected.basis.is_empty());
}

#[test]
fn an_audit_shows_what_is_denied_now() {
    let object = choice("object", "2025-07-01", &json!({}));
    let anna = Anna::new(&[consent("2025-02-01"), object]);
    let mut ask = Ask::build("train_generative", Profile::Consent, time("2025-06-01"));
    ask.mode = Mode::Audit;
    let then = anna.decide(&DEFAULT, &ask, Category::Post, Audience::Public, "2025-01-01");
    assert_eq!((then.verdict, then.denied_now), (Verdict::Include, false), "known at T: no objection yet");
    ask.known_at = Some(time("2025-08-01"));
    let now = anna.decide(&DEFAULT, &ask, Category::Post, Audience::Public, "2025-01-01");
    assert_eq!((now.verdict, now.denied_now), (Verdict::Include, true), "not in force at T, denied by what is known");
    ask.mode = Mode::Build;
    ask.known_at = None;
    ask.now = time("2025-08-01");
    assert_eq!(anna.decide(&DEFAULT, &ask, Category::Post, Audience::Public, "2025-01-01").verdict, Verdict::Exclude);
}

#[test]
fn the_plain_rule_is_the_one_of_the_benchmark() {
    let all = json!({});
    let posts = json!({"categories": ["post"]});
    let this = json!({"records": ["p1"]});
    // Events, audience, then whether consent and legitimate interest let the record in.
    let cases = [
        (vec![], Audience::Public, [false, true]),
        (vec![], Audience::Followers, [false, false]),
        (vec![choice("consent", "2025-02-01", &all)], Audience::Private, [true, true]),
        (
            vec![choice("consent", "2025-02-01", &all), choice("withdraw", "2025-03-01", &all)],
            Audience::Public,
            [false, false],
        ),
        (
            vec![choice("withdraw", "2025-02-01", &all), choice("consent", "2025-03-01", &all)],
            Audience::Public,
            [true, true],
        ),
        // A denial in a narrower scope stays, whatever comes in a wider one.
        (
            vec![choice("object", "2025-02-01", &posts), choice("consent", "2025-03-01", &all)],
            Audience::Public,
            [false, false],
        ),
        (
            vec![choice("object", "2025-02-01", &this), choice("consent", "2025-03-01", &posts)],
            Audience::Public,
            [false, false],
        ),
        (
            vec![choice("object", "2025-02-01", &this), choice("consent", "2025-03-01", &this)],
            Audience::Public,
            [true, true],
        ),
        // On a tie the denial wins; what comes after T has not come.
        (
            vec![choice("object", "2025-02-01", &all), choice("consent", "2025-02-01", &all)],
            Audience::Public,
            [false, false],
        ),
        (
            vec![choice("consent", "2025-02-01", &all), choice("object", "2025-07-01", &all)],
            Audience::Public,
            [true, true],
        ),
    ];
    for (events, audience, want) in cases {
        let anna = Anna::new(&events);
        let got = [Profile::Consent, Profile::LegitimateInterest].map(|profile| {
            let ask = Ask::build("train_generative", profile, time("2025-06-01"));
            anna.decide(&["bench"], &ask, Category::Post, audience, "2025-01-01").verdict == Verdict::Include
        });
        assert_eq!(got, want, "{events:?} {audience}");
    }
}
