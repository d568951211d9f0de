//! The secrets of a home: one makes pseudonyms, one seals what people say, one signs packs, one signs the log.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use mandat_core::proof::{hex, unhex};

use crate::failure::{Failure, OrFail, Outcome};
use crate::surroundings::Surroundings;

const PERSON: &str = "person.key";
const SEAL: &str = "seal.key";
const SIGNING: &str = "signing.key";
const LOG: &str = "log.key";

/// Both secrets.
#[derive(Clone)]
pub(crate) struct Secrets {
    /// Person and record keys are derived from it.
    pub(crate) person: [u8; 32],
    /// It wraps the secret of each person.
    pub(crate) seal: [u8; 32],
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    pub(super) fn read(folder: &Path, around: &Surroundings) -> Outcome<Self> {
        let from = |variable: &Option<String>, name: &str, word: &str| match variable {
            Some(text) => parse(text).ok_or_else(|| {
                Failure::bad_input(format!("`{word}` is not 64 hexadecimal digits"))
                    .hint("unset it to use the key file")
            }),
            None => file(&folder.join(name)),
        };
        Ok(Self {
            person: from(&around.person_secret, PERSON, "MANDAT_PERSON_SECRET")?,
            seal: from(&around.seal_secret, SEAL, "MANDAT_SEAL_SECRET")?,
        })
    }
}

fn parse(text: &str) -> Option<[u8; 32]> {
    unhex(text.trim())
}

fn file(path: &Path) -> Outcome<[u8; 32]> {
    check_rights(path)?;
    let text = std::fs::read_to_string(path).or_bad_input(|| format!("cannot read the key `{}`", path.display()))?;
    parse(&text).ok_or_else(|| {
        Failure::bad_input(format!("the key `{}` is damaged", path.display()))
            .hint("restore it from a backup: without it nobody's records can be found again")
    })
}

/// Refuses a key that somebody else on the machine can read.
///
/// # Errors
/// When it is missing, or group or world may read or write it.
pub(crate) fn check_rights(path: &Path) -> Outcome<()> {
    let meta = std::fs::metadata(path).map_err(|e| {
        Failure::bad_input(format!("there is no key `{}`", path.display()))
            .because(&e)
            .hint("restore it from a backup, or set MANDAT_PERSON_SECRET and MANDAT_SEAL_SECRET")
    })?;
    if meta.mode() & 0o077 != 0 {
        return Err(Failure::refused(format!("the key `{}` can be read by others", path.display()))
            .hint(format!("chmod 600 {}", path.display())));
    }
    Ok(())
}

/// Makes the keys, readable by their owner alone.
///
/// # Errors
/// When there is no randomness, or the files exist or cannot be written.
pub(crate) fn make_keys(folder: &Path) -> Outcome<()> {
    let refuse = || format!("cannot write keys into `{}`", folder.display());
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).or_refuse(refuse)?;
    for name in [PERSON, SEAL, SIGNING, LOG] {
        make_key(folder, name)?;
    }
    Ok(())
}

fn make_key(folder: &Path, name: &str) -> Outcome {
    let refuse = || format!("cannot write keys into `{}`", folder.display());
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).or_refuse(|| "the system gives no random bytes for a key".into())?;
    let path = folder.join(name);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).or_refuse(refuse)?;
    writeln!(file, "{}", hex(&secret)).or_refuse(refuse)?;
    file.sync_all().or_refuse(refuse)
}

/// The seed of the home's signing key; made where an older home has none.
///
/// # Errors
/// When it cannot be made, is damaged, or others can read it.
pub(crate) fn signing_seed(folder: &Path) -> Outcome<[u8; 32]> {
    if !folder.join(SIGNING).exists() {
        make_key(folder, SIGNING)?;
    }
    file(&folder.join(SIGNING))
}

/// The seed of the key that signs the log. Never made anew: a log that changes its key is another log.
///
/// # Errors
/// When it is missing, damaged, or others can read it.
pub(crate) fn log_seed(folder: &Path) -> Outcome<[u8; 32]> {
    let path = folder.join(LOG);
    if !path.exists() {
        return Err(Failure::bad_input(format!("there is no key `{}`", path.display()))
            .hint("restore it from a backup: people check their receipts with it"));
    }
    file(&path)
}
