//! What a command works with: printer, surroundings, home, ledger, vault.

use std::path::PathBuf;

use mandat_core::proof::{NoteSigner, PolicyError};
use mandat_core::time::Micros;
use mandat_corpus::build::Store;
use mandat_corpus::vault::Vault;
use mandat_ledger::{FileWitness, Keys, Ledger, LogFiles, Place, Published, Publisher};

use crate::cli::Global;
use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::home::{Home, log_seed};
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
    /// Where its ledger is.
    pub(crate) place: Place,
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
        let place = home.ledger(around)?;
        Ok(Self { home, keys: Keys::new(&secrets.person, &secrets.seal), place })
    }

    /// Makes the ledger of a new home, and publishes the empty log.
    pub(crate) fn create_ledger(&self, now: Micros) -> Outcome {
        let origin = Some(self.home.settings.values.log.origin.as_str()).filter(|origin| !origin.is_empty());
        let made = Ledger::create_at(&self.place, self.keys.clone(), origin);
        made.map_err(|e| from_library(Exit::Refused, &e))?;
        self.publish(now).map(drop)
    }

    /// Opens the ledger; refuses one that is older than what was published of its log.
    pub(crate) fn ledger(&self) -> Outcome<Ledger> {
        let ledger = Ledger::open_at(&self.place, self.keys.clone()).map_err(|e| from_library(Exit::BadInput, &e))?;
        let origin = self.home.settings.values.log.origin.as_str();
        if !origin.is_empty() && origin != ledger.origin() {
            return Err(Failure::bad_input(format!(
                "mandat.toml names the log `{origin}`, and the ledger's is `{}`",
                ledger.origin()
            ))
            .hint("write the name back: receipts are made for it"));
        }
        ledger.continues(&self.publisher(&ledger)?).map_err(|e| from_library(Exit::BadInput, &e))?;
        Ok(ledger)
    }

    /// Whoever publishes the log, without witnesses.
    pub(crate) fn publisher(&self, ledger: &Ledger) -> Outcome<Publisher> {
        let seed = log_seed(&self.home.root.join("keys"))?;
        let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
        let signer = NoteSigner::from_seed(ledger.origin(), &seed).map_err(|e| refuse(&e))?;
        Publisher::new(LogFiles::new(&self.home.log()), signer).map_err(|e| refuse(&e))
    }

    /// Whoever publishes the log, with the witnesses that the settings name.
    pub(crate) fn witnessed(&self, ledger: &Ledger) -> Outcome<Publisher> {
        let refuse = |e: &dyn std::error::Error| from_library(Exit::BadInput, e);
        let settings = &self.home.settings.values.log;
        let open = |folder: &String| FileWitness::open(&self.home.root.join(folder));
        let witnesses: Result<Vec<_>, _> = settings.witnesses.iter().map(open).collect();
        let policy = match settings.policy.as_str() {
            "" => None,
            path => {
                let path = self.home.root.join(path);
                let text =
                    std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
                let policy = text.parse().map_err(|e: PolicyError| {
                    Failure::bad_input(format!("`{}`: {e}", path.display())).hint("see docs/log.md")
                });
                Some(policy?)
            }
        };
        let witnesses = witnesses.map_err(|e| refuse(&e))?;
        self.publisher(ledger)?.with_witnesses(witnesses, policy.as_ref()).map_err(|e| refuse(&e))
    }

    /// Publishes what was committed to the log; what can be shown to others begins here.
    pub(crate) fn publish(&self, now: Micros) -> Outcome<Published> {
        let mut ledger = self.ledger()?;
        let publisher = self.witnessed(&ledger)?;
        ledger.publish(&publisher, now).map_err(|e| from_library(Exit::Refused, &e))
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

    /// The revision named, or the last one.
    pub(crate) fn revision(&self, store: &Store, recipe: &str, named: Option<u64>) -> Outcome<u64> {
        let known = store.revisions(recipe).map_err(|e| from_library(Exit::BadInput, &e))?;
        let Some(last) = known.last() else {
            return Err(
                Failure::bad_input(format!("`{recipe}` has no revision")).hint(format!("mandat build {recipe}"))
            );
        };
        match named {
            Some(named) if !known.contains(&named) => {
                Err(Failure::bad_input(format!("`{recipe}` has no revision {named}"))
                    .hint(format!("the last is {last}")))
            }
            named => Ok(named.unwrap_or(*last)),
        }
    }

    /// The platform of lines that name none.
    pub(crate) fn platform<'a>(&'a self, named: Option<&'a str>) -> Option<&'a str> {
        let own = self.home.settings.values.platform.as_str();
        named.or(Some(own).filter(|p| !p.is_empty()))
    }
}
