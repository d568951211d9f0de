//! Local writes that survive a power cut: temporary name, fsync, link or rename, fsync of the folder.
//!
//! A file under its final name is always whole. An error of fsync is passed on and never retried:
//! after a failed one the page cache may lie.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use mandat_proof::{Digest, Hasher};

/// Flushes a folder, so that the names in it survive.
///
/// # Errors
/// Whatever the file system reports.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes a folder and its parents, and flushes the folder that holds it.
///
/// # Errors
/// Whatever the file system reports.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(dir)?;
    dir.parent().filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), sync_dir)
}

/// As [`make_dir`]; folders that it makes are for their owner alone.
///
/// # Errors
/// Whatever the file system reports.
pub fn make_private_dir(dir: &Path) -> io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    dir.parent().filter(|p| !p.as_os_str().is_empty()).map_or(Ok(()), sync_dir)
}

/// Options for a file that only its owner may read, if it comes to be made.
#[must_use]
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a whole file under its name if no file has that name; `false` if one has.
///
/// # Errors
/// Whatever the file system reports, other than that the name is taken.
pub fn create_if_absent(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut temp = tempfile::Builder::new().prefix(".new-").tempfile_in(dir)?;
    temp.write_all(bytes)?;
    temp.as_file().sync_all()?;
    match temp.persist_noclobber(path) {
        Ok(_) => sync_dir(dir).map(|()| true),
        Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(e.error),
    }
}

/// What a finished file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its length.
    pub bytes: u64,
}

/// Bytes collected before they are hashed and written.
const BUFFER: usize = 1 << 18;

/// A buffered file that counts and hashes what is written to it.
pub struct HashedFile {
    file: File,
    buffer: Vec<u8>,
    hasher: Hasher,
    bytes: u64,
}

impl HashedFile {
    /// A new file; fails if the name is taken.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn create(path: &Path) -> io::Result<Self> {
        Self::open(OpenOptions::new(), path)
    }

    /// As [`Self::create`], for a file that only its owner may read.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn create_private(path: &Path) -> io::Result<Self> {
        Self::open(private(), path)
    }

    fn open(mut options: OpenOptions, path: &Path) -> io::Result<Self> {
        let file = options.write(true).create_new(true).open(path)?;
        Ok(Self { file, buffer: Vec::with_capacity(BUFFER), hasher: Hasher::new(), bytes: 0 })
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Flushes to the disk.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn finish(mut self) -> io::Result<Written> {
        self.flush()?;
        self.file.sync_all()?;
        Ok(Written { sha256: self.hasher.finish(), bytes: self.bytes })
    }
}

impl Write for HashedFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + buf.len() > BUFFER {
            self.flush()?;
        }
        if buf.len() >= BUFFER {
            self.put(buf)?;
            return Ok(buf.len());
        }
        self.buffer.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.put(&buffer)?;
        buffer.clear();
        self.buffer = buffer;
        Ok(())
    }
}

/// A lock file held as long as this value lives.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would leave it with a child process that was just forked and holds the same file.
        // An error here leaves the lock to the closing.
        let _ = self.file.unlock();
    }
}

impl Lock {
    /// Takes the lock for this process alone; `None` if another holds it.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn exclusive(path: &Path) -> io::Result<Option<Self>> {
        let file = open_lock(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    /// Takes the lock beside other readers; waits for a writer to let go.
    ///
    /// # Errors
    /// Whatever the file system reports.
    pub fn shared(path: &Path) -> io::Result<Self> {
        let file = open_lock(path)?;
        file.lock_shared()?;
        Ok(Self { file })
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    private().read(true).write(true).create(true).truncate(false).open(path)
}

/// Every file below a folder, sorted, as paths relative to it.
///
/// # Errors
/// Whatever the file system reports.
pub fn files_below(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(dir.join(&folder))? {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() { folders.push(name) } else { found.push(name) }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert!(create_if_absent(&path, b"one").unwrap());
        assert!(!create_if_absent(&path, b"two").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(files_below(dir.path()).unwrap(), [PathBuf::from("a")]);
    }

    #[test]
    fn a_lock_has_one_writer_or_many_readers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let (first, second) = (Lock::shared(&path).unwrap(), Lock::shared(&path).unwrap());
        assert!(Lock::exclusive(&path).unwrap().is_none());
        drop((first, second));
        assert!(Lock::exclusive(&path).unwrap().is_some());
    }
}
