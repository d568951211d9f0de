//! Random handles and secrets; the one place where the ledger is not a function of its inputs.

use crate::error::LedgerError;

const POOL: usize = 4096;

/// Random bytes from the system, drawn a page at a time.
#[derive(Clone)]
pub(crate) struct Entropy {
    pool: [u8; POOL],
    left: usize,
}

impl Entropy {
    pub(crate) const fn new() -> Self {
        Self { pool: [0; POOL], left: 0 }
    }

    /// The next `N` random bytes; they are wiped from the pool.
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], LedgerError> {
        if self.left < N {
            getrandom::fill(&mut self.pool).map_err(|_| LedgerError::NoEntropy)?;
            self.left = POOL;
        }
        let from = self.left - N;
        let mut out = [0; N];
        out.copy_from_slice(&self.pool[from..self.left]);
        self.pool[from..self.left].fill(0);
        self.left = from;
        Ok(out)
    }
}
