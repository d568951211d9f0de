//! What a command works with: printer, surroundings, home, ledger, vault.

use std::path::PathBuf;

use mandat_core::time::Micros;
use mandat_corpus::vault::Vault;
use mandat_ledger::{Keys, Ledger};

use crate::cli::Global;
use crate::failure::{Exit, Failure, Outcome, from_library};
use crate::home::Home;
use crate::surroundings::Surroundings;
use crate::ui::{Lang, Ui};

/// Printer and surroundings, before a home is opened.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    pub(crate) ui: Ui,
    pub(crate) around: Surroundings,
    pub(crate) global: Global,
}

/// A home with its keys.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) home: Home,
    pub(crate) keys: Keys,
}

impl Context {
    /// Opens the home that the command line, the environment or the working folder names.
    pub(crate) fn open(&mut self) -> Outcome<Open> {
        let home = Home::find(self.global.home.as_deref(), &self.around)?;
        if self.global.lang.is_none() {
            match home.settings.values.lang.as_str() {
                "de" => self.ui.lang = Lang::De,
                "en" => self.ui.lang = Lang::En,
                _ => {}
            }
        }
        Open::new(home, &self.around)
    }

    /// The moment of the command.
    pub(crate) fn now(&self) -> Micros {
        self.around.now()
    }

    /// A path as the command line means it.
    pub(crate) fn path(&self, path: &std::path::Path) -> PathBuf {
        self.around.folder.join(path)
    }
}

impl Open {
    /// A home whose keys fit.
    pub(crate) fn new(home: Home, around: &Surroundings) -> Outcome<Self> {
        let secrets = home.secrets(around)?;
        Ok(Self { home, keys: Keys::new(&secrets.person, &secrets.seal) })
    }

    /// Makes the ledger of a new home.
    pub(crate) fn create_ledger(&self) -> Outcome {
        Ledger::create(&self.home.ledger(), self.keys.clone()).map(drop).map_err(|e| from_library(Exit::Refused, &e))
    }

    /// Opens the ledger.
    pub(crate) fn ledger(&self) -> Outcome<Ledger> {
        Ledger::open(&self.home.ledger(), self.keys.clone()).map_err(|e| from_library(Exit::BadInput, &e))
    }

    /// Opens the vault.
    pub(crate) fn vault(&self) -> Outcome<Vault> {
        Vault::open(&self.home.store(), self.keys.keyer()).map_err(|e| from_library(Exit::BadInput, &e))
    }

    /// The recipe named, or the one that is meant where none is.
    pub(crate) fn recipe(&self, named: Option<&str>) -> Outcome<String> {
        let all = self.home.recipes();
        match (named, &all[..]) {
            (Some(named), _) => Ok(named.to_owned()),
            (None, [only]) => Ok(only.clone()),
            (None, _) if all.iter().any(|r| r == "own-model") => Ok("own-model".into()),
            _ => Err(Failure::usage("for which recipe?").hint(format!("name one with --recipe: {}", all.join(", ")))),
        }
    }

    /// The platform of lines that name none.
    pub(crate) fn platform<'a>(&'a self, named: Option<&'a str>) -> Option<&'a str> {
        let own = self.home.settings.values.platform.as_str();
        named.or(Some(own).filter(|p| !p.is_empty()))
    }
}
