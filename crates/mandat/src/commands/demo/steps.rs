//! The steps of the demo, each with its time and one line of talk.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mandat_core::proof::PersonKey;
use mandat_core::vocab::{Reason, Verdict};
use mandat_corpus::admit::Summary;
use mandat_corpus::admit::find::{Found, each_person, of_person};
use mandat_corpus::build::{Built, Difference, Store, difference, plan};

use super::material::{self, Loaded};
use super::{Args, tell};
use crate::commands::build::{may_build, publish};
use crate::commands::explain::{Explained, explain_record};
use crate::commands::packs::test_built_in;
use crate::commands::{Context, Open};
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::home::SETTINGS;
use crate::sample::overlay::{Author, objection};
use crate::work::Work;

/// The recipe of the demo.
pub(super) const RECIPE: &str = "own-model";

/// Everything that was shown.
pub(super) struct Shown {
    pub(super) loaded: Loaded,
    pub(super) plan: Summary,
    pub(super) first: Built,
    pub(super) second: Built,
    /// What changed between them.
    pub(super) difference: Difference,
    /// The excluded record that was explained.
    pub(super) example: Option<String>,
    /// A record of the person who objected.
    pub(super) objected: Option<String>,
    pub(super) times: Vec<(&'static str, Duration)>,
    /// Entries of the published log.
    pub(super) logged: u64,
}

/// Times the steps and says which one begins.
struct Stage<'a> {
    ctx: &'a Context,
    times: Vec<(&'static str, Duration)>,
}

impl Stage<'_> {
    fn step<T>(
        &mut self,
        name: &'static str,
        english: &str,
        german: &str,
        act: impl FnOnce() -> Outcome<T>,
    ) -> Outcome<T> {
        let ui = &self.ctx.ui;
        ui.say(&format!("{}. {}", self.times.len() + 1, ui.t(english, german)));
        let started = Instant::now();
        let value = act()?;
        self.times.push((name, started.elapsed()));
        Ok(value)
    }
}

/// Runs the main job.
pub(super) fn run(ctx: &Context, open: &Open, args: &Args) -> Outcome<Shown> {
    let mut stage = Stage { ctx, times: Vec::new() };
    let mut loaded = load(&mut stage, open, args)?;
    remember_platform(open, &loaded)?;
    stage.step("packs test", "testing the rules", "prüfe die Regeln", || test_built_in(ctx, &open.home))?;
    let work = Work::open(open, RECIPE, None, ctx.now())?;
    may_build(open, &work)?;
    let tally = stage.step(
        "plan",
        "planning: who is in, who is out, and why",
        "plane: wer ist drin, wer draußen, und warum",
        || plan(&work.vault, &work.snapshot, &work.order(), &|_, _| {}).map_err(|e| from_library(Exit::Refused, &e)),
    )?;
    tell::planned(&ctx.ui, &work, &tally.summary());
    let first =
        stage.step("build", "building the corpus", "baue den Korpus", || publish(ctx, open, &work, &ctx.ui.bar("")))?;
    let counts = record_counts(&work)?;
    let example = stage.step("explain", "explaining one exclusion", "erkläre einen Ausschluss", || {
        exclusion(&work, &loaded.objected, &counts)
    })?;
    tell::explained(&ctx.ui, &work, example.as_ref());
    let objector = most_prolific(&work, &mut loaded.willing, &counts);
    let objected = objector.as_ref().map(|(_, person)| one_record(&work, *person)).transpose()?.flatten();
    drop(work);
    let second = object_and_build(&mut stage, open, objector.as_ref().map(|(author, _)| author))?;
    let store = Store::new(&open.home.store());
    let difference = difference(&store, RECIPE, first.revision.revision, second.revision.revision)
        .map_err(|e| from_library(Exit::BadInput, &e))?;
    let example = example.map(|e| e.id);
    let (times, logged) = (stage.times, open.publish(ctx.now())?.size);
    Ok(Shown { loaded, plan: tally.summary(), first, second, difference, example, objected, times, logged })
}

fn load(stage: &mut Stage<'_>, open: &Open, args: &Args) -> Outcome<Loaded> {
    let ctx = stage.ctx;
    if args.data.is_empty() {
        let english = "inventing a small network and taking it in: people, notices, posts, choices";
        let german = "erfinde ein kleines Netzwerk und nehme es auf: Menschen, Mitteilungen, Beiträge, Entscheidungen";
        return stage.step("ingest", english, german, || material::load_sample(ctx, open));
    }
    let english = "taking your posts in, and inventing people and choices around their authors";
    let german = "nehme Ihre Beiträge auf und erfinde Menschen und Entscheidungen um ihre Verfasser";
    stage.step("ingest", english, german, || material::load_data(ctx, open, &args.data, args.map.as_deref()))
}

fn object_and_build(stage: &mut Stage<'_>, open: &Open, objector: Option<&Author>) -> Outcome<Built> {
    let ctx = stage.ctx;
    let english = "an objection arrives, and the corpus is built again";
    let german = "ein Widerspruch kommt, und der Korpus wird neu gebaut";
    stage.step("objection", english, german, || {
        if let Some(author) = objector {
            object(ctx, open, author)?;
        }
        let work = Work::open(open, RECIPE, None, ctx.now())?;
        publish(ctx, open, &work, &ctx.ui.bar(""))
    })
}

/// Later commands in this home need not name the platform.
fn remember_platform(open: &Open, loaded: &Loaded) -> Outcome {
    let Some(author) = loaded.platform() else { return Ok(()) };
    let path = open.home.root.join(SETTINGS);
    let refuse = || format!("cannot write `{}`", path.display());
    let text = std::fs::read_to_string(&path).or_refuse(refuse)?;
    std::fs::write(&path, text.replace("#platform = \"\"", &format!("platform = {author:?}"))).or_refuse(refuse)
}

/// Current records of each person.
fn record_counts(work: &Work) -> Outcome<BTreeMap<PersonKey, u64>> {
    let mut counts = BTreeMap::new();
    each_person(&work.vault, &mut |person, records| *counts.entry(person).or_insert(0) += records)
        .map_err(|e| from_library(Exit::BadInput, &e))?;
    Ok(counts)
}

/// People looked at for an example.
const LOOK: usize = 12;

/// A record that is out for a reason that says something: an objection, if there is one.
fn exclusion(work: &Work, objected: &[Author], counts: &BTreeMap<PersonKey, u64>) -> Outcome<Option<Explained>> {
    let wanted = [Reason::Objected, Reason::ConsentWithdrawn, Reason::ConsentRefused, Reason::ConsentMissing];
    let keyer = work.ledger.keys().keyer();
    let objectors = objected.iter().map(|a| keyer.person(&a.platform, &a.account)).take(LOOK);
    let mut best: Option<(usize, Explained)> = None;
    for person in objectors.chain(counts.keys().copied().take(LOOK)) {
        let found = of_person(&work.vault, person).map_err(|e| from_library(Exit::BadInput, &e))?;
        for record in candidates(work, &found).take(LOOK) {
            let explained = explain_record(work, record);
            let codes = explained.decision.codes();
            // The fewer other reasons, the plainer the example.
            let rank = wanted.iter().position(|w| codes.contains(w)).unwrap_or(wanted.len()) * 10 + codes.len();
            if explained.decision.verdict == Verdict::Exclude && best.as_ref().is_none_or(|(known, _)| rank < *known) {
                best = Some((rank, explained));
            }
        }
        if best.as_ref().is_some_and(|(rank, _)| *rank == 1) {
            break;
        }
    }
    Ok(best.map(|(_, explained)| explained))
}

/// Of those who said yes, the one with most records.
fn most_prolific(
    work: &Work,
    willing: &mut [Author],
    counts: &BTreeMap<PersonKey, u64>,
) -> Option<(Author, PersonKey)> {
    let keyer = work.ledger.keys().keyer();
    let key = |a: &Author| keyer.person(&a.platform, &a.account);
    let included = |a: &Author| one_record(work, key(a)).is_ok_and(|r| r.is_some());
    willing.sort_by_key(|a| std::cmp::Reverse(counts.get(&key(a)).copied().unwrap_or(0)));
    let found = willing.iter().find(|a| included(a))?;
    Some((found.clone(), key(found)))
}

/// A record of this person that is in.
fn one_record(work: &Work, person: PersonKey) -> Outcome<Option<String>> {
    let found = of_person(&work.vault, person).map_err(|e| from_library(Exit::BadInput, &e))?;
    Ok(candidates(work, &found)
        .find(|r| explain_record(work, r).decision.verdict == Verdict::Include)
        .map(|r| r.id.clone()))
}

/// Current records of a kind that the recipe asks for.
fn candidates<'a>(work: &'a Work, found: &'a [Found]) -> impl Iterator<Item = &'a Found> {
    found.iter().filter(|r| !r.superseded && r.category().is_some_and(|c| work.recipe.categories.has(c)))
}

fn object(ctx: &Context, open: &Open, author: &Author) -> Outcome {
    let report = open
        .ledger()?
        .append(&[objection(author, ctx.now())], ctx.now())
        .map_err(|e| from_library(Exit::Refused, &e))?;
    if report.accepted == 1 {
        Ok(())
    } else {
        Err(Failure::refused("the objection was not taken in").hint("mandat doctor"))
    }
}
