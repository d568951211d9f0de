//! Where tests begin: a program, an empty folder, a home.

use mandat_testkit::Cli;
use tempfile::TempDir;

/// A program in a folder of its own.
pub(crate) fn empty() -> (Cli, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (Cli::new(env!("CARGO_BIN_EXE_mandat"), &path), folder)
}

/// A program in a folder that is a home.
pub(crate) fn home() -> (Cli, TempDir) {
    let (cli, folder) = empty();
    drop(cli.run(&["init"]).done());
    (cli, folder)
}
