//! The text of a scenario: every key of format 1, nothing else.

use std::collections::BTreeMap;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::controller::ControllerConfig;
use crate::event::EventLine;
use crate::notice::Notice;
use crate::person::{AgeBand, PersonLine, ResidenceLine};
use crate::place::Place;
use crate::scenario::expect::{AskEntry, AskFile, ExpectFile};
use crate::time::Micros;
use crate::vocab::{AccountStatus, Audience, Category, Flag, PersonKind, Provenance, Special};

/// A scenario as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScenarioFile {
    pub(crate) format: Spanned<u32>,
    pub(crate) scenario: Spanned<String>,
    #[serde(default)]
    pub(crate) law: Vec<String>,
    #[serde(default)]
    pub(crate) packs: Option<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(crate) people: BTreeMap<String, Spanned<PersonFile>>,
    #[serde(default)]
    pub(crate) controller: ControllerConfig,
    #[serde(default)]
    pub(crate) notices: BTreeMap<String, Spanned<Notice>>,
    #[serde(default)]
    pub(crate) events: Vec<Spanned<EventLine>>,
    #[serde(default)]
    pub(crate) records: BTreeMap<String, Spanned<RecordFile>>,
    #[serde(default)]
    pub(crate) ask: Option<Spanned<AskFile>>,
    #[serde(default)]
    pub(crate) expect: Option<Spanned<ExpectFile>>,
    #[serde(default)]
    pub(crate) asks: Vec<Spanned<AskEntry>>,
}

/// A person as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonFile {
    #[serde(default)]
    platform: Option<String>,
    #[serde(default)]
    country: Option<Place>,
    #[serde(default)]
    region: Option<Place>,
    #[serde(default)]
    residence: Vec<ResidenceLine>,
    #[serde(default)]
    born: Option<Micros>,
    #[serde(default)]
    age_band: Option<AgeBand>,
    #[serde(default)]
    languages: Vec<String>,
    #[serde(default)]
    status: AccountStatus,
    #[serde(default)]
    person: Option<String>,
    #[serde(default)]
    last_interaction: Option<Micros>,
    #[serde(default)]
    kind: PersonKind,
    #[serde(default)]
    pub(crate) holders: Vec<String>,
}

impl PersonFile {
    /// The line of the people file that says the same.
    pub(crate) fn line(&self, account: &str) -> PersonLine {
        PersonLine {
            platform: self.platform.clone(),
            kind: self.kind,
            holders: self.holders.clone(),
            country: self.country,
            region: self.region,
            residence: self.residence.clone(),
            born: self.born,
            age_band: self.age_band,
            status: self.status,
            languages: self.languages.clone(),
            last_interaction: self.last_interaction,
            person: self.person.clone(),
            ..PersonLine::new(account)
        }
    }
}

/// A record as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordFile {
    pub(crate) by: String,
    pub(crate) created: Micros,
    #[serde(default)]
    pub(crate) collected: Option<Micros>,
    #[serde(default = "post")]
    pub(crate) category: Category,
    #[serde(default = "public")]
    pub(crate) audience: Audience,
    #[serde(default)]
    pub(crate) text: Option<String>,
    /// For the reader of the file; no rule looks at it.
    #[serde(default, rename = "lang")]
    _lang: Option<String>,
    #[serde(default)]
    pub(crate) holder: Option<String>,
    #[serde(default = "self_posted")]
    pub(crate) provenance: Provenance,
    #[serde(default)]
    pub(crate) org: Option<String>,
    #[serde(default)]
    pub(crate) flags: Vec<Flag>,
    #[serde(default)]
    pub(crate) special: Vec<Special>,
    #[serde(default)]
    pub(crate) mentions: Vec<String>,
    #[serde(default)]
    pub(crate) about: Vec<String>,
    #[serde(default)]
    pub(crate) quotes: Quotes,
    #[serde(default)]
    pub(crate) repost_of: Option<String>,
    #[serde(default)]
    pub(crate) screenshot_of: Option<String>,
    #[serde(default)]
    pub(crate) reply_to: Option<String>,
    #[serde(default)]
    pub(crate) stands_alone: Option<bool>,
    #[serde(default)]
    pub(crate) pair_of: Vec<String>,
    #[serde(default)]
    pub(crate) participants: Vec<String>,
    #[serde(default)]
    pub(crate) tagged: Vec<String>,
    #[serde(default)]
    pub(crate) depicts: Vec<String>,
    #[serde(default)]
    pub(crate) rightsholder: bool,
    #[serde(default)]
    pub(crate) near_duplicate_of: Option<NearDuplicate>,
    #[serde(default)]
    pub(crate) reimport_of: Option<String>,
    #[serde(default)]
    pub(crate) retain_until: Option<Micros>,
}

const fn post() -> Category {
    Category::Post
}

const fn public() -> Audience {
    Audience::Public
}

const fn self_posted() -> Provenance {
    Provenance::SelfPosted
}

/// Words of somebody else in a record: one mapping or a list of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quotes(pub(crate) Vec<Quote>);

/// Words of somebody else in a record.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quote {
    pub(crate) of: String,
    #[serde(default)]
    pub(crate) tdm_reserved: bool,
}

impl<'de> Deserialize<'de> for Quotes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Shape;
        impl<'de> Visitor<'de> for Shape {
            type Value = Quotes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a mapping {of, tdm_reserved} or a list of them")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Quotes, A::Error> {
                let mut quotes = Vec::new();
                while let Some(quote) = seq.next_element()? {
                    quotes.push(quote);
                }
                Ok(Quotes(quotes))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Quotes, A::Error> {
                Quote::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(|q| Quotes(vec![q]))
            }
        }
        d.deserialize_any(Shape)
    }
}

/// A record that this one copies: its name, or its name with how close the copy is.
#[derive(Debug, Clone)]
pub(crate) struct NearDuplicate {
    pub(crate) record: String,
    pub(crate) similarity: Option<f64>,
    pub(crate) tokens: Option<u32>,
}

impl<'de> Deserialize<'de> for NearDuplicate {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            record: String,
            #[serde(default)]
            similarity: Option<f64>,
            #[serde(default)]
            tokens: Option<u32>,
        }
        struct Shape;
        impl<'de> Visitor<'de> for Shape {
            type Value = NearDuplicate;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a record's name or {record, similarity, tokens}")
            }
            fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<NearDuplicate, E> {
                Ok(NearDuplicate { record: v.into(), similarity: None, tokens: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NearDuplicate, A::Error> {
                let full = Full::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(NearDuplicate { record: full.record, similarity: full.similarity, tokens: full.tokens })
            }
        }
        d.deserialize_any(Shape)
    }
}
