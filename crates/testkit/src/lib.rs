//! What tests share: running the real program as a stranger would.

mod command;

pub use command::{Cli, NOW, Ran};
