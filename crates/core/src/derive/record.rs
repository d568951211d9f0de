//! The record's own part of the facts, and everything that needs a lookup.

use crate::derive::person::Subject;
use crate::derive::{Context, Fact, People, RecordView, others, region};
use crate::event::Words;
use crate::history::{Act, PersonHistory, What};
use crate::proof::RecordKey;
use crate::table::Facts;
use crate::time::Micros;
use crate::traits::{Mark, Traits};
use crate::vocab::{AI_TRAINING, Audience, Category, Flag, Provenance, Special};

/// The facts that a record shows by itself.
#[must_use]
pub fn traits_facts(traits: Traits) -> Facts {
    let mut facts = category_facts(traits);
    facts.insert_if(Fact::AudiencePublic, traits.audience() == Audience::Public);
    facts.insert_if(Fact::AudienceGroup, traits.audience() == Audience::Group);
    for (flag, fact) in FLAGS {
        facts.insert_if(fact, traits.has_flag(flag));
    }
    for (mark, fact) in MARKS {
        facts.insert_if(fact, traits.has(mark));
    }
    // A message has somebody on its other side; who is not named has not agreed.
    facts.insert_if(Fact::ParticipantMissing, facts.has(Fact::CategoryMessage) && !traits.has(Mark::Others));
    for special in Special::ALL {
        if traits.has_special(*special) {
            facts.insert(Fact::special(*special));
            facts.insert(Fact::SpecialNamed);
            facts.insert(Fact::RecordArt9);
        }
    }
    facts
}

const FLAGS: [(Flag, Fact); 6] = [
    (Flag::Art9, Fact::RecordArt9),
    (Flag::Art9ThirdParty, Fact::RecordArt9ThirdParty),
    (Flag::Biometric, Fact::RecordBiometric),
    (Flag::MinorSuspected, Fact::RecordMinorSuspected),
    (Flag::TdmReserved, Fact::RecordReserved),
    (Flag::AssetDenied, Fact::RecordAssetDenied),
];

const MARKS: [(Mark, Fact); 14] = [
    (Mark::Unresolved, Fact::QuotesUnknown),
    (Mark::QuotesUnknown, Fact::QuotesUnknown),
    (Mark::Dependent, Fact::RecordDependent),
    (Mark::Org, Fact::RecordOrg),
    (Mark::Deleted, Fact::RecordDeleted),
    (Mark::Unlawful, Fact::RecordDeleted),
    (Mark::AudienceNarrowed, Fact::AudienceNarrowed),
    (Mark::OnHold, Fact::RecordOnHold),
    (Mark::Rightsholder, Fact::RecordRightsholder),
    (Mark::DepictsChild, Fact::DepictsChild),
    (Mark::DepictsUnknown, Fact::DepictsUnknown),
    (Mark::ReservedSpan, Fact::QuotesReserved),
    (Mark::Suppressed, Fact::Erased),
    (Mark::Superseded, Fact::RecordSuperseded),
];

/// Categories that no version wrote give no category fact; the person's part denies them.
fn category_facts(traits: Traits) -> Facts {
    let mut facts = Facts::default();
    let provenance = traits.provenance();
    facts.insert_if(Fact::RecordInferred, provenance == Provenance::Inferred);
    facts.insert_if(Fact::RecordObserved, provenance == Provenance::Observed);
    let Some(category) = traits.category() else { return facts };
    match category {
        Category::DirectMessage => facts.insert(Fact::CategoryMessage),
        Category::GroupMessage => {
            facts.insert(Fact::CategoryMessage);
            facts.insert(Fact::CategoryGroupMessage);
        }
        Category::AssistantPrompt | Category::AssistantReply => facts.insert(Fact::CategoryAssistant),
        Category::CareerPosition | Category::CareerEducation | Category::CareerSkill | Category::CareerPreference => {
            facts.insert(Fact::CategoryCareer);
        }
        Category::Application => facts.insert(Fact::CategoryApplication),
        Category::Inferred => facts.insert(Fact::RecordInferred),
        Category::Engagement => facts.insert(Fact::RecordObserved),
        Category::BiometricFace
        | Category::BiometricVoice
        | Category::BiometricFingerprint
        | Category::BiometricIris => facts.insert(Fact::RecordBiometric),
        Category::Post
        | Category::Reply
        | Category::Repost
        | Category::Quote
        | Category::Comment
        | Category::Caption
        | Category::Photo
        | Category::Video
        | Category::Profile => {}
    }
    facts
}

/// Orders that reach a record: by the places of its author, its category and its collection time.
#[must_use]
pub fn order_facts(history: &PersonHistory, ctx: &Context<'_>, record: &RecordView<'_>) -> Facts {
    let mut facts = Facts::default();
    let Some(category) = record.traits.category() else { return facts };
    let reached = ctx.orders.iter().any(|order| {
        order.categories.has(category)
            && order.processed.holds(record.collected)
            && region::reaches(&order.regions, history, ctx, record.created)
    });
    facts.insert_if(Fact::OrderInForce, reached);
    facts
}

/// Every fact of a record, everything looked up: the slow path of the build and what `decide` uses.
#[must_use]
pub fn full_facts(record: &RecordView<'_>, history: &PersonHistory, ctx: &Context<'_>, people: &dyn People) -> Facts {
    let (traits, changed) = current(record, history, ctx);
    // A category that no version wrote is judged as the strictest we can: no basis at all.
    let Some(category) = traits.category() else { return traits_facts(traits) };
    let subject = Subject::new(history, ctx, category, record.created, Some(record.key));
    let mut facts = subject.facts() | traits_facts(traits) | changed | order_facts(history, ctx, record);
    facts |= others::facts(record, history, ctx, people);
    facts.insert_if(Fact::RecordOrg, record.org.is_some());
    if let Some(org) = record.org.or_else(|| own_org(history)) {
        facts |= org_facts(org, ctx, category);
    }
    let over = record.retain_until.is_some_and(|end| end <= ctx.until());
    facts.insert_if(Fact::RetentionOver, over);
    facts
}

/// The organisation behind a page account whose records name none.
fn own_org(history: &PersonHistory) -> Option<crate::proof::PersonKey> {
    let org = history.info.more.as_ref().and_then(|m| m.org)?;
    history.info.is_organisation().then_some(crate::proof::PersonKey(org))
}

/// The acts that name a record, of its author and without an account, in ledger order.
fn naming<'a>(record: RecordKey, history: &'a PersonHistory, ctx: &'a Context<'_>) -> impl Iterator<Item = &'a Act> {
    let shared = ctx.shared.record_acts(record);
    let own = history.acts();
    let names = move |act: &&Act| match &act.what {
        What::Visibility(r, _) | What::Deleted(r) | What::Edited(r, ..) => *r == record.0 && ctx.knows(act),
        _ => false,
    };
    own.iter().filter(names).chain(shared.iter().filter(names))
}

/// All acts known of the author, and those without an account that name the record.
pub(crate) fn named_by<'a>(
    record: RecordKey,
    history: &'a PersonHistory,
    ctx: &'a Context<'_>,
) -> impl Iterator<Item = &'a Act> {
    history.acts().iter().chain(ctx.shared.record_acts(record)).filter(move |a| ctx.knows(a))
}

/// Whether a record was deleted by an event.
pub(crate) fn is_deleted(record: RecordKey, history: &PersonHistory, ctx: &Context<'_>) -> bool {
    naming(record, history, ctx).any(|a| matches!(a.what, What::Deleted(_)))
}

/// The record as events left it: deleted, edited, shown to others than before.
fn current(record: &RecordView<'_>, history: &PersonHistory, ctx: &Context<'_>) -> (Traits, Facts) {
    let mut traits = record.traits;
    let mut facts = Facts::default();
    for act in naming(record.key, history, ctx) {
        match act.what {
            What::Deleted(_) => traits = traits.with(Mark::Deleted),
            What::Edited(_, flags, special) => traits = edited(traits, flags, special),
            _ => {}
        }
    }
    if let Some(seen) = Seen::of(record, history, ctx) {
        facts.insert_if(Fact::AudienceNarrowed, seen.narrowed);
        facts.insert_if(Fact::AudienceWaiting, seen.waiting);
        traits = traits.with_audience(seen.audience);
    }
    (traits, facts)
}

/// What an edit adds; it never takes a mark away.
fn edited(mut traits: Traits, flags: u8, special: u8) -> Traits {
    for flag in Flag::ALL.iter().filter(|f| flags >> f.index() & 1 == 1) {
        traits = traits.with_flag(*flag);
    }
    for s in Special::ALL.iter().filter(|s| special >> s.index() & 1 == 1) {
        traits = traits.with_special(*s);
    }
    traits
}

/// Who could see a record over time.
struct Seen {
    audience: Audience,
    narrowed: bool,
    waiting: bool,
}

impl Seen {
    /// The stricter of the audience at T and now; `None` if no event changed it.
    fn of(record: &RecordView<'_>, history: &PersonHistory, ctx: &Context<'_>) -> Option<Self> {
        let first = record.traits.audience();
        let (mut then, mut now) = (first, first);
        let (mut opened, mut was_public) = (None, first == Audience::Public);
        let mut changed = false;
        for act in naming(record.key, history, ctx) {
            let What::Visibility(_, audience) = act.what else { continue };
            changed = true;
            if audience == Audience::Public && now != Audience::Public {
                opened = Some(act.received);
            }
            was_public |= audience == Audience::Public && act.received <= ctx.from();
            now = audience;
            if act.received <= ctx.from() {
                then = audience;
            }
        }
        let audience = if then == Audience::Public { now } else { then };
        let window = |at: Micros| at.plus_days(ctx.settings.notice_window_days) > ctx.from();
        changed.then(|| Self {
            audience,
            narrowed: was_public && audience != Audience::Public,
            waiting: audience == Audience::Public && opened.is_some_and(window),
        })
    }
}

/// What an organisation decided about what was posted in its name.
fn org_facts(org: crate::proof::PersonKey, ctx: &Context<'_>, category: Category) -> Facts {
    let (mut allowed, mut denied) = (None, None);
    for act in ctx.shared.org_acts(org).iter().filter(|a| ctx.saw(&a.seen) && a.categories.has(category)) {
        let names = act.purposes.covers(&ctx.ask.purpose);
        if act.allows && names && act.seen.received <= ctx.from() {
            allowed = allowed.max(Some(act.seen.received));
        }
        if !act.allows && (names || reaches_training(&act.purposes, ctx)) {
            denied = denied.max(Some(act.seen.received));
        }
    }
    let mut facts = Facts::default();
    facts.insert_if(Fact::OrgAllows, allowed > denied);
    facts.insert_if(Fact::OrgDenies, denied.is_some() && denied >= allowed);
    facts
}

fn reaches_training(purposes: &Words, ctx: &Context<'_>) -> bool {
    ctx.facts.has(Fact::PurposeTraining) && purposes.iter().any(|w| w == AI_TRAINING)
}
