//! Group commit: many who append at once share one transaction, and one wait for the disk.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use mandat_core::event::EventLine;
use mandat_core::time::Micros;

use crate::append::AppendReport;
use crate::error::LedgerError;
use crate::ledger::Ledger;

/// Events in one transaction, at most; a request is never split.
const TOGETHER: usize = 4_096;

/// The one writer of this process, on a thread of its own.
///
/// Who appends waits until their events are on disk. While a transaction is committed, the next requests
/// come together; nobody waits for company. When as many wait as there is room for, further ones are refused.
#[derive(Debug)]
pub struct Committer {
    queue: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<Ledger>>,
}

/// Why events were not appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// Too many wait.
    #[error("too many wait for the ledger; try again in a moment")]
    Busy,
    /// The transaction failed, for everybody in it.
    #[error(transparent)]
    Failed(Arc<LedgerError>),
    /// The writer ended.
    #[error("bug: the writer of the ledger has ended")]
    Ended,
}

struct Request {
    events: Vec<EventLine>,
    now: Micros,
    answer: SyncSender<Result<AppendReport, Arc<LedgerError>>>,
}

impl Committer {
    /// Starts the thread; at most `room` requests wait.
    #[must_use]
    pub fn start(ledger: Ledger, room: usize) -> Self {
        let (queue, requests) = sync_channel(room);
        let thread = thread::spawn(move || work(ledger, &requests));
        Self { queue: Some(queue), thread: Some(thread) }
    }

    /// Appends events, as [`Ledger::append`]; when it returns, they are on disk. A batch is there whole or not at all.
    ///
    /// # Errors
    /// [`CommitError::Busy`] at once; or as [`Ledger::append`].
    pub fn append(&self, events: Vec<EventLine>, now: Micros) -> Result<AppendReport, CommitError> {
        let (answer, answered) = sync_channel(1);
        let queue = self.queue.as_ref().ok_or(CommitError::Ended)?;
        queue.try_send(Request { events, now, answer }).map_err(|e| match e {
            TrySendError::Full(_) => CommitError::Busy,
            TrySendError::Disconnected(_) => CommitError::Ended,
        })?;
        answered.recv().map_err(|_| CommitError::Ended)?.map_err(CommitError::Failed)
    }

    /// Ends the thread, after everything that waits is done, and gives the ledger back.
    ///
    /// # Errors
    /// [`CommitError::Ended`] if the thread panicked.
    pub fn stop(mut self) -> Result<Ledger, CommitError> {
        drop(self.queue.take());
        let thread = self.thread.take().ok_or(CommitError::Ended)?;
        thread.join().map_err(|_| CommitError::Ended)
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A panic of the writer was told to everybody who waited.
            drop(thread.join());
        }
    }
}

fn work(mut ledger: Ledger, requests: &Receiver<Request>) -> Ledger {
    while let Ok(first) = requests.recv() {
        let mut together = first.events.len();
        let mut group = vec![first];
        while together < TOGETHER
            && let Ok(next) = requests.try_recv()
        {
            together += next.events.len();
            group.push(next);
        }
        let now = group.iter().map(|request| request.now).max().unwrap_or(Micros::DISTANT_PAST);
        let events: Vec<&[EventLine]> = group.iter().map(|request| request.events.as_slice()).collect();
        match ledger.append_together(&events, now) {
            Ok(reports) => group.iter().zip(reports).for_each(|(request, report)| tell(request, Ok(report))),
            Err(error) => {
                let error = Arc::new(error);
                group.iter().for_each(|request| tell(request, Err(error.clone())));
            }
        }
    }
    ledger
}

fn tell(request: &Request, answer: Result<AppendReport, Arc<LedgerError>>) {
    // Whoever asked may be gone; the events are there all the same.
    drop(request.answer.send(answer));
}
