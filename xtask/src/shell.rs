//! Runs other programs: shown, read, or both.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::place::Place;

/// A command that is being put together. Its standard input is always empty.
pub(crate) struct Cmd {
    inner: Command,
    shown: String,
}

/// What a command said, when it was listened to.
pub(crate) struct Said {
    /// Whether it exited 0.
    pub(crate) ok: bool,
    /// Standard output, then standard error.
    pub(crate) text: String,
}

impl Cmd {
    /// A program to run in the checkout.
    pub(crate) fn new(place: &Place, program: impl AsRef<OsStr>) -> Self {
        let mut inner = Command::new(program.as_ref());
        inner.current_dir(&place.root).stdin(Stdio::null()).env("CARGO_TARGET_DIR", &place.target);
        Self { inner, shown: program.as_ref().to_string_lossy().into_owned() }
    }

    /// `cargo WORDS…`, never writing the lock file.
    pub(crate) fn cargo(place: &Place, words: &str) -> Self {
        let cargo = Self::new(place, "cargo").args(words.split_whitespace());
        if place.once { cargo.env("CARGO_INCREMENTAL", "0") } else { cargo }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&arg.as_ref().to_string_lossy());
        self.inner.arg(arg);
        self
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(self, args: impl IntoIterator<Item = S>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }

    /// Runs it in the open; an error unless it exits 0.
    pub(crate) fn show(mut self) -> Result<()> {
        println!("$ {}", self.shown);
        let status = self.inner.status().with_context(|| format!("cannot start `{}`", self.shown))?;
        if !status.success() {
            bail!("`{}` ended with {status}", self.shown);
        }
        Ok(())
    }

    /// Runs it with its output thrown away, for programs that leave others running behind them; whether it exits 0.
    pub(crate) fn status(mut self) -> Result<bool> {
        let status = self.inner.stdout(Stdio::null()).stderr(Stdio::null()).status();
        Ok(status.with_context(|| format!("cannot start `{}`", self.shown))?.success())
    }

    /// Runs it silently and hands back standard output; an error unless it exits 0.
    pub(crate) fn read(mut self) -> Result<String> {
        let out = self.inner.output().with_context(|| format!("cannot start `{}`", self.shown))?;
        if !out.status.success() {
            bail!("`{}` ended with {}:\n{}", self.shown, out.status, String::from_utf8_lossy(&out.stderr));
        }
        String::from_utf8(out.stdout).with_context(|| format!("`{}` did not print UTF-8", self.shown))
    }

    /// Runs it silently and hands back everything, whatever it exits with.
    pub(crate) fn listen(mut self) -> Result<Said> {
        let out = self.inner.output().with_context(|| format!("cannot start `{}`", self.shown))?;
        let text = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
        Ok(Said { ok: out.status.success(), text })
    }

    /// Runs it in the open and hands back everything, whatever it exits with.
    pub(crate) fn tee(mut self) -> Result<Said> {
        println!("$ {}", self.shown);
        let mut child = self
            .inner
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{}`", self.shown))?;
        let errors = child.stderr.take().context("standard error was asked for")?;
        let output = child.stdout.take().context("standard output was asked for")?;
        let talk = std::thread::spawn(move || echo(errors));
        let mut text = echo(output);
        text += &talk.join().ok().context("a reading thread panicked")?;
        Ok(Said { ok: child.wait()?.success(), text })
    }

    /// Starts it silently, for the caller to watch; output goes to a file.
    pub(crate) fn spawn_to(mut self, log: &Path) -> Result<std::process::Child> {
        let file = std::fs::File::create(log).with_context(|| format!("cannot write `{}`", log.display()))?;
        self.inner.stderr(file.try_clone()?).stdout(file);
        self.inner.spawn().with_context(|| format!("cannot start `{}`", self.shown))
    }
}

fn echo(stream: impl Read) -> String {
    let mut text = String::new();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Makes a home whose operator has every assessment on file.
pub(crate) fn make_home(place: &Place, home: &Path) -> Result<()> {
    Cmd::new(place, place.binary()).args(["init", "--home"]).arg(home).read()?;
    let settings = home.join("mandat.toml");
    let text = std::fs::read_to_string(&settings)?;
    // The section `[controller]` comes last, so what is added belongs to it.
    Ok(std::fs::write(settings, text + "\ndpia = true\nlia = true\ncompatibility = true\n")?)
}

/// Where a program lies on the path, if it is there.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
