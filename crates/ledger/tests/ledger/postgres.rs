//! The suite on PostgreSQL, and what only a server can have.

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

#[path = "postgres/copy.rs"]
mod copy;
#[path = "postgres/server.rs"]
mod server;

/// Where the suite finds a ledger: each in a schema of its own.
mod engine {
    use std::path::Path;
    use std::process::Command;
    use std::sync::atomic::{AtomicU64, Ordering};

    use mandat_ledger::{Place, PostgresUrl};
    use mandat_proof::{PersonKey, hex};

    /// A URL of a server for tests, whose user is a superuser.
    const SERVER: &str = "MANDAT_TEST_POSTGRES";

    /// Cases of each property; each makes a schema, which takes as long as many of its statements.
    pub(super) const CASES: u32 = 24;

    static COUNTER: AtomicU64 = AtomicU64::new(0);

    /// The URL of the server, if there is one.
    #[expect(clippy::disallowed_methods, reason = "the runner of the tests says where its server is")]
    #[expect(clippy::print_stderr, reason = "what is left out is said")]
    pub(super) fn server() -> Option<String> {
        let url = std::env::var(SERVER).ok();
        if url.is_none() {
            assert!(std::env::var_os("CI").is_none(), "{SERVER} is not set; `cargo xtask ci` starts a server");
            eprintln!("left out: {SERVER} is not set; `cargo xtask ci` starts a server");
        }
        url
    }

    /// The URL of a schema that no other test uses.
    pub(super) fn fresh() -> Option<String> {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        Some(format!("{}&schema=t{}_{number}", server()?, std::process::id()))
    }

    pub(super) fn place(folder: &Path) -> Option<Place> {
        let url = PostgresUrl::parse(&fresh()?).unwrap();
        Some(Place::Postgres { url, files: folder.join("ledger.snapshot") })
    }

    /// What `psql` says to a statement, in the schema of a ledger.
    pub(super) fn psql(place: &Place, sql: &str) -> Result<String, String> {
        let Place::Postgres { url, .. } = place else { unreachable!("this half of the suite is on PostgreSQL") };
        let said = Command::new("psql")
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                &format!("SET search_path = {}", url.schema()),
            ])
            .args(["-c", sql, &server().unwrap()])
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
        if said.status.success() { Ok(text(said.stdout)) } else { Err(text(said.stderr)) }
    }

    fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.chars().filter_map(|c| c.to_digit(16)).map(|d| u8::try_from(d).unwrap()).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    pub(super) fn column(place: &Place, person: PersonKey, column: &str) -> Vec<u8> {
        let sql =
            format!("SELECT encode({column}, 'hex') FROM subjects WHERE person = '\\x{}'", hex(&person.to_bytes()));
        unhex(&psql(place, &sql).unwrap())
    }

    /// The files of all tables and indexes of the ledger, with whatever is left over in their pages.
    pub(super) fn bytes(place: &Place) -> Vec<u8> {
        psql(place, "CHECKPOINT").unwrap();
        let sql = "SELECT encode(pg_read_binary_file(pg_relation_filepath(oid)), 'hex') FROM pg_class
                   WHERE relkind IN ('r', 'i', 't') AND (relnamespace = current_schema()::regnamespace
                       OR oid IN (SELECT reltoastrelid FROM pg_class WHERE relnamespace = current_schema()::regnamespace))";
        psql(place, sql).unwrap().lines().flat_map(unhex).collect()
    }
}
