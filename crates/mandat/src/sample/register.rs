//! The files beside the records: who the people are, what they were told, what they decided.

use mandat_core::event::{Categories, EventKind, EventLine, Range, Words};
use mandat_core::record::Record;
use mandat_core::time::{DAY, Micros};
use mandat_core::vocab::{AccountStatus, Audience, Category};
use serde_json::{Value, json};

use super::cast::{CLUB, COMPANY, Kind, Member, Trait};
use super::rng::Rng;
use super::stance::Setting;
use super::{Options, PLATFORM};

/// Id of the notice on generative training.
pub(crate) const NOTICE: &str = "training-2025";
/// Id of a notice that only covers ranking.
pub(crate) const RANKING_NOTICE: &str = "ranking-2025";

/// The notices that the network sent.
pub(crate) fn notices(languages: &[&str]) -> Vec<Value> {
    let text = |purpose_de: &str, purpose_en: &str| {
        let de = format!(
            "Wir möchten Ihre Beiträge {purpose_de}. Sie können jederzeit widersprechen: Einstellungen, Privatsphäre, Training."
        );
        let en = format!(
            "We would like to use your posts {purpose_en}. You can object at any time: settings, privacy, training."
        );
        json!({"de": de, "en": en})
    };
    vec![
        json!({"id": NOTICE, "published": "2025-03-01", "effective": "2025-04-01", "purposes": ["train_generative"],
            "categories": ["*"], "recipients": ["first_party"], "covers_earlier_records": true, "languages": languages,
            "text": text("zum Trainieren eines Sprachmodells verwenden", "to train a language model")}),
        json!({"id": RANKING_NOTICE, "published": "2025-03-01", "effective": "2025-04-01", "purposes": ["train_ranking"],
            "categories": ["*"], "recipients": ["first_party"], "covers_earlier_records": true, "languages": languages,
            "text": text("für die Reihenfolge im Feed verwenden", "to order the feed")}),
    ]
}

/// The people file.
pub(crate) fn people(members: &[Member]) -> Vec<Value> {
    members.iter().map(|m| person(m, members)).collect()
}

fn person(member: &Member, members: &[Member]) -> Value {
    let mut line = json!({"platform": PLATFORM, "account": member.account,
        "handles": [{"handle": member.handle, "from": date(member.joined)}],
        "country": member.country, "languages": [member.tongue.tag()]});
    match member.kind {
        Kind::Natural => {}
        Kind::Page => line["kind"] = "organisation".into(),
        Kind::Authority => line["kind"] = "authority".into(),
        Kind::Bot => line["kind"] = "bot".into(),
        Kind::Joint => {
            let holders = [12, 9].iter().filter_map(|i| members.get(*i)).map(|m| m.account.as_str());
            line["holders"] = holders.collect::<Vec<_>>().into();
        }
    }
    if let Some(born) = member.born {
        line["born"] = date(born).into();
        line["born_source"] = "self_declared".into();
    }
    if member.quality == Trait::Staff {
        line["org"] = COMPANY.into();
    }
    line
}

/// The choices file: notices delivered and everything people and authorities decided since.
pub(crate) fn choices(options: &Options, members: &[Member], records: &[Record]) -> Vec<EventLine> {
    let mut rng = Rng::new(options.seed, "choices");
    let mut events = Vec::new();
    for member in members {
        let setting = setting(options, member);
        if matches!(member.kind, Kind::Natural | Kind::Joint | Kind::Page) {
            events.extend(setting.events(member.stance, &mut rng));
        }
        events.extend(turns(options, member, &setting, &mut rng));
    }
    events.extend(of_records(options, records, &mut rng));
    events.extend(of_organisations(options));
    // Stable, so that a notice stays before the consent of the same second.
    events.sort_by_key(|e| e.received);
    for (index, event) in events.iter_mut().enumerate() {
        event.id = Some(format!("e{:05}", index + 1));
    }
    events
}

fn setting<'a>(options: &Options, member: &'a Member) -> Setting<'a> {
    let published = Micros::parse("2025-03-02T08:00:00Z").expect("a fixed time");
    Setting {
        platform: PLATFORM,
        account: &member.account,
        language: member.tongue.tag(),
        notice: NOTICE,
        other_notice: RANKING_NOTICE,
        told: published.max(Micros(member.joined * DAY)),
        until: options.until,
    }
}

/// What happens to a person or an account, whatever they chose.
fn turns(options: &Options, member: &Member, setting: &Setting<'_>, rng: &mut Rng) -> Vec<EventLine> {
    let at = options.until.plus_days(-rng.between(20, 200));
    let status = |status| {
        let mut event = setting.plain(EventKind::AccountStatus, at);
        event.status = Some(status);
        vec![event]
    };
    match member.quality {
        Trait::Deceased => status(AccountStatus::Deceased),
        Trait::Deactivated => status(AccountStatus::Deactivated),
        Trait::Moved => {
            let mut event = setting.plain(EventKind::Move, at);
            event.country = Some("US".into());
            event.region = Some("US-CA".into());
            event.evidence = Some("address".into());
            vec![event]
        }
        _ => Vec::new(),
    }
}

/// Choices about single records, and posts that became less public.
fn of_records(options: &Options, records: &[Record], rng: &mut Rng) -> Vec<EventLine> {
    let mut events = Vec::new();
    for record in records.iter().filter(|r| r.category == Category::Post) {
        let at = record.created_at.plus_days(rng.between(3, 60));
        if at >= options.until {
            continue;
        }
        let mut event = match rng.weighted(&[(0, 4980), (1, 10), (2, 10)]) {
            1 => {
                let mut event = EventLine::new(EventKind::Object, at);
                (event.account, event.records) = (Some(record.account.clone()), Some(vec![record.id.clone()]));
                event.purposes = Some(Words::one("ai_training"));
                event
            }
            2 => {
                let mut event = EventLine::new(EventKind::Visibility, at);
                (event.record, event.audience) = (Some(record.id.clone()), Some(Audience::Followers));
                event.account = Some(record.account.clone());
                event
            }
            _ => continue,
        };
        event.platform = Some(PLATFORM.into());
        events.push(event);
    }
    events
}

fn of_organisations(options: &Options) -> Vec<EventLine> {
    let policy = |org: &str, act: &str, days: i64| {
        let mut event = EventLine::new(EventKind::OrgPolicy, options.until.plus_days(-days));
        (event.org, event.act) = (Some(org.into()), Some(act.into()));
        (event.purposes, event.categories) = (Some(Words::one("train_generative")), Some(Categories::ALL));
        event
    };
    let mut order = EventLine::new(EventKind::Order, options.until.plus_days(-90));
    order.order = Some("supervisory-2026-07".into());
    order.regions = Some(vec!["AT".into()]);
    order.categories = Some(Categories::ALL);
    let span = ["2024-02-01", "2024-05-31"].map(|day| Micros::parse(day).ok());
    order.processed = Some(Range { from: span[0], to: span[1] });
    let mut events = vec![policy(COMPANY, "allow", 300), policy(CLUB, "deny", 250), order];
    for event in &mut events {
        event.platform = Some(PLATFORM.into());
    }
    events
}

/// An event as a line of the canonical choices file.
pub(crate) fn choice_line(event: &EventLine) -> Value {
    let mut value = serde_json::to_value(event).expect("an event is plain data");
    let map = value.as_object_mut().expect("an event is an object");
    let mut line = serde_json::Map::new();
    for (short, long) in
        [("id", "event_id"), ("event", "event"), ("received", "received_at"), ("asserted", "asserted_at")]
    {
        if let Some(value) = map.shift_remove(short) {
            line.insert(long.into(), value);
        }
    }
    line.append(map);
    Value::Object(line)
}

fn date(day: i64) -> String {
    Micros(day * DAY).to_string().chars().take(10).collect()
}
