//! Ingest: files in, one published batch of sorted runs out.

pub mod row;
pub mod sort;
pub mod unit;

use mandat_core::proof::{Keyer, PersonKey};
use mandat_core::time::Micros;

/// An account seen in a batch; names are kept once, by the ledger.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose it is.
    pub person: PersonKey,
    /// The platform.
    pub platform: String,
    /// The stable account id.
    pub account: String,
    /// The name shown, if any was.
    pub handle: Option<String>,
    /// The earliest record of this batch that shows it.
    pub from: Micros,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.person)
    }
}

/// Who keeps the names of accounts: the ledger, through the binary.
pub trait Accounts {
    /// Takes note of accounts; the same ones may come again.
    ///
    /// # Errors
    /// A message, if they could not be kept; the batch is then not published.
    fn observe(&mut self, accounts: &[Account]) -> Result<(), String>;

    /// Who holds a handle, by its [`handle_tag`]; `None` if nobody or several do.
    fn holder(&mut self, tag: u128) -> Option<PersonKey>;
}

/// Keeps no names and knows nobody: for tests and dry runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAccounts;

impl Accounts for NoAccounts {
    fn observe(&mut self, _: &[Account]) -> Result<(), String> {
        Ok(())
    }

    fn holder(&mut self, _: u128) -> Option<PersonKey> {
        None
    }
}

/// The tag that a handle is kept under: `@Anna` and `anna` are one.
#[must_use]
pub fn handle_tag(keyer: &Keyer, platform: &str, handle: &str) -> u128 {
    let name = handle.trim().trim_start_matches('@').to_lowercase();
    keyer.derive(b"mandat/handle/v1", platform, &name)
}
