//! Progress on stderr, after two seconds, and only where somebody watches.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mandat_corpus::ingest::{Phase, Progress};

/// Nothing is drawn before this.
const PATIENCE: Duration = Duration::from_secs(2);

/// A bar that may be fed from any thread.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    started: Instant,
    /// Whether it may still appear.
    waiting: Mutex<bool>,
}

impl Bar {
    pub(super) fn new(label: &str, watched: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        bar.set_message(label.to_owned());
        Self { bar, started: Instant::now(), waiting: Mutex::new(watched) }
    }

    /// How much there is to do, once that is known.
    pub(crate) fn total(&self, total: u64) {
        self.bar.set_length(total);
    }

    /// Some of it is done.
    pub(crate) fn advance(&self, by: u64) {
        self.bar.inc(by);
        self.appear();
    }

    /// So much of it is done.
    pub(crate) fn position(&self, done: u64) {
        self.bar.set_position(done);
        self.appear();
    }

    fn appear(&self) {
        let Ok(mut waiting) = self.waiting.lock() else { return };
        if *waiting && self.started.elapsed() > PATIENCE {
            *waiting = false;
            let template = if self.bar.length().is_some() {
                "{msg} [{bar:30}] {percent}% {eta} left"
            } else {
                "{msg} {spinner} {human_pos} ({elapsed})"
            };
            self.bar.set_style(ProgressStyle::with_template(template).expect("bug: the template is fixed"));
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// How long it has been going.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Progress for Bar {
    fn phase(&self, phase: Phase) {
        if phase != Phase::Reading {
            self.bar.set_position(self.bar.length().unwrap_or(0));
            self.appear();
        }
    }

    fn bytes(&self, bytes: u64) {
        self.advance(bytes);
    }

    fn rows(&self, _: u64) {}
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
