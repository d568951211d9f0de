//! The one place that reads the environment, the clock and the terminal.

use std::io::IsTerminal;
use std::path::PathBuf;

use mandat_core::time::Micros;

use crate::failure::{Failure, Outcome};
use crate::ui::Lang;

/// Everything the program learns from outside its arguments and files.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    /// `MANDAT_HOME`.
    pub(crate) home: Option<PathBuf>,
    /// `MANDAT_PERSON_SECRET`: 64 hexadecimal digits, instead of the key file.
    pub(crate) person_secret: Option<String>,
    /// `MANDAT_SEAL_SECRET`: likewise.
    pub(crate) seal_secret: Option<String>,
    /// `MANDAT_LEDGER_URL`: where the ledger is, instead of the setting; it may hold a password.
    pub(crate) ledger_url: Option<LedgerUrl>,
    /// From `LC_ALL`, `LC_MESSAGES` or `LANG`.
    pub(crate) lang: Lang,
    /// Columns to write in.
    pub(crate) width: usize,
    pub(crate) stdout_colour: bool,
    pub(crate) stderr_colour: bool,
    /// Whether bars may be drawn.
    pub(crate) stderr_terminal: bool,
    /// The working folder.
    pub(crate) folder: PathBuf,
    /// `MANDAT_NOW`: the clock stands still there, for tests and for repeating a run.
    fixed_now: Option<Micros>,
}

/// A URL that is never shown: it may hold a password.
#[derive(Clone)]
pub(crate) struct LedgerUrl(pub(crate) String);

impl std::fmt::Debug for LedgerUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LedgerUrl")
    }
}

impl Surroundings {
    /// Reads them.
    ///
    /// # Errors
    /// When `MANDAT_NOW` is no time, or there is no working folder.
    pub(crate) fn read() -> Outcome<Self> {
        let fixed_now = match variable("MANDAT_NOW") {
            None => None,
            Some(text) => Some(Micros::parse(&text).map_err(|e| {
                Failure::usage("`MANDAT_NOW` is not a time").because(&e).hint("unset it, or write 2026-11-21T12:00:00Z")
            })?),
        };
        let folder = std::env::current_dir().map_err(|e| {
            Failure::bad_input("cannot find the working folder").because(&e).hint("change to a folder that exists")
        })?;
        let plain = variable("NO_COLOR").is_some() || variable("TERM").as_deref() == Some("dumb");
        let stderr_terminal = std::io::stderr().is_terminal();
        Ok(Self {
            home: variable("MANDAT_HOME").map(PathBuf::from),
            person_secret: variable("MANDAT_PERSON_SECRET"),
            seal_secret: variable("MANDAT_SEAL_SECRET"),
            ledger_url: variable("MANDAT_LEDGER_URL").map(LedgerUrl),
            lang: language(),
            width: variable("COLUMNS").and_then(|c| c.parse().ok()).unwrap_or(100).clamp(40, 200),
            stdout_colour: !plain && std::io::stdout().is_terminal(),
            stderr_colour: !plain && stderr_terminal,
            stderr_terminal,
            folder,
            fixed_now,
        })
    }

    /// Now, on whole microseconds.
    pub(crate) fn now(&self) -> Micros {
        self.fixed_now.unwrap_or_else(|| Micros(clock()))
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary reads the environment, here")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[expect(clippy::disallowed_methods, reason = "the binary reads the clock, here")]
fn clock() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}

fn language() -> Lang {
    let locale = variable("LC_ALL").or_else(|| variable("LC_MESSAGES")).or_else(|| variable("LANG"));
    match locale {
        Some(locale) if locale.starts_with("de") => Lang::De,
        _ => Lang::En,
    }
}

/// Memory that this process may use: the container's limit, or the machine's.
pub(crate) fn available_memory() -> u64 {
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kb| kb * 1024)
    });
    let container =
        number("/sys/fs/cgroup/memory.max").or_else(|| number("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    let machine = machine.unwrap_or(2 << 30);
    container.unwrap_or(machine).min(machine)
}

/// Processors that this process may use.
pub(crate) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
