//! The plain rule that other engines can state as well: the latest act of each scope, nothing else.

use crate::derive::Fact;
use crate::derive::person::{Kind, Subject};
use crate::event::Categories;
use crate::history::{Reach, What};
use crate::table::Facts;
use crate::time::Micros;

/// The latest act of one scope; on a tie the denial wins.
type Latest = Option<(Micros, bool)>;

/// For each scope (everything, the category, the record) the latest act received by T.
pub(crate) fn facts(subject: &Subject<'_>) -> Facts {
    if !subject.any(Kind::CONSENT | Kind::CHOICE) {
        return Facts::default();
    }
    let mut scopes: [Latest; 3] = [None; 3];
    for act in subject.acts().filter(|a| a.received <= subject.ctx.from()) {
        let (reach, denies) = match &act.what {
            What::Consent(consent) => (&consent.reach, false),
            What::Refuse(reach) | What::Withdraw(reach) | What::Object(reach, _) => (reach, true),
            _ => continue,
        };
        if let Some(scope) = scope(subject, reach) {
            scopes[scope] = scopes[scope].max(Some((act.received, denies)));
        }
    }
    let mut facts = Facts::default();
    facts.insert_if(Fact::LatestDenies, scopes.iter().flatten().any(|(_, denies)| *denies));
    facts.insert_if(Fact::LatestGrants, scopes.iter().flatten().any(|(_, denies)| !*denies));
    facts
}

fn scope(subject: &Subject<'_>, reach: &Reach) -> Option<usize> {
    let reached = reach.permits_purpose(&subject.ctx.target)
        && reach.categories.has(subject.category)
        && reach.reaches(subject.record, subject.created);
    let scope = match (reach.records().is_empty(), reach.categories == Categories::ALL) {
        (false, _) => 2,
        (true, true) => 0,
        (true, false) => 1,
    };
    reached.then_some(scope)
}
