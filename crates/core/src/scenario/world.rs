//! The people, events and records of a scenario, in the forms that decisions take.

use std::collections::BTreeMap;

use crate::derive::{Context, Other, People, RecordView, Stance};
use crate::event::{EventKind, EventLine};
use crate::history::{DEFAULT_PLATFORM, PersonHistory, Sequenced, Shared, org_key, resolve_links, subjects};
use crate::person::PersonInfo;
use crate::proof::{Keyer, PersonKey, RecordKey};
use crate::scenario::format::{NearDuplicate, RecordFile, ScenarioFile};
use crate::time::Micros;
use crate::traits::{Mark, Traits};
use crate::vocab::{Category, Role};

/// A copy counts from this similarity on, and from this many tokens on (S29).
const COPY: (f64, u32) = (0.8, 50);

/// Everything a scenario states.
pub(crate) struct World<'a> {
    raw: &'a ScenarioFile,
    keyer: Keyer,
    /// What concerns no single person.
    pub(crate) shared: Shared,
    /// Everybody.
    pub(crate) people: BTreeMap<PersonKey, PersonHistory>,
    /// Category and creation of every record.
    originals: BTreeMap<RecordKey, (Category, Micros)>,
    /// When the file ends: K, and the moment of execution.
    pub(crate) end: Option<Micros>,
}

/// A record in the form that decisions take.
pub(crate) struct Prepared<'a> {
    name: &'a str,
    record: &'a RecordFile,
    key: RecordKey,
    person: PersonKey,
    traits: Traits,
    org: Option<PersonKey>,
    others: Vec<Other>,
}

impl<'a> World<'a> {
    pub(crate) fn new(raw: &'a ScenarioFile) -> Self {
        let keyer = Keyer::new(&[0; 32]);
        let mut shared = Shared::new(raw.controller.controller());
        for (id, notice) in &raw.notices {
            shared.notices.insert(id.clone(), notice.value.clone());
        }
        let mut people = BTreeMap::new();
        for (name, person) in &raw.people {
            // Accounts have unique names in a scenario, whatever their platform.
            let line = crate::person::PersonLine { platform: None, ..person.value.line(name) };
            let info = line.info(DEFAULT_PLATFORM, &keyer);
            people.insert(keyer.person(DEFAULT_PLATFORM, name), PersonHistory::new(info));
        }
        let originals = raw.records.iter().map(|(name, record)| {
            (keyer.record(DEFAULT_PLATFORM, name), (record.value.category, record.value.created))
        });
        let originals = originals.collect();
        let end = raw.events.iter().map(|e| e.value.received).max();
        let mut world = Self { raw, keyer, shared, people, originals, end };
        world.replay();
        world
    }

    fn replay(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        for (i, event) in self.raw.events.iter().enumerate() {
            let position = i as u64 + 1;
            let mut line = EventLine { platform: None, ..event.value.clone() };
            let id = line.id.get_or_insert_with(|| position.to_string());
            if !seen.insert(id.clone()) {
                continue;
            }
            let event = Sequenced { position, appended: line.received, line };
            self.shared.apply(&event, &self.keyer);
            for key in subjects(&event.line, DEFAULT_PLATFORM, &self.keyer) {
                let history = self.people.entry(key).or_insert_with(|| PersonHistory::new(PersonInfo::default()));
                history.apply(&event, &self.keyer);
            }
        }
        resolve_links(&mut self.people);
    }

    /// A record, in its current version or an earlier one, counted from 1.
    pub(crate) fn prepare(&self, name: &str) -> Option<Prepared<'a>> {
        let (base, version) = name.split_once('@').unwrap_or((name, ""));
        let (base, record) = self.raw.records.get_key_value(base)?;
        let record = &record.value;
        let edits = self.raw.events.iter().map(|e| &e.value);
        let edits = edits.filter(|e| e.event == EventKind::Edited && e.record.as_deref() == Some(base)).count();
        let old = version.parse::<usize>().is_ok_and(|v| v <= edits);
        let person = self.account(&record.by);
        let joint = self.people.get(&person).is_some_and(|p| p.info.is_joint());
        let mut others = Vec::new();
        let traits = self.others(record, &mut others);
        Some(Prepared {
            name: base,
            record,
            key: self.key(self.origin(base)),
            person,
            traits: traits.with_if(Mark::Joint, joint).with_if(Mark::Superseded, old),
            org: record.org.as_ref().map(|o| org_key(&self.keyer, o)),
            others,
        })
    }

    /// The name under which a record first came in.
    fn origin(&self, name: &'a str) -> &'a str {
        let mut name = name;
        while let Some(earlier) = self.raw.records.get(name).and_then(|r| r.value.reimport_of.as_deref()) {
            name = earlier;
        }
        name
    }

    fn key(&self, record: &str) -> RecordKey {
        self.keyer.record(DEFAULT_PLATFORM, record)
    }

    /// An account, or a name of somebody without one.
    fn account(&self, name: &str) -> PersonKey {
        let platform = if self.raw.people.contains_key(name) { DEFAULT_PLATFORM } else { "" };
        self.keyer.person(platform, name)
    }

    /// Everybody else in a record, and the marks they leave on it.
    fn others(&self, record: &RecordFile, others: &mut Vec<Other>) -> Traits {
        let alone = record.stands_alone != Some(false);
        let mut traits = plain(record).with_if(Mark::Dependent, !alone);
        let named = |role, name: &String, redactable| Other {
            role,
            person: Some(self.account(name)),
            record: None,
            redactable,
        };
        others.extend(record.mentions.iter().map(|n| named(Role::Mentioned, n, alone)));
        others.extend(record.tagged.iter().map(|n| named(Role::Tagged, n, alone)));
        others.extend(record.about.iter().map(|n| named(Role::About, n, false)));
        others.extend(record.participants.iter().map(|n| named(Role::Participant, n, false)));
        others.extend(record.holder.iter().map(|n| named(Role::Holder, n, false)));
        for shown in &record.depicts {
            match shown.as_str() {
                "child" => traits = traits.with(Mark::DepictsChild),
                "unknown" => traits = traits.with(Mark::DepictsUnknown),
                _ => others.push(named(Role::Depicted, shown, false)),
            }
        }
        for quote in &record.quotes.0 {
            traits = traits.with_if(Mark::ReservedSpan, quote.tdm_reserved);
            match quote.of.as_str() {
                "external" => {}
                "unknown" => traits = traits.with(Mark::QuotesUnknown),
                of if self.raw.records.contains_key(of) => others.extend(self.of_record(Role::Quoted, of, alone)),
                of => others.push(named(Role::Quoted, &of.to_string(), alone)),
            }
        }
        for original in record.repost_of.iter().chain(&record.screenshot_of) {
            self.reposted(original, others);
        }
        others.extend(record.reply_to.iter().filter_map(|r| self.of_record(Role::RepliedTo, r, false)));
        for part in &record.pair_of {
            others.extend(self.of_record(Role::Quoted, part, false));
            others.extend(self.of_record(Role::CopiedFrom, part, false));
        }
        if let Some(copied) = record.near_duplicate_of.as_ref().filter(|c| self.is_copy(c, record)) {
            others.extend(self.of_record(Role::CopiedFrom, &copied.record, false));
        }
        traits.with_if(Mark::Others, !others.is_empty())
    }

    fn of_record(&self, role: Role, name: &str, redactable: bool) -> Option<Other> {
        let record = self.raw.records.get(name)?;
        Some(Other { role, person: Some(self.account(&record.value.by)), record: Some(self.key(name)), redactable })
    }

    /// The authors of a reposted record and of all that it reposts in turn.
    fn reposted(&self, name: &str, others: &mut Vec<Other>) {
        let mut next = Some(name);
        while let Some(name) = next {
            others.extend(self.of_record(Role::Reposted, name, false));
            let record = self.raw.records.get(name).map(|r| &r.value);
            next = record.and_then(|r| r.repost_of.as_deref().or(r.screenshot_of.as_deref()));
        }
    }

    /// Whether a copy is close and long enough, and not older than what it is said to copy: a denied
    /// copy that came later leaves the original in.
    fn is_copy(&self, copied: &NearDuplicate, record: &RecordFile) -> bool {
        let close = copied.similarity.is_none_or(|s| s >= COPY.0) && copied.tokens.is_none_or(|t| t >= COPY.1);
        let original = self.raw.records.get(&copied.record).map(|r| r.value.created);
        close && original.is_some_and(|created| created <= record.created)
    }
}

/// A record's own traits, before anybody else in it.
fn plain(record: &RecordFile) -> Traits {
    let mut traits = Traits::new(record.category, record.audience, record.provenance);
    for flag in &record.flags {
        traits = traits.with_flag(*flag);
    }
    for special in &record.special {
        traits = traits.with_special(*special);
    }
    traits
        .with_if(Mark::Text, record.text.is_some())
        .with_if(Mark::Rightsholder, record.rightsholder)
        .with_if(Mark::Org, record.org.is_some())
        .with_if(Mark::Retention, record.retain_until.is_some())
}

impl Prepared<'_> {
    pub(crate) fn view(&self) -> RecordView<'_> {
        RecordView {
            key: self.key,
            id: self.name,
            person: self.person,
            traits: self.traits,
            created: self.record.created,
            collected: self.record.collected.unwrap_or(self.record.created),
            org: self.org,
            retain_until: self.record.retain_until,
            others: &self.others,
        }
    }
}

/// Looks people up, and what is quoted or copied under its own category and time.
pub(crate) struct Everyone<'a> {
    pub(crate) world: &'a World<'a>,
    pub(crate) ctx: &'a Context<'a>,
}

impl People for Everyone<'_> {
    fn stance(&self, person: PersonKey, record: Option<RecordKey>, category: Category, created: Micros) -> Stance {
        let original = record.and_then(|r| self.world.originals.get(&r));
        let (category, created) = original.copied().unwrap_or((category, created));
        let nobody = PersonHistory::default();
        self.world.people.get(&person).unwrap_or(&nobody).stance(self.ctx, record, category, created)
    }
}
