//! What a person is given to keep: a receipt as a JSON document, and a proof of membership as a file.
//!
//! Both are read back strictly. A receipt's document is a function of the tlog-proof inside it, so that whatever is
//! changed, added or left out is noticed: nothing in it can be believed that the proof does not cover. Which field
//! says what, and where ISO/IEC TS 27560 asks for more than a log entry holds, is in `docs/receipts.md`.

mod document;
mod membership;
mod sorted;

pub use document::{NOT_COVERED, ReceiptDocumentError, kind_word, read_receipt_document, receipt_document};
pub use membership::{About, MEMBERSHIP_FORMAT, MembershipError, MembershipFile, revision_statement};
pub use sorted::sorted_json;
