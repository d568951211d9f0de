//! Published revisions: which one is meant, and their entries in the log.

use mandat_core::manifest::{Content, Revision};
use mandat_core::proof::{EntryKind, Receipt};
use mandat_core::receipt::revision_statement;
use mandat_core::time::Micros;
use mandat_corpus::build::Store;
use mandat_ledger::{LogError, LogFiles};

use crate::commands::Open;
use crate::failure::{Exit, Failure, Outcome, from_library};

/// A published revision and its manifests.
pub(crate) struct Published {
    pub(crate) content: Content,
    pub(crate) lineage: Revision,
}

impl Published {
    /// Reads a revision; the newest of its corpus where no number is named.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn open(store: &Store, corpus: &str, number: Option<u64>) -> Outcome<Self> {
        let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
        let known = store.revisions(corpus).map_err(|e| refuse(&e))?;
        let none = || Failure::bad_input(format!("`{corpus}` has no revision")).hint("mandat build makes one");
        let number = match number {
            None => *known.last().ok_or_else(none)?,
            Some(number) if known.contains(&number) => number,
            Some(number) => {
                return Err(Failure::bad_input(format!("`{corpus}` has no revision {number}"))
                    .hint(format!("it has {}", known.iter().map(u64::to_string).collect::<Vec<_>>().join(", "))));
            }
        };
        let content = store.content(corpus, number).map_err(|e| refuse(&e))?;
        let lineage = store.lineage(corpus, number).map_err(|e| refuse(&e))?;
        Ok(Self { content, lineage })
    }

    /// Its place in the log; it gets one if it has none yet, so that a build that was killed before is made good.
    /// `None` for a revision that commits to no members.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub(crate) fn logged(&self, open: &Open, now: Micros) -> Outcome<Option<u64>> {
        let Some(statement) = revision_statement(&self.content, &self.lineage) else { return Ok(None) };
        let place = open.ledger()?.log_statement(EntryKind::Revision, &statement.to_string(), now);
        place.map(Some).map_err(|e| from_library(Exit::Refused, &e))
    }

    /// The receipt of its entry, published first where it is not yet.
    ///
    /// # Errors
    /// When ledger and log cannot be read or do not agree.
    pub(crate) fn receipt(&self, open: &Open, now: Micros) -> Outcome<Option<Receipt>> {
        let Some(place) = self.logged(open, now)? else { return Ok(None) };
        let files = LogFiles::new(&open.home.log());
        let ledger = open.ledger()?;
        let receipt = match ledger.receipts(&files).of_statement(place) {
            Err(LogError::NotPublished(_)) => {
                drop(open.publish(now)?);
                ledger.receipts(&files).of_statement(place)
            }
            other => other,
        };
        receipt.map(Some).map_err(|e| from_library(Exit::BadInput, &e))
    }
}
