//! The revision built again, from the ledger as it was known then: the same inputs must give the same bytes.
//!
//! That is all at once: choices respected up to K, tokens of persons and records against the shards, counts, cuts. It can
//! be done only where the inputs still are: the vault, the rules, the recipe, this program, and everybody's secret.

use std::path::Path;

use mandat_core::manifest::{Content, Revision};
use mandat_core::members::Secrets;
use mandat_core::proof::{PersonKey, SubjectSecret};
use mandat_corpus::build::{Barrier, BuildError, Commit, Order, Store, build, rows_not_in, writer_digest};
use mandat_ledger::{Entry, Ledger, SnapshotOptions};

use crate::commands::{Context, Open};
use crate::failure::{Exit, OrFail, Outcome, from_library};
use crate::ui::{Ui, count};
use crate::work::Work;

use super::{Found, Report};

pub(super) fn check(report: &mut Report, ctx: &Context, open: Option<&Open>, dir: &Path, content: &Content) -> Outcome {
    let ui = report.ui;
    let Some(open) = open else {
        let words = ui.t("needs the home that built it", "braucht das Heim, das sie gebaut hat");
        report.add("choices", Found::NotChecked, words);
        return Ok(());
    };
    let work = Work::open(open, &content.corpus, None, ctx.now())?;
    let since = since(&work.ledger, content.known.ledger)?;
    match obstacle(ui, &work, content, since.erased) {
        Some(why) => report.add("choices", Found::NotChecked, why),
        None => rebuilt(report, ctx, open, &work, dir, content)?,
    }
    let words = ui.t("events that the revision does not know", "Ereignisse, die die Revision nicht kennt");
    report.add("since", Found::NotChecked, format!("{} {words}", count(since.events)));
    Ok(())
}

/// What came after K.
struct Since {
    events: u64,
    erased: u64,
}

fn since(ledger: &Ledger, known: u64) -> Outcome<Since> {
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let head = ledger.head().map_err(|e| refuse(&e))?.position;
    let mut erased = 0;
    for event in ledger.events(known + 1..head + 1).map_err(|e| refuse(&e))? {
        erased += u64::from(matches!(event.entry, Entry::Erased));
    }
    Ok(Since { events: head.saturating_sub(known), erased })
}

/// Which input is not there any more; `None` if all are.
fn obstacle(ui: &Ui, work: &Work, content: &Content, erased: u64) -> Option<String> {
    let changed = |en: &'static str, de: &'static str| Some(ui.t(en, de).to_owned());
    if content.vault_sha256 != work.vault.digest().to_string() {
        return changed("the vault has changed since", "der Tresor hat sich seither verändert");
    }
    if content.packs != work.book.refs {
        return changed("the rules have changed since", "die Regeln haben sich seither verändert");
    }
    if content.recipe_sha256 != work.recipe.digest().to_string() {
        return changed("the recipe has changed since", "das Rezept hat sich seither verändert");
    }
    let own = (env!("CARGO_PKG_VERSION"), writer_digest().to_string());
    if (content.tool.version.as_str(), &content.tool.writer_sha256) != (own.0, &own.1) {
        return changed("another version of mandat built it", "eine andere Fassung von mandat hat sie gebaut");
    }
    if content.members.is_none() {
        return changed("an earlier version of mandat built it", "eine frühere Fassung von mandat hat sie gebaut");
    }
    let words = ui.t(
        "people were erased since, and with them what was known",
        "Personen wurden seither gelöscht, und damit, was bekannt war",
    );
    (erased > 0).then(|| format!("{erased} {words}"))
}

fn rebuilt(report: &mut Report, ctx: &Context, open: &Open, work: &Work, dir: &Path, content: &Content) -> Outcome {
    let ui = report.ui;
    let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
    let scratch = tempfile::Builder::new().prefix(".audit-").tempdir_in(open.home.store());
    let scratch = scratch.or_refuse(|| "cannot make a folder for building it again".into())?;
    let options = SnapshotOptions { folder: Some(scratch.path().join("snapshot")), ..SnapshotOptions::default() };
    let snapshot = work.ledger.snapshot_with(Some(content.known.ledger), &options).map_err(|e| refuse(&e))?;
    let snapshot = snapshot.with_controller(open.home.settings.values.controller.controller());
    let order = Order { at: content.at, ..work.order() };
    let bar = ui.bar(ui.t("building again", "baue neu"));
    let store = Store::new(&scratch.path().join("store"));
    let built = build(&work.vault, &store, &snapshot, &order, ctx.now(), &Still(&work.ledger), &|done, of| {
        bar.total(of);
        bar.position(done);
    });
    drop(bar);
    let built = built.map_err(|e| refuse(&e))?;
    if built.content == *content {
        let words = ui.t("the same bytes again, choices up to", "wieder die gleichen Bytes, Entscheidungen bis");
        report.add("choices", Found::Holds, format!("{words} {}", content.known.ledger));
        return Ok(());
    }
    let mut rows = 0;
    for shard in &content.shards {
        rows += rows_not_in(&dir.join(&shard.path), &built.path.join(&shard.path)).unwrap_or(shard.rows);
    }
    let words = ui.t(
        "building it again gives something else; rows that must not be in it:",
        "ein neuer Bau ergibt etwas anderes; Zeilen, die nicht enthalten sein dürfen:",
    );
    report.add("choices", Found::Wrong, format!("{words} {}", count(rows)));
    Ok(())
}

/// The ledger as it stands: nothing that comes later concerns what is built again.
struct Still<'a>(&'a Ledger);

impl Secrets for Still<'_> {
    fn secrets(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, String> {
        self.0.secrets_of(persons).map_err(|error| error.to_string())
    }
}

impl Barrier for Still<'_> {
    fn commit(
        &self,
        position: u64,
        publish: &mut dyn FnMut(u64) -> Result<Revision, BuildError>,
    ) -> Result<Commit, BuildError> {
        publish(position).map(|revision| Commit::Done(Box::new(revision)))
    }
}
