//! The text of a pack: TOML, unknown keys refused, every complaint with line and column.

use serde::Deserialize;
use toml::Spanned;

use crate::derive::Fact;
use crate::packs::{Diagnostic, literals};
use crate::proof::{Digest, Hasher};
use crate::table::{Facts, Rule};
use crate::time::Micros;
use crate::vocab::{Profile, Reason, Verdict};

/// A pack as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PackFile {
    pub(crate) id: Spanned<String>,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) valid_from: Option<Micros>,
    #[serde(default)]
    pub(crate) sources: Vec<String>,
    #[serde(default)]
    pub(crate) settings: SettingsFile,
    #[serde(default, rename = "rule")]
    pub(crate) rules: Vec<RuleFile>,
}

/// What a pack is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Layered on others; only tightens.
    #[default]
    Layer,
    /// Stands alone and reproduces what somebody claimed, or a plain rule; never a ground for a corpus.
    Replay,
}

/// What a pack may tighten.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsFile {
    #[serde(default)]
    pub(crate) min_training_age: Option<u8>,
    #[serde(default)]
    pub(crate) notice_window_days: Option<i64>,
    #[serde(default)]
    pub(crate) records_from: Option<Micros>,
}

/// A rule as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub(crate) id: Spanned<String>,
    pub(crate) when: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(crate) profiles: Option<Vec<Profile>>,
    pub(crate) verdict: Spanned<Verdict>,
    pub(crate) reason: Reason,
    pub(crate) articles: Spanned<Vec<String>>,
    #[serde(default)]
    pub(crate) tests: Vec<String>,
    #[serde(default)]
    pub(crate) note: Option<String>,
}

/// A rule with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The rule.
    pub rule: Rule,
    /// The scenarios that it names as its tests.
    pub tests: Vec<String>,
    /// Why it reads as it does.
    pub note: Option<String>,
    /// Its file or built-in pack.
    pub file: String,
    /// Line of its id.
    pub line: usize,
    /// Column of its id.
    pub column: usize,
}

/// One pack, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// One line that says what it is.
    pub title: String,
    /// Layer or replay.
    pub kind: Kind,
    /// From when on it is meant to be used.
    pub valid_from: Option<Micros>,
    /// Where its rules come from.
    pub sources: Vec<String>,
    /// Training age, window and cut date it sets.
    pub(crate) settings: (Option<u8>, Option<i64>, Option<Micros>),
    /// Its rules.
    pub rules: Vec<Written>,
}

/// Text with a name, and where bytes of it stand.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
}

impl Source<'_> {
    /// Line and column, from 1, of a byte offset; columns count code points.
    pub(crate) fn place(&self, offset: usize) -> (usize, usize) {
        let head = self.text.get(..offset.min(self.text.len())).unwrap_or(self.text);
        let line = head.matches('\n').count() + 1;
        let column = head.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    pub(crate) fn diagnostic(&self, offset: usize, message: String, hint: Option<String>) -> Diagnostic {
        let (line, column) = self.place(offset);
        Diagnostic { file: self.file.into(), line, column, message, hint }
    }
}

impl Pack {
    /// Reads a pack; every complaint has its place.
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let source = Source { file, text };
        let raw: PackFile = toml::from_str(text).map_err(|e| {
            let offset = e.span().map_or(0, |s| s.start);
            vec![source.diagnostic(offset, e.message().trim().to_string(), None)]
        })?;
        let mut found = Vec::new();
        let pack = raw.id.get_ref().clone();
        if !pack.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') || pack.is_empty() {
            let hint = "use lower-case letters, digits and hyphens".to_string();
            found.push(source.diagnostic(raw.id.span().start, format!("`{pack}` is not a pack id"), Some(hint)));
        }
        let rules = raw.rules.iter().map(|rule| source.rule(&pack, rule, &mut found)).collect();
        check_settings(&source, &raw.settings, &mut found);
        if !found.is_empty() {
            return Err(found);
        }
        let settings = &raw.settings;
        Ok(Self {
            id: pack,
            version: raw.version,
            title: raw.title,
            kind: raw.kind,
            valid_from: raw.valid_from,
            sources: raw.sources,
            settings: (settings.min_training_age, settings.notice_window_days, settings.records_from),
            rules,
        })
    }
}

impl Pack {
    /// The digest of what decides and of what is said about it; comments and order of keys do not count.
    ///
    /// Preimage: a version word, id, version, kind and settings, then each rule's id, sorted literals,
    /// profiles, verdict, reason and articles; every part behind its length, every list behind its count.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        let mut put = |text: &str| hasher.update_prefixed(text.as_bytes());
        put("mandat/pack/v1");
        put(&self.id);
        put(&self.version);
        put(if self.kind == Kind::Replay { "replay" } else { "layer" });
        let (age, days, from) = self.settings;
        put(&age.map_or(String::new(), |a| a.to_string()));
        put(&days.map_or(String::new(), |d| d.to_string()));
        put(&from.map_or(String::new(), |f| f.to_string()));
        put(&self.rules.len().to_string());
        for Written { rule, .. } in &self.rules {
            put(&rule.id);
            put(&literals(rule).join(" "));
            put(&rule.profiles.iter().map(|p| p.as_str()).collect::<Vec<_>>().join(" "));
            put(rule.verdict.as_str());
            put(rule.reason.as_str());
            put(&rule.articles.len().to_string());
            rule.articles.iter().for_each(|a| put(a));
        }
        hasher.finish()
    }
}

fn check_settings(source: &Source<'_>, settings: &SettingsFile, found: &mut Vec<Diagnostic>) {
    if settings.notice_window_days.is_some_and(|days| !(0..=3650).contains(&days)) {
        let offset = source.text.find("notice_window_days").unwrap_or(0);
        found.push(source.diagnostic(offset, "`notice_window_days` is outside 0 to 3650".into(), None));
    }
    if settings.min_training_age.is_some_and(|age| age > 120) {
        let offset = source.text.find("min_training_age").unwrap_or(0);
        found.push(source.diagnostic(offset, "`min_training_age` is outside 0 to 120".into(), None));
    }
}

impl Source<'_> {
    fn rule(&self, pack: &str, raw: &RuleFile, found: &mut Vec<Diagnostic>) -> Written {
        let (mut mask, mut value) = (Facts::default(), Facts::default());
        for word in raw.when.get_ref() {
            self.literal(word, &mut mask, &mut value, found);
        }
        if raw.when.get_ref().is_empty() {
            found.push(self.diagnostic(raw.when.span().start, "a rule without a condition fires always".into(), None));
        }
        if *raw.verdict.get_ref() == Verdict::Include {
            let hint = "packs only tighten: use include_redacted, hold or exclude".to_string();
            found.push(self.diagnostic(raw.verdict.span().start, "a rule cannot include".into(), Some(hint)));
        }
        if raw.articles.get_ref().is_empty() {
            let hint = "name the article or the standard it rests on".to_string();
            found.push(self.diagnostic(raw.articles.span().start, "a rule without an article".into(), Some(hint)));
        }
        let (line, column) = self.place(raw.id.span().start);
        let rule = Rule {
            id: format!("{pack}/{}", raw.id.get_ref()),
            profiles: raw.profiles.clone().unwrap_or_else(|| Profile::ALL.to_vec()),
            mask,
            value,
            verdict: *raw.verdict.get_ref(),
            reason: raw.reason,
            articles: raw.articles.get_ref().clone(),
        };
        Written { rule, tests: raw.tests.clone(), note: raw.note.clone(), file: self.file.into(), line, column }
    }

    /// Adds `fact` or `!fact` to a condition.
    fn literal(&self, word: &Spanned<String>, mask: &mut Facts, value: &mut Facts, found: &mut Vec<Diagnostic>) {
        let text = word.get_ref();
        let (name, wanted) = text.strip_prefix('!').map_or((text.as_str(), true), |name| (name, false));
        let Some(fact) = Fact::named(name) else {
            let hint = nearest(name).map(|near| format!("did you mean `{near}`?"));
            found.push(self.diagnostic(word.span().start, format!("unknown fact `{name}`"), hint));
            return;
        };
        if mask.has(fact) {
            let same = value.has(fact) == wanted;
            let message = if same { format!("`{name}` twice") } else { format!("`{name}` and `!{name}`: never fires") };
            found.push(self.diagnostic(word.span().start, message, None));
        }
        mask.insert(fact);
        value.insert_if(fact, wanted);
    }
}

/// The known fact with the most letters in the same places from the start or the end.
fn nearest(name: &str) -> Option<&'static str> {
    let score = |known: &str| {
        let head = known.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
        let tail = known.bytes().rev().zip(name.bytes().rev()).take_while(|(a, b)| a == b).count();
        head + tail
    };
    let best = Fact::ALL.iter().map(|f| f.as_str()).max_by_key(|known| score(known))?;
    (score(best) * 2 >= name.len()).then_some(best)
}
