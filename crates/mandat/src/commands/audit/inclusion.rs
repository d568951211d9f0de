//! Whether the log holds the revision: every entry is hashed anew, and one of them must be the revision's.

use mandat_core::manifest::{Content, Revision};
use mandat_core::proof::{Entry, EntryKind, NoteSigner, Opening, Trust};
use mandat_core::receipt::revision_statement;
use mandat_ledger::LogFiles;

use crate::commands::verify::Keys;
use crate::commands::{Context, Open};
use crate::failure::{Exit, Outcome, from_library};
use crate::home::log_seed;

use super::{Args, Found, Report, title};

pub(super) fn check(
    report: &mut Report,
    ctx: &Context,
    open: Option<&Open>,
    args: &Args,
    content: &Content,
    lineage: &Revision,
) -> Outcome {
    let ui = report.ui;
    let Some(statement) = revision_statement(content, lineage) else {
        let none = ui.t("a revision without members has no entry", "eine Revision ohne Mitglieder hat keinen Eintrag");
        report.add("log", Found::NotChecked, none);
        return Ok(());
    };
    let folder = args.log.as_ref().map(|log| ctx.path(log)).or_else(|| open.map(|open| open.home.log()));
    let Some(folder) = folder else {
        report.add("log", Found::NotChecked, ui.t("--log names no folder", "--log nennt keinen Ordner"));
        return Ok(());
    };
    let files = LogFiles::new(&folder);
    let note = files.checkpoint().map_err(|e| from_library(Exit::BadInput, &e))?;
    let Some(note) = note else {
        report.add("log", Found::Wrong, ui.t("the log has no checkpoint", "das Protokoll hat keinen Kontrollpunkt"));
        return Ok(());
    };
    let trust = match (&args.key, open) {
        (None, None) => {
            report.add("log", Found::NotChecked, ui.t("--key names no key", "--key nennt keinen Schlüssel"));
            return Ok(());
        }
        (None, Some(open)) => own(open)?,
        (key, _) => Keys::read(ctx, key.as_deref()).and_then(|keys| keys.trust(ui, &note)).map_err(|e| e.failure)?,
    };
    let trusted = match files.trusted(&trust) {
        Ok(Some(trusted)) => trusted,
        Ok(None) => return Ok(()),
        Err(error) => {
            let why = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            report.add("log", Found::Wrong, why);
            return Ok(());
        }
    };
    let commitment = Opening::PUBLIC.commit(EntryKind::Revision, statement.to_string().as_bytes());
    let mut place = None;
    let walked = files.check(&trusted, &mut |at, bytes| {
        let is = |entry: &Entry| entry.kind() == EntryKind::Revision && *entry.commitment() == commitment;
        if Entry::parse(bytes).is_ok_and(|entry| is(&entry)) {
            place = place.or(Some(at));
        }
    });
    let size = trusted.checkpoint.size();
    match (walked, place) {
        (Err(error), _) => report.add("log", Found::Wrong, error.to_string()),
        (Ok(_), Some(place)) => {
            report.add(
                "log",
                Found::Holds,
                format!("{}: {place} {} {size}", trusted.checkpoint.origin(), ui.t("of", "von")),
            );
        }
        (Ok(_), None) => {
            let words = ui.t("the log does not hold this revision:", "das Protokoll enthält diese Revision nicht:");
            report.add("log", Found::Wrong, format!("{words} {}", title(lineage)));
        }
    }
    Ok(())
}

/// Trust in the home's own log.
fn own(open: &Open) -> Outcome<Trust> {
    let seed = log_seed(&open.home.root.join("keys"))?;
    let ledger = open.ledger()?;
    let signer = NoteSigner::from_seed(ledger.origin(), &seed).map_err(|e| from_library(Exit::BadInput, &e))?;
    Ok(Trust::in_log(signer.public().clone()))
}
