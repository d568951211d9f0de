//! Where things lie: the checkout, the cache, the build folder that all clones share.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The places one run works with.
pub(crate) struct Place {
    /// The root of the checkout.
    pub(crate) root: PathBuf,
    /// `$XDG_CACHE_HOME`, or `~/.cache`.
    pub(crate) cache: PathBuf,
    /// `$CARGO_TARGET_DIR`, or `mandat-target` in the cache: one for all clones, so that Arrow compiles once.
    pub(crate) target: PathBuf,
    /// Whether this is continuous integration, which never builds the same tree twice.
    pub(crate) once: bool,
}

impl Place {
    /// Reads the environment once.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the checkout")?.to_owned();
        let cache = match folder("XDG_CACHE_HOME") {
            Some(cache) => cache,
            None => folder("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?.join(".cache"),
        };
        let target = folder("CARGO_TARGET_DIR").unwrap_or_else(|| cache.join("mandat-target"));
        Ok(Self { root, cache, target, once: std::env::var_os("CI").is_some() })
    }

    /// The release binary.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target.join("release").join("mandat")
    }

    /// Whatever xtask keeps between runs, apart from compiled code.
    pub(crate) fn kept(&self) -> PathBuf {
        self.cache.join("mandat")
    }

    /// A folder for one purpose, emptied.
    pub(crate) fn scratch(&self, name: &str) -> Result<PathBuf> {
        let path = self.kept().join("scratch").join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| format!("cannot empty `{}`", path.display()))?;
        }
        std::fs::create_dir_all(&path).with_context(|| format!("cannot create `{}`", path.display()))?;
        Ok(path)
    }

    /// The real files, where `shared` lies beside the checkout.
    pub(crate) fn shared_data(&self) -> Option<PathBuf> {
        let data = self.root.parent()?.join("shared").join("data");
        data.is_dir().then_some(data)
    }
}

fn folder(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from)
}
