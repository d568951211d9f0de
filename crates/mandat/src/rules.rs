//! The rule packs of a recipe: built in, or from the home's `packs/`; and whether they were tested.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mandat_core::manifest::PackRef;
use mandat_core::packs::{Diagnostic, Packs, embedded, unknown_pack};
use mandat_core::time::Micros;
use serde::{Deserialize, Serialize};

use crate::commands::Context;
use crate::failure::{Failure, OrFail, Outcome};
use crate::home::Home;
use crate::signatures::{Vouched, vouched};

/// Layered packs, compiled, with their digests.
#[derive(Debug, Clone)]
pub(crate) struct RuleBook {
    pub(crate) packs: Packs,
    pub(crate) refs: Vec<PackRef>,
    /// Their texts.
    pub(crate) sources: Sources,
    /// Packs for which nobody vouches, and why; records are then out for RULEPACK_UNSIGNED.
    pub(crate) unsigned: Vec<(String, String)>,
}

/// Name and text of packs, in layering order.
pub(crate) type Sources = Vec<(String, String)>;

impl RuleBook {
    /// Loads packs by name; a file in the home's `packs/` comes before a built-in one.
    ///
    /// # Errors
    /// Every complaint about any of them, with file, line and column.
    pub(crate) fn load(home: Option<&Home>, names: &[String]) -> Outcome<Self> {
        if names.is_empty() {
            return Err(Failure::bad_input("no rule pack is named")
                .hint("write packs = [\"core\", \"eu-gdpr\"] into the recipe: without rules nothing can be decided"));
        }
        let sources = sources(home, names)?;
        let borrowed: Vec<(&str, &str)> = sources.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let mut packs = Packs::load(&borrowed).map_err(|found| complain(&found))?;
        let mut unsigned = Vec::new();
        for pack in &packs.packs {
            if let Vouched::Not(why) = vouched(home, pack)? {
                unsigned.push((pack.id.clone(), why));
            }
        }
        packs.settings.packs_signed = unsigned.is_empty();
        let mut refs = Vec::with_capacity(packs.packs.len());
        for (pack, source) in packs.packs.iter().zip(&borrowed) {
            let alone = Packs::load(&[*source]).map_err(|found| complain(&found))?;
            refs.push(PackRef { id: pack.id.clone(), version: pack.version.clone(), sha256: alone.hash.to_string() });
        }
        Ok(Self { packs, refs, sources, unsigned })
    }

    /// Keeps the texts of these packs in a home, under the digest of what decides in each: what a revision
    /// was decided by can then be read again, whatever becomes of `packs/`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(crate) fn keep(&self, home: &Home) -> Outcome {
        for (pack, (_, text)) in self.refs.iter().zip(&self.sources) {
            let path = kept_path(home, &pack.sha256);
            if !path.is_file() {
                std::fs::create_dir_all(home.root.join(KEPT)).or_refuse(|| format!("cannot make `{KEPT}`"))?;
                mandat_ledger::durable::replace(&path, &mut |out| out.write_all(text.as_bytes()))
                    .or_refuse(|| format!("cannot write `{}`", path.display()))?;
            }
        }
        Ok(())
    }
}

/// Folder of a home with the packs that its revisions were decided by.
const KEPT: &str = "packs-used";

fn kept_path(home: &Home, sha256: &str) -> PathBuf {
    home.root.join(KEPT).join(format!("{sha256}.toml"))
}

/// The texts of the packs that a revision was decided by; `None` if one was not kept, as versions before
/// that did not, and is not a pack of today with the same digest either.
///
/// # Errors
/// When a kept text cannot be read, or is not the one that its name says.
pub(crate) fn kept(home: &Home, refs: &[PackRef]) -> Outcome<Option<Sources>> {
    let mut sources = Sources::with_capacity(refs.len());
    for pack in refs {
        let path = kept_path(home, &pack.sha256);
        let text = match path.is_file() {
            true => std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?,
            false => match own_text(Some(home), &pack.id).or_else(|| embedded(&pack.id).map(str::to_owned)) {
                Some(text) => text,
                None => return Ok(None),
            },
        };
        let found = Packs::load(&[(&pack.id, &text)]).map(|alone| alone.hash.to_string());
        match found {
            Ok(hash) if hash == pack.sha256 => sources.push((pack.id.clone(), text)),
            _ if path.is_file() => {
                return Err(Failure::bad_input(format!("`{}` is not what its name says", path.display()))
                    .hint("remove it, or restore it from a backup"));
            }
            _ => return Ok(None),
        }
    }
    Ok(Some(sources))
}

fn sources(home: Option<&Home>, names: &[String]) -> Outcome<Sources> {
    let mut sources = Vec::with_capacity(names.len());
    for name in names {
        let own = home.map(|h| h.root.join("packs").join(format!("{name}.toml"))).filter(|path| path.is_file());
        let text = match own {
            Some(path) => {
                std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?
            }
            None => embedded(name).ok_or_else(|| complain(&[unknown_pack(name)]))?.to_owned(),
        };
        sources.push((name.clone(), text));
    }
    Ok(sources)
}

/// The text of a pack named on the command line, and the name to complain under: a file, a pack of the
/// home, or a built-in one.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(crate) fn source(ctx: &Context, home: Option<&Home>, word: &str) -> Outcome<(String, String)> {
    let own = home.map(|h| h.root.join("packs").join(format!("{word}.toml"))).filter(|path| path.is_file());
    let (name, path) = match own {
        Some(path) => (format!("packs/{word}.toml"), path),
        None if word.ends_with(".toml") => (word.to_owned(), ctx.path(Path::new(word))),
        None => {
            let text = embedded(word).ok_or_else(|| complain(&[unknown_pack(word)]))?;
            return Ok((word.to_owned(), text.to_owned()));
        }
    };
    let text = std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
    Ok((name, text))
}

/// The texts of packs named on the command line, in layering order, separated by commas.
///
/// # Errors
/// When none is named, or one cannot be read.
pub(crate) fn sources_of(ctx: &Context, home: Option<&Home>, list: &str) -> Outcome<Sources> {
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|n| !n.is_empty()).collect();
    if names.is_empty() {
        return Err(Failure::usage("no pack is named").hint("write core,eu-gdpr"));
    }
    names.iter().map(|name| source(ctx, home, name)).collect()
}

/// Layers packs.
///
/// # Errors
/// Every complaint about any of them, with file, line and column.
pub(crate) fn compile(sources: &Sources) -> Outcome<Packs> {
    let texts: Vec<(&str, &str)> = sources.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    Packs::load(&texts).map_err(|found| complain(&found))
}

/// The text of a pack in the home's `packs/`.
pub(crate) fn own_text(home: Option<&Home>, name: &str) -> Option<String> {
    std::fs::read_to_string(home?.root.join("packs").join(format!("{name}.toml"))).ok()
}

/// Complaints about packs or scenarios, as one failure.
pub(crate) fn complain(found: &[Diagnostic]) -> Failure {
    let mut failure = match found {
        [one] => Failure::bad_input(place(one)),
        many => Failure::bad_input(format!("{} problems in rule packs or scenarios", many.len())),
    };
    if found.len() > 1 {
        failure.causes = found.iter().map(place).collect();
    }
    failure.hint = found.iter().find_map(|d| d.hint.clone());
    failure
}

fn place(found: &Diagnostic) -> String {
    match found.line {
        0 => format!("{}: {}", found.file, found.message),
        line => format!("{}:{line}:{}: {}", found.file, found.column, found.message),
    }
}

/// What `packs test` wrote down: which rules passed which scenarios, and when.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tested {
    /// By the hash of the layered packs.
    passed: BTreeMap<String, Passed>,
}

/// A green test run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Passed {
    pub(crate) at: Micros,
    pub(crate) scenarios: usize,
    pub(crate) expectations: usize,
}

impl Tested {
    fn path(home: &Home) -> PathBuf {
        home.root.join("packs-tested.json")
    }

    /// Reads what was tested in a home.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(crate) fn read(home: &Home) -> Outcome<Self> {
        let path = Self::path(home);
        if !path.is_file() {
            return Ok(Self::default());
        }
        let text = std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
        serde_json::from_str(&text)
            .or_bad_input(|| format!("`{}` is damaged; remove it and run packs test", path.display()))
    }

    /// The green run of these rules.
    pub(crate) fn of(&self, book: &RuleBook) -> Option<&Passed> {
        self.passed.get(&book.packs.hash.to_string())
    }

    /// Notes a green run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn note(home: &Home, hash: &str, passed: Passed) -> Outcome {
        let mut tested = Self::read(home)?;
        tested.passed.insert(hash.to_owned(), passed);
        let text = serde_json::to_vec_pretty(&tested).expect("bug: a test record serialises");
        let path = Self::path(home);
        mandat_ledger::durable::replace(&path, &mut |out| out.write_all(&text))
            .or_refuse(|| format!("cannot write `{}`", path.display()))
    }
}
