//! What only a server can have.
