//! Who may read what a build writes.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

use crate::build::BuildError;
use crate::durable;

/// A shard, as blob and as part of a revision: nobody writes into it again.
pub(super) const READ_ONLY: u32 = 0o444;
/// Manifests and card of a revision.
pub(super) const PUBLISHED: u32 = 0o644;
/// What is never delivered.
pub(super) const SECRET: u32 = 0o400;
/// A folder of its owner alone.
const PRIVATE_DIR: u32 = 0o700;

/// Says who may read or write a file.
///
/// # Errors
/// Whatever the file system reports.
pub(super) fn set(path: &Path, mode: u32) -> Result<(), BuildError> {
    let rights = Permissions::from_mode(mode);
    fs::set_permissions(path, rights).map_err(|source| BuildError::io("set the rights of", path, source))
}

/// A folder that only its owner can look into; one that others could look into is closed to them.
///
/// # Errors
/// Whatever the file system reports.
pub(super) fn private_dir(dir: &Path) -> Result<(), BuildError> {
    make(dir, PRIVATE_DIR)?;
    let open = fs::metadata(dir).map_err(|source| BuildError::io("read", dir, source))?.permissions().mode();
    if open & 0o077 == 0 { Ok(()) } else { set(dir, PRIVATE_DIR) }
}

/// A folder that everybody can look into, as far as the umask lets them.
///
/// # Errors
/// Whatever the file system reports.
pub(super) fn public_dir(dir: &Path) -> Result<(), BuildError> {
    make(dir, 0o755)
}

fn make(dir: &Path, mode: u32) -> Result<(), BuildError> {
    if dir.is_dir() {
        return Ok(());
    }
    let at = |source| BuildError::io("create", dir, source);
    DirBuilder::new().recursive(true).mode(mode).create(dir).map_err(at)?;
    dir.parent().filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), durable::sync_dir).map_err(at)
}
