//! What the operator has on file: assessments, establishment, and the policy in force.

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::event::{Categories, Words};
use crate::notice::{every_category, first_party};
use crate::place::Place;
use crate::time::Micros;
use crate::vocab::FIRST_PARTY;

/// What the operator has on file, in the form that snapshots store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Controller {
    /// Purposes with a data protection impact assessment (GDPR Art 35).
    pub dpia: Words,
    /// Purposes and recipients with a legitimate interest assessment.
    pub lia: Words,
    /// Purposes with a compatibility assessment (GDPR Art 6(4)).
    pub compatibility: Words,
    /// Where the operator is established.
    pub establishment: Place,
    /// The age from which records may be used for training.
    pub min_training_age: u8,
    /// What the policies in force cover, in order of their dates.
    pub offers: Vec<Offer>,
}

/// What one version of the policy covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// From when on; missing = always.
    #[serde(default)]
    pub from: Option<Micros>,
    /// Purposes it allows.
    #[serde(default = "Words::all")]
    pub purposes: Words,
    /// Categories it reaches.
    #[serde(default = "every_category")]
    pub categories: Categories,
    /// Recipients it names.
    #[serde(default = "first_party")]
    pub recipients: Words,
    /// Purposes it rules out.
    #[serde(default = "no_words")]
    pub promises_not: Words,
}

const fn no_words() -> Words {
    Words(Vec::new())
}

impl Default for Offer {
    fn default() -> Self {
        Self {
            from: None,
            purposes: Words::all(),
            categories: Categories::ALL,
            recipients: first_party(),
            promises_not: no_words(),
        }
    }
}

impl Default for Controller {
    fn default() -> Self {
        ControllerConfig::default().controller()
    }
}

/// The section `controller` as written in scenarios and in `mandat.toml`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerConfig {
    /// `true` (default), `false`, or the purposes that have one.
    #[serde(default)]
    pub dpia: OnFile,
    /// `true` (default), `false`, or the purposes and recipients that have one.
    #[serde(default)]
    pub lia: OnFile,
    /// Purposes with an assessment; missing = all.
    #[serde(default)]
    pub compatibility: OnFile,
    /// Missing = the EU.
    #[serde(default)]
    pub establishment: Option<Place>,
    /// Missing = 18.
    #[serde(default)]
    pub min_training_age: Option<u8>,
    /// What the policy in force covers; missing = every category, first party.
    #[serde(default)]
    pub offers: Offers,
}

impl ControllerConfig {
    /// The form that snapshots store, defaults filled in.
    #[must_use]
    pub fn controller(&self) -> Controller {
        let mut offers = if self.offers.0.is_empty() { vec![Offer::default()] } else { self.offers.0.clone() };
        offers.sort_by_key(|o| o.from);
        Controller {
            dpia: self.dpia.words(),
            lia: self.lia.words(),
            compatibility: self.compatibility.words(),
            establishment: self.establishment.unwrap_or_else(|| "EU".parse().expect("a fixed word")),
            min_training_age: self.min_training_age.unwrap_or(18),
            offers,
        }
    }
}

/// Whether something is on file: for everything, for nothing, or for what is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnFile(Words);

impl Default for OnFile {
    fn default() -> Self {
        Self(Words::all())
    }
}

impl OnFile {
    fn words(&self) -> Words {
        self.0.clone()
    }
}

impl<'de> Deserialize<'de> for OnFile {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Shape;
        impl<'de> Visitor<'de> for Shape {
            type Value = OnFile;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("true, false or a list of names")
            }
            fn visit_bool<E: serde::de::Error>(self, v: bool) -> Result<OnFile, E> {
                Ok(OnFile(if v { Words::all() } else { no_words() }))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OnFile, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = seq.next_element()? {
                    words.push(word);
                }
                Ok(OnFile(Words(words)))
            }
        }
        d.deserialize_any(Shape)
    }
}

/// What the policies cover: one mapping, a list by date, or a mapping with the list under `dated`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers(Vec<Offer>);

impl<'de> Deserialize<'de> for Offers {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Shape;
        impl<'de> Visitor<'de> for Shape {
            type Value = Offers;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a mapping with purposes, categories, recipients, promises_not or dated, or a list of them")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Offers, A::Error> {
                let mut offers = Vec::new();
                while let Some(offer) = seq.next_element()? {
                    offers.push(offer);
                }
                Ok(Offers(offers))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Offers, A::Error> {
                let mut one = Offer::default();
                let mut dated = None;
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "from" => one.from = map.next_value()?,
                        "purposes" => one.purposes = map.next_value()?,
                        "categories" => one.categories = map.next_value()?,
                        "recipients" => one.recipients = map.next_value()?,
                        "promises_not" => one.promises_not = map.next_value()?,
                        "dated" => dated = Some(map.next_value::<Vec<Offer>>()?),
                        _ => {
                            const KEYS: &[&str] =
                                &["from", "purposes", "categories", "recipients", "promises_not", "dated"];
                            return Err(serde::de::Error::unknown_field(&key, KEYS));
                        }
                    }
                }
                Ok(Offers(dated.unwrap_or_else(|| vec![one])))
            }
        }
        d.deserialize_any(Shape)
    }
}

impl Controller {
    /// Whether a legitimate interest assessment covers this purpose and recipient.
    #[must_use]
    pub fn has_lia(&self, purpose: &str, recipient: &str) -> bool {
        self.lia.covers(purpose) && (recipient == FIRST_PARTY || self.lia.covers(recipient))
    }
}
