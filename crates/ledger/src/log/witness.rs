//! A witness in a folder: it keeps the last head that it saw of each log, and signs only what goes on from there.
//!
//! `witness.key` is its secret key, `SHA-256 of the origin.checkpoint` the last note that it signed of a log. What it
//! decides is [`mandat_proof::witness()`]; here it stores before it answers, and one request is answered at a time.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use mandat_core::time::Micros;
use mandat_proof::{
    Checkpoint, KeyKind, NoteKey, NoteSigner, Quorum, SignatureLine, SignedNote, StoredTree, Tile, Trust,
    WitnessAnswer, WitnessHead, WitnessRequest, sha256, witness,
};

use super::error::LogError;
use super::files::{LogFiles, make_folder};
use crate::durable;

const KEY: &str = "witness.key";

/// A witness whose memory is a folder.
#[derive(Debug, Clone)]
pub struct FileWitness {
    folder: PathBuf,
    signer: NoteSigner,
}

impl FileWitness {
    /// Makes a witness in a folder; `seed` must be random and for nothing else.
    ///
    /// # Errors
    /// When there is one already, the name is none, or files cannot be written.
    pub fn create(folder: &Path, name: &str, seed: &[u8; 32]) -> Result<Self, LogError> {
        let signer = NoteSigner::cosigner(name, seed).map_err(LogError::Key)?;
        let path = folder.join(KEY);
        let failed = |source| LogError::file("write", &path, source);
        make_folder(folder).map_err(failed)?;
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(failed)?;
        io::Write::write_all(&mut file, format!("{}\n", signer.secret_text()).as_bytes()).map_err(failed)?;
        file.sync_all().and_then(|()| durable::sync_dir(folder)).map_err(failed)?;
        Ok(Self { folder: folder.to_owned(), signer })
    }

    /// Opens the witness in a folder.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(folder: &Path) -> Result<Self, LogError> {
        let not = |why| LogError::NotAWitness { path: folder.to_owned(), why };
        let text = fs::read_to_string(folder.join(KEY)).map_err(|_| not("its key cannot be read"))?;
        let signer = NoteSigner::from_secret_text(text.trim_end()).map_err(|_| not("its key is damaged"))?;
        if signer.public().kind() != KeyKind::Cosigner {
            return Err(not("its key is not that of a witness"));
        }
        Ok(Self { folder: folder.to_owned(), signer })
    }

    /// Its public key.
    #[must_use]
    pub const fn key(&self) -> &NoteKey {
        self.signer.public()
    }

    /// The head of a log that it signed last.
    ///
    /// # Errors
    /// When its memory cannot be read: that is not the same as having seen nothing.
    pub fn seen(&self, origin: &str) -> Result<WitnessHead, LogError> {
        let path = self.memory(origin);
        let note = match fs::read_to_string(&path) {
            Ok(note) => note,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(WitnessHead::default()),
            Err(source) => return Err(LogError::file("read", &path, source)),
        };
        let damaged = || LogError::NotAWitness { path: path.clone(), why: "what it remembers is damaged" };
        let note = SignedNote::parse(&note).map_err(|_| damaged())?;
        let head: Checkpoint = note.text().parse().map_err(|_| damaged())?;
        if head.origin() == origin { Ok(WitnessHead { size: head.size(), root: *head.root() }) } else { Err(damaged()) }
    }

    /// Signs a checkpoint, if it goes on from what was seen; stored before the line is handed out.
    ///
    /// # Errors
    /// [`LogError::Witness`] when it does not.
    pub fn sign(&self, request: &WitnessRequest, log: &Trust, now: Micros) -> Result<SignatureLine, LogError> {
        let _lock = self.lock()?;
        let refuse = |why: String| LogError::Witness { name: self.key().name().to_owned(), why };
        let seen = self.seen(&log.origin)?;
        let time = u64::try_from(now.0.div_euclid(1_000_000)).unwrap_or(0);
        match witness(request, log, seen, &self.signer, time).map_err(LogError::Key)? {
            WitnessAnswer::Sign(head, line) => {
                let path = self.memory(head.origin());
                let note = request.checkpoint.to_string();
                durable::replace(&path, &mut |out| out.write_all(note.as_bytes()))
                    .map_err(|source| LogError::file("write", &path, source))?;
                Ok(line)
            }
            WitnessAnswer::Conflict(size) => Err(refuse(format!("it saw {size} entries of it"))),
            WitnessAnswer::Inconsistent(why) => Err(refuse(format!("the log does not go on from what it saw ({why})"))),
            WitnessAnswer::Forbidden | WitnessAnswer::Unknown => Err(refuse("no key of that log signed it".into())),
            WitnessAnswer::Bad => Err(refuse("the request makes no sense".into())),
        }
    }

    /// Signs the checkpoint `signed` of a log whose tiles lie in a folder, if it goes on from what was seen.
    ///
    /// # Errors
    /// [`LogError::Behind`] when more was seen, [`LogError::Witness`] when it is another log, [`LogError::Files`].
    pub fn look(
        &self,
        files: &LogFiles,
        log: &Trust,
        signed: &SignedNote,
        now: Micros,
    ) -> Result<SignatureLine, LogError> {
        let seen = self.seen(&log.origin)?;
        let alone = Trust { witnesses: Vec::new(), quorum: Quorum::none(), ..log.clone() };
        let path = files.folder().join("checkpoint");
        let head = alone.open(&signed.to_string()).map_err(|source| LogError::Foreign { path, source })?.checkpoint;
        if seen.size > head.size() {
            return Err(LogError::Behind { published: seen.size, held: head.size() });
        }
        let mut read = |tile: &Tile| files.read(tile);
        let (_, path) = StoredTree::new(head.size(), *head.root(), &mut read).consistency(seen.size)?;
        self.sign(&WitnessRequest { old: seen.size, path, checkpoint: signed.clone() }, &alone, now)
    }

    fn lock(&self) -> Result<File, LogError> {
        let path = self.folder.join(".lock");
        let failed = |source| LogError::file("lock", &path, source);
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        file.lock().map_err(failed)?;
        Ok(file)
    }

    fn memory(&self, origin: &str) -> PathBuf {
        self.folder.join(format!("{}.checkpoint", sha256(origin.as_bytes())))
    }
}
