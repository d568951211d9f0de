//! A ledger in a folder of its own, with invented people and a clock that tests set.

use mandat_core::event::{EventKind, EventLine, Words};
use mandat_core::notice::Notice;
use mandat_core::person::PersonLine;
use mandat_core::time::Micros;
use mandat_ledger::{ErasureReport, Keys, Ledger, LogFiles, Place, Published, Publisher, Sighting};
use mandat_proof::{NoteSigner, PersonKey};

use super::engine;

/// 2026-01-01, when every test begins.
pub(crate) const START: Micros = Micros(1_767_225_600_000_000);

/// Some seconds after [`START`].
pub(crate) const fn at(seconds: i64) -> Micros {
    Micros(START.0 + seconds * 1_000_000)
}

pub(crate) struct Home {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) ledger: Ledger,
}

pub(crate) fn keys() -> Keys {
    Keys::new(&[7; 32], &[8; 32])
}

pub(crate) fn person(account: &str) -> PersonKey {
    keys().keyer().person("x", account)
}

impl Home {
    /// `None` where the database of this half of the suite is not there.
    pub(crate) fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::create_at(&engine::place(folder.path())?, keys(), None).unwrap();
        Some(Self { folder, ledger })
    }

    pub(crate) fn place(&self) -> Place {
        self.ledger.place().clone()
    }

    /// What stands in a column of an account's row, read past the ledger.
    pub(crate) fn column(&self, account: &str, column: &str) -> Vec<u8> {
        engine::column(&self.place(), person(account), column)
    }

    /// A home that knows the notice `n1` and some accounts.
    pub(crate) fn with(accounts: &[&str]) -> Option<Self> {
        let mut home = Self::new()?;
        let _ = home.ledger.import_notices(&mut [notice("n1")].into_iter(), START).unwrap();
        let people = accounts.iter().map(|a| PersonLine::new(a));
        let _ = home.ledger.import_people(&mut people.collect::<Vec<_>>().into_iter(), None, START).unwrap();
        Some(home)
    }

    /// Whoever publishes this ledger's log into the folder `log`.
    pub(crate) fn publisher(&self) -> Publisher {
        let signer = NoteSigner::from_seed(self.ledger.origin(), &[5; 32]).unwrap();
        Publisher::new(LogFiles::new(&self.folder.path().join("log")), signer).unwrap()
    }

    /// Publishes what was committed.
    pub(crate) fn publish(&mut self, now: Micros) -> Published {
        let publisher = self.publisher();
        self.ledger.publish(&publisher, now).unwrap()
    }

    /// Everything written on disk, in one piece: this folder, and on a server the files of the tables.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = engine::bytes(&self.place());
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { out.extend(std::fs::read(path).unwrap()) }
            }
        }
        out
    }
}

/// Whether no older image of a secret is left: at once, or when those are done that read in other tests.
pub(crate) fn scrubbed(ledger: &Ledger, report: &ErasureReport) -> bool {
    let again = |_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        ledger.scrub().unwrap()
    };
    report.scrubbed || (0..500).any(again)
}

pub(crate) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

pub(crate) fn notice(id: &str) -> Notice {
    let text = format!(r#"{{"id":"{id}","published":"2025-01-01","purposes":["*"],"languages":["de"]}}"#);
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn event(kind: EventKind, account: &str, received: Micros) -> EventLine {
    let mut line = EventLine::new(kind, received);
    line.account = Some(account.into());
    line
}

pub(crate) fn objects(account: &str, received: Micros) -> EventLine {
    event(EventKind::Object, account, received)
}

pub(crate) fn consents(account: &str, received: Micros) -> EventLine {
    let mut line = event(EventKind::Consent, account, received);
    line.notice = Some("n1".into());
    line.purposes = Some(Words::one("train_generative"));
    line.method = Some(mandat_core::vocab::Method::ActiveToggle);
    line
}

pub(crate) fn sighting(account: &str, handle: Option<&str>) -> Sighting {
    Sighting {
        person: person(account),
        platform: "x".into(),
        account: account.into(),
        handle: handle.map(Into::into),
        from: Some(START),
    }
}
