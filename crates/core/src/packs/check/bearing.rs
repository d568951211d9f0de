//! What a check may take for granted about facts, as data: which exclude each other, which come only
//! with others, which are a ground, and under which nothing may be included.
//!
//! A property test holds the first two against what is derived from histories.

use crate::derive::Fact;
use crate::packs::check::logic::{Clause, Cube};
use crate::table::Facts;
use crate::vocab::{Profile, Special};

/// Of each group at most one is set.
const EXCLUSIVE: [&[Fact]; 10] = [
    &[Fact::AuthorNatural, Fact::AuthorOrganisation, Fact::AuthorBot, Fact::AuthorJoint],
    &[Fact::CategoryMessage, Fact::CategoryCareer, Fact::CategoryApplication, Fact::CategoryAssistant],
    &[Fact::OrgAllows, Fact::OrgDenies],
    &[Fact::ConsentValid, Fact::ObjectionStanding],
    &[Fact::ConsentValid, Fact::RefusedStanding],
    &[Fact::ConsentValid, Fact::WithdrawnStanding],
    &[Fact::NoticeComplete, Fact::NoticeLanguageWrong],
    &[Fact::NoticeComplete, Fact::NoticeOtherRecipient],
    &[Fact::NoticeComplete, Fact::NoticeWindowRunning],
    &[Fact::NoticeComplete, Fact::EarlierUntold],
];

/// Where the first is set, one of the others is.
const COMES_WITH: [(Fact, &[Fact]); 57] = [
    (Fact::AgeTrainable, &[Fact::AgeKnown]),
    (Fact::AgeAdult, &[Fact::AgeOver16]),
    (Fact::AgeAdult, &[Fact::AgeOwnConsent]),
    (Fact::AgeOver16, &[Fact::AgeOver13]),
    (Fact::AgeOwnConsent, &[Fact::AgeOver13]),
    (Fact::AgeOver13, &[Fact::AgeKnown]),
    (Fact::MadeTrainable, &[Fact::AgeKnown]),
    (Fact::ConsentValid, &[Fact::ConsentEvent]),
    (Fact::ConsentInvalid, &[Fact::ConsentEvent]),
    (Fact::ConsentElsewhere, &[Fact::ConsentEvent]),
    (Fact::ConsentExpired, &[Fact::ConsentExpiredEver]),
    (Fact::ConsentExpiredEver, &[Fact::ConsentEvent]),
    (Fact::ConsentOtherRecipient, &[Fact::ConsentEvent]),
    (Fact::ConsentClock, &[Fact::ConsentEvent]),
    (Fact::ConsentCompromised, &[Fact::ConsentEvent]),
    (Fact::ConsentLanguage, &[Fact::ConsentInvalid]),
    (Fact::ConsentGuardian, &[Fact::ConsentValid]),
    (Fact::ConsentListsCategory, &[Fact::ConsentValid]),
    (Fact::ConsentNamesMinor, &[Fact::ConsentValid]),
    (Fact::ConsentNamesCareer, &[Fact::ConsentValid]),
    (Fact::ConsentNamesNonPublic, &[Fact::ConsentValid]),
    (Fact::ConsentNamesGpc, &[Fact::ConsentValid]),
    (Fact::ConsentRelease, &[Fact::ConsentValid]),
    (Fact::ExplicitHealth, &[Fact::ConsentValid]),
    (Fact::ExplicitReligion, &[Fact::ConsentValid]),
    (Fact::ExplicitPolitics, &[Fact::ConsentValid]),
    (Fact::ExplicitSexLife, &[Fact::ConsentValid]),
    (Fact::ExplicitUnion, &[Fact::ConsentValid]),
    (Fact::ExplicitEthnicity, &[Fact::ConsentValid]),
    (Fact::ExplicitGenetic, &[Fact::ConsentValid]),
    (Fact::ExplicitBiometric, &[Fact::ConsentValid]),
    (Fact::ObjectionStanding, &[Fact::ObjectionEver]),
    (Fact::RefusedStanding, &[Fact::RefusedEver]),
    (Fact::WithdrawnStanding, &[Fact::WithdrawnEver]),
    (Fact::SignalDeny, &[Fact::SignalDenyEver]),
    (Fact::SignalConflict, &[Fact::SignalDeny]),
    (Fact::NoticeComplete, &[Fact::NoticeDelivered]),
    (Fact::NoticeLanguageWrong, &[Fact::NoticeDelivered]),
    (Fact::NoticeOtherRecipient, &[Fact::NoticeDelivered]),
    (Fact::NoticeWindowRunning, &[Fact::NoticeDelivered]),
    (Fact::EarlierUntold, &[Fact::NoticeDelivered]),
    (
        Fact::NoticeDelivered,
        &[
            Fact::NoticeComplete,
            Fact::NoticeLanguageWrong,
            Fact::NoticeOtherRecipient,
            Fact::NoticeWindowRunning,
            Fact::EarlierUntold,
        ],
    ),
    (Fact::RegionUsCa, &[Fact::RegionUs]),
    (Fact::RegionUsIl, &[Fact::RegionUs]),
    (Fact::CategoryGroupMessage, &[Fact::CategoryMessage]),
    (Fact::AudienceWaiting, &[Fact::AudiencePublic]),
    (Fact::SpecialHealth, &[Fact::SpecialNamed]),
    (Fact::SpecialReligion, &[Fact::SpecialNamed]),
    (Fact::SpecialPolitics, &[Fact::SpecialNamed]),
    (Fact::SpecialSexLife, &[Fact::SpecialNamed]),
    (Fact::SpecialUnion, &[Fact::SpecialNamed]),
    (Fact::SpecialEthnicity, &[Fact::SpecialNamed]),
    (Fact::SpecialGenetic, &[Fact::SpecialNamed]),
    (Fact::SpecialBiometric, &[Fact::SpecialNamed]),
    (Fact::SpecialNamed, &[Fact::RecordArt9]),
    (Fact::EmployeeRedact, &[Fact::OthersRedact]),
    (Fact::EmployeeDenies, &[Fact::OthersExclude]),
];

/// Every combination that can be derived meets these.
pub(crate) fn assumptions() -> Vec<Clause> {
    let mut clauses = Vec::new();
    for group in EXCLUSIVE {
        for (i, one) in group.iter().enumerate() {
            clauses.extend(group[..i].iter().map(|other| Clause { set: 0, clear: (one.bit() | other.bit()).0 }));
        }
    }
    for (fact, others) in COMES_WITH {
        clauses.push(Clause { set: union(others).0, clear: fact.bit().0 });
    }
    let named = Special::ALL.iter().fold(Facts::default(), |facts, s| facts | Fact::special(*s).bit());
    clauses.push(Clause { set: named.0, clear: Fact::SpecialNamed.bit().0 });
    clauses
}

fn union(facts: &[Fact]) -> Facts {
    facts.iter().fold(Facts::default(), |all, fact| all | fact.bit())
}

/// Grounds on which a record may be included, each alone: a person's own, an organisation's word for
/// its page, that nobody stands behind an automated account, all holders of a joint one.
pub(crate) fn grounds(profile: Profile) -> [Cube; 4] {
    let own = match profile {
        Profile::Consent => Fact::ConsentValid,
        Profile::LegitimateInterest => Fact::NoticeComplete,
    };
    let joint = Fact::AuthorJoint.bit();
    [
        Cube::set(own.bit()),
        Cube::set(Fact::AuthorOrganisation.bit() | Fact::OrgAllows.bit()),
        Cube::set(Fact::AuthorBot.bit()),
        Cube { mask: (joint | Fact::JointDenies.bit()).0, value: joint.0 },
    ]
}

/// Facts with which no record may be included, whatever else holds.
pub(crate) fn denials(profile: Profile) -> impl Iterator<Item = Fact> {
    let own: &[Fact] = match profile {
        Profile::Consent => &[Fact::ObjectionStanding, Fact::RefusedStanding, Fact::WithdrawnStanding],
        Profile::LegitimateInterest => {
            &[Fact::ObjectionEver, Fact::RefusedEver, Fact::WithdrawnEver, Fact::LiaMissing, Fact::SignalGpc]
        }
    };
    ALWAYS.iter().chain(own).copied()
}

const ALWAYS: [Fact; 22] = [
    Fact::DpiaMissing,
    Fact::PacksUnsigned,
    Fact::AccountDeactivated,
    Fact::ObjectionPending,
    Fact::Erased,
    Fact::Restricted,
    Fact::LegalHold,
    Fact::RecordArt9ThirdParty,
    Fact::RecordMinorSuspected,
    Fact::RecordDeleted,
    Fact::RecordSuperseded,
    Fact::RecordOnHold,
    Fact::DepictsChild,
    Fact::DepictsUnknown,
    Fact::QuotesUnknown,
    Fact::OrderInForce,
    Fact::OrgDenies,
    Fact::OthersExclude,
    Fact::CopyDenied,
    Fact::ParticipantMissing,
    Fact::JointDenies,
    Fact::RetentionOver,
];

/// Facts without which no record may be included: what the operator's own policy covers.
pub(crate) const NEEDED: [Fact; 2] = [Fact::PolicyOffers, Fact::PolicyRecipient];
