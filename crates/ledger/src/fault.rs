//! Places at which a test may end the process or make a step fail; nothing outside tests.
//!
//! A site named `….done` stands behind a step: failing there is an error although it was done.

use std::io;

use crate::error::LedgerError;

/// Every site, for the tests; one that is missing here fails them.
#[cfg(test)]
pub(crate) const SITES: [&str; 17] = [
    "replace.write",
    "replace.rename",
    "replace.rename.done",
    "replace.done",
    "create.link",
    "create.link.done",
    "create.done",
    "commit",
    "commit.done",
    "publish",
    "publish.tiles.done",
    "publish.sign",
    "publish.witnesses.done",
    "note",
    "note.done",
    "publish.checkpoint.done",
    "publish.done",
];

/// A site in a step of the ledger.
pub(crate) fn at(site: &'static str) -> Result<(), LedgerError> {
    io(site).map_err(|source| LedgerError::File { action: site, path: "a failing disk".into(), source })
}

/// A site in a step on files.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "a test makes it fail")]
pub(crate) const fn io(_: &'static str) -> io::Result<()> {
    Ok(())
}

/// A site in a step on files.
#[cfg(test)]
pub(crate) fn io(site: &'static str) -> io::Result<()> {
    plan::reach(site)
}

#[cfg(test)]
pub(crate) mod plan {
    use std::io;
    use std::process::Command;
    use std::sync::Mutex;

    /// What happens at a site.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Mode {
        /// The process gets SIGKILL.
        Kill,
        /// The step fails.
        Fail,
    }

    /// What happens where, and at which time of getting there.
    #[derive(Debug, Clone)]
    pub(crate) struct Fault {
        pub(crate) site: String,
        pub(crate) hit: u32,
        pub(crate) mode: Mode,
    }

    static PLAN: Mutex<Option<Fault>> = Mutex::new(None);

    /// Makes a fault happen in this process.
    pub(crate) fn set(fault: Option<Fault>) {
        *PLAN.lock().unwrap() = fault;
    }

    pub(super) fn reach(site: &'static str) -> io::Result<()> {
        let mut plan = PLAN.lock().unwrap();
        let Some(fault) = plan.as_mut().filter(|fault| fault.site == site) else { return Ok(()) };
        fault.hit -= 1;
        if fault.hit > 0 {
            return Ok(());
        }
        let mode = fault.mode;
        *plan = None;
        if mode == Mode::Kill {
            // No destructor runs and no buffer is written, as at a power cut of this one process.
            let killed = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
            assert!(killed.is_ok(), "there is no `kill`");
            loop {
                std::thread::park();
            }
        }
        Err(io::Error::other("a fault of the test"))
    }
}
