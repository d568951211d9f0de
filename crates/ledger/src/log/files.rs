//! A published log: a folder of files as C2SP tlog-tiles lays it out.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use mandat_proof::{Fsck, ReadError, SignedNote, Tile, Trust, Trusted, check_tiles};

use super::error::LogError;
use crate::durable::{self, Created};

const CHECKPOINT: &str = "checkpoint";
const LOCK: &str = ".lock";
/// Files written side by side: most of the time goes into waiting for the disk.
const WRITERS: usize = 8;

/// The folder of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFiles {
    folder: PathBuf,
}

impl LogFiles {
    /// The log in a folder, which need not exist yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The newest checkpoint as it was published; `None` before the first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn checkpoint(&self) -> Result<Option<String>, LogError> {
        let path = self.folder.join(CHECKPOINT);
        match fs::read_to_string(&path) {
            Ok(note) => Ok(Some(note)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LogError::file("read", &path, source)),
        }
    }

    /// The newest checkpoint, if it can be believed; `None` before the first.
    ///
    /// # Errors
    /// When it cannot be read, or not be believed.
    pub fn trusted(&self, trust: &Trust) -> Result<Option<Trusted>, LogError> {
        let Some(note) = self.checkpoint()? else { return Ok(None) };
        let path = self.folder.join(CHECKPOINT);
        trust.open(&note).map(Some).map_err(|source| LogError::Foreign { path, source })
    }

    /// The bytes of a tile or bundle; `None` if it is not there.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, tile: &Tile) -> Result<Option<Vec<u8>>, String> {
        match fs::read(self.folder.join(tile.to_string())) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e.to_string()),
        }
    }

    /// Hashes every entry anew and compares all tiles and the root; hands on each entry with its place.
    ///
    /// # Errors
    /// Names the first file that is missing, cannot be read, or does not agree.
    pub fn check(&self, trusted: &Trusted, entry: &mut dyn FnMut(u64, &[u8])) -> Result<Fsck, ReadError> {
        let head = &trusted.checkpoint;
        check_tiles(head.size(), head.root(), &mut |tile| self.read(tile), entry)
    }

    /// Makes the folder, and keeps every other publisher out until the result is dropped.
    pub(crate) fn lock(&self) -> Result<File, LogError> {
        let failed = |source| LogError::file("make and lock", &self.folder, source);
        make_folder(&self.folder).map_err(failed)?;
        let lock = fs::OpenOptions::new().create(true).truncate(false).write(true).open(self.folder.join(LOCK));
        let lock = lock.map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(lock)
    }

    /// Puts the new checkpoint in place of the old.
    pub(crate) fn set_checkpoint(&self, note: &SignedNote) -> Result<(), LogError> {
        let path = self.folder.join(CHECKPOINT);
        durable::replace(&path, &mut |out| out.write_all(note.to_string().as_bytes()))
            .map_err(|source| LogError::file("write", &path, source))
    }

    /// Writes tiles that never change; one that is there must hold the same.
    pub(crate) fn write(&self, tiles: &[(Tile, Vec<u8>)]) -> Result<(), LogError> {
        let mut folders: Vec<PathBuf> =
            tiles.iter().filter_map(|(tile, _)| self.path(tile).parent().map(Path::to_owned)).collect();
        folders.dedup();
        for folder in folders {
            make_folder(&folder).map_err(|source| LogError::file("make", &folder, source))?;
        }
        let each = tiles.len().div_ceil(WRITERS).max(1);
        std::thread::scope(|scope| {
            let writers: Vec<_> = tiles.chunks(each).map(|part| scope.spawn(|| self.write_part(part))).collect();
            writers.into_iter().try_for_each(|writer| writer.join().expect("bug: a writer of tiles panicked"))
        })
    }

    fn write_part(&self, tiles: &[(Tile, Vec<u8>)]) -> Result<(), LogError> {
        for (tile, bytes) in tiles {
            let path = self.path(tile);
            let created = durable::create(&path, &mut |out: &mut dyn Write| out.write_all(bytes))
                .map_err(|source| LogError::file("write", &path, source))?;
            if created == Created::Exists {
                let found = fs::read(&path).map_err(|source| LogError::file("read", &path, source))?;
                if found != *bytes {
                    let why = "it holds something else than the ledger".to_owned();
                    return Err(ReadError::Damaged { what: tile.to_string(), why }.into());
                }
                // Whoever linked it may have been killed before the name was durable.
                durable::sync_dir(path.parent().expect("a tile lies in a folder"))
                    .map_err(|source| LogError::file("make durable", &path, source))?;
            }
        }
        Ok(())
    }

    /// Removes the narrower states of tiles that are full and published now.
    pub(crate) fn drop_partial(&self, tiles: &[Tile]) -> Result<(), LogError> {
        for tile in tiles.iter().filter(|tile| tile.is_full()) {
            let mut folder = self.path(tile).into_os_string();
            folder.push(".p");
            let folder = PathBuf::from(folder);
            match fs::remove_dir_all(&folder) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(LogError::file("remove", &folder, source)),
            }
        }
        Ok(())
    }

    fn path(&self, tile: &Tile) -> PathBuf {
        self.folder.join(tile.to_string())
    }
}

/// Makes a folder and those above it, each durably.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folder(parent)?;
    match fs::create_dir(folder) {
        Ok(()) => {}
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
        Err(e) => return Err(e),
    }
    durable::sync_dir(parent)
}
