//! Input that is broken or made to break: each gives counted rejections, and the rest goes in.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};

use mandat_corpus::ingest::IngestReport;
use mandat_corpus::input::Source;

use crate::support::{Store, record};

/// Ingests bytes and compares accepted lines and rejections by reason.
#[track_caller]
fn check(bytes: impl Into<Vec<u8>>, accepted: u64, rejected: &[(&str, u64)]) -> (Store, IngestReport) {
    let mut store = Store::new();
    let report = store.bytes(bytes);
    same(&report, accepted, rejected);
    assert_eq!(store.rows().len() as u64, report.rows);
    (store, report)
}

#[track_caller]
fn same(report: &IngestReport, accepted: u64, rejected: &[(&str, u64)]) {
    let expected: BTreeMap<String, u64> = rejected.iter().map(|(r, n)| ((*r).to_owned(), *n)).collect();
    assert_eq!((report.accepted, &report.rejected), (accepted, &expected));
}

fn good(n: usize) -> String {
    let lines: Vec<String> = (0..n).map(|i| record(&format!("g{i}"), "a", r#""text":"fine""#)).collect();
    lines.join("\n") + "\n"
}

#[test]
fn a_truncated_file_gives_all_whole_lines() {
    let whole = good(5);
    check(&whole.as_bytes()[..whole.len() - 20], 4, &[("bad_json", 1)]);
    check(whole.trim_end(), 5, &[]);
}

#[test]
fn cut_off_compressed_streams_give_all_whole_lines() {
    let text: String =
        (0..2000).map(|i| record(&format!("{i}"), "a", &format!(r#""text":"{}""#, i * 7919)) + "\n").collect();
    let zst = zstd::encode_all(text.as_bytes(), 3).unwrap();
    check(zst.clone(), 2000, &[]);
    let report = Store::new().bytes(&zst[..zst.len() / 2]);
    assert_eq!(report.rejected, BTreeMap::from([("truncated".into(), 1)]));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    let gz = gz.finish().unwrap();
    check(gz.clone(), 2000, &[]);
    let report = Store::new().bytes(&gz[..gz.len() / 2]);
    assert!(report.accepted > 500, "{}", report.accepted);
    assert_eq!(report.rejected, BTreeMap::from([("truncated".into(), 1)]));
    let mut damaged = gz;
    let middle = damaged.len() / 2;
    damaged[middle..].fill(0xAA);
    let report = Store::new().bytes(damaged);
    assert!(report.accepted > 500 && (1..=2).contains(&report.rejected_total()), "{report:?}");
}

#[test]
fn bad_lines_are_counted_with_file_line_and_reason() {
    let lines = [
        record("1", "a", ""),
        "{\"id\":\"2\",".into(),
        "[]".into(),
        record("3", "a", r#""text":5"#),
        r#"{"id":"4","platform":"x","created_at":"2024-01-01"}"#.into(),
        r#"{"platform":"x","account":"a","created_at":"2024-01-01"}"#.into(),
        r#"{"id":"6","platform":"x","account":"a"}"#.into(),
        r#"{"id":"7","platform":"x","account":"a","created_at":"9999-01-01T00:00:00Z"}"#.into(),
        r#"{"id":"8","platform":"x","account":"a","created_at":"last week"}"#.into(),
        record("9", "a", r#""category":"tweet""#),
        record("10", "a", r#""text":"short","quoted_text":[{"start":3,"end":9}]"#),
        record("11", "a", r#""text":"zero \u0000 byte""#),
        record("12", "a", r#""audiance":"public""#),
        record("13", "", ""),
        String::new(),
        record("15", "a", ""),
    ];
    let reasons = [
        ("bad_json", 1),
        ("bad_span", 1),
        ("bad_time", 1),
        ("missing", 4),
        ("near_miss", 1),
        ("not_an_object", 1),
        ("nul", 1),
        ("time_out_of_range", 1),
        ("unknown_word", 1),
        ("wrong_type", 1),
    ];
    let (store, report) = check(lines.join("\n"), 2, &reasons);
    let vault = store.vault();
    let listed: Vec<_> = vault.rejections(report.batch.as_ref().unwrap()).unwrap().map(|r| r.unwrap()).collect();
    let numbers: Vec<u64> = listed.iter().map(|r| r.line.unwrap()).collect();
    assert_eq!(numbers, (2..=14).collect::<Vec<u64>>());
    assert_eq!(listed[2].field.as_deref(), Some("text"));
    let list = fs::read_to_string(store.path().join("vault/rejections/00000001.jsonl")).unwrap();
    assert!(!list.contains("last week") && !list.contains("tweet"), "no content");
}

#[test]
fn invalid_utf8_and_nul_bytes_reject_their_line_alone() {
    let mut bytes = good(2).into_bytes();
    bytes.extend(b"{\"id\":\"u\",\"text\":\"\xFF\xFE\"}\n");
    bytes.extend(b"{\"id\":\"n\",\"text\":\"\0\"}\n\0\0\0\n");
    bytes.extend(record("last", "a", "").as_bytes());
    check(bytes, 3, &[("invalid_utf8", 1), ("nul", 2)]);
}

#[test]
fn a_line_of_a_hundred_megabytes_is_passed_over() {
    let line = record("huge", "a", r#""text":""#).trim_end_matches('}').to_owned();
    let stream = std::io::Cursor::new(good(3) + &line)
        .chain(std::io::repeat(b'x').take(100 << 20))
        .chain(std::io::Cursor::new(format!("\"}}\n{}", good(2).replace("\"g", "\"h"))));
    let mut store = Store::new();
    store.lines(&[record("huge", "a", "")]);
    let report = store.sources(vec![Source::Stream { name: "-".into(), stream: Box::new(stream) }]);
    same(&report, 5, &[("too_long", 1)]);
    assert_eq!(report.first_rejections[0].line, Some(4));
    assert!(store.row("huge").has(mandat_core::traits::Mark::OnHold), "its ids stand at its head");
}

#[test]
fn nothing_comes_of_nothing() {
    let mut store = Store::new();
    let report = store.bytes("");
    same(&report, 0, &[]);
    assert_eq!((report.batch, report.unchanged), (None, false));
    assert_eq!(store.vault().sequence(), 0);
    let nowhere = store.path().join("nowhere.jsonl");
    for _ in 0..2 {
        let report = store.files(std::slice::from_ref(&nowhere));
        same(&report, 0, &[("unreadable", 1)]);
        assert_eq!((report.batch, report.unchanged), (None, false));
    }
    check("\n\n  \n", 0, &[]);
    check("\u{FEFF}".to_owned() + &good(1), 1, &[]);
}

#[test]
fn unknown_fields_are_named_once_per_file_and_strict_rejects_them() {
    let lines = [record("1", "a", r#""likes":3"#), record("2", "a", r#""likes":4,"party":{"a":[1]}"#)];
    let mut store = Store::new();
    let report = store.lines(&lines);
    assert_eq!(report.files[0].unknown_fields, BTreeMap::from([("likes".into(), 2), ("party".into(), 1)]));
    let mut strict = Store::new();
    strict.options.strict = true;
    same(&strict.lines(&lines), 0, &[("unknown_field", 2)]);
}

#[test]
fn a_folder_is_read_in_order_and_what_cannot_be_read_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    fs::create_dir(folder.path().join("more")).unwrap();
    put("b.jsonl", record("2", "a", "").as_bytes());
    put("a.jsonl.zst", &zstd::encode_all(record("1", "a", "").as_bytes(), 1).unwrap());
    put("more/c.ndjson", record("3", "a", "").as_bytes());
    put("readme.txt", b"not a record");
    put("empty.jsonl", b"");
    std::os::unix::fs::symlink("nowhere", folder.path().join("gone.jsonl")).unwrap();
    put("torn.parquet", b"PAR1 and then nothing");
    let mut store = Store::new();
    let report = store.files(&[folder.path().to_owned()]);
    same(&report, 3, &[("damaged", 1), ("unreadable", 1)]);
    assert_eq!(report.files_passed_over, 1);
    let names: Vec<&str> = report.files.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(names, ["a.jsonl.zst", "b.jsonl", "empty.jsonl", "gone.jsonl", "more/c.ndjson", "torn.parquet"]);
}

#[test]
fn a_dry_run_counts_and_leaves_nothing() {
    let mut store = Store::new();
    store.options.dry_run = true;
    let report = store.bytes(good(3) + "{\n");
    same(&report, 3, &[("bad_json", 1)]);
    assert!(fs::read_dir(store.path()).unwrap().next().is_none());
}
