//! A small random world: records, people and events of every kind, all from one seed.

use std::collections::BTreeMap;

use mandat_core::event::EventLine;
use mandat_core::history::{PersonHistory, Sequenced, Shared, resolve_links, subjects};
use mandat_core::notice::Notice;
use mandat_core::person::PersonLine;
use mandat_core::proof::{Keyer, PersonKey};
use mandat_core::snapshot::MemorySnapshot;
use mandat_core::time::Micros;
use mandat_corpus::ingest::{IngestOptions, NoAccounts, NoProgress, ingest};
use mandat_corpus::input::Source;
use mandat_corpus::map::Map;
use mandat_corpus::vault::{Layout, Vault};
use serde_json::{Value, json};

pub(crate) const SECRET: [u8; 32] = [7; 32];
pub(crate) const ACCOUNTS: usize = 12;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// A day between 2015 and the end of 2026, at midnight or not.
    pub(crate) fn time(&mut self) -> String {
        let seconds = 1_420_070_400
            + i64::try_from(self.below(4_380)).unwrap() * 86_400
            + i64::try_from(self.below(3)).unwrap() * 3_601;
        Micros(seconds * 1_000_000).to_string()
    }
}

pub(crate) struct World {
    pub(crate) records: Vec<Value>,
    pub(crate) people: Vec<Value>,
    pub(crate) notices: Vec<Value>,
    pub(crate) events: Vec<Value>,
}

fn account(rng: &mut Rng) -> String {
    format!("a{}", rng.below(ACCOUNTS))
}

const CATEGORIES: [&str; 12] = [
    "post",
    "reply",
    "quote",
    "photo",
    "profile",
    "career.position",
    "assistant_prompt",
    "direct_message",
    "group_message",
    "biometric.face",
    "inferred",
    "application",
];

impl World {
    pub(crate) fn random(seed: u64, records: usize, events: usize) -> Self {
        let mut rng = Rng(seed);
        let people = (0..ACCOUNTS).map(|i| person(&mut rng, i)).collect();
        let records = (0..records).map(|i| record(&mut rng, i)).collect();
        let notices = vec![
            json!({"id": "n1", "published": "2016-01-01", "purposes": ["train_generative"], "covers_earlier_records": true, "languages": ["en", "de"]}),
            json!({"id": "n2", "published": "2021-03-01", "effective": "2021-04-01", "purposes": ["*"], "categories": ["post", "photo"], "recipients": ["first_party", "lab"], "languages": ["en"]}),
        ];
        let mut times: Vec<String> = (0..events).map(|_| rng.time()).collect();
        times.sort();
        let events = times.iter().map(|at| event(&mut rng, at)).collect();
        Self { records, people, notices, events }
    }

    pub(crate) fn vault(&self, store: &std::path::Path, parts: &[Vec<usize>], threads: usize, layout: Layout) -> Vault {
        let mut vault = Vault::open(store, &keyer()).unwrap();
        for (index, part) in parts.iter().enumerate() {
            let text: String = part.iter().map(|i| format!("{}\n", self.records[*i])).collect();
            let stream = Box::new(std::io::Cursor::new(text.into_bytes()));
            let source = Source::Stream { name: format!("part {index}"), stream };
            let options = IngestOptions { threads, layout: Some(layout), ..IngestOptions::default() };
            let report =
                ingest(&mut vault, vec![source], &Map::default(), &options, &mut NoAccounts, &NoProgress).unwrap();
            assert_eq!(report.rejected_total(), 0, "the world writes only good lines: {:?}", report.rejected);
        }
        vault
    }

    pub(crate) fn snapshot(&self) -> MemorySnapshot {
        self.known(self.events.len())
    }

    /// Everybody after the first events.
    pub(crate) fn known(&self, events: usize) -> MemorySnapshot {
        let keyer = keyer();
        let mut people: BTreeMap<PersonKey, PersonHistory> = BTreeMap::new();
        for line in &self.people {
            let line: PersonLine = serde_json::from_value(line.clone()).unwrap();
            people.insert(keyer.person("x", &line.account), PersonHistory::new(line.info("x", &keyer)));
        }
        let mut shared = Shared::default();
        for notice in &self.notices {
            let notice: Notice = serde_json::from_value(notice.clone()).unwrap();
            shared.notices.insert(notice.id.clone(), notice);
        }
        let mut appended = Micros::DISTANT_PAST;
        for (position, line) in (1..).zip(&self.events[..events]) {
            let line: EventLine = serde_json::from_value(line.clone()).unwrap_or_else(|e| panic!("{e}: {line}"));
            appended = appended.max(line.received);
            let event = Sequenced { position, appended, line };
            for key in subjects(&event.line, "x", &keyer) {
                people.entry(key).or_default().apply(&event, &keyer);
            }
            shared.apply(&event, &keyer);
        }
        resolve_links(&mut people);
        MemorySnapshot { position: events as u64, appended, shared, people }
    }
}

pub(crate) fn keyer() -> Keyer {
    Keyer::new(&SECRET)
}

fn person(rng: &mut Rng, i: usize) -> Value {
    let mut person = json!({"account": format!("a{i}")});
    if !rng.one_in(6) {
        person["born"] = json!(rng.pick(&["1970-05-01", "1999-12-31", "2004-02-29", "2009-07-01", "2012-01-01"]));
    }
    if !rng.one_in(5) {
        person["country"] = json!(rng.pick(&["DE", "FR", "US", "BR", "IE"]));
    }
    if rng.one_in(5) {
        person["residence"] = json!([{"country": "IE"}, {"country": "US", "region": "US-CA", "from": "2022-06-01"}]);
    }
    if rng.one_in(8) {
        person["kind"] = json!(rng.pick(&["organisation", "bot", "authority"]));
    }
    if rng.one_in(10) {
        person["holders"] = json!([account(rng), account(rng)]);
    }
    if rng.one_in(8) {
        person["status"] = json!(rng.pick(&["deactivated", "suspended", "deceased"]));
    }
    if rng.one_in(6) {
        person["languages"] = json!([rng.pick(&["de", "en", "nl"])]);
    }
    person
}

fn record(rng: &mut Rng, i: usize) -> Value {
    let mut record = json!({
        "id": format!("r{i}"), "platform": "x", "account": account(rng), "category": rng.pick(&CATEGORIES),
        "created_at": rng.time(), "text": format!("words of record {i} @someone and more"),
    });
    if !rng.one_in(5) {
        record["audience"] = json!(rng.pick(&["public", "public", "public", "followers", "private", "group"]));
    }
    if rng.one_in(3) {
        record["collected_at"] = json!(rng.time());
    }
    if rng.one_in(8) {
        record["flags"] =
            json!([rng.pick(&["art9", "art9_third_party", "minor_suspected", "tdm_reserved", "asset_denied"])]);
    }
    if rng.one_in(8) {
        record["special"] = json!([rng.pick(&["health", "politics", "religion"])]);
    }
    if rng.one_in(5) {
        record["mentions"] = json!([account(rng)]);
    }
    if rng.one_in(6) {
        record["quoted_text"] = json!([{"start": 0, "end": 5, "account": account(rng)}]);
    }
    if rng.one_in(8) {
        let other = format!("r{}", rng.below(i + 1));
        record[rng.pick(&["repost_of", "quote_of", "in_reply_to"])] = json!(other);
    }
    if rng.one_in(10) {
        record["org"] = json!("acme");
    }
    if rng.one_in(6) {
        record["participants"] = json!([account(rng), account(rng)]);
    }
    if rng.one_in(15) {
        record["deleted_at"] = json!(rng.time());
    }
    if rng.one_in(9) {
        record["provenance"] = json!(rng.pick(&["provided", "observed", "inferred", "third_party", "imported"]));
    }
    record
}

fn scope(rng: &mut Rng, event: &mut Value) {
    if rng.one_in(2) {
        event["purposes"] = json!([rng.pick(&["train_generative", "train_classifier", "*", "ai_training"])]);
    }
    if rng.one_in(3) {
        event["categories"] = json!([rng.pick(&["post", "photo", "career.position", "direct_message"])]);
    }
    if rng.one_in(6) {
        event["records"] = json!([format!("r{}", rng.below(60))]);
    }
    if rng.one_in(6) {
        event["created"] = json!({"from": "2018-01-01", "to": "2022-12-31"});
    }
}

fn event(rng: &mut Rng, at: &str) -> Value {
    let kind = rng.pick(&[
        "notice_delivered",
        "notice_delivered",
        "notice_delivered",
        "consent",
        "consent",
        "consent",
        "consent",
        "refuse",
        "withdraw",
        "object",
        "object",
        "verification",
        "erase",
        "restrict",
        "lift",
        "link",
        "unlink",
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
        "deleted",
        "edited",
    ]);
    let mut event = json!({"event": kind, "received": at, "platform": "x"});
    let who = account(rng);
    let record = format!("r{}", rng.below(60));
    match kind {
        "link" | "unlink" => event["accounts"] = json!([who, account(rng)]),
        "order" => {
            event["regions"] = json!([rng.pick(&["EU", "US-CA", "BR"])]);
            event["categories"] = json!([rng.pick(&["post", "*"])]);
            event["processed"] = json!({"from": "2017-01-01", "to": "2020-01-01"});
        }
        "org_policy" => {
            event["org"] = json!("acme");
            event["act"] = json!(rng.pick(&["allow", "deny"]));
        }
        "visibility" | "deleted" | "edited" => event["record"] = json!(record),
        _ => event["account"] = json!(who),
    }
    match kind {
        "notice_delivered" => {
            event["notice"] = json!(rng.pick(&["n1", "n2"]));
            event["channel"] = json!("email");
            event["language"] = json!(rng.pick(&["en", "de", "nl"]));
        }
        "consent" => {
            scope(rng, &mut event);
            event["notice"] = json!(rng.pick(&["n1", "n2"]));
            event["method"] =
                json!(rng.pick(&["active_toggle", "active_toggle", "active_toggle", "tos_accept", "written_release"]));
            if rng.one_in(4) {
                event["names"] = json!(["minor_records", "career", "non_public"]);
            }
            if rng.one_in(4) {
                event["explicit"] = json!(["health", "politics", "biometric"]);
            }
            if rng.one_in(5) {
                event["expires"] = json!("P2Y");
            }
        }
        "refuse" | "withdraw" => scope(rng, &mut event),
        "object" => {
            scope(rng, &mut event);
            event["verified"] = json!(rng.pick(&["true", "pending", "failed"]));
        }
        "erase" if rng.one_in(2) => event["records"] = json!([record]),
        "restrict" | "lift" => event["by"] = json!(rng.pick(&["subject", "platform"])),
        "guardian" => event["act"] = json!(rng.pick(&["consent", "object"])),
        "directive" => event["act"] = json!(rng.pick(&["allow", "deny"])),
        "verification" => {
            event["of"] = json!("nothing");
            event["result"] = json!("failed");
        }
        "signal" => {
            event["source"] = json!(rng.pick(&["gpc", "lexicon", "drp", "content_usage"]));
            event["raw"] = json!(rng.pick(&["1", "train-ai=n", "training=false"]));
        }
        "account_status" => event["status"] = json!(rng.pick(&["active", "deactivated", "suspended"])),
        "age" => event["born"] = json!("2009-07-01"),
        "move" => {
            event["country"] = json!(rng.pick(&["DE", "US"]));
            event["evidence"] = json!(rng.pick(&["address", "vpn"]));
        }
        "compromised" => {
            event["from"] = json!("2020-01-01");
            event["to"] = json!("2020-06-01");
        }
        "visibility" => event["audience"] = json!(rng.pick(&["public", "private"])),
        "deleted" => event["by"] = json!("subject"),
        _ => {}
    }
    event
}
