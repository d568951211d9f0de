//! Parquet gives the same records as the same fields in JSON.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::{
    Array, ArrayRef, Int64Array, LargeStringArray, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMillisecondArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field};
use mandat_corpus::map::Map;
use parquet::arrow::ArrowWriter;

use crate::support::{Store, record};

fn write(store: &Store, columns: Vec<(&str, ArrayRef)>) -> PathBuf {
    let path = store.path().join("input.parquet");
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true))).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    path
}

fn text(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// 2024-03-01T09:00:00Z.
const MARCH: i64 = 1_709_283_600_000;

#[test]
fn columns_are_fields() {
    let mut mentions = ListBuilder::new(StringBuilder::new());
    mentions.append_value([Some("17"), Some("18")]);
    mentions.append_null();
    let mut table = Store::new();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", text(&[Some("1"), Some("2")])),
        ("platform", text(&[Some("x"), Some("x")])),
        ("account", Arc::new(LargeStringArray::from(vec!["a", "b"]))),
        ("created_at", Arc::new(TimestampMillisecondArray::from(vec![MARCH, MARCH]).with_timezone("UTC"))),
        ("edited_at", text(&[None, Some("2024-03-02")])),
        ("text", text(&[Some("hi @ben"), None])),
        ("mentions", Arc::new(mentions.finish())),
        ("quoted_text", text(&[Some(r#"[{"start":0,"end":2}]"#), None])),
        ("likes", Arc::new(Int64Array::from(vec![1, 2]))),
    ];
    let path = write(&table, columns);
    let report = table.files(std::slice::from_ref(&path));
    assert_eq!((report.accepted, report.files[0].unknown_fields["likes"]), (2, 2), "{report:?}");
    assert!(table.files(&[path]).unchanged);
    let mut lines = Store::new();
    let more = r#""text":"hi @ben","mentions":["17","18"],"quoted_text":[{"start":0,"end":2}]"#;
    lines.lines(&[record("1", "a", more), record("2", "b", r#""edited_at":"2024-03-02""#)]);
    assert_eq!((table.digest(), table.rows()), (lines.digest(), lines.rows()));
}

#[test]
fn spans_may_be_a_list_of_structs() {
    let (start, end) = (Int64Array::from(vec![0, 4, 1]), Int64Array::from(vec![2, 6, 3]));
    let account = StringArray::from(vec![Some("17"), None, None]);
    let nullable = |name: &str, kind| Arc::new(Field::new(name, kind, true));
    let parts: Vec<(Arc<Field>, ArrayRef)> = vec![
        (nullable("start", DataType::Int64), Arc::new(start)),
        (nullable("end", DataType::Int64), Arc::new(end)),
        (nullable("account", DataType::Utf8), Arc::new(account)),
    ];
    let spans = StructArray::from(parts);
    let item = nullable("item", spans.data_type().clone());
    let lengths = OffsetBuffer::from_lengths([2, 1]);
    let spans = ListArray::new(item, lengths, Arc::new(spans), None);
    let mut table = Store::new();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", text(&[Some("1"), Some("2")])),
        ("platform", text(&[Some("x"), Some("x")])),
        ("account", text(&[Some("a"), Some("a")])),
        ("created_at", Arc::new(TimestampMillisecondArray::from(vec![MARCH, MARCH]))),
        ("text", text(&[Some("some words"), Some("more")])),
        ("quoted_text", Arc::new(spans)),
    ];
    let path = write(&table, columns);
    assert_eq!(table.files(&[path]).accepted, 2);
    let mut lines = Store::new();
    let quoted = r#""text":"some words","quoted_text":[{"start":0,"end":2,"account":"17"},{"start":4,"end":6}]"#;
    lines.lines(&[record("1", "a", quoted), record("2", "a", r#""text":"more","quoted_text":[{"start":1,"end":3}]"#)]);
    assert_eq!((table.digest(), table.rows()), (lines.digest(), lines.rows()));
}

#[test]
fn bad_cells_reject_their_row_and_bad_columns_all_rows() {
    let mut store = Store::new();
    store.map = Map::parse("[set]\nplatform = \"x\"").unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", text(&[Some("1"), None, Some("3"), Some("4")])),
        ("account", text(&[Some("a"), Some("a"), Some("a"), Some("a")])),
        ("created_at", Arc::new(TimestampMillisecondArray::from(vec![Some(MARCH), Some(MARCH), None, Some(i64::MAX)]))),
    ];
    let path = write(&store, columns.clone());
    let report = store.files(&[path]);
    assert_eq!(report.accepted, 1);
    assert_eq!((report.rejected["missing"], report.rejected["time_out_of_range"]), (2, 1));
    assert_eq!(report.first_rejections.iter().map(|r| r.line.unwrap()).collect::<Vec<_>>(), [2, 3, 4]);
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
    let mut wrong = columns.clone();
    wrong.push(("text", Arc::clone(&number)));
    let path = write(&store, wrong);
    assert_eq!(store.files(&[path]).rejected["wrong_type"], 4);
    let mut near = columns;
    near.push(("audiance", number));
    let path = write(&store, near);
    assert_eq!(store.files(&[path]).rejected["near_miss"], 4);
}
