//! Who vouches for rule packs.
//!
//! The packs that come with Mandat are part of the program: its release vouches for them, and a copy
//! in a home counts as built in as long as it decides the same. Any other pack of a home needs a
//! signature beside it (`packs/NAME.sig`) by the home's own signing key or by one in `keys/trusted/`.

use std::path::{Path, PathBuf};

use mandat_core::packs::{Pack, embedded, signer};
use mandat_core::proof::{NoteKey, NoteSigner};

use crate::failure::{Failure, OrFail, Outcome};
use crate::home::{Home, signing_seed};

/// The name under which a home signs.
const NAME: &str = "mandat-home";

/// What vouches for one pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// It comes with the program.
    BuiltIn,
    /// A trusted key signed it.
    By(String),
    /// Nothing does; why.
    Not(String),
}

/// What vouches for a pack of a home.
///
/// # Errors
/// When a key that is to be trusted cannot be read.
pub(crate) fn vouched(home: Option<&Home>, pack: &Pack) -> Outcome<Vouched> {
    if is_built_in(pack) {
        return Ok(Vouched::BuiltIn);
    }
    let Some(home) = home else { return Ok(Vouched::Not("it is no built-in pack".into())) };
    let path = signature_path(home, &pack.id);
    if !path.is_file() {
        return Ok(Vouched::Not(format!("there is no signature `{}`", path.display())));
    }
    let note = std::fs::read_to_string(&path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
    Ok(match signer(pack, &note, &trusted(home)?) {
        Ok(by) => Vouched::By(by),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|e| format!(": {e}")).unwrap_or_default();
            Vouched::Not(format!("{error}{cause}"))
        }
    })
}

/// Whether the program comes with a pack that decides the same.
fn is_built_in(pack: &Pack) -> bool {
    let shipped = embedded(&pack.id).and_then(|text| Pack::read(&pack.id, text).ok());
    shipped.is_some_and(|shipped| shipped.digest() == pack.digest())
}

/// Where the signature of a home's pack lies.
pub(crate) fn signature_path(home: &Home, pack: &str) -> PathBuf {
    home.root.join("packs").join(format!("{pack}.sig"))
}

/// The home's own signing key; made where there is none yet.
///
/// # Errors
/// When it cannot be read or made, or others can read it.
pub(crate) fn own(home: &Home) -> Outcome<NoteSigner> {
    let folder = home.root.join("keys");
    let seed = signing_seed(&folder)?;
    let signer = NoteSigner::from_seed(NAME, &seed).or_refuse(|| "cannot use the signing key".into())?;
    let public = folder.join("signing.pub");
    if !public.is_file() {
        let text = format!("{}\n", signer.public());
        std::fs::write(&public, text).or_refuse(|| format!("cannot write `{}`", public.display()))?;
    }
    Ok(signer)
}

/// The keys whose signatures count: the home's own, and those in `keys/trusted/`.
fn trusted(home: &Home) -> Outcome<Vec<NoteKey>> {
    let folder = home.root.join("keys");
    let mut paths = vec![folder.join("signing.pub")];
    if let Ok(entries) = std::fs::read_dir(folder.join("trusted")) {
        paths.extend(entries.flatten().map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "pub")));
    }
    paths.sort();
    paths.iter().filter(|p| p.is_file()).map(|p| public_key(p)).collect()
}

fn public_key(path: &Path) -> Outcome<NoteKey> {
    let text = std::fs::read_to_string(path).or_bad_input(|| format!("cannot read `{}`", path.display()))?;
    text.trim().parse().map_err(|error| {
        Failure::bad_input(format!("`{}` holds no public key", path.display()))
            .because(&error)
            .hint("write one line as `mandat packs sign --key` prints it")
    })
}
