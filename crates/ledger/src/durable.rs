//! Durable local writes: a file is there whole under its name, or not at all, whatever is killed when.
//!
//! Every write goes temp file → fsync → rename (or link) → fsync of the folder. An error of `fsync` is
//! returned and never tried again: after a failed one the system may have dropped the pages.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::fault;

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// How a create-if-absent write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Created {
    /// The file is ours.
    New,
    /// Another file has the name; it was left alone.
    Exists,
}

/// Puts a file in place, over one that may be there.
///
/// # Errors
/// Whatever `write` or the system reports; the name then holds what it held before.
pub fn replace(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    fault::io("replace.write")?;
    let temp = write_temp(path, write)?;
    rename_and_sync(&temp, path).inspect_err(|_| discard(&temp))?;
    fault::io("replace.done")
}

/// Puts a file in place only if the name is free.
///
/// # Errors
/// Whatever `write` or the system reports; the name is then still free.
pub fn create(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<Created> {
    let temp = write_temp(path, write)?;
    let linked = fault::io("create.link").and_then(|()| fs::hard_link(&temp, path));
    discard(&temp);
    match linked {
        Ok(()) => {
            fault::io("create.link.done")?;
            sync_dir(parent(path))?;
            fault::io("create.done").map(|()| Created::New)
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(Created::Exists),
        Err(e) => Err(e),
    }
}

/// Removes a file for good; one that is not there is fine.
///
/// # Errors
/// Whatever the system reports.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_dir(parent(path)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

/// Makes the names in a folder durable.
///
/// # Errors
/// Whatever the system reports.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Whether a name is that of a temporary file of this module, left behind by a killed process.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".tmp")
}

fn rename_and_sync(temp: &Path, path: &Path) -> io::Result<()> {
    fault::io("replace.rename")?;
    fs::rename(temp, path)?;
    fault::io("replace.rename.done")?;
    sync_dir(parent(path))
}

fn write_temp(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<PathBuf> {
    let temp = temp_name(path);
    let file = OpenOptions::new().write(true).create_new(true).open(&temp)?;
    let mut out = BufWriter::with_capacity(1 << 16, file);
    let written = write(&mut out).and_then(|()| out.flush()).and_then(|()| out.get_ref().sync_all());
    written.map(|()| temp.clone()).inspect_err(|_| discard(&temp))
}

fn temp_name(path: &Path) -> PathBuf {
    let name = path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    parent(path).join(format!(".{name}.{}-{number}.tmp", std::process::id()))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// A temporary file that cannot be removed is swept later; the first error is the one to report.
fn discard(temp: &Path) {
    drop(fs::remove_file(temp));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_failed_write_leaves_what_was_there_and_no_litter() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        replace(&path, &mut |w| w.write_all(b"one")).unwrap();
        let failed = replace(&path, &mut |w| w.write_all(b"two").and(Err(io::Error::other("full"))));
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names(dir.path()), ["a"]);
    }

    #[test]
    fn create_never_overwrites() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert_eq!(create(&path, &mut |w| w.write_all(b"one")).unwrap(), Created::New);
        assert_eq!(create(&path, &mut |w| w.write_all(b"two")).unwrap(), Created::Exists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(names(dir.path()), ["a"]);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(names(dir.path()).is_empty());
    }
}
