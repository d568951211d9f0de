//! Other people in a record: the most restrictive wins, and whoever can be taken out is (R9).

use crate::derive::person::Subject;
use crate::derive::record::is_deleted;
use crate::derive::{Context, Fact, Other, People, RecordView, Stance};
use crate::history::PersonHistory;
use crate::proof::{PersonKey, RecordKey};
use crate::table::Facts;
use crate::time::Micros;
use crate::traits::Mark;
use crate::vocab::{Category, Profile, Role};

/// What everybody but the author says about a record.
pub(crate) fn facts(record: &RecordView<'_>, history: &PersonHistory, ctx: &Context<'_>, people: &dyn People) -> Facts {
    let mut facts = Facts::default();
    let concerned = |o: &&Other| o.person != Some(record.person) || o.role == Role::CopiedFrom;
    for other in record.others.iter().filter(concerned) {
        let stance = stance_of(other, record, people);
        judge(&mut facts, other, stance, record, ctx.ask.profile);
    }
    let other_side = |o: &Other| o.role == Role::Participant && o.person != Some(record.person);
    let message = record.traits.category().is_some_and(is_message);
    facts.insert_if(Fact::ParticipantMissing, message && !record.others.iter().any(other_side));
    if history.info.is_joint() {
        facts.insert_if(Fact::JointDenies, !unanimous(record, history, ctx, people));
    }
    facts
}

fn stance_of(other: &Other, record: &RecordView<'_>, people: &dyn People) -> Stance {
    let Some(person) = other.person else { return Stance::default() };
    let category = match (record.traits.category(), other.role) {
        (None, _) => return Stance { denies: true, ..Stance::default() },
        // What is quoted or reposted is a post, as far as the record that quotes it can tell.
        (Some(Category::Quote | Category::Repost), Role::Quoted | Role::Reposted) => Category::Post,
        (Some(category), _) => category,
    };
    people.stance(person, other.record, category, record.created)
}

fn judge(facts: &mut Facts, other: &Other, stance: Stance, record: &RecordView<'_>, profile: Profile) {
    let permits = stance.permits(profile);
    let (exclude, redact) = (Fact::OthersExclude, Fact::OthersRedact);
    let fact = match other.role {
        Role::CopiedFrom => {
            facts.insert_if(Fact::CopyDenied, stance.denies);
            facts.insert_if(Fact::Erased, stance.erased && other.person == Some(record.person));
            return;
        }
        Role::Participant => {
            facts.insert_if(Fact::ParticipantMissing, !stance.consents);
            return;
        }
        Role::Holder => return,
        Role::RepliedTo if !record.traits.has(Mark::Dependent) => return,
        _ if permits => return,
        Role::Quoted | Role::Mentioned | Role::Tagged if other.redactable => redact,
        Role::Quoted
        | Role::Mentioned
        | Role::Tagged
        | Role::RepliedTo
        | Role::Reposted
        | Role::About
        | Role::Depicted => exclude,
    };
    facts.insert(fact);
    if record.org.is_some() && stance.denies {
        facts.insert(if fact == redact { Fact::EmployeeRedact } else { Fact::EmployeeDenies });
    }
}

/// Whether every holder of a joint account permits, or the one to whom the record is attributed.
fn unanimous(record: &RecordView<'_>, history: &PersonHistory, ctx: &Context<'_>, people: &dyn People) -> bool {
    let Some(category) = record.traits.category() else { return false };
    let permits = |person: PersonKey| people.stance(person, None, category, record.created).permits(ctx.ask.profile);
    let mut named = record.others.iter().filter(|o| o.role == Role::Holder).peekable();
    if named.peek().is_some() {
        return named.all(|o| o.person.is_some_and(permits));
    }
    history.info.holders().all(permits)
}

impl Stance {
    /// Whether the person may stay in somebody else's record.
    #[must_use]
    pub const fn permits(self, profile: Profile) -> bool {
        self.nobody
            || match profile {
                Profile::Consent => self.consents,
                Profile::LegitimateInterest => self.told,
            }
    }
}

impl PersonHistory {
    /// What this person says about one of their records, or about being named in somebody else's.
    #[must_use]
    pub fn stance(&self, ctx: &Context<'_>, record: Option<RecordKey>, category: Category, created: Micros) -> Stance {
        let subject = Subject::new(self, ctx, category, created, record);
        let facts = subject.all_facts();
        let has = |fact| facts.has(fact);
        let gone = has(Fact::Erased)
            || has(Fact::Restricted)
            || has(Fact::AccountDeactivated)
            || has(Fact::AccountDeceased) && !has(Fact::DirectiveAllows)
            || has(Fact::LegalHold);
        let deleted = record.is_some_and(|r| is_deleted(r, self, ctx));
        let stands = has(Fact::ObjectionPending) || gone || deleted || !has(Fact::AgeTrainable);
        let specific = !is_message(category) || has(Fact::ConsentListsCategory);
        let ever = has(Fact::ObjectionEver) || has(Fact::RefusedEver) || has(Fact::WithdrawnEver);
        let standing = has(Fact::ObjectionStanding) || has(Fact::RefusedStanding) || has(Fact::WithdrawnStanding);
        let objects = if ctx.ask.profile == Profile::Consent { standing } else { ever };
        Stance {
            consents: has(Fact::ConsentValid) && specific && !stands && !has(Fact::SignalDeny),
            told: has(Fact::NoticeComplete)
                && !ever
                && !stands
                && !has(Fact::ConsentExpiredEver)
                && !has(Fact::SignalDenyEver)
                && !has(Fact::SignalGpc)
                && !has(Fact::AccountDeceased),
            denies: objects || has(Fact::ObjectionPending) || has(Fact::Erased) || has(Fact::Restricted) || deleted,
            erased: has(Fact::Erased),
            nobody: self.info.is_organisation() || has(Fact::AuthorBot),
        }
    }
}

const fn is_message(category: Category) -> bool {
    matches!(category, Category::DirectMessage | Category::GroupMessage)
}
