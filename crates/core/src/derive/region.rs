//! Regions: every place whose rules reach a person; the strictest wins because all of them apply.

use crate::derive::age::Age;
use crate::derive::{Context, Fact};
use crate::history::{PersonHistory, What};
use crate::place::Place;
use crate::table::Facts;
use crate::time::Micros;

/// The facts that follow from places.
pub(crate) const FACTS: Facts = Facts::between(Fact::RegionEu, Fact::RegionBr);

/// Calls `visit` with every place that counts for a person and a record made at `created`:
/// residence then, at T and now, the account's place, and wherever only a network address points to.
/// An account without a country counts as EU.
pub(crate) fn places(history: &PersonHistory, ctx: &Context<'_>, created: Micros, visit: &mut dyn FnMut(Place)) {
    let info = &history.info;
    visit(info.region.or(info.country).unwrap_or_else(eu));
    if info.more.is_none() && !history.acts().iter().any(|a| matches!(a.what, What::Move(..))) {
        return;
    }
    let instants = [created, ctx.from(), ctx.until()];
    let mut lives = [(Micros::DISTANT_PAST, None, None); 3];
    for r in info.more.iter().flat_map(|m| &m.residence) {
        settle(&mut lives, &instants, r.from, Some(r.country), r.region);
    }
    for act in history.acts().iter().filter(|a| ctx.knows(a)) {
        let What::Move(country, region, by_address_only) = act.what else { continue };
        if by_address_only {
            region.or(country).into_iter().for_each(&mut *visit);
        } else {
            settle(&mut lives, &instants, act.starts(), country, region);
        }
    }
    for (_, country, region) in lives {
        region.or(country).into_iter().for_each(&mut *visit);
    }
}

type Life = (Micros, Option<Place>, Option<Place>);

fn settle(lives: &mut [Life; 3], instants: &[Micros; 3], from: Micros, country: Option<Place>, region: Option<Place>) {
    for (life, instant) in lives.iter_mut().zip(instants) {
        if from <= *instant && from >= life.0 {
            *life = (from, country, region);
        }
    }
}

fn eu() -> Place {
    "EU".parse().expect("a fixed word")
}

/// The regions whose rules apply, the operator's establishment included.
pub(crate) fn region_facts(history: &PersonHistory, ctx: &Context<'_>, created: Micros) -> Facts {
    let mut facts = ctx.establishment;
    places(history, ctx, created, &mut |place| facts |= place_facts(place));
    facts
}

/// The region facts of one place; a state that is not known counts as each.
pub(crate) fn place_facts(place: Place) -> Facts {
    let mut facts = Facts::default();
    let us = place.country_is("US");
    let anywhere = place.is("US");
    facts.insert_if(Fact::RegionEu, place.in_eea());
    facts.insert_if(Fact::RegionUk, place.country_is("GB"));
    facts.insert_if(Fact::RegionBr, place.country_is("BR"));
    facts.insert_if(Fact::RegionUs, us);
    facts.insert_if(Fact::RegionUsCa, anywhere || place.is("US-CA"));
    facts.insert_if(Fact::RegionUsIl, anywhere || place.is("US-IL"));
    facts
}

/// The age from which an own consent counts: the highest of all places.
pub(crate) fn own_consent_age(history: &PersonHistory, ctx: &Context<'_>) -> u8 {
    let mut age = 0;
    places(history, ctx, ctx.from(), &mut |place| age = age.max(place.consent_age()));
    age
}

/// The age that decides about own consents at T. For adults it decides nothing but what a guardian's
/// word reaches, and the lowest is the strictest.
pub(crate) fn relevant_age(history: &PersonHistory, ctx: &Context<'_>, age: Age) -> u8 {
    if age.reached_now(18, ctx) { 13 } else { own_consent_age(history, ctx) }
}

/// Whether some place of the person lies in one of these regions; no region is everywhere.
pub(crate) fn reaches(regions: &[Place], history: &PersonHistory, ctx: &Context<'_>, created: Micros) -> bool {
    let mut found = regions.is_empty();
    places(history, ctx, created, &mut |place| found |= regions.iter().any(|r| place.may_lie_in(*r)));
    found
}

/// Times at which the person's residence changes.
pub(crate) fn changes<'a>(history: &'a PersonHistory, ctx: &'a Context<'_>) -> impl Iterator<Item = Micros> + 'a {
    let listed = history.info.more.iter().flat_map(|m| m.residence.iter().map(|r| r.from));
    let moved = history.acts().iter().filter(|a| ctx.knows(a) && matches!(a.what, What::Move(..)));
    listed.chain(moved.map(crate::history::Act::starts))
}
