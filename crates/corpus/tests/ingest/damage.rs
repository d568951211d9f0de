//! Files of the vault that are lost or changed are found, and nobody else can read them.

use std::fs;

use mandat_corpus::vault::{Fault, Problem};

use crate::support::{Store, record};

/// A vault of two batches with every kind of file.
fn store() -> Store {
    let mut store = Store::new();
    store.lines(&[record("1", "a", r#""text":"one @b""#), record("2", "b", r#""text":"two","edited_at":"x""#)]);
    store.lines(&[record("1", "a", r#""text":"one more","edited_at":"2024-04-01T00:00:00Z","quote_of":"9""#)]);
    store
}

#[test]
fn every_file_of_the_manifest_is_missed() {
    let store = store();
    let vault = store.vault();
    assert_eq!(vault.verify_files(true), []);
    let files = vault.manifest().files();
    assert!(files.iter().any(|f| f.starts_with("rejections")) && files.iter().any(|f| f.starts_with("overlays")));
    for path in files {
        let full = store.path().join("vault").join(&path);
        let bytes = fs::read(&full).unwrap();
        fs::remove_file(&full).unwrap();
        assert_eq!(vault.verify_files(false), [Problem { path: path.clone(), fault: Fault::Missing }]);
        if let Some((_, cut)) = bytes.split_last() {
            fs::write(&full, cut).unwrap();
            let (expected, found) = (bytes.len() as u64, cut.len() as u64);
            assert_eq!(
                vault.verify_files(false),
                [Problem { path: path.clone(), fault: Fault::Length { expected, found } }]
            );
        }
        fs::write(&full, &bytes).unwrap();
    }
    assert_eq!(vault.verify_files(true), []);
}

#[test]
fn a_changed_byte_is_found_in_the_depth() {
    let store = store();
    let vault = store.vault();
    for path in vault.manifest().files() {
        let full = store.path().join("vault").join(&path);
        let bytes = fs::read(&full).unwrap();
        for at in [0, bytes.len() / 2, bytes.len().wrapping_sub(1)] {
            let mut changed = bytes.clone();
            let Some(byte) = changed.get_mut(at) else { continue };
            *byte ^= 1;
            fs::write(&full, &changed).unwrap();
            assert_eq!(vault.verify_files(false), []);
            let problem = Problem { path: path.clone(), fault: Fault::Content };
            assert_eq!(vault.verify_files(true), std::slice::from_ref(&problem));
            // A build reads no index of an ingest, no posting and no rejection.
            let name = path.to_string_lossy();
            let read = [".parquet", ".bin", "-holders.idx"].iter().any(|end| name.ends_with(end));
            assert_eq!(vault.verify_for_build(), if read { vec![problem] } else { Vec::new() }, "{name}");
        }
        fs::write(&full, &bytes).unwrap();
    }
}

#[test]
fn everything_in_the_vault_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let store = store();
    let mut folders = vec![store.path().join("vault")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
            files += 1;
        }
    }
    assert!(files > 10, "{files} files");
}
