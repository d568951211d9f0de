//! Runs a program from an empty environment, with a fixed clock, width, language and folder.

use std::path::{Path, PathBuf};
use std::process::Command;

/// When every test happens.
pub const NOW: &str = "2026-11-21T12:00:00Z";

/// A program and the folder that its tests may write into.
#[derive(Debug, Clone)]
pub struct Cli {
    program: PathBuf,
    folder: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a run gave back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
    /// The answer.
    pub stdout: String,
    /// The talk.
    pub stderr: String,
}

impl Cli {
    /// A program that works in `folder`, which the caller keeps alive.
    #[must_use]
    pub fn new(program: &str, folder: &Path) -> Self {
        let fixed = [("MANDAT_NOW", NOW), ("COLUMNS", "100"), ("LANG", "C.UTF-8"), ("NO_COLOR", "1"), ("TZ", "UTC")];
        let variables = fixed.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self { program: program.into(), folder: folder.to_owned(), variables }
    }

    /// The same with one more environment variable, or another value for one.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut cli = self.clone();
        cli.variables.retain(|(known, _)| known != name);
        cli.variables.push((name.to_owned(), value.to_owned()));
        cli
    }

    /// The folder it works in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file into the folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.folder.join(name), content).expect("a test can write into its folder");
    }

    /// Runs the program and waits for it.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Ran {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(&self.folder).env_clear();
        command.envs(self.variables.iter().map(|(k, v)| (k.as_str(), v.as_str())));
        let output = command.output().expect("the program can be started");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: self.readable(&output.stdout),
            stderr: self.readable(&output.stderr),
        }
    }

    /// Text in which the folder reads `[folder]`, for it differs from run to run.
    fn readable(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        text.replace(self.folder.to_string_lossy().as_ref(), "[folder]")
    }
}

impl Ran {
    /// Checks that it ended well.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    #[must_use]
    pub fn done(self) -> Self {
        self.ended(0)
    }

    /// Checks the exit code.
    ///
    /// # Panics
    /// When it is another one.
    #[track_caller]
    #[must_use]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that the answer or the talk says something.
    ///
    /// # Panics
    /// When neither does.
    #[track_caller]
    #[must_use]
    pub fn says(self, text: &str) -> Self {
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "`{text}` is not in stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The answer as JSON.
    ///
    /// # Panics
    /// When it is not one JSON document.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e} in:\n{}", self.stdout))
    }
}
