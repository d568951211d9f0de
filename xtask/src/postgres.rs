//! A PostgreSQL server of our own for tests and benches: in a temporary folder, on a Unix socket alone.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::shell::{Cmd, which};

/// What names the server to the tests; its user is a superuser.
pub(crate) const VARIABLE: &str = "MANDAT_TEST_POSTGRES";

/// Where Debian puts the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A running server; it stops and leaves nothing behind when dropped.
pub(crate) struct Server<'p> {
    place: &'p Place,
    programs: PathBuf,
    folder: PathBuf,
    root: bool,
}

/// The folder of `initdb` and its like: on the path, or the newest that Debian installed.
pub(crate) fn programs() -> Option<PathBuf> {
    if let Some(initdb) = which("initdb") {
        return initdb.parent().map(Path::to_owned);
    }
    let versions = std::fs::read_dir(DEBIAN).ok()?.flatten();
    let newest = versions.filter_map(|v| v.file_name().to_str()?.parse::<u32>().ok()).max()?;
    Some(Path::new(DEBIAN).join(newest.to_string()).join("bin")).filter(|bin| bin.join("initdb").is_file())
}

impl<'p> Server<'p> {
    /// Starts one; `None` where PostgreSQL is not installed.
    pub(crate) fn start(place: &'p Place) -> Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        // Short: the path of a socket has 107 bytes at most.
        let folder = std::env::temp_dir().join(format!("mandat-pg-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
        let root = Cmd::new(place, "id").arg("-u").read()?.trim() == "0";
        let server = Self { place, programs, folder, root };
        if root {
            Cmd::new(place, "chown").arg("postgres").arg(&server.folder).read()?;
        }
        let data = server.folder.join("data");
        let made = server.program("initdb").args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]);
        made.args(["--no-sync", "-D"]).arg(&data).read()?;
        let options = format!("-c listen_addresses= -c max_connections=200 -k {}", server.folder.display());
        let log = server.folder.join("log");
        let start = server.program("pg_ctl").args(["start", "-w", "-s", "-o", &options, "-D"]).arg(&data);
        if start.arg("-l").arg(&log).status().is_ok_and(|ok| ok) {
            return Ok(Some(server));
        }
        bail!("PostgreSQL does not start:\n{}", std::fs::read_to_string(&log).unwrap_or_default())
    }

    /// How to reach it.
    pub(crate) fn url(&self) -> String {
        format!("postgresql:///postgres?host={}&user=postgres", self.folder.display())
    }

    /// The path for programs that call `psql`.
    pub(crate) fn path(&self) -> Result<std::ffi::OsString> {
        let old = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(self.programs.clone()).chain(std::env::split_paths(&old));
        std::env::join_paths(all).context("the path cannot be extended")
    }

    /// One of its programs; the server refuses to run as root.
    fn program(&self, name: &str) -> Cmd {
        let program = self.programs.join(name);
        if self.root {
            let words = ["--reuid=postgres", "--regid=postgres", "--init-groups", "--"];
            return Cmd::new(self.place, "setpriv").args(words).arg(program);
        }
        Cmd::new(self.place, program)
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let stop = self.program("pg_ctl").args(["stop", "-s", "-m", "immediate", "-D"]).arg(self.folder.join("data"));
        if !stop.status().is_ok_and(|ok| ok) {
            eprintln!("PostgreSQL in `{}` does not stop", self.folder.display());
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers_and_leaves_nothing_behind() -> Result<()> {
        let place = Place::find()?;
        let Some(server) = Server::start(&place)? else {
            println!("left out: PostgreSQL is not installed");
            return Ok(());
        };
        let ask = |sql: &str| {
            let psql = Cmd::new(&place, "psql").env("PATH", server.path()?);
            psql.args(["-X", "-A", "-t", "-c", sql]).arg(server.url()).read()
        };
        assert_eq!(ask("SHOW fsync")?.trim(), "on", "figures count only what is on disk");
        assert_eq!(ask("SHOW listen_addresses")?.trim(), "");
        let folder = server.folder.clone();
        drop(server);
        assert!(!folder.exists());
        Ok(())
    }
}
