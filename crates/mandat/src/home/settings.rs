//! `mandat.toml`: settings with defaults shipped as a file; unknown keys are refused.

use std::fmt;
use std::path::Path;

use mandat_core::controller::ControllerConfig;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::failure::{Failure, Outcome};

/// Every setting with its default and what it means.
pub(crate) const DEFAULTS: &str = include_str!("../../data/mandat.toml");

/// The settings of a home and where each came from.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) values: Values,
    /// What the home's own file says.
    own: Table,
}

impl fmt::Debug for Settings {
    /// Nothing: the ledger's URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settings")
    }
}

/// The values in force.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Values {
    pub(crate) lang: String,
    pub(crate) platform: String,
    pub(crate) store: String,
    pub(crate) ledger: String,
    pub(crate) ingest: Ingest,
    pub(crate) build: Build,
    pub(crate) log: Log,
    pub(crate) controller: ControllerConfig,
}

/// `[ingest]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ingest {
    pub(crate) memory: String,
    pub(crate) threads: usize,
    pub(crate) strict: bool,
    pub(crate) max_rejections: i64,
}

/// `[build]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Build {
    pub(crate) threads: usize,
}

/// `[log]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    pub(crate) origin: String,
    pub(crate) witnesses: Vec<String>,
    pub(crate) policy: String,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// Shipped with the program.
    Default,
    /// The home's `mandat.toml`.
    File,
}

/// One line of `mandat config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Setting {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) origin: Origin,
    pub(crate) meaning: String,
}

impl Settings {
    /// Reads a home's file over the defaults.
    ///
    /// # Errors
    /// When it is not TOML, or a key or value is not known; with line and column.
    pub(crate) fn read(text: &str, path: &Path) -> Outcome<Self> {
        let refuse = |error: toml::de::Error| {
            let said = without_passwords(error.to_string().trim_end());
            Failure::bad_input(format!("`{}` cannot be used: {said}", path.display()))
                .hint("`mandat config --defaults` prints every setting")
        };
        // The first reading names line and column; its values are not used, for they lack the defaults.
        toml::from_str::<Values>(text).map_err(refuse)?;
        let own: Table = text.parse().map_err(refuse)?;
        let values = overlay(&defaults(), &own).try_into().map_err(refuse)?;
        let settings = Self { values, own };
        settings.check(path)?;
        Ok(settings)
    }

    fn check(&self, path: &Path) -> Outcome<()> {
        if !matches!(self.values.lang.as_str(), "" | "de" | "en") {
            return Err(Failure::bad_input(format!("`lang` in `{}` is neither de nor en", path.display()))
                .hint("write lang = \"de\", \"en\" or \"\""));
        }
        bytes_of(&self.values.ingest.memory).map(drop)
    }

    /// Every setting, in the order of the defaults.
    pub(crate) fn list(&self) -> Vec<Setting> {
        let mut out = Vec::new();
        let mut section = String::new();
        let mut meaning = String::new();
        let merged = overlay(&defaults(), &self.own);
        for line in DEFAULTS.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                meaning = format!("{meaning} {comment}");
            } else if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                section = format!("{name}.");
                meaning.clear();
            } else if let Some((key, _)) = line.split_once(" = ") {
                let key = format!("{section}{key}");
                let value = find(&merged, &key).map_or_else(String::new, |value| without_passwords(&value.to_string()));
                let origin = if find(&self.own, &key).is_some() { Origin::File } else { Origin::Default };
                out.push(Setting { key, value, origin, meaning: std::mem::take(&mut meaning).trim().to_owned() });
            } else {
                meaning.clear();
            }
        }
        if let Some(offers) = find(&self.own, "controller.offers") {
            let (key, meaning) = ("controller.offers".into(), "What the policy in force covers.".into());
            out.push(Setting { key, value: offers.to_string(), origin: Origin::File, meaning });
        }
        out
    }
}

/// A text without the passwords of URLs in it.
fn without_passwords(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(tail.len());
        let (url, after) = tail.split_at(end);
        match url.rsplit_once('@').map(|(user, host)| (user.split_once(':'), host)) {
            Some((Some((name, _)), host)) => out.push_str(&format!("{name}:***@{host}")),
            _ => out.push_str(url),
        }
        rest = after;
    }
    out.push_str(rest);
    match out.split_once("password=") {
        Some((head, tail)) => {
            let end = tail.find(|c: char| c.is_whitespace() || c == '"' || c == '&').unwrap_or(tail.len());
            format!("{head}password=***{}", &tail[end..])
        }
        None => out,
    }
}

fn defaults() -> Table {
    DEFAULTS.parse().expect("bug: the shipped settings are TOML")
}

/// `own` over `base`, table by table.
fn overlay(base: &Table, own: &Table) -> Table {
    let mut merged = base.clone();
    for (key, value) in own {
        let value = match (base.get(key), value) {
            (Some(Value::Table(base)), Value::Table(own)) => Value::Table(overlay(base, own)),
            _ => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    merged
}

fn find<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, rest)) => find(table.get(section)?.as_table()?, rest),
        None => table.get(key),
    }
}

/// `2GB`, `512MB`, `1GiB` as a number of bytes; `None` for the empty word.
///
/// # Errors
/// When it is neither.
pub(crate) fn bytes_of(text: &str) -> Outcome<Option<u64>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match text[at..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1),
        "kb" | "k" => Some(1_000),
        "mb" | "m" => Some(1_000_000),
        "gb" | "g" => Some(1_000_000_000),
        "kib" => Some(1 << 10),
        "mib" => Some(1 << 20),
        "gib" => Some(1 << 30),
        _ => None,
    };
    let number: Option<u64> = text[..at].parse().ok();
    let value = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    value
        .map(Some)
        .ok_or_else(|| Failure::usage(format!("`{text}` is not an amount of memory")).hint("write 512MB, 2GB or 1GiB"))
}

/// The settings that a new home starts with: the defaults, each line commented out.
pub(crate) fn template() -> String {
    let mut out =
        String::from("# Settings of this home. Every line shows its default; take the `#` away to change it.\n");
    for line in DEFAULTS.lines().skip(1) {
        let setting = !line.is_empty() && !line.starts_with('#') && !line.starts_with('[');
        out.push_str(&if setting { format!("#{line}\n") } else { format!("{line}\n") });
    }
    out
}

/// Reads the shipped defaults, for homes that do not exist yet.
pub(crate) fn shipped() -> Settings {
    Settings::read("", Path::new("mandat.toml")).expect("bug: the shipped settings are settings")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Outcome<Settings> {
        Settings::read(text, Path::new("mandat.toml"))
    }

    #[test]
    fn a_setting_of_the_file_wins_and_says_so() {
        let settings = read("[ingest]\nthreads = 3\n").unwrap();
        assert_eq!((settings.values.ingest.threads, settings.values.store.as_str()), (3, "."));
        let list = settings.list();
        let threads = list.iter().find(|s| s.key == "ingest.threads").unwrap();
        assert_eq!((threads.value.as_str(), threads.origin), ("3", Origin::File));
        assert!(list.iter().all(|s| !s.meaning.is_empty()), "every default is explained");
        assert_eq!(list.iter().filter(|s| s.origin == Origin::File).count(), 1);
    }

    #[test]
    fn unknown_keys_and_wrong_types_name_the_line() {
        let failure = read("lang = \"de\"\n[ingest]\nthread = 3\n").unwrap_err();
        assert!(failure.message.contains("line 3") && failure.message.contains("thread"), "{failure}");
        let failure = read("[ingest]\nthreads = \"many\"\n").unwrap_err();
        assert!(failure.message.contains("line 2"), "{failure}");
        assert!(read("lang = \"fr\"").is_err() && read("[ingest]\nmemory = \"lots\"").is_err());
    }

    #[test]
    fn nothing_is_on_file_by_default_and_the_template_changes_nothing() {
        let shipped = shipped().values.controller.controller();
        assert!(!shipped.dpia.covers("train_generative") && !shipped.has_lia("train_generative", "first_party"));
        let fresh = read(&template()).unwrap();
        assert!(fresh.list().iter().all(|s| s.origin == Origin::Default));
    }

    #[test]
    fn the_password_of_a_ledger_is_not_shown() {
        for url in ["postgresql://anna:S3cret@h/db", "postgresql://h/db?user=anna&password=S3cret&schema=s"] {
            let settings = read(&format!("ledger = \"{url}\"\n")).unwrap();
            let shown = settings.list().into_iter().find(|s| s.key == "ledger").unwrap();
            assert!(shown.value.contains("***") && !shown.value.contains("S3cret"), "{}", shown.value);
            let damaged = read(&format!("ledger = \"{url}\" x\n")).unwrap_err();
            assert!(!damaged.to_string().contains("S3cret"), "{damaged}");
        }
    }

    #[test]
    fn memory_is_read_with_its_unit() {
        assert_eq!(bytes_of("2GB").unwrap(), Some(2_000_000_000));
        assert_eq!(bytes_of(" 1 GiB ").unwrap(), Some(1 << 30));
        assert_eq!(bytes_of("").unwrap(), None);
        assert!(bytes_of("2 potatoes").is_err());
    }
}
