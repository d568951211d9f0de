//! The log beside the ledger: entries, published files, receipts.

mod erasing;
mod publishing;
mod receipts;
