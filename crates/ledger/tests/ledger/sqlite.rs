//! The suite on SQLite, and what only a file can have.

#[path = "suite/append.rs"]
mod append;
#[path = "suite/choices.rs"]
mod choices;
#[path = "suite/crash.rs"]
mod crash;
#[path = "suite/erasure.rs"]
mod erasure;
#[path = "suite/handles.rs"]
mod handles;
#[path = "suite/home.rs"]
mod home;
#[path = "suite/log/mod.rs"]
mod log;
#[path = "suite/snapshot.rs"]
mod snapshot;
#[path = "suite/volume.rs"]
mod volume;

#[path = "sqlite/older.rs"]
mod older;
#[path = "sqlite/opening.rs"]
mod opening;

/// Where the suite finds a ledger.
mod engine {
    use std::path::Path;

    use mandat_ledger::Place;
    use mandat_proof::PersonKey;

    /// Cases of each property.
    pub(super) const CASES: u32 = 96;

    #[expect(clippy::unnecessary_wraps, reason = "a server may not be there")]
    pub(super) fn place(folder: &Path) -> Option<Place> {
        Some(Place::File(folder.join("ledger.sqlite")))
    }

    pub(super) fn column(place: &Place, person: PersonKey, column: &str) -> Vec<u8> {
        let raw = rusqlite::Connection::open(place.to_string()).unwrap();
        let sql = format!("SELECT {column} FROM subjects WHERE person = ?1");
        raw.query_row(&sql, [person.to_bytes()], |row| row.get(0)).unwrap()
    }

    /// It lies in the folder that is searched anyway.
    pub(super) fn bytes(_: &Place) -> Vec<u8> {
        Vec::new()
    }
}
