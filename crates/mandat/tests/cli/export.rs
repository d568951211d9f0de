use std::path::Path;

use crate::start::filled;

const FORMS: [&str; 5] = ["hf", "jsonl.zst", "mds", "webdataset", "megatron-bin"];

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a folder").map(|e| e.expect("a file").path()) {
        if entry.is_dir() {
            found.extend(files(&entry));
        } else {
            let name = entry.file_name().expect("it has a name").to_string_lossy().into_owned();
            found.push((name, std::fs::read(&entry).expect("it can be read")));
        }
    }
    found.sort();
    found
}

#[test]
fn writes_every_form_whole_and_the_same_twice() {
    let (cli, folder) = filled();
    drop(cli.run(&["build", "own-model"]).done());
    for form in FORMS {
        for seed in [&[][..], &["--shuffle", "7"]] {
            let out = format!("{form}-{}", seed.len());
            let again = format!("{out}-again");
            for dir in [&out, &again] {
                let words = [&["export", "--format", form, "--out", dir][..], seed].concat();
                drop(cli.run(&words).done().says("2 rows in"));
            }
            let written = files(&folder.path().join(&out));
            assert!(written.len() >= 3 && written.iter().any(|(name, _)| name == "README.md"), "{form}");
            assert_eq!(written, files(&folder.path().join(&again)), "{form}");
        }
    }
    let tokens = std::fs::read(folder.path().join("megatron-bin-0/corpus.bin")).unwrap();
    let ids: Vec<u16> = tokens.as_chunks::<2>().0.iter().map(|b| u16::from_le_bytes(*b)).collect();
    let texts: Vec<Vec<u8>> =
        ids.split(|id| *id == 256).map(|t| t.iter().map(|id| u8::try_from(*id).unwrap()).collect()).collect();
    assert!(texts.contains(&b"tomaten".to_vec()) && texts.contains(&b"komkommers".to_vec()));
}

#[test]
fn refuses_a_folder_that_is_there_and_a_revision_that_is_damaged() {
    let (cli, folder) = filled();
    drop(cli.run(&["export", "--format", "mds", "--out", "out"]).ended(3).says("no revision"));
    drop(cli.run(&["build", "own-model"]).done());
    std::fs::create_dir(folder.path().join("out")).unwrap();
    drop(cli.run(&["export", "--format", "mds", "--out", "out"]).ended(1).says("exists already"));
    let shard = std::fs::read_dir(folder.path().join("corpora/own-model/1/data")).unwrap().next().unwrap();
    let shard = shard.unwrap().path();
    let mut bytes = std::fs::read(&shard).unwrap();
    bytes[20] ^= 1;
    std::fs::remove_file(&shard).unwrap();
    std::fs::write(&shard, bytes).unwrap();
    drop(cli.run(&["export", "--format", "mds", "--out", "else"]).ended(3).says("damaged"));
    assert!(!folder.path().join("else").exists(), "half an export is none");
    drop(cli.run(&["export", "--format", "csv", "--out", "else"]).ended(2).says("jsonl.zst"));
}

#[test]
fn answers_as_json() {
    let (cli, _folder) = filled();
    drop(cli.run(&["build", "own-model"]).done());
    let answer = cli.run(&["export", "--format", "megatron-bin", "--out", "t", "--json"]).done().json();
    assert_eq!((&answer["written"]["rows"], &answer["written"]["tokens"]), (&2.into(), &19.into()));
}
