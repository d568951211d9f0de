//! A home: settings, recipes, keys and ledger in one folder, and where the store is.

mod keys;
mod settings;

use std::path::{Path, PathBuf};

use mandat_ledger::{Place, PostgresUrl};

use crate::failure::{Exit, Failure, OrFail, Outcome, from_library};
use crate::surroundings::Surroundings;

pub(crate) use keys::{Secrets, check_rights, log_seed, make_keys, signing_seed};
pub(crate) use settings::{DEFAULTS, Origin, Setting, Settings, bytes_of, shipped, template};

/// The file that makes a folder a home.
pub(crate) const SETTINGS: &str = "mandat.toml";

/// Recipes that every new home has: name and source.
pub(crate) const RECIPES: [(&str, &str); 2] = [
    ("own-model", include_str!("../../data/recipes/own-model.toml")),
    ("own-model-opt-out", include_str!("../../data/recipes/own-model-opt-out.toml")),
];

/// An opened home.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) root: PathBuf,
    pub(crate) settings: Settings,
}

impl Home {
    /// Finds the home by `--home`, `MANDAT_HOME`, or the working folder and those above it.
    ///
    /// # Errors
    /// When there is none, or its settings cannot be read.
    pub(crate) fn find(flag: Option<&Path>, around: &Surroundings) -> Outcome<Self> {
        let named = flag.map(Path::to_owned).or_else(|| around.home.clone());
        if let Some(root) = named {
            return Self::open(&around.folder.join(root));
        }
        let above = around.folder.ancestors().find(|folder| folder.join(SETTINGS).is_file());
        match above {
            Some(root) => Self::open(root),
            None => Err(Failure::usage("no home here or in a folder above")
                .hint("make one with `mandat init`, try `mandat demo`, or name one with --home")),
        }
    }

    /// Opens a folder as a home.
    ///
    /// # Errors
    /// When it is none, or its settings cannot be read.
    pub(crate) fn open(root: &Path) -> Outcome<Self> {
        let path = root.join(SETTINGS);
        if !path.is_file() {
            return Err(Failure::bad_input(format!("`{}` is not a home: it has no {SETTINGS}", root.display()))
                .hint("make one there with `mandat init --home …`"));
        }
        let text = std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
        let settings = Settings::read(&text, &path)?;
        Ok(Self { root: root.to_owned(), settings })
    }

    /// Makes a new home: settings, recipes, keys and folders. Overwrites nothing.
    ///
    /// # Errors
    /// When the folder is a home already, or cannot be written.
    pub(crate) fn create(root: &Path, settings: &str) -> Outcome<Self> {
        if root.join(SETTINGS).exists() {
            return Err(Failure::refused(format!("`{}` is a home already", root.display()))
                .hint("use it with --home, or choose another folder"));
        }
        let refuse = || format!("cannot write into `{}`", root.display());
        std::fs::create_dir_all(root.join("recipes")).or_refuse(refuse)?;
        for (name, source) in RECIPES {
            std::fs::write(root.join("recipes").join(format!("{name}.toml")), source).or_refuse(refuse)?;
        }
        make_keys(&root.join("keys"))?;
        std::fs::write(root.join(SETTINGS), settings).or_refuse(refuse)?;
        Self::open(root)
    }

    /// The two secrets, from the environment or the key files.
    ///
    /// # Errors
    /// When they are missing, damaged, or readable by others.
    pub(crate) fn secrets(&self, around: &Surroundings) -> Outcome<Secrets> {
        Secrets::read(&self.root.join("keys"), around)
    }

    /// Where the ledger is: what the environment says, or the setting.
    ///
    /// # Errors
    /// When it is a URL that cannot be used.
    pub(crate) fn ledger(&self, around: &Surroundings) -> Outcome<Place> {
        let own = self.settings.values.ledger.as_str();
        place_of(&self.root, around.ledger_url.as_ref().map_or(own, |url| &url.0))
    }

    /// The folder of vault and corpora.
    pub(crate) fn store(&self) -> PathBuf {
        match self.settings.values.store.as_str() {
            "" | "." => self.root.clone(),
            store => self.root.join(store),
        }
    }

    /// The folder of the published log.
    pub(crate) fn log(&self) -> PathBuf {
        self.store().join("log")
    }

    /// The names of the recipes, in order.
    pub(crate) fn recipes(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.join("recipes")).into_iter().flatten().flatten();
        let names = entries.filter_map(|e| e.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned));
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// The names of the home's own rule packs, in order.
    pub(crate) fn own_packs(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.root.join("packs")).into_iter().flatten().flatten();
        let names = entries.filter_map(|e| e.file_name().to_str()?.strip_suffix(".toml").map(str::to_owned));
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    /// The source of a recipe.
    ///
    /// # Errors
    /// When there is no recipe of that name.
    pub(crate) fn recipe_source(&self, name: &str) -> Outcome<(PathBuf, String)> {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let path = self.root.join("recipes").join(format!("{name}.toml"));
        if !plain || !path.is_file() {
            return Err(Failure::bad_input(format!("there is no recipe `{name}`"))
                .hint(format!("recipes here: {}; each is a file in recipes/", self.recipes().join(", "))));
        }
        let text = std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
        Ok((path, text))
    }
}

/// A place of a ledger as written: a URL, or a file relative to the home.
///
/// # Errors
/// When it is a URL that cannot be used.
pub(crate) fn place_of(root: &Path, written: &str) -> Outcome<Place> {
    if !PostgresUrl::is(written) {
        return Ok(Place::File(root.join(written)));
    }
    let url = PostgresUrl::parse(written).map_err(|e| from_library(Exit::BadInput, &e))?;
    Ok(Place::Postgres { url, files: root.join("ledger.snapshot") })
}
