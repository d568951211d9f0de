//! The named facts that rules look at: one bit each, at most 128.

use std::fmt;

use crate::table::Facts;
use crate::vocab::Special;

/// Declares the facts with their names and what each says.
macro_rules! facts {
    ($($(#[$meta:meta])* $variant:ident = $name:literal,)*) => {
        /// One named fact; its name is what packs write.
        ///
        /// Positions are internal: packs name facts, tables are compiled anew, nothing stores bits.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Fact { $($(#[$meta])* $variant,)* }

        impl Fact {
            /// Every fact, in order of its bit.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name as packs write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

facts! {
    /// The corpus goes to somebody other than the operator, or is made to be licensed.
    AskShares = "ask.shares",
    /// The purpose trains a model.
    PurposeTraining = "purpose.training",
    /// No data protection impact assessment for the purpose is on file.
    DpiaMissing = "dpia.missing",
    /// No legitimate interest assessment for the purpose and recipient is on file.
    LiaMissing = "lia.missing",
    /// The packs are not signed.
    PacksUnsigned = "packs.unsigned",

    /// The author is a natural person, alone.
    AuthorNatural = "author.natural",
    /// The author is an organisation or an authority.
    AuthorOrganisation = "author.organisation",
    /// The author is a declared automated account.
    AuthorBot = "author.bot",
    /// Several people hold the account.
    AuthorJoint = "author.joint",

    /// The author's age is known.
    AgeKnown = "age.known",
    /// The author has reached the age for training.
    AgeTrainable = "age.trainable",
    /// The author is eighteen or older.
    AgeAdult = "age.adult",
    /// The author is old enough for an own consent where they live (GDPR Art 8(1)).
    AgeOwnConsent = "age.own_consent",
    /// The author is thirteen or older.
    AgeOver13 = "age.over_13",
    /// The author is sixteen or older.
    AgeOver16 = "age.over_16",
    /// The author had reached the age for training when making the record.
    MadeTrainable = "made.trainable",

    /// The account is deactivated, or the time to come back is over.
    AccountDeactivated = "account.deactivated",
    /// The author has died.
    AccountDeceased = "account.deceased",
    /// The author's own directive allows the use after death.
    DirectiveAllows = "directive.allows",

    /// Some consent event exists, whatever it says.
    ConsentEvent = "consent.event",
    /// A consent covers the record, is in force, and nothing took it back.
    ConsentValid = "consent.valid",
    /// A guardian's consent covers the record.
    ConsentGuardian = "consent.guardian",
    /// The consent lists the category by name.
    ConsentListsCategory = "consent.lists_category",
    /// The consent names records made as a minor.
    ConsentNamesMinor = "consent.names_minor",
    /// The consent names career data.
    ConsentNamesCareer = "consent.names_career",
    /// The consent names records that are not public.
    ConsentNamesNonPublic = "consent.names_non_public",
    /// The consent names the conflict with the browser's preference, and came after it.
    ConsentNamesGpc = "consent.names_gpc",
    /// The consent is a written release with a term that runs.
    ConsentRelease = "consent.release",
    /// A consent that would cover the record has a defect that nothing heals.
    ConsentInvalid = "consent.invalid",
    /// A consent that covered the record has expired, and none followed.
    ConsentExpired = "consent.expired",
    /// Some consent that covered the record has expired, whatever followed.
    ConsentExpiredEver = "consent.expired_ever",
    /// A consent exists for something else only.
    ConsentElsewhere = "consent.elsewhere",
    /// A consent covers the record, but not for this recipient.
    ConsentOtherRecipient = "consent.other_recipient",
    /// A consent claims to have been made after it arrived.
    ConsentClock = "consent.clock",
    /// A consent was made while somebody else had the account.
    ConsentCompromised = "consent.compromised",
    /// A consent was given under a notice in a language the person does not use.
    ConsentLanguage = "consent.language",
    /// The consent names health.
    ExplicitHealth = "explicit.health",
    /// The consent names religion.
    ExplicitReligion = "explicit.religion",
    /// The consent names politics.
    ExplicitPolitics = "explicit.politics",
    /// The consent names sex life or orientation.
    ExplicitSexLife = "explicit.sex_life",
    /// The consent names union membership.
    ExplicitUnion = "explicit.union",
    /// The consent names ethnicity.
    ExplicitEthnicity = "explicit.ethnicity",
    /// The consent names genetic data.
    ExplicitGenetic = "explicit.genetic",
    /// The consent names biometric data.
    ExplicitBiometric = "explicit.biometric",

    /// A refusal stands.
    RefusedStanding = "refused.standing",
    /// There was a refusal, whatever followed.
    RefusedEver = "refused.ever",
    /// A withdrawal stands.
    WithdrawnStanding = "withdrawn.standing",
    /// There was a withdrawal, whatever followed.
    WithdrawnEver = "withdrawn.ever",
    /// An objection stands.
    ObjectionStanding = "objection.standing",
    /// There was an objection that the person has not lifted, whatever consent followed.
    ObjectionEver = "objection.ever",
    /// An objection is being checked, or failed its check and the claimant has not been told.
    ObjectionPending = "objection.pending",
    /// The record or the whole account is erased.
    Erased = "erased",
    /// Processing is restricted.
    Restricted = "restricted",
    /// A court wants the record kept.
    LegalHold = "legal_hold",

    /// A notice about this use reached the person, with the right to object set apart.
    NoticeDelivered = "notice.delivered",
    /// It was in a language the person or the text does not have.
    NoticeLanguageWrong = "notice.language_wrong",
    /// It does not name the recipient.
    NoticeOtherRecipient = "notice.other_recipient",
    /// Its time to object still runs.
    NoticeWindowRunning = "notice.window_running",
    /// One notice meets every condition, and its time to object is over.
    NoticeComplete = "notice.complete",
    /// The record is older than the notice, and the person could not expect this use.
    EarlierUntold = "earlier.untold",
    /// A policy in force when the record was made, or since, ruled this use out.
    PromiseBroken = "promise.broken",
    /// The policy in force offers this purpose and category.
    PolicyOffers = "policy.offers",
    /// The policy in force names the recipient.
    PolicyRecipient = "policy.recipient",

    /// The person's browser says not to sell or share.
    SignalGpc = "signal.gpc",
    /// The host of the record says no to training.
    SignalHost = "signal.host",
    /// A machine-readable preference of the person says no, whatever consent followed.
    SignalDenyEver = "signal.deny_ever",
    /// A machine-readable preference of the person says no.
    SignalDeny = "signal.deny",
    /// A machine-readable no stands against a yes.
    SignalConflict = "signal.conflict",
    /// A licence signal rules training out.
    SignalLicence = "signal.licence",
    /// A text and data mining reservation.
    SignalReserved = "signal.reserved",
    /// A marking inside the file says no.
    SignalAsset = "signal.asset",

    /// EU rules apply to the person, or nothing is known.
    RegionEu = "region.eu",
    /// Rules of the United Kingdom apply.
    RegionUk = "region.uk",
    /// Rules of the United States apply.
    RegionUs = "region.us",
    /// Rules of California apply.
    RegionUsCa = "region.us_ca",
    /// Rules of Illinois apply.
    RegionUsIl = "region.us_il",
    /// Rules of Brazil apply.
    RegionBr = "region.br",

    /// The record is older than the packs allow.
    RecordTooOld = "record.too_old",
    /// Three years have passed since the person last used the account.
    InteractionLapsed = "interaction.lapsed",
    /// By the latest act of each scope alone: some scope denies.
    LatestDenies = "latest.denies",
    /// By the latest act of each scope alone: some scope grants.
    LatestGrants = "latest.grants",

    /// Everybody can see the record.
    AudiencePublic = "audience.public",
    /// The members of a group can see the record.
    AudienceGroup = "audience.group",
    /// It was public once and is not now.
    AudienceNarrowed = "audience.narrowed",
    /// It became public so recently that the time to object still runs.
    AudienceWaiting = "audience.waiting",
    /// A prompt to the platform's assistant, or its answer.
    CategoryAssistant = "category.assistant",
    /// A message to a group.
    CategoryGroupMessage = "category.group_message",
    /// A direct or group message.
    CategoryMessage = "category.message",
    /// Positions, education, skills, preferences.
    CategoryCareer = "category.career",
    /// A résumé or answers given with an application.
    CategoryApplication = "category.application",
    /// The platform concluded it about the person.
    RecordInferred = "record.inferred",
    /// The platform observed it; the person did not write it.
    RecordObserved = "record.observed",
    /// A template of a body, or the record is marked as holding one.
    RecordBiometric = "record.biometric",
    /// Posted in an organisation's name.
    RecordOrg = "record.org",
    /// Holds special categories of personal data.
    RecordArt9 = "record.art9",
    /// Holds special categories of somebody else's personal data.
    RecordArt9ThirdParty = "record.art9_third_party",
    /// The author or somebody in it may be a minor.
    RecordMinorSuspected = "record.minor_suspected",
    /// Its rights are reserved.
    RecordReserved = "record.tdm_reserved",
    /// A file in it is marked as not for training.
    RecordAssetDenied = "record.asset_denied",
    /// The author showed that the rights in it are theirs.
    RecordRightsholder = "record.rightsholder",
    /// About health.
    SpecialHealth = "special.health",
    /// About religion.
    SpecialReligion = "special.religion",
    /// About politics.
    SpecialPolitics = "special.politics",
    /// About sex life or orientation.
    SpecialSexLife = "special.sex_life",
    /// About union membership.
    SpecialUnion = "special.union",
    /// About ethnicity.
    SpecialEthnicity = "special.ethnicity",
    /// About genetic data.
    SpecialGenetic = "special.genetic",
    /// Biometric data.
    SpecialBiometric = "special.biometric",
    /// Some special category is named.
    SpecialNamed = "special.named",
    /// Deleted by its author, the platform or a tool.
    RecordDeleted = "record.deleted",
    /// An old version of an edited record.
    RecordSuperseded = "record.superseded",
    /// A later line for it could not be read.
    RecordOnHold = "record.on_hold",
    /// It shows a child.
    DepictsChild = "depicts.child",
    /// It shows somebody nobody has named.
    DepictsUnknown = "depicts.unknown",
    /// Words of an unknown person stand in it.
    QuotesUnknown = "quotes.unknown",
    /// A marked span in it is reserved.
    QuotesReserved = "quotes.reserved",
    /// It makes no sense without what it quotes or answers.
    RecordDependent = "record.dependent",

    /// An order reaches it.
    OrderInForce = "order.in_force",
    /// The organisation allows it.
    OrgAllows = "org.allows",
    /// The organisation denies it.
    OrgDenies = "org.denies",
    /// Somebody who works for the organisation denies it.
    EmployeeDenies = "employee.denies",
    /// Somebody who works for the organisation denies it, and can be taken out.
    EmployeeRedact = "employee.redact",
    /// Somebody else in it does not permit it, and cannot be taken out.
    OthersExclude = "others.exclude",
    /// Somebody else in it does not permit it, and can be taken out.
    OthersRedact = "others.redact",
    /// It copies a record whose author denies.
    CopyDenied = "copy.denied",
    /// Somebody in the conversation has not agreed.
    ParticipantMissing = "participant.missing",
    /// Not every holder of the account agrees.
    JointDenies = "joint.denies",
    /// Its retention time is over.
    RetentionOver = "retention.over",
}

const _: () = assert!(Fact::ALL.len() <= 128, "facts are bits of one u128");

impl Fact {
    /// The fact of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|f| f.as_str() == name)
    }

    /// A word with this bit alone.
    #[must_use]
    pub const fn bit(self) -> Facts {
        Facts(1 << self as u8)
    }

    /// That a record is about a special category.
    #[must_use]
    pub const fn special(special: Special) -> Self {
        Self::ALL[Self::SpecialHealth as usize + special.index()]
    }

    /// That the consent names a special category.
    #[must_use]
    pub const fn explicit(special: Special) -> Self {
        Self::ALL[Self::ExplicitHealth as usize + special.index()]
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Facts {
    /// Every fact from one to another, in order of their bits.
    #[must_use]
    pub(crate) const fn between(first: Fact, last: Fact) -> Self {
        Self((u128::MAX >> (127 - last as u8)) & (u128::MAX << first as u8))
    }

    /// Whether a fact is set.
    #[must_use]
    pub const fn has(self, fact: Fact) -> bool {
        self.0 >> fact as u8 & 1 == 1
    }

    /// Sets a fact.
    pub const fn insert(&mut self, fact: Fact) {
        self.0 |= 1 << fact as u8;
    }

    /// Sets a fact if `on`.
    pub const fn insert_if(&mut self, fact: Fact, on: bool) {
        self.0 |= (on as u128) << fact as u8;
    }

    /// Clears a fact.
    pub const fn remove(&mut self, fact: Fact) {
        self.0 &= !(1 << fact as u8);
    }

    /// The facts that are set, by bit.
    pub fn iter(self) -> impl Iterator<Item = Fact> {
        Fact::ALL.iter().copied().filter(move |f| self.has(*f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_specials_line_up() {
        for fact in Fact::ALL {
            assert_eq!(Fact::named(fact.as_str()), Some(*fact));
        }
        for special in Special::ALL {
            assert_eq!(Fact::special(*special).as_str(), format!("special.{special}"));
            assert_eq!(Fact::explicit(*special).as_str(), format!("explicit.{special}"));
        }
    }
}
