//! draft
mod sample;
fn main() {}
