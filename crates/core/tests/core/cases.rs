//! Generated cases: people, events of every kind, one record, one question; each prints as a scenario.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mandat_core::ask::Ask;
use mandat_core::controller::ControllerConfig;
use mandat_core::decide::{Decision, decide};
use mandat_core::derive::{Context, Other, People, RecordView, Settings, Stance};
use mandat_core::event::EventLine;
use mandat_core::history::{PersonHistory, Sequenced, Shared, org_key, resolve_links, subjects};
use mandat_core::packs::Packs;
use mandat_core::person::PersonLine;
use mandat_core::proof::{Keyer, PersonKey, RecordKey};
use mandat_core::time::Micros;
use mandat_core::traits::{Mark, Traits};
use mandat_core::vocab::{Audience, Category, Flag, Profile, Provenance, Role, Special};
use proptest::prelude::*;
use serde_json::{Value, json};

/// One generated case.
#[derive(Clone)]
pub(crate) struct Case {
    /// The people file, by account.
    pub(crate) people: Vec<Value>,
    /// What the operator has on file.
    pub(crate) controller: Value,
    /// Events in ledger order.
    pub(crate) events: Vec<Value>,
    /// The record's picks.
    pub(crate) record: Picks,
    /// The question: purpose, recipient, time, and whether a build runs later.
    pub(crate) ask: (String, String, String, String),
}

/// Raw choices, each taken modulo what there is to choose from; shrinks towards the first of each.
pub(crate) type Picks = [u8; 16];

struct Pick<'a>(std::iter::Cycle<std::slice::Iter<'a, u8>>);

impl Pick<'_> {
    fn of<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::from(*self.0.next().unwrap()) % from.len()].clone()
    }

    /// Mostly the usual thing.
    fn rare<T: Clone>(&mut self, usual: T, others: &[T]) -> T {
        let byte = *self.0.next().unwrap();
        if byte < 240 { usual } else { others[usize::from(byte) % others.len()].clone() }
    }

    fn day(&mut self) -> String {
        let number = i64::from(*self.0.next().unwrap() % 64);
        Micros::parse("2024-06-01").unwrap().plus_days(number * 12).to_string()
    }
}

const KINDS: [&str; 32] = [
    "consent",
    "consent",
    "consent",
    "notice_delivered",
    "notice_delivered",
    "object",
    "withdraw",
    "refuse",
    "lift",
    "guardian",
    "verification",
    "erase",
    "restrict",
    "link",
    "unlink",
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
    "deleted",
    "edited",
    "object",
    "consent",
    "signal",
    "lift",
    "consent",
];

/// An event of Anna's, Ben's or nobody's.
pub(crate) fn event(picks: &Picks) -> Value {
    let mut p = Pick(picks.iter().cycle());
    let kind = p.of(&KINDS);
    let received = p.day();
    let account = p.of(&["anna", "anna", "anna", "ben", "carl"]);
    let mut line = json!({"event": kind, "received": received});
    let mut set = |key: &str, value: Value| line[key] = value;
    if !matches!(
        kind,
        "order" | "org_policy" | "verification" | "link" | "unlink" | "visibility" | "deleted" | "edited"
    ) {
        set("account", json!(account));
    }
    if p.of(&[false, false, false, true]) && kind != "order" {
        set("asserted", json!(p.day()));
    }
    match kind {
        "notice_delivered" => {
            set("notice", json!(p.of(&["n1", "n1", "n2", "n3"])));
            set("language", p.of(&[json!("en"), json!("en"), json!("nl"), Value::Null]));
            set("bounced", json!(p.of(&[false, false, false, true])));
            set("separate_objection", json!(p.of(&[true, true, true, false])));
        }
        "consent" => consent(&mut p, &mut set),
        "object" => set("verified", p.of(&[json!(true), json!(true), json!("pending"), json!("failed")])),
        "verification" => {
            set("of", json!(p.of(&["e0", "e1", "e2", "e3"])));
            set("result", json!(p.of(&["verified", "failed"])));
            set("claimant_told", p.of(&[json!("2025-06-01"), Value::Null]));
        }
        "erase" => set("records", p.of(&[Value::Null, json!(["p1"]), json!(["p2"])])),
        "restrict" => set("by", json!(p.of(&["subject", "platform", "guardian", "heir"]))),
        "lift" => {
            set("by", json!(p.of(&["subject", "platform", "guardian"])));
            set("of", json!(p.of(&["objection", "restriction", "signal_conflict", "e0", "e1", "e2"])));
            set("told", p.of(&[Value::Null, json!("2025-06-01")]));
        }
        "link" | "unlink" => set("accounts", p.of(&[json!(["anna", "ben"]), json!(["anna", "carl"])])),
        "guardian" => set("act", json!(p.of(&["consent", "object"]))),
        "org_policy" => {
            set("org", json!(p.of(&["acme", "acme", "other"])));
            set("act", json!(p.of(&["allow", "deny"])));
        }
        "order" => {
            set("order", json!(p.of(&["o1", "o2"])));
            set("regions", p.of(&[json!(["EU"]), json!(["US"]), json!(["US-CA"])]));
            set("processed", p.of(&[json!({}), json!({"from": "2024-01-01", "to": "2024-12-31"})]));
            set("lifted", p.of(&[Value::Null, json!("2025-06-01")]));
        }
        "legal_hold" => {
            set("records", p.of(&[Value::Null, json!(["p1"])]));
            set("released", p.of(&[Value::Null, json!("2025-06-01")]));
        }
        "directive" => set("act", json!(p.of(&["allow", "deny"]))),
        "signal" => signal(&mut p, &mut set),
        "account_status" => set("status", json!(p.of(&["deactivated", "active", "deceased", "suspended"]))),
        "age" => set("born", p.of(&[json!("1980-01-01"), json!("2007-03-01"), json!("2010-06-01"), Value::Null])),
        "move" => {
            set("country", json!(p.of(&["US", "BR", "AT", "GB", "DE"])));
            set("evidence", json!(p.of(&["address", "vpn"])));
        }
        "compromised" => {
            set("from", json!("2024-10-01"));
            set("to", json!("2025-03-01"));
        }
        "visibility" => {
            set("record", json!(p.of(&["p1", "p1", "p2"])));
            set("audience", json!(p.of(&["public", "followers", "group"])));
        }
        "deleted" => set("record", json!(p.of(&["p1", "p2"]))),
        "edited" => {
            set("record", json!("p1"));
            set("special", p.of(&[json!([]), json!(["health"])]));
        }
        _ => {}
    }
    if matches!(kind, "consent" | "refuse" | "withdraw" | "object" | "guardian" | "org_policy" | "order") {
        let categories =
            [json!(["*"]), json!(["*"]), json!(["post"]), json!(["post", "reply"]), json!(["direct_message"])];
        set("categories", p.of(&categories));
    }
    if matches!(kind, "consent" | "refuse" | "withdraw" | "object" | "guardian" | "org_policy") {
        let both = json!(["train_generative", "match_jobs"]);
        set(
            "purposes",
            p.of(&[json!(["train_generative"]), json!(["*"]), both, json!(["ai_training"]), json!(["match_jobs"])]),
        );
    }
    if matches!(kind, "consent" | "refuse" | "withdraw" | "object") {
        set("records", p.of(&[Value::Null, Value::Null, Value::Null, json!(["p1"]), json!(["p2"])]));
        let span = json!({"from": "2024-07-01", "to": "2024-12-31"});
        set("created", p.of(&[Value::Null, Value::Null, Value::Null, span]));
    }
    line.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    line
}

fn consent(p: &mut Pick<'_>, set: &mut impl FnMut(&str, Value)) {
    set("notice", json!(p.of(&["n1", "n1", "n2", "n3"])));
    set("method", json!(p.of(&["active_toggle", "active_toggle", "written_release", "tos_accept"])));
    set("recipients", p.of(&[json!(["first_party"]), json!(["first_party", "lab"]), json!(["*"])]));
    set("explicit", p.of(&[json!([]), json!(["health", "biometric"])]));
    let all = json!(["minor_records", "career", "non_public", "gpc_conflict"]);
    set("names", p.of(&[json!([]), all, json!(["guardian"])]));
    set("expires", p.of(&[Value::Null, Value::Null, json!("2025-09-01"), json!("P1Y")]));
    set("term", p.of(&[Value::Null, json!("2027-01-01")]));
    set("bundled", json!(p.of(&[false, false, false, true])));
}

fn signal(p: &mut Pick<'_>, set: &mut impl FnMut(&str, Value)) {
    let (source, raw) = p.of(&[
        ("gpc", "1"),
        ("content_usage", "train-ai=n"),
        ("tdmrep", "1"),
        ("cawg", "notAllowed"),
        ("lexicon", "training=false"),
        ("lexicon", "training=true"),
        ("rsl", "prohibits ai-train"),
        ("drp", "x-mandat:training:object"),
        ("drp", "sale:opt-out"),
    ]);
    set("source", json!(source));
    set("raw", json!(raw));
    set("entity", json!(p.of(&["global", "controller", "other"])));
}

fn person(account: &str, picks: &Picks) -> Value {
    let mut p = Pick(picks.iter().cycle());
    let mut person = json!({
        "account": account,
        "country": p.of(&[json!("NL"), json!("US"), json!("BR"), Value::Null]),
        "born": p.rare(json!("1985-05-05"), &[json!("2007-01-15"), json!("2009-07-01"), Value::Null]),
        "age_band": p.of(&[Value::Null, json!("adult"), json!("16-17")]),
        "kind": p.rare("natural", &["organisation", "bot"]),
        "status": p.rare("active", &["deactivated", "deceased"]),
        "languages": p.rare(json!([]), &[json!(["en"]), json!(["en", "nl"]), json!(["nl"])]),
        "last_interaction": p.of(&[Value::Null, json!("2022-01-01")]),
        "residence": p.of(&[json!([]), json!([]), json!([{"country": "IE", "from": "2024-09-01"}])]),
        "person": p.rare(Value::Null, &[json!("one")]),
    });
    if p.rare(false, &[true]) && account == "anna" {
        person["holders"] = json!(["ben", "carl"]);
    }
    person.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    person
}

fn controller(picks: &Picks) -> Value {
    let mut p = Pick(picks.iter().cycle());
    let dated = json!([
        {"promises_not": ["train_generative"]},
        {"from": "2024-09-01"},
        {"from": "2025-04-01", "categories": ["post", "reply", "photo"], "recipients": ["*"]},
    ]);
    json!({
        "dpia": p.rare(true, &[false]),
        "lia": p.rare(true, &[false]),
        "min_training_age": p.rare(18, &[16, 14]),
        "establishment": p.of(&["IE", "US"]),
        "offers": p.rare(json!({"recipients": ["first_party", "lab"]}), &[json!({}), dated, json!({"categories": ["post", "reply"]})]),
    })
}

/// Cases with up to `most` events.
pub(crate) fn cases(most: usize) -> impl Strategy<Value = Case> {
    let picks = || proptest::array::uniform16(any::<u8>());
    let events = prop_oneof![proptest::collection::vec(picks(), 0..3), proptest::collection::vec(picks(), 0..most)];
    (events, picks(), picks(), picks(), picks(), picks()).prop_map(|(events, anna, ben, carl, rest, record)| {
        let mut p = Pick(rest.iter().cycle());
        let later = p.of(&["2025-12-01", "2025-12-01", "2026-03-01"]).to_string();
        let ask = (
            p.rare("train_generative", &["match_jobs", "train_spam_filter"]).to_string(),
            p.rare("first_party", &["lab"]).to_string(),
            p.of(&["2025-12-01", "2025-08-01"]).to_string(),
            later,
        );
        let mut events: Vec<_> = events.iter().map(event).collect();
        if p.rare(true, &[false]) {
            events.extend(told());
        }
        if p.rare(true, &[false]) {
            events.extend(agreed());
        }
        events.sort_by_key(|e| e["received"].as_str().unwrap().to_string());
        Case {
            people: vec![person("anna", &anna), person("ben", &ben), person("carl", &carl)],
            controller: controller(&rest),
            events: named(events),
            record,
            ask,
        }
    })
}

/// Anna and Ben were told in time, so that something is left to lose.
fn told() -> Vec<Value> {
    let to = |account| json!({"event": "notice_delivered", "received": "2024-06-01T00:00:00Z", "account": account, "notice": "n1", "language": "en"});
    vec![to("anna"), to("ben")]
}

/// Anna and Ben agreed to everything.
fn agreed() -> Vec<Value> {
    let names = ["minor_records", "career", "non_public", "gpc_conflict"];
    let by = |account| {
        json!({"event": "consent", "received": "2024-06-02T00:00:00Z", "account": account, "notice": "n1", "recipients": ["first_party", "lab"],
        "purposes": ["train_generative", "match_jobs", "train_spam_filter"], "names": names, "explicit": ["health", "biometric"]})
    };
    vec![by("anna"), by("ben")]
}

/// Gives events their ids by position.
fn named(mut events: Vec<Value>) -> Vec<Value> {
    for (i, event) in events.iter_mut().enumerate() {
        event["id"] = json!(format!("e{i}"));
    }
    events
}

/// A case with everything applied.
pub(crate) struct World {
    pub(crate) keyer: Keyer,
    pub(crate) shared: Shared,
    pub(crate) people: BTreeMap<PersonKey, PersonHistory>,
    record: Picks,
}

impl World {
    pub(crate) fn anna(&self) -> PersonKey {
        self.keyer.person("x", "anna")
    }

    pub(crate) fn history(&self) -> &PersonHistory {
        &self.people[&self.anna()]
    }

    pub(crate) fn key(&self, record: &str) -> RecordKey {
        self.keyer.record("x", record)
    }

    /// The other people in the record.
    pub(crate) fn others(&self) -> Vec<Other> {
        let mut p = Pick(self.record.iter().cycle());
        for _ in 0..7 {
            p.of(&[0]);
        }
        let roles = [Role::Mentioned, Role::Quoted, Role::Reposted, Role::CopiedFrom, Role::Participant, Role::Tagged];
        let role = p.of(&roles);
        let person = p.of(&[Some("ben"), Some("ben"), Some("nobody"), None]);
        let other = Other {
            role,
            person: person.map(|name| self.keyer.person("x", name)),
            record: matches!(role, Role::Quoted | Role::Reposted | Role::CopiedFrom).then(|| self.key("p2")),
            redactable: p.of(&[true, false]),
        };
        if p.of(&[false, false, true]) { vec![other] } else { Vec::new() }
    }

    /// The record p1.
    pub(crate) fn view<'a>(&self, others: &'a [Other]) -> RecordView<'a> {
        let mut p = Pick(self.record.iter().cycle());
        let unusual = [
            Category::Reply,
            Category::Photo,
            Category::DirectMessage,
            Category::CareerPosition,
            Category::BiometricFace,
            Category::Inferred,
            Category::Profile,
        ];
        let category = p.rare(Category::Post, &unusual);
        let audience = p.rare(Audience::Public, &[Audience::Followers, Audience::Unknown]);
        let mut traits = Traits::new(category, audience, p.rare(Provenance::SelfPosted, &[Provenance::Observed]));
        if p.rare(false, &[true]) {
            traits = traits.with_special(Special::Health);
        }
        let flags = [Flag::TdmReserved, Flag::AssetDenied, Flag::MinorSuspected, Flag::Art9];
        if let Some(flag) = p.rare(None, &flags.map(Some)) {
            traits = traits.with_flag(flag);
        }
        let org = p.rare(false, &[true]);
        let joint = self.history().info.is_joint();
        let created = Micros::parse(p.of(&["2024-10-10", "2024-03-01", "2025-03-01", "2025-07-20"])).unwrap();
        let retain_until = p.rare(None, &[Some("2025-10-01")]).map(|t| Micros::parse(t).unwrap());
        RecordView {
            key: self.key("p1"),
            id: "p1",
            person: self.anna(),
            traits: traits
                .with_if(Mark::Joint, joint)
                .with_if(Mark::Org, org)
                .with_if(Mark::Retention, retain_until.is_some())
                .with_if(Mark::Others, !others.is_empty()),
            created,
            collected: created,
            org: org.then(|| org_key(&self.keyer, "acme")),
            retain_until,
            others,
        }
    }
}

/// Looks people up in a world.
pub(crate) struct Everyone<'a> {
    pub(crate) world: &'a World,
    pub(crate) ctx: &'a Context<'a>,
}

impl People for Everyone<'_> {
    fn stance(&self, person: PersonKey, record: Option<RecordKey>, category: Category, created: Micros) -> Stance {
        let nobody = PersonHistory::default();
        self.world.people.get(&person).unwrap_or(&nobody).stance(self.ctx, record, category, created)
    }
}

impl Case {
    /// The events as the ledger hands them out.
    pub(crate) fn sequenced(&self) -> Vec<Sequenced> {
        let line = |e: &Value| serde_json::from_value::<EventLine>(e.clone()).unwrap();
        let sequence = |(i, e): (usize, &Value)| {
            let line = line(e);
            Sequenced { position: i as u64 + 1, appended: line.received, line }
        };
        self.events.iter().enumerate().map(sequence).collect()
    }

    /// Everything applied, in the given order.
    pub(crate) fn world_in(&self, events: &[Sequenced]) -> World {
        let keyer = Keyer::new(&[3; 32]);
        let config: ControllerConfig = serde_json::from_value(self.controller.clone()).unwrap();
        let mut shared = Shared::new(config.controller());
        for (id, notice) in notices() {
            shared.notices.insert(id, serde_json::from_value(notice).unwrap());
        }
        let mut people = BTreeMap::new();
        for person in &self.people {
            let line: PersonLine = serde_json::from_value(person.clone()).unwrap();
            people.insert(keyer.person("x", &line.account), PersonHistory::new(line.info("x", &keyer)));
        }
        for event in events {
            shared.apply(event, &keyer);
            for key in subjects(&event.line, "x", &keyer) {
                people.entry(key).or_default().apply(event, &keyer);
            }
        }
        resolve_links(&mut people);
        World { keyer, shared, people, record: self.record }
    }

    pub(crate) fn world(&self) -> World {
        self.world_in(&self.sequenced())
    }

    pub(crate) fn ask(&self, profile: Profile) -> Ask {
        let (purpose, recipient, at, now) = &self.ask;
        let mut ask = Ask::build(purpose, profile, Micros::parse(at).unwrap());
        ask.recipient.clone_from(recipient);
        ask.now = Micros::parse(now).unwrap().max(ask.at);
        ask
    }

    /// Decides the record of a world.
    pub(crate) fn decide_in(&self, world: &World, profile: Profile) -> Decision {
        let ask = self.ask(profile);
        let ctx = Context::new(&ask, &world.shared, packs().settings);
        let others = world.others();
        decide(&world.view(&others), world.history(), &ctx, &Everyone { world, ctx: &ctx }, &packs().table)
    }

    pub(crate) fn decide(&self, profile: Profile) -> Decision {
        self.decide_in(&self.world(), profile)
    }

    /// The case as a scenario file, for a reader of a failure.
    pub(crate) fn story(&self) -> String {
        let mut text = String::from("format: 1\nscenario: generated\n");
        let mut section = |name: &str, value: &Value| writeln!(text, "{name}: {value}").unwrap();
        let people: serde_json::Map<_, _> = self
            .people
            .iter()
            .map(|p| {
                let mut person = p.clone();
                let name = person.as_object_mut().unwrap().remove("account").unwrap();
                (name.as_str().unwrap().to_string(), person)
            })
            .collect();
        section("people", &Value::Object(people));
        section("controller", &self.controller);
        section("notices", &Value::Object(notices().into_iter().collect()));
        text.push_str("events:\n");
        for event in &self.events {
            writeln!(text, "  - {event}").unwrap();
        }
        let world = self.world();
        let others = world.others();
        let view = world.view(&others);
        let category = view.traits.category().unwrap();
        writeln!(text, "records: {{p1: {{by: anna, created: {}, category: {category}, audience: {}}}, p2: {{by: ben, created: 2024-01-01}}}}", view.created, view.traits.audience()).unwrap();
        let (purpose, recipient, at, now) = &self.ask;
        writeln!(text, "# others in p1: {others:?}; org: {}; executed at {now}", view.org.is_some()).unwrap();
        writeln!(text, "ask: {{purpose: {purpose}, recipient: {recipient}, at: {at}}}").unwrap();
        text
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\n{}", self.story())
    }
}

fn notices() -> Vec<(String, Value)> {
    let purposes = ["train_generative", "match_jobs", "train_spam_filter"];
    vec![
        (
            "n1".into(),
            json!({"published": "2024-06-01", "purposes": purposes, "recipients": ["first_party", "lab"], "covers_earlier_records": true, "languages": ["en", "nl"]}),
        ),
        (
            "n2".into(),
            json!({"published": "2025-01-01", "effective": "2025-02-01", "purposes": ["*"], "recipients": ["first_party"], "languages": ["en"]}),
        ),
        (
            "n3".into(),
            json!({"published": "2025-05-01", "purposes": purposes, "categories": ["post", "direct_message"], "recipients": ["*"], "covers_earlier_records": true, "languages": ["en", "nl"]}),
        ),
    ]
}

/// The default packs, loaded once.
pub(crate) fn packs() -> &'static Packs {
    static PACKS: std::sync::LazyLock<Packs> =
        std::sync::LazyLock::new(|| Packs::embedded(&mandat_core::packs::DEFAULT).unwrap());
    &PACKS
}

/// Settings that make every part of a person's facts move.
pub(crate) fn moving_settings() -> Settings {
    Settings { records_from: Some(Micros::parse("2024-07-01").unwrap()), ..packs().settings }
}
