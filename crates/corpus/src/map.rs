//! Maps: how somebody else's fields become canonical ones.
//!
//! ```toml
//! time_zone = "Europe/Berlin"      # for times without an offset; default: they are rejected
//! ignore = ["party", "source"]     # fields to drop without a word
//!
//! [rename]                         # their field = ours
//! author_id = "account"
//! author = "handle"
//!
//! [set]                            # ours = a constant, for records that do not say
//! platform = "x"
//! audience = "public"
//!
//! [template]                       # ours = a text with {their fields}, for records that do not say
//! account = "btp:{author}"
//!
//! [values.kind]                    # their field; its values become those of one of ours
//! to = "category"
//! map = { speech = "post", interjection = "comment" }
//! default = "post"                 # missing: a value that is not listed is rejected
//! ```
//!
//! A canonical field keeps its meaning unless the map renames it. No map is the empty map.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use jiff::tz::TimeZone;
use mandat_core::proof::{Digest, Hasher};
use mandat_core::time::{Micros, TimeError};
use serde::Deserialize;

use crate::input::field::{self, Field, Kind};

/// A map that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// Not TOML, or not these keys.
    #[error("the map does not parse; see `mandat ingest --help` for its keys")]
    Syntax(#[source] Box<toml::de::Error>),
    /// A canonical field that there is none of.
    #[error("the map names `{name}`, which is not a field of a record; fields are {}", mandat_core::record::FIELDS.join(" "))]
    Field {
        /// The name.
        name: String,
    },
    /// A constant or template for a field that is not one string.
    #[error("the map makes up `{name}`, which is a list; only single values can be made up")]
    List {
        /// The name.
        name: String,
    },
    /// A time zone that there is none of.
    #[error("`{name}` is not a time zone; write one such as `Europe/Berlin`")]
    Zone {
        /// The name.
        name: String,
    },
    /// A template whose braces do not match.
    #[error("the template of `{name}` has a brace without its partner")]
    Template {
        /// The field.
        name: String,
    },
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct File {
    time_zone: Option<String>,
    ignore: Vec<String>,
    rename: BTreeMap<String, String>,
    set: BTreeMap<String, String>,
    template: BTreeMap<String, String>,
    values: BTreeMap<String, ValuesFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValuesFile {
    to: String,
    #[serde(default)]
    map: BTreeMap<String, String>,
    default: Option<String>,
}

/// What is done with one of their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    /// It is this canonical field.
    pub field: Option<Field>,
    /// Its text is kept under this number, for templates and value maps.
    pub slot: Option<usize>,
}

/// Values of one field that stand for values of another.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    pub(crate) slot: usize,
    pub(crate) to: Field,
    pub(crate) map: BTreeMap<String, String>,
    pub(crate) default: Option<String>,
}

/// A text with slots.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) to: Field,
    pub(crate) parts: Vec<Piece>,
}

/// A part of a template.
#[derive(Debug, Clone)]
pub(crate) enum Piece {
    Text(String),
    Slot(usize),
}

/// A checked map.
#[derive(Debug, Clone)]
pub struct Map {
    uses: HashMap<String, Use>,
    /// Number of slots.
    pub(crate) slots: usize,
    pub(crate) values: Vec<Values>,
    pub(crate) templates: Vec<Template>,
    pub(crate) constants: Vec<(Field, String)>,
    zone: Option<TimeZone>,
    digest: Digest,
}

impl Default for Map {
    fn default() -> Self {
        Self::parse("").expect("the empty map is a map")
    }
}

impl Map {
    /// Reads a map file.
    ///
    /// # Errors
    /// [`MapError`], which names what is wrong.
    pub fn parse(source: &str) -> Result<Self, MapError> {
        let file: File = toml::from_str(source).map_err(|e| MapError::Syntax(Box::new(e)))?;
        let mut uses: HashMap<String, Use> = HashMap::new();
        for field in field::ALL {
            uses.insert(field.name().to_owned(), Use { field: Some(field), slot: None });
        }
        for name in &file.ignore {
            uses.insert(name.clone(), Use::default());
        }
        for (theirs, ours) in &file.rename {
            uses.insert(theirs.clone(), Use { field: Some(named(ours)?), slot: None });
        }
        let zone =
            file.time_zone.as_ref().map(|name| TimeZone::get(name).map_err(|_| MapError::Zone { name: name.clone() }));
        let mut map = Self {
            uses,
            slots: 0,
            values: Vec::new(),
            templates: Vec::new(),
            constants: Vec::new(),
            zone: zone.transpose()?,
            digest: digest_of(source),
        };
        map.add_values(file.values)?;
        map.add_templates(&file.template)?;
        for (name, value) in file.set {
            map.constants.push((single(&name)?, value));
        }
        Ok(map)
    }

    /// The same map with a constant for records that do not say, as `--platform` gives it.
    #[must_use]
    pub fn with_constant(mut self, field: Field, value: &str) -> Self {
        let mut hasher = Hasher::new();
        for part in [&self.digest.0[..], field.name().as_bytes(), value.as_bytes()] {
            hasher.update_prefixed(part);
        }
        self.digest = hasher.finish();
        self.constants.push((field, value.to_owned()));
        self
    }

    /// SHA-256 of the map's text, and of the constants added.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What is done with a field of that name; `None` if the map does not know it.
    #[must_use]
    pub fn usage(&self, name: &str) -> Option<Use> {
        self.uses.get(name).copied()
    }

    /// The canonical field that an unknown name was probably meant to be.
    #[must_use]
    pub fn near_miss(&self, name: &str) -> Option<Field> {
        field::near_miss(name, field::ALL.iter().map(|f| f.name())).and_then(Field::by_name)
    }

    /// Reads a time: RFC 3339, a date, or a local time if the map has a zone.
    ///
    /// # Errors
    /// [`TimeError`].
    pub fn time(&self, text: &str) -> Result<Micros, TimeError> {
        match (Micros::parse(text), &self.zone) {
            (Err(TimeError::Syntax), Some(zone)) => {
                let local: jiff::civil::DateTime = text.parse().map_err(|_| TimeError::Syntax)?;
                let zoned = local.to_zoned(zone.clone()).map_err(|_| TimeError::Range)?;
                Micros::checked(zoned.timestamp().as_microsecond())
            }
            (result, _) => result,
        }
    }

    fn slot(&mut self, name: &str) -> usize {
        let usage = self.uses.entry(name.to_owned()).or_default();
        *usage.slot.get_or_insert_with(|| {
            self.slots += 1;
            self.slots - 1
        })
    }

    fn add_values(&mut self, files: BTreeMap<String, ValuesFile>) -> Result<(), MapError> {
        for (theirs, file) in files {
            let to = single(&file.to)?;
            let slot = self.slot(&theirs);
            if self.uses[&theirs].field == Some(to) {
                // The mapped value is the field's value; the raw one would clash with it.
                self.uses.insert(theirs, Use { field: None, slot: Some(slot) });
            }
            self.values.push(Values { slot, to, map: file.map, default: file.default });
        }
        Ok(())
    }

    fn add_templates(&mut self, templates: &BTreeMap<String, String>) -> Result<(), MapError> {
        for (name, text) in templates {
            let unmatched = || MapError::Template { name: name.clone() };
            let to = single(name)?;
            let mut parts = Vec::new();
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once('{') {
                let (theirs, after) = after.split_once('}').ok_or_else(unmatched)?;
                parts.push(Piece::Text(before.to_owned()));
                parts.push(Piece::Slot(self.slot(theirs)));
                rest = after;
            }
            if rest.contains('}') {
                return Err(unmatched());
            }
            parts.push(Piece::Text(rest.to_owned()));
            self.templates.push(Template { to, parts });
        }
        Ok(())
    }
}

fn digest_of(source: &str) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(b"mandat/map/v1");
    hasher.update_prefixed(source.as_bytes());
    hasher.finish()
}

fn named(name: &str) -> Result<Field, MapError> {
    Field::by_name(name).ok_or_else(|| MapError::Field { name: name.to_owned() })
}

fn single(name: &str) -> Result<Field, MapError> {
    let field = named(name)?;
    match field.kind() {
        Kind::Text | Kind::Time => Ok(field),
        Kind::List | Kind::Spans | Kind::Media => Err(MapError::List { name: name.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_times_need_a_zone() {
        let berlin = Map::parse("time_zone = \"Europe/Berlin\"").unwrap();
        assert_eq!(berlin.time("2010-07-24T13:00:00").unwrap(), Micros::parse("2010-07-24T11:00:00Z").unwrap());
        assert_eq!(Map::default().time("2010-07-24T13:00:00"), Err(TimeError::Syntax));
        assert_eq!(berlin.time("soon"), Err(TimeError::Syntax));
    }

    #[test]
    fn wrong_maps_say_what_is_wrong() {
        let error = |text| Map::parse(text).unwrap_err();
        assert!(matches!(error("[rename]\na = \"acount\""), MapError::Field { name } if name == "acount"));
        assert!(matches!(error("[set]\nmentions = \"a\""), MapError::List { .. }));
        assert!(matches!(error("time_zone = \"Berlin\""), MapError::Zone { .. }));
        assert!(matches!(error("[template]\naccount = \"{author\""), MapError::Template { .. }));
        assert!(matches!(error("rename_all = true"), MapError::Syntax(_)));
    }

    #[test]
    fn a_field_can_be_renamed_and_used_in_a_template() {
        let map = Map::parse("[rename]\nauthor = \"handle\"\n[template]\naccount = \"irc:{author}\"").unwrap();
        assert_eq!(map.usage("author"), Some(Use { field: Some(Field::Handle), slot: Some(0) }));
        assert_eq!(map.usage("channel"), None);
        assert_ne!(map.digest(), Map::default().digest());
    }
}
