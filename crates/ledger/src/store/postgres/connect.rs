//! Getting to the server, and what is asserted of it before anything is read.

use std::str::FromStr;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};

use super::{Session, schema, value};
use crate::error::LedgerError;
use crate::place::{Place, PostgresUrl};
use crate::store::{StoreError, Value};

/// The oldest version that is tested for and still has updates.
const SERVER_NEEDED: i64 = 140_000;

/// How long to wait for the server.
const PATIENCE: Duration = Duration::from_secs(15);

/// Of each session: what a server or a role has set otherwise does not count here. Writers wait a minute for
/// each other; a commit that was reported is on disk.
const SETTINGS: &str = "
SET client_min_messages = warning;
SET lock_timeout = '60s';
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET default_transaction_isolation = 'read committed';
SET default_transaction_read_only = off;
SET jit = off;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') <> 'remote_apply'
";

/// Settings of the server without which a reported commit may be lost.
const SAFE: [(&str, &[&str]); 4] = [
    ("fsync", &["on"]),
    ("full_page_writes", &["on"]),
    ("synchronous_commit", &["on", "remote_apply"]),
    ("server_encoding", &["UTF8"]),
];

/// Makes a ledger in a schema that is not there, or that is empty.
pub(in crate::store) fn create(
    place: &Place,
    url: &PostgresUrl,
    meta: &[(&str, Vec<u8>)],
) -> Result<Session, LedgerError> {
    let mut session = connect(place, url)?;
    session.batch("BEGIN")?;
    // Two that create the same schema at once wait for each other here.
    session.batch(&format!("SELECT pg_advisory_xact_lock({}, 0)", super::LOCK_CLASS))?;
    // Who owns a schema may not be allowed to make one, so IF NOT EXISTS would not do.
    if !enter(&mut session, url)? {
        session.batch(&format!("CREATE SCHEMA {}", url.schema()))?;
        enter(&mut session, url)?;
    }
    if schema::tables(&session)? > 0 {
        session.batch("ROLLBACK")?;
        return Err(LedgerError::Exists(place.clone()));
    }
    schema::create(&session, meta)?;
    session.batch("COMMIT")?;
    schema::check(&session, place)?;
    Ok(session)
}

/// Opens a ledger; everything it rests on is asserted first.
pub(in crate::store) fn open(place: &Place, url: &PostgresUrl) -> Result<Session, LedgerError> {
    let mut session = connect(place, url)?;
    if !enter(&mut session, url)? || schema::tables(&session)? == 0 {
        return Err(LedgerError::NotFound(place.clone()));
    }
    schema::check(&session, place)?;
    Ok(session)
}

fn connect(place: &Place, url: &PostgresUrl) -> Result<Session, LedgerError> {
    let mut config =
        Config::from_str(url.connect()).map_err(|_| LedgerError::Url { what: "a part of it is not understood" })?;
    if !is_private(&config) {
        return Err(LedgerError::Url {
            what: "the way to the server is not encrypted: use a Unix socket or a tunnel (stunnel, WireGuard, the proxy of \
                   your cloud) on this machine, or say `sslmode=disable` if the network is yours alone",
        });
    }
    config.ssl_mode(SslMode::Disable).application_name("mandat");
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| LedgerError::Reach { place: place.clone(), source: StoreError::Lost(source.to_string()) })?;
    let (client, connection) = runtime
        .block_on(config.connect(NoTls))
        .map_err(|e| LedgerError::Reach { place: place.clone(), source: value::error(&e) })?;
    // Ends with the session, whose runtime drives it.
    drop(runtime.spawn(connection));
    let session = Session::new(client, runtime);
    session.batch(SETTINGS)?;
    assert_safe(&session)?;
    Ok(session)
}

/// Whether nobody else can listen, or the operator says so.
fn is_private(config: &Config) -> bool {
    let near = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
        Host::Unix(_) => true,
    };
    let near = config.get_hosts().iter().all(near) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback);
    config.get_ssl_mode() == SslMode::Disable || (near && config.get_ssl_mode() == SslMode::Prefer)
}

fn assert_safe(session: &Session) -> Result<(), LedgerError> {
    let query = session.prepare("SELECT current_setting('server_version_num')::int8, pg_is_in_recovery()")?;
    let (version, standby) = {
        let mut rows = query.query(&[])?;
        let row = rows.next()?.ok_or(StoreError::NoRows)?;
        (value::value(row, 0)?.as_i64()?, value::value(row, 1)?.as_i64()? != 0)
    };
    if version < SERVER_NEEDED {
        return Err(LedgerError::ServerTooOld { found: version / 10_000 });
    }
    if standby {
        return Err(LedgerError::Setting { setting: "writing: the server is a standby" });
    }
    for (name, wanted) in SAFE {
        let query = session.prepare("SELECT current_setting(?1)")?;
        let mut rows = query.query(&[Value::Text(name)])?;
        let row = rows.next()?.ok_or(StoreError::NoRows)?;
        if !matches!(value::value(row, 0)?, Value::Text(found) if wanted.contains(&found)) {
            return Err(LedgerError::Setting { setting: name });
        }
    }
    Ok(())
}

/// Makes the schema the one that names mean; `false` if it is not there.
fn enter(session: &mut Session, url: &PostgresUrl) -> Result<bool, LedgerError> {
    let number = {
        let query = session.prepare("SELECT oid FROM pg_namespace WHERE nspname = ?1")?;
        let mut rows = query.query(&[Value::Text(url.schema())])?;
        match rows.next()? {
            Some(row) => value::value(row, 0)?.as_i64()?,
            None => return Ok(false),
        }
    };
    // Two halves of 32 bits make the key of a lock; numbers of schemas have 32 bits, without a sign.
    session.lock = u32::try_from(number).map_or(0, u32::cast_signed);
    session.batch(&format!("SET search_path = {}, pg_temp", url.schema()))?;
    Ok(true)
}
