//! What the checks need beyond cargo: a C compiler, Python, Go's transparency log to compare with,
//! a browser, and pinned wheels in a folder of their own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::postgres;
use crate::shell::{Cmd, which};

/// A program, or a file, and the Debian package that brings it.
const NEEDED: [(&str, &str); 7] = [
    ("cc", "build-essential"),
    ("chromium", "chromium"),
    ("git", "git"),
    ("initdb", "postgresql"),
    ("go", "golang-go"),
    ("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog/tlog.go", "golang-golang-x-mod-dev"),
    ("python3", "python3"),
];

/// The wheels, pinned with everything they pull in.
const REQUIREMENTS: &str = "tests/python/requirements.txt";

/// Says what is missing and, unless told not to, installs it. False when something stays missing.
pub(crate) fn run(place: &Place, install: bool) -> Result<bool> {
    let packages = missing_packages(place);
    for package in &packages {
        println!("missing: Debian package `{package}`");
    }
    let venv = Venv::at(place)?;
    if !venv.ready() {
        println!("missing: the wheels of {REQUIREMENTS} in `{}`", venv.folder.display());
    }
    if packages.is_empty() && venv.ready() {
        println!("everything the checks need is here");
        return Ok(true);
    }
    if !install {
        println!("nothing installed: --no-install");
        return Ok(false);
    }
    if !packages.is_empty() {
        Cmd::new(place, "apt-get").args(["update", "-qq"]).show()?;
        let install = Cmd::new(place, "apt-get").args(["install", "-y", "-qq", "--no-install-recommends"]);
        install.args(&packages).env("DEBIAN_FRONTEND", "noninteractive").show()?;
    }
    venv.make(place)?;
    Ok(true)
}

/// Whether nothing is missing: then a test that leaves something out for want of a tool has failed.
pub(crate) fn complete(place: &Place) -> Result<bool> {
    Ok(missing_packages(place).is_empty() && Venv::at(place)?.ready())
}

fn missing_packages(place: &Place) -> Vec<&'static str> {
    let here = |name: &str| match name {
        // Debian keeps the programs of each version in a folder of its own.
        "initdb" => postgres::programs().is_some(),
        file if file.starts_with('/') => Path::new(file).is_file(),
        program => which(program).is_some(),
    };
    let mut missing: Vec<_> = NEEDED.iter().filter(|(name, _)| !here(name)).map(|(_, package)| *package).collect();
    // Debian splits what `python3 -m venv` needs into a package of its own.
    let venv = Cmd::new(place, "python3").args(["-c", "import venv, ensurepip"]).listen();
    if !venv.is_ok_and(|said| said.ok) {
        missing.push("python3-venv");
    }
    missing
}

/// The Python environment of one list of requirements; another list gets another folder.
pub(crate) struct Venv {
    folder: PathBuf,
    requirements: PathBuf,
}

impl Venv {
    /// Where the environment for today's requirements lies, whether it exists or not.
    pub(crate) fn at(place: &Place) -> Result<Self> {
        let requirements = place.root.join(REQUIREMENTS);
        let list = std::fs::read(&requirements).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
        let version = Cmd::new(place, "python3").arg("--version").read().unwrap_or_default();
        let key = fnv1a(list.iter().chain(version.as_bytes()));
        Ok(Self { folder: place.kept().join("venv").join(format!("{key:016x}")), requirements })
    }

    /// Its interpreter; an error that says what to run where it is not complete.
    pub(crate) fn python(&self) -> Result<PathBuf> {
        if !self.ready() {
            bail!("the wheels are not installed; run `cargo xtask ci --only install`");
        }
        Ok(self.folder.join("bin").join("python"))
    }

    fn ready(&self) -> bool {
        self.marker().is_file()
    }

    /// Written last: an environment that was cut off in the middle is made anew.
    fn marker(&self) -> PathBuf {
        self.folder.join("complete")
    }

    fn make(&self, place: &Place) -> Result<()> {
        if self.ready() {
            return Ok(());
        }
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        create_parent(&self.folder)?;
        Cmd::new(place, "python3").args(["-m", "venv"]).arg(&self.folder).show()?;
        let pip = Cmd::new(place, self.folder.join("bin").join("python"));
        let pip =
            pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--no-deps"]);
        pip.arg("-r").arg(&self.requirements).show()?;
        std::fs::write(self.marker(), "").context("cannot mark the environment as complete")
    }
}

fn create_parent(folder: &Path) -> Result<()> {
    let parent = folder.parent().context("the cache is not the root of the file system")?;
    std::fs::create_dir_all(parent).with_context(|| format!("cannot create `{}`", parent.display()))
}

/// FNV-1a: names a folder, guards nothing.
fn fnv1a<'a>(bytes: impl Iterator<Item = &'a u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::fnv1a;

    #[test]
    fn known_answers_of_fnv_1a() {
        assert_eq!(fnv1a([].iter()), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"foobar".iter()), 0x8594_4171_f739_67e8);
    }
}
