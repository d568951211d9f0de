//! People: what is known of an account's holder apart from their acts.

use serde::{Deserialize, Serialize};

use crate::history::org_key;
use crate::place::Place;
use crate::proof::{Keyer, PersonKey};
use crate::time::{DAY, Micros};
use crate::vocab::{AccountStatus, PersonKind};

/// What is known where the birth date is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgeBand {
    /// Eighteen or older.
    #[serde(rename = "adult")]
    Adult,
    /// Under eighteen.
    #[serde(rename = "minor")]
    Minor,
    /// Thirteen to fifteen.
    #[serde(rename = "13-15")]
    From13To15,
    /// Sixteen or seventeen.
    #[serde(rename = "16-17")]
    From16To17,
}

impl AgeBand {
    /// The age that is certainly reached.
    #[must_use]
    pub const fn at_least(self) -> u8 {
        match self {
            Self::Adult => 18,
            Self::Minor => 0,
            Self::From13To15 => 13,
            Self::From16To17 => 16,
        }
    }
}

/// Where a person lived from when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residence {
    /// The country.
    pub country: Place,
    /// The subdivision, where it matters.
    pub region: Option<Place>,
    /// From when on.
    pub from: Micros,
}

/// What is known of one person, in the compact form that snapshots store. Names nobody.
///
/// The default is a person of whom nothing is known: unknown age, unknown country.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonInfo {
    /// Country of the account.
    pub country: Option<Place>,
    /// Subdivision of the account.
    pub region: Option<Place>,
    /// Birth date, in days since 1970-01-01.
    pub born: Option<i32>,
    /// What is known where the birth date is not.
    pub age_band: Option<AgeBand>,
    /// Natural person, organisation, authority or bot.
    pub kind: PersonKind,
    /// State of the account in the people file.
    pub status: AccountStatus,
    /// What few people have.
    pub more: Option<Box<PersonMore>>,
}

/// What few people have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonMore {
    /// Where the person lived, by time.
    pub residence: Vec<Residence>,
    /// Keys of the holders of a joint account.
    pub holders: Vec<u128>,
    /// Languages the person reads, as BCP 47 tags.
    pub languages: Vec<String>,
    /// When the person last used the account.
    pub last_interaction: Option<Micros>,
    /// Accounts that their owner linked share this tag.
    pub link: Option<u128>,
    /// The organisation that the account belongs to.
    pub org: Option<u128>,
}

impl PersonInfo {
    /// Keys of the holders of a joint account; empty for everybody else.
    pub fn holders(&self) -> impl Iterator<Item = PersonKey> {
        self.more.iter().flat_map(|m| m.holders.iter().map(|k| PersonKey(*k)))
    }

    /// Whether several people hold the account.
    #[must_use]
    pub fn is_joint(&self) -> bool {
        self.more.as_ref().is_some_and(|m| !m.holders.is_empty())
    }

    /// Languages the person reads; empty if nothing is known.
    #[must_use]
    pub fn languages(&self) -> &[String] {
        self.more.as_ref().map_or(&[], |m| &m.languages)
    }

    /// Whether the account belongs to an organisation or an authority, so that a policy decides.
    #[must_use]
    pub const fn is_organisation(&self) -> bool {
        matches!(self.kind, PersonKind::Organisation | PersonKind::Authority)
    }
}

/// The day of an instant, in days since 1970-01-01.
#[must_use]
pub fn day_of(at: Micros) -> i32 {
    i32::try_from(at.0.div_euclid(DAY)).unwrap_or(i32::MAX)
}

/// Midnight UTC of a day counted from 1970-01-01.
#[must_use]
pub const fn midnight(day: i32) -> Micros {
    Micros(day as i64 * DAY)
}

/// One line of the canonical people file (DESIGN section 4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonLine {
    /// The stable account id.
    pub account: String,
    #[serde(default)]
    pub platform: Option<String>,
    /// Names the account was shown under, and when.
    #[serde(default)]
    pub handles: Vec<HandleSpan>,
    #[serde(default)]
    pub kind: PersonKind,
    /// Account ids of the holders of a joint account.
    #[serde(default)]
    pub holders: Vec<String>,
    #[serde(default)]
    pub country: Option<Place>,
    #[serde(default)]
    pub region: Option<Place>,
    #[serde(default)]
    pub residence: Vec<ResidenceLine>,
    #[serde(default)]
    pub born: Option<Micros>,
    #[serde(default)]
    pub age_band: Option<AgeBand>,
    /// Who says so.
    #[serde(default)]
    pub born_source: Option<String>,
    /// The organisation that the account belongs to.
    #[serde(default)]
    pub org: Option<String>,
    #[serde(default)]
    pub status: AccountStatus,
    /// Languages the person reads, as BCP 47 tags.
    #[serde(default)]
    pub languages: Vec<String>,
    #[serde(default)]
    pub last_interaction: Option<Micros>,
    /// A word that the accounts share which their owner linked.
    #[serde(default)]
    pub person: Option<String>,
}

/// Where a person lived from when on, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidenceLine {
    /// The country.
    pub country: Place,
    /// The subdivision.
    #[serde(default)]
    pub region: Option<Place>,
    /// From when on; missing = always.
    #[serde(default)]
    pub from: Option<Micros>,
}

/// A name an account was shown under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandleSpan {
    /// The name.
    pub handle: String,
    #[serde(default)]
    pub from: Option<Micros>,
    #[serde(default)]
    pub to: Option<Micros>,
}

impl PersonLine {
    /// A line that says nothing but which account it is about.
    #[must_use]
    pub fn new(account: &str) -> Self {
        serde_json::from_value(serde_json::json!({ "account": account })).expect("an account is enough")
    }

    /// The compact form: names become keys under the operator's secret.
    #[must_use]
    pub fn info(&self, default_platform: &str, keyer: &Keyer) -> PersonInfo {
        let platform = self.platform.as_deref().unwrap_or(default_platform);
        let residence = self.residence.iter().map(|r| Residence {
            country: r.country,
            region: r.region,
            from: r.from.unwrap_or(Micros::DISTANT_PAST),
        });
        // A page that names no organisation stands for itself.
        let page = matches!(self.kind, PersonKind::Organisation | PersonKind::Authority);
        let more = PersonMore {
            residence: residence.collect(),
            holders: self.holders.iter().map(|h| keyer.person(platform, h).0).collect(),
            languages: self.languages.clone(),
            last_interaction: self.last_interaction,
            link: self.person.as_ref().map(|p| keyer.derive(b"mandat/link/v1", "", p)),
            org: self.org.as_ref().or_else(|| page.then_some(&self.account)).map(|o| org_key(keyer, o).0),
        };
        PersonInfo {
            country: self.country,
            region: self.region,
            born: self.born.map(day_of),
            age_band: self.age_band,
            kind: self.kind,
            status: self.status,
            more: (more != PersonMore::default()).then(|| Box::new(more)),
        }
    }
}
