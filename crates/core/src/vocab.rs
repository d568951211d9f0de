//! The words of DESIGN section 2 as closed enums: categories, audiences, verdicts, reasons, …
//!
//! Every word has exactly one spelling, the one written in records, choices, packs, scenarios and
//! pages. Parsing an unknown word is an error that lists what is allowed; nothing falls back to a
//! permissive value.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A word that is not part of a closed vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not a known {kind}; allowed: {allowed}")]
pub struct UnknownWord {
    /// What was read.
    pub word: String,
    /// Which vocabulary it was read for.
    pub kind: &'static str,
    /// The allowed words, separated by blanks.
    pub allowed: String,
}

/// Declares an enum with its words: `ALL`, `as_str`, `index`, `Display`, `FromStr`, serde as the word.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $kind:literal { $($(#[$vmeta:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// Every word, in declaration order; `ALL[w.index()] == w`.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word as written in files.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Position in `ALL`; stored in files, so variants are only ever appended.
            #[must_use]
            pub const fn index(self) -> usize { self as usize }

            /// The word at a stored position.
            #[must_use]
            pub fn from_index(index: usize) -> Option<Self> { Self::ALL.get(index).copied() }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.as_str()) }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(UnknownWord {
                        word: word.chars().take(60).collect(),
                        kind: $kind,
                        allowed: [$($word,)*].join(" "),
                    }),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { s.serialize_str(self.as_str()) } else { s.serialize_u8(*self as u8) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str(concat!("a ", $kind))
                    }
                    fn visit_str<E: serde::de::Error>(self, v: &str) -> Result<$name, E> {
                        v.parse().map_err(E::custom)
                    }
                }
                if !d.is_human_readable() {
                    let index = u8::deserialize(d)?;
                    return Self::from_index(usize::from(index))
                        .ok_or_else(|| serde::de::Error::custom(concat!("a newer version's ", $kind)));
                }
                d.deserialize_str(Visitor)
            }
        }
    };
}

words! {
    /// What kind of record: decides which rules and consents can reach it.
    Category, "category" {
        Post = "post", Reply = "reply", Repost = "repost", Quote = "quote", Comment = "comment",
        Caption = "caption", Photo = "photo", Video = "video", Profile = "profile",
        CareerPosition = "career.position", CareerEducation = "career.education",
        CareerSkill = "career.skill", CareerPreference = "career.preference",
        AssistantPrompt = "assistant_prompt", AssistantReply = "assistant_reply",
        DirectMessage = "direct_message", GroupMessage = "group_message",
        Engagement = "engagement", Inferred = "inferred",
        BiometricFace = "biometric.face", BiometricVoice = "biometric.voice",
        BiometricFingerprint = "biometric.fingerprint", BiometricIris = "biometric.iris",
        Application = "application",
    }
}

words! {
    /// Who could see a record; unknown is never public.
    Audience, "audience" {
        Unknown = "unknown", Public = "public", Followers = "followers", Group = "group", Private = "private",
    }
}

words! {
    /// How the platform came by a record.
    Provenance, "provenance" {
        SelfPosted = "self_posted", Provided = "provided", Observed = "observed",
        Inferred = "inferred", ThirdParty = "third_party", Imported = "imported",
    }
}

words! {
    /// How a purpose is justified.
    Profile, "profile" {
        /// Silence is no (GDPR Art 6(1)(a)); the default.
        Consent = "consent",
        /// Notice, window, objection (GDPR Art 6(1)(f)).
        LegitimateInterest = "legitimate_interest",
    }
}

words! {
    /// The outcome for one record; a later word outranks an earlier one.
    Verdict, "verdict" {
        Include = "include", IncludeRedacted = "include_redacted", Hold = "hold", Exclude = "exclude",
    }
}

words! {
    /// Facts about a record that the platform or the screening stage marks.
    Flag, "flag" {
        Art9 = "art9", Art9ThirdParty = "art9_third_party", Biometric = "biometric",
        MinorSuspected = "minor_suspected", TdmReserved = "tdm_reserved", AssetDenied = "asset_denied",
    }
}

words! {
    /// Special categories of personal data (GDPR Art 9(1)).
    Special, "special category" {
        Health = "health", Religion = "religion", Politics = "politics", SexLife = "sex_life",
        Union = "union", Ethnicity = "ethnicity", Genetic = "genetic", Biometric = "biometric",
    }
}

words! {
    /// What kind of account holder.
    #[derive(Default)]
    PersonKind, "kind of person" {
        #[default]
        Natural = "natural", Organisation = "organisation", Authority = "authority", Bot = "bot",
    }
}

words! {
    /// State of an account on its platform.
    #[derive(Default)]
    AccountStatus, "account status" {
        #[default]
        Active = "active", Deactivated = "deactivated", Suspended = "suspended", Deceased = "deceased",
    }
}

words! {
    /// How a consent was given; only the first five can create one (GDPR Art 4(11)).
    Method, "method" {
        ActiveToggle = "active_toggle", SignedForm = "signed_form", ApiAgent = "api_agent",
        LexiconRecord = "lexicon_record", WrittenRelease = "written_release",
        TosAccept = "tos_accept", PreTicked = "pre_ticked", DefaultOn = "default_on",
    }
}

words! {
    /// Who acts on a restriction, a lift or a deletion.
    Actor, "actor" {
        Subject = "subject", Platform = "platform", Guardian = "guardian", Heir = "heir", Tool = "tool",
    }
}

words! {
    /// Where a machine-readable preference came from (law reference, section 3.18).
    SignalSource, "signal source" {
        Gpc = "gpc", ContentUsage = "content_usage", Tdmrep = "tdmrep", Cawg = "cawg",
        Lexicon = "lexicon", Rsl = "rsl", Drp = "drp",
    }
}

words! {
    /// How strongly the sender of a signal was authenticated.
    SignalAuth, "signal authentication" {
        None = "none", Device = "device", Account = "account", Signature = "signature",
    }
}

words! {
    /// Role of another person in a record.
    Role, "role" {
        Quoted = "quoted", Reposted = "reposted", Mentioned = "mentioned", About = "about",
        Tagged = "tagged", Depicted = "depicted", Participant = "participant",
        RepliedTo = "replied_to", CopiedFrom = "copied_from", Holder = "holder",
    }
}

words! {
    /// Why a record is not simply included: stable public interface (law reference, section 4.1).
    Reason, "reason code" {
        NoBasis = "NO_BASIS", NoNotice = "NO_NOTICE", NoticeLanguage = "NOTICE_LANGUAGE",
        NoticeWindow = "NOTICE_WINDOW", ConsentMissing = "CONSENT_MISSING",
        ConsentRefused = "CONSENT_REFUSED", ConsentWithdrawn = "CONSENT_WITHDRAWN",
        ConsentScope = "CONSENT_SCOPE", ConsentExpired = "CONSENT_EXPIRED",
        ConsentInvalid = "CONSENT_INVALID", Objected = "OBJECTED",
        ObjectionPending = "OBJECTION_PENDING", Erased = "ERASED", Restricted = "RESTRICTED",
        Minor = "MINOR", MadeAsMinor = "MADE_AS_MINOR", AgeUnknown = "AGE_UNKNOWN",
        NotPublic = "NOT_PUBLIC", AudienceChanged = "AUDIENCE_CHANGED", Dm = "DM",
        ParticipantMissing = "PARTICIPANT_MISSING", Deleted = "DELETED", Superseded = "SUPERSEDED",
        Deactivated = "DEACTIVATED", Deceased = "DECEASED", SpecialCategory = "SPECIAL_CATEGORY",
        SpecialCategoryThirdParty = "SPECIAL_CATEGORY_THIRD_PARTY", Biometric = "BIOMETRIC",
        CareerPurpose = "CAREER_PURPOSE", PurposeIncompatible = "PURPOSE_INCOMPATIBLE",
        ThirdPartySubject = "THIRD_PARTY_SUBJECT",
        NearDuplicateOfDenied = "NEAR_DUPLICATE_OF_DENIED", OrgDeny = "ORG_DENY",
        EmployeeDeny = "EMPLOYEE_DENY", RecipientNotCovered = "RECIPIENT_NOT_COVERED",
        LicenceNotCovered = "LICENCE_NOT_COVERED", TdmReserved = "TDM_RESERVED",
        AssetDeny = "ASSET_DENY", SignalDeny = "SIGNAL_DENY", SignalConflict = "SIGNAL_CONFLICT",
        JointNotUnanimous = "JOINT_NOT_UNANIMOUS", LegalHold = "LEGAL_HOLD",
        RegulatoryOrder = "REGULATORY_ORDER", RetentionOver = "RETENTION_OVER",
        RegionRule = "REGION_RULE", ClockSuspect = "CLOCK_SUSPECT",
        AuthCompromised = "AUTH_COMPROMISED", DpiaMissing = "DPIA_MISSING",
        LiaMissing = "LIA_MISSING", RulepackUnsigned = "RULEPACK_UNSIGNED",
    }
}

/// The purposes that come with Mandat; an operator adds its own by name in `mandat.toml`.
pub const PURPOSES: [&str; 6] =
    ["train_generative", "train_classifier", "train_ranking", "license_third_party", "match_jobs", "verify_identity"];

/// The group word for every training purpose, in objections and withdrawals.
pub const AI_TRAINING: &str = "ai_training";

/// The operator itself, as a recipient.
pub const FIRST_PARTY: &str = "first_party";

/// Whether a purpose trains a model, and so is reached by an objection to `ai_training`.
#[must_use]
pub fn is_training_purpose(purpose: &str) -> bool {
    purpose.starts_with("train_") || purpose == "license_third_party"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_and_unknown_words_name_what_is_allowed() {
        for category in Category::ALL {
            assert_eq!(category.as_str().parse::<Category>().unwrap(), *category);
            assert_eq!(Category::from_index(category.index()), Some(*category));
        }
        let err = "followrs".parse::<Audience>().unwrap_err();
        assert_eq!(
            err.to_string(),
            "`followrs` is not a known audience; allowed: unknown public followers group private"
        );
    }

    #[test]
    fn verdicts_are_ordered_by_restriction() {
        assert!(Verdict::Exclude > Verdict::Hold);
        assert!(Verdict::Hold > Verdict::IncludeRedacted);
        assert!(Verdict::IncludeRedacted > Verdict::Include);
    }
}
