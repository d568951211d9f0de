//! Reading scenario files: strict, every complaint with file, line and column.

use std::collections::BTreeSet;

use serde_saphyr::{Location, Spanned};

use crate::event::{EventKind, EventLine};
use crate::packs::Diagnostic;
use crate::scenario::expect::{AskFile, ExpectFile};
use crate::scenario::format::{RecordFile, ScenarioFile};

/// One scenario, read and checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its file.
    pub file: String,
    /// Its name, unique in a run.
    pub name: String,
    /// The law it is about, for failures.
    pub law: Vec<String>,
    /// The packs it runs against, in layering order.
    pub packs: Vec<String>,
    pub(crate) raw: ScenarioFile,
    pub(crate) questions: Vec<Question>,
}

/// One question with what it must lead to.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) ask: AskFile,
    pub(crate) expect: ExpectFile,
}

/// Reads one scenario.
///
/// # Errors
/// Everything that is wrong with the text, as far as it can be told.
pub fn read(file: &str, text: &str) -> Result<Scenario, Vec<Diagnostic>> {
    let options = serde_saphyr::options! {
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
    };
    let raw: ScenarioFile = serde_saphyr::from_str_with_options(text, options).map_err(|e| {
        let (line, column) = e.location().map_or((0, 0), place);
        vec![Diagnostic { file: file.into(), line, column, message: message(&e), hint: None }]
    })?;
    let mut check = Check { file, raw: &raw, found: Vec::new() };
    let questions = check.everything();
    if !check.found.is_empty() {
        return Err(check.found);
    }
    let packs = raw.packs.as_ref().map_or_else(
        || crate::packs::DEFAULT.iter().map(|p| (*p).to_string()).collect(),
        |names| names.iter().map(|n| n.value.clone()).collect(),
    );
    Ok(Scenario { file: file.into(), name: raw.scenario.value.clone(), law: raw.law.clone(), packs, raw, questions })
}

fn place(location: Location) -> (usize, usize) {
    let number = |n: u64| usize::try_from(n).unwrap_or(0);
    (number(location.line()), number(location.column()))
}

/// The parser's message without its own rendering of the place.
fn message(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let first = text.lines().find(|l| !l.trim().is_empty()).unwrap_or("not a scenario").trim();
    let end = first.find(" at line ").unwrap_or(first.len());
    first[..end].trim_start_matches("error: ").to_string()
}

struct Check<'a> {
    file: &'a str,
    raw: &'a ScenarioFile,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn say(&mut self, at: Location, message: String, hint: &str) {
        let (line, column) = place(at);
        let hint = (!hint.is_empty()).then(|| hint.to_string());
        self.found.push(Diagnostic { file: self.file.into(), line, column, message, hint });
    }

    fn everything(&mut self) -> Vec<Question> {
        let raw = self.raw;
        if raw.format.value != 1 {
            self.say(raw.format.referenced, format!("format {} is not known", raw.format.value), "write `format: 1`");
        }
        for pack in raw.packs.iter().flatten() {
            if raw.packs.as_ref().is_some_and(|all| all.iter().filter(|p| p.value == pack.value).count() > 1) {
                self.say(pack.referenced, format!("pack `{}` is named twice", pack.value), "");
            }
        }
        for person in raw.people.values() {
            for holder in &person.value.holders {
                self.known_account(holder, person.referenced);
            }
        }
        self.events();
        for (name, record) in &raw.records {
            self.record(name, record);
        }
        self.cycles();
        self.questions()
    }

    fn known_account(&mut self, account: &str, at: Location) {
        if !self.raw.people.contains_key(account) {
            let known = self.raw.people.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
            self.say(at, format!("no person named `{account}`"), &format!("people: {known}"));
        }
    }

    fn known_record(&mut self, record: &str, at: Location) {
        if !self.raw.records.contains_key(record) {
            let known = self.raw.records.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
            self.say(at, format!("no record named `{record}`"), &format!("records: {known}"));
        }
    }

    fn events(&mut self) {
        let raw = self.raw;
        let mut last = None;
        let mut ids: BTreeSet<String> = BTreeSet::new();
        for (i, event) in raw.events.iter().enumerate() {
            let line = &event.value;
            if last.is_some_and(|l| line.received < l) {
                self.say(event.referenced, "events are out of order".into(), "sort them by `received`");
            }
            last = last.max(Some(line.received));
            self.event(event);
            let aims = matches!(line.event, EventKind::Verification | EventKind::Lift);
            let words = ["restriction", "objection", "signal_conflict"];
            if let Some(of) = line.of.as_ref().filter(|of| aims && !words.contains(&of.as_str()) && !ids.contains(*of))
            {
                let hint = "name the `id` or the position of an earlier event";
                self.say(event.referenced, format!("no earlier event `{of}`"), hint);
            }
            ids.insert(line.id.clone().unwrap_or_else(|| (i + 1).to_string()));
        }
    }

    fn event(&mut self, event: &Spanned<EventLine>) {
        let (line, at) = (&event.value, event.referenced);
        if let Some(missing) = missing(line) {
            self.say(at, format!("a {} event needs {missing}", word(line.event)), "");
        }
        for account in line.account.iter().chain(line.accounts.iter().flatten()) {
            self.known_account(account, at);
        }
        for record in line.record.iter().chain(line.records.iter().flatten()) {
            self.known_record(record, at);
        }
        if let Some(notice) = line.notice.as_ref().filter(|n| !self.raw.notices.contains_key(*n)) {
            let known = self.raw.notices.keys().map(String::as_str).collect::<Vec<_>>().join(" ");
            self.say(at, format!("no notice named `{notice}`"), &format!("notices: {known}"));
        }
        if let Some(text) = line.expires.as_ref().filter(|t| crate::history::ends(t, line.received).is_none()) {
            self.say(at, format!("`{text}` is no end"), "write a date, a time, or a duration such as P2Y");
        }
        for region in line.regions.iter().flatten().chain(&line.country).chain(&line.region) {
            if let Err(e) = region.parse::<crate::place::Place>() {
                self.say(at, e.to_string(), "");
            }
        }
        for (field, value, allowed) in words(line) {
            if !allowed.contains(&value) {
                let message = format!("`{value}` is not a known {field}");
                self.say(at, message, &format!("allowed: {}", allowed.join(" ")));
            }
        }
    }

    fn record(&mut self, name: &str, record: &Spanned<RecordFile>) {
        let (r, at) = (&record.value, record.referenced);
        if name.contains('@') {
            self.say(at, format!("`{name}` is not a record name"), "`@` is for versions in `expect`");
        }
        self.known_account(&r.by, at);
        r.holder.iter().chain(&r.participants).for_each(|a| self.known_account(a, at));
        let copies = r.near_duplicate_of.iter().map(|n| &n.record);
        let single = [&r.repost_of, &r.screenshot_of, &r.reply_to, &r.reimport_of].into_iter().flatten();
        single.chain(copies).chain(&r.pair_of).for_each(|id| self.known_record(id, at));
        for quote in &r.quotes.0 {
            let known = matches!(quote.of.as_str(), "unknown" | "external")
                || self.raw.records.contains_key(&quote.of)
                || self.raw.people.contains_key(&quote.of);
            if !known {
                let hint = "write a record, an account, `unknown` or `external`";
                self.say(at, format!("nothing named `{}` to quote", quote.of), hint);
            }
        }
        for shown in r.depicts.iter().filter(|d| !matches!(d.as_str(), "child" | "unknown")) {
            self.known_account(shown, at);
        }
    }

    /// A record cannot, through others, repost, copy or be a part of itself.
    fn cycles(&mut self) {
        let raw = self.raw;
        let next = |name: &str| -> Vec<&String> {
            let Some(record) = raw.records.get(name) else { return Vec::new() };
            let r = &record.value;
            let single = [&r.repost_of, &r.screenshot_of, &r.reply_to, &r.reimport_of].into_iter().flatten();
            single.chain(&r.pair_of).chain(r.quotes.0.iter().map(|q| &q.of)).collect()
        };
        for (name, record) in &raw.records {
            let mut seen = BTreeSet::new();
            let mut open = next(name);
            while let Some(other) = open.pop() {
                if other == name {
                    self.say(record.referenced, format!("record `{name}` leads back to itself"), "");
                    break;
                }
                if seen.insert(other) {
                    open.extend(next(other));
                }
            }
        }
    }

    fn questions(&mut self) -> Vec<Question> {
        let raw = self.raw;
        let mut questions = Vec::new();
        match (&raw.ask, &raw.expect) {
            (Some(ask), Some(expect)) => {
                self.expect(&expect.value, expect.referenced);
                questions.push(Question { ask: ask.value.clone(), expect: expect.value.clone() });
            }
            (Some(ask), None) => self.say(ask.referenced, "`ask` without `expect`".into(), "say what must be decided"),
            (None, Some(expect)) => self.say(expect.referenced, "`expect` without `ask`".into(), ""),
            (None, None) => {}
        }
        for entry in &raw.asks {
            self.expect(&entry.value.expect, entry.referenced);
            match entry.value.ask() {
                Some(ask) => questions.push(Question { ask, expect: entry.value.expect.clone() }),
                None => self.say(entry.referenced, "a question needs purpose and at".into(), ""),
            }
        }
        if questions.is_empty() && self.found.is_empty() {
            self.say(raw.scenario.referenced, "a scenario without a question".into(), "add `ask` and `expect`");
        }
        questions
    }

    fn expect(&mut self, expect: &ExpectFile, at: Location) {
        if expect.records.is_empty() && !expect.refused {
            self.say(at, "nothing is expected".into(), "name a record and its verdict, or `refused: true`");
        }
        for (name, _) in &expect.records {
            let (base, version) = name.value.split_once('@').unwrap_or((&name.value, ""));
            self.known_record(base, name.referenced);
            let number = version.parse::<usize>().ok().filter(|v| *v >= 1 && *v <= self.edits(base) + 1);
            if !version.is_empty() && number.is_none() {
                let message = format!("record `{base}` has no version `{version}`");
                self.say(name.referenced, message, "versions count from 1, one more for each `edited` event");
            }
        }
    }

    fn edits(&self, record: &str) -> usize {
        let edits = self.raw.events.iter().map(|e| &e.value);
        edits.filter(|e| e.event == EventKind::Edited && e.record.as_deref() == Some(record)).count()
    }
}

/// What an event of a kind cannot do without.
fn missing(line: &EventLine) -> Option<&'static str> {
    let account = line.account.is_some();
    match line.event {
        EventKind::NoticeDelivered if line.notice.is_none() => Some("`notice`"),
        EventKind::Consent if line.purposes.is_none() => Some("`purposes`"),
        EventKind::Object if !account && line.by.is_none() => Some("`account` or `by`"),
        EventKind::Verification if line.of.is_none() || line.result.is_none() => Some("`of` and `result`"),
        EventKind::Link | EventKind::Unlink if line.accounts.as_ref().is_none_or(|a| a.len() < 2) => {
            Some("`accounts` with two names")
        }
        EventKind::OrgPolicy if line.org.is_none() || line.act.is_none() => Some("`org` and `act`"),
        EventKind::Guardian | EventKind::Directive if line.act.is_none() => Some("`act`"),
        EventKind::Signal if line.source.is_none() => Some("`source`"),
        EventKind::Signal if !account && line.record.is_none() => Some("`account` or `record`"),
        EventKind::AccountStatus if line.status.is_none() => Some("`status`"),
        EventKind::Visibility if line.audience.is_none() => Some("`audience`"),
        EventKind::Visibility | EventKind::Deleted | EventKind::Edited if line.record.is_none() => Some("`record`"),
        EventKind::Order
        | EventKind::OrgPolicy
        | EventKind::Link
        | EventKind::Unlink
        | EventKind::Object
        | EventKind::Verification
        | EventKind::Signal
        | EventKind::Visibility
        | EventKind::Deleted
        | EventKind::Edited => None,
        _ if !account => Some("`account`"),
        _ => None,
    }
}

fn word(kind: EventKind) -> String {
    serde_json::to_value(kind).ok().and_then(|v| v.as_str().map(str::to_string)).unwrap_or_default()
}

/// Fields that hold a closed set of words for some kinds.
fn words(line: &EventLine) -> Vec<(&'static str, &str, &'static [&'static str])> {
    let (field, value, allowed): (_, _, &'static [&'static str]) = match line.event {
        EventKind::Guardian => ("act", &line.act, &["consent", "object"]),
        EventKind::OrgPolicy | EventKind::Directive => ("act", &line.act, &["allow", "deny"]),
        EventKind::Restrict | EventKind::Lift => ("by", &line.by, &["subject", "platform", "guardian", "heir"]),
        EventKind::Deleted => ("by", &line.by, &["subject", "platform", "tool"]),
        EventKind::Signal => ("entity", &line.entity, &["controller", "other", "global"]),
        EventKind::Move => ("evidence", &line.evidence, &["address", "vpn"]),
        _ => return Vec::new(),
    };
    value.as_deref().map(|v| (field, v, allowed)).into_iter().collect()
}
