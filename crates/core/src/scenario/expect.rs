//! Questions and what they must lead to, as written.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::ask::Mode;
use crate::time::Micros;
use crate::vocab::{Profile, Reason, Verdict};

/// A question as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskFile {
    pub(crate) purpose: String,
    #[serde(default)]
    pub(crate) profile: AskedProfile,
    pub(crate) at: Micros,
    #[serde(default)]
    pub(crate) mode: Mode,
    #[serde(default)]
    pub(crate) known_at: Option<Micros>,
    #[serde(default)]
    pub(crate) recipient: Option<String>,
    /// Whether content is asked for; a build always gives it.
    #[serde(default)]
    pub(crate) content: bool,
}

/// A question with what it must lead to: the keys of `ask`, and `expect`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskEntry {
    #[serde(default)]
    pub(crate) ask: Option<AskFile>,
    #[serde(default)]
    purpose: Option<String>,
    #[serde(default)]
    profile: AskedProfile,
    #[serde(default)]
    at: Option<Micros>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    known_at: Option<Micros>,
    #[serde(default)]
    recipient: Option<String>,
    #[serde(default)]
    content: bool,
    pub(crate) expect: ExpectFile,
}

impl AskEntry {
    /// The question, whichever way it was written; `None` if purpose or time is missing.
    pub(crate) fn ask(&self) -> Option<AskFile> {
        if let Some(ask) = &self.ask {
            return Some(ask.clone());
        }
        Some(AskFile {
            purpose: self.purpose.clone()?,
            profile: self.profile,
            at: self.at?,
            mode: self.mode,
            known_at: self.known_at,
            recipient: self.recipient.clone(),
            content: self.content,
        })
    }
}

/// The profiles asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AskedProfile {
    #[default]
    Both,
    Consent,
    LegitimateInterest,
}

impl AskedProfile {
    pub(crate) const fn profiles(self) -> &'static [Profile] {
        match self {
            Self::Both => Profile::ALL,
            Self::Consent => &[Profile::Consent],
            Self::LegitimateInterest => &[Profile::LegitimateInterest],
        }
    }
}

/// What must be decided, by record; `refused` or `exactly` for all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct ExpectFile {
    pub(crate) refused: bool,
    pub(crate) exactly: bool,
    pub(crate) records: Vec<(Spanned<String>, RecordExpect)>,
}

impl<'de> Deserialize<'de> for ExpectFile {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Shape;
        impl<'de> Visitor<'de> for Shape {
            type Value = ExpectFile;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("records with their verdicts, or {refused: true}")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ExpectFile, A::Error> {
                let mut expect = ExpectFile::default();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    match key.value.as_str() {
                        "refused" => expect.refused = map.next_value()?,
                        "exactly" => expect.exactly = map.next_value()?,
                        _ => expect.records.push((key, map.next_value()?)),
                    }
                }
                Ok(expect)
            }
        }
        d.deserialize_map(Shape)
    }
}

/// What must be decided about one record: for both profiles at once, or for each.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordExpect {
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(default)]
    reasons: Vec<Reason>,
    #[serde(default)]
    exactly: bool,
    #[serde(default)]
    refused: bool,
    #[serde(default)]
    consent: Option<Expected>,
    #[serde(default)]
    legitimate_interest: Option<Expected>,
}

/// A verdict and the reasons that must be among those given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The verdict.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// Reasons that must be given.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// Whether no other reason may be given.
    #[serde(default)]
    pub exactly: bool,
    /// Whether the request itself must be refused.
    #[serde(default)]
    pub refused: bool,
}

impl RecordExpect {
    /// What is expected under a profile.
    pub(crate) fn under(&self, profile: Profile) -> Option<Expected> {
        let own = match profile {
            Profile::Consent => &self.consent,
            Profile::LegitimateInterest => &self.legitimate_interest,
        };
        let mut expected = match (own, self.says_for_all()) {
            (Some(own), _) => own.clone(),
            (None, true) => {
                Expected { verdict: self.verdict, reasons: self.reasons.clone(), exactly: false, refused: self.refused }
            }
            (None, false) => return None,
        };
        expected.exactly |= self.exactly;
        Some(expected)
    }

    const fn says_for_all(&self) -> bool {
        self.verdict.is_some() || !self.reasons.is_empty() || self.refused
    }

    /// Whether anything is expected under a profile that is named by itself.
    pub(crate) const fn names(&self, profile: Profile) -> bool {
        match profile {
            Profile::Consent => self.consent.is_some(),
            Profile::LegitimateInterest => self.legitimate_interest.is_some(),
        }
    }
}
