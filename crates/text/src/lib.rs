//! What a text says about itself: personal data in it, its language, its quality, what it is a copy of.
//!
//! Text in (`&str`), values out: no I/O, no clock, no threads, no personal data in errors or Debug output.

pub mod decontaminate;
pub mod denied;
pub mod fingerprint;
pub mod language;
pub mod lists;
pub mod near;
pub mod normal;
pub mod quality;
pub mod redact;
pub mod screen;
pub mod shingle;

mod fold;
mod hash;
