//! What plan, build and explain have in common: a recipe, its rules, and everything known now.

use mandat_core::proof::sha256;
use mandat_core::time::Micros;
use mandat_corpus::build::{Order, Rules, Store};
use mandat_corpus::curate::Curation;
use mandat_corpus::recipe::Recipe;
use mandat_corpus::vault::Vault;
use mandat_ledger::{Ledger, Snapshot};

use crate::commands::Open;
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::rules::RuleBook;

/// A recipe and its rules, opened on a home.
pub(crate) struct Work {
    pub(crate) recipe: Recipe,
    pub(crate) book: RuleBook,
    pub(crate) vault: Vault,
    pub(crate) ledger: Ledger,
    pub(crate) snapshot: Snapshot,
    /// T.
    pub(crate) at: Micros,
}

impl Work {
    /// Opens everything that a question about a recipe needs.
    ///
    /// # Errors
    /// When a part is missing or cannot be used.
    pub(crate) fn open(open: &Open, recipe: &str, at: Option<&str>, now: Micros) -> Outcome<Self> {
        let recipe = read_recipe(open, recipe)?;
        let book = RuleBook::load(Some(&open.home), &recipe.packs)?;
        let at = read_time(at, now)?;
        let threads = open.home.settings.values.build.threads;
        if threads > 0 {
            // A second call, as in the demo, finds the pool that the first one made.
            let _made = mandat_corpus::measure::threads(threads);
        }
        let ledger = open.ledger()?;
        let snapshot = snapshot(open, &ledger)?;
        Ok(Self { recipe, book, vault: open.vault()?, ledger, snapshot, at })
    }

    /// What is asked of the vault.
    pub(crate) fn order(&self) -> Order<'_> {
        let rules = Rules { table: &self.book.packs.table, settings: self.book.packs.settings, packs: &self.book.refs };
        Order { recipe: &self.recipe, rules, at: self.at }
    }
}

/// Everybody as known now, with what the operator has on file.
pub(crate) fn snapshot(open: &Open, ledger: &Ledger) -> Outcome<Snapshot> {
    let snapshot = ledger.snapshot().map_err(|e| from_library(Exit::BadInput, &e))?;
    Ok(snapshot.with_controller(open.home.settings.values.controller.controller()))
}

/// Refuses a ledger that is not the one, or a later state of the one, that the last revisions were made
/// with: a copy from an older backup lacks denials.
pub(crate) fn ledger_continues(ledger: &Ledger, store: &Store) -> Outcome {
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let head = ledger.head().map_err(|e| refuse(&e))?.position;
    for corpus in store.corpora().map_err(|e| refuse(&e))? {
        let Some(last) = store.revisions(&corpus).map_err(|e| refuse(&e))?.pop() else { continue };
        let known = store.content(&corpus, last).map_err(|e| refuse(&e))?.known;
        let seen = store.lineage(&corpus, last).map_err(|e| refuse(&e))?.barrier.max(known.ledger);
        if seen > head {
            return Err(not_the_ledger(format!(
                "the ledger ends at event {head}, but revision {last} of `{corpus}` was made when it had {seen}"
            )));
        }
        let found = ledger.events(known.ledger..known.ledger + 1).map_err(|e| refuse(&e))?;
        if known.ledger > 0 && found.first().map(|e| e.appended) != Some(known.ledger_at) {
            return Err(not_the_ledger(format!(
                "event {} of the ledger is not the one that revision {last} of `{corpus}` was made with",
                known.ledger
            )));
        }
    }
    Ok(())
}

fn not_the_ledger(message: String) -> Failure {
    Failure::bad_input(message)
        .hint("restore the newest backup of the ledger: an older one lacks what people said since")
}

/// Reads a recipe of the home.
pub(crate) fn read_recipe(open: &Open, name: &str) -> Outcome<Recipe> {
    let (path, text) = open.home.recipe_source(name)?;
    let mut recipe = Recipe::parse(&text).map_err(|e| {
        let failure = from_library(Exit::BadInput, &e);
        Failure { message: format!("`{}`: {}", path.display(), failure.message), ..failure }
    })?;
    if let Some(curation) = &mut recipe.curation {
        evaluation(open, curation)?;
    }
    Ok(recipe)
}

/// Reads the evaluation sets that a recipe names; each must be the file whose digest stands there.
fn evaluation(open: &Open, curation: &mut Curation) -> Outcome {
    for set in curation.evaluation.clone() {
        let path = open.home.root.join(&set.file);
        let bytes = std::fs::read(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
        let digest = sha256(&bytes).to_string();
        if digest != set.sha256 {
            return Err(Failure::bad_input(format!("`{}` is not the evaluation set that the recipe names", set.file))
                .hint(format!("if it is the one you mean, write sha256 = \"{digest}\"")));
        }
        curation.take_in(&String::from_utf8_lossy(&bytes));
    }
    Ok(())
}

fn read_time(at: Option<&str>, now: Micros) -> Outcome<Micros> {
    let Some(text) = at else { return Ok(now) };
    let at = Micros::parse(text).map_err(|e| Failure::usage(format!("--at: `{text}` is {e}")))?;
    if at > now {
        return Err(Failure::usage("--at lies in the future").hint("nobody's choices of tomorrow are known today"));
    }
    Ok(at)
}
