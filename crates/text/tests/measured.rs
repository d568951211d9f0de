//! What is found in public data with labels, where `../shared/data` lies beside the checkout; docs/curation.md has the figures.
#![expect(clippy::print_stderr, reason = "figures for whoever runs the tests with --nocapture")]

use std::fs;
use std::path::{Path, PathBuf};

use mandat_text::denied::Denied;
use mandat_text::fingerprint::{Fingerprinter, jaccard};
use mandat_text::near::{LEAST, band_hashes};
use mandat_text::quality::{Judge, Settings};
use mandat_text::screen::{Screen, Topic};
use mandat_text::shingle::Shape;
use serde_json::Value;

/// The lines of a compressed file, or nothing where the data is not there.
fn lines(name: &str) -> Option<Vec<String>> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    let Ok(packed) = fs::File::open(&path) else {
        eprintln!("left out: {name} is not there");
        return None;
    };
    let text = zstd::decode_all(packed).expect("the file is whole");
    Some(String::from_utf8(text).expect("the data is UTF-8").lines().map(str::to_owned).collect())
}

fn rows(name: &str) -> Option<Vec<Value>> {
    lines(name).map(|lines| lines.iter().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect())
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().expect("the field is text")
}

/// Pairs of the given similarity (by our own exact count), and how many of them share a band.
fn recall(rows: &[Value], shape: Shape) -> (usize, usize, usize, usize) {
    let mut maker = Fingerprinter::with(3, shape);
    let (mut near, mut found, mut far, mut vain) = (0, 0, 0, 0);
    for row in rows {
        let (a, left) = maker.read(text(row, "text_a"));
        let left = left.to_vec();
        let (b, right) = maker.read(text(row, "text_b"));
        let meet = band_hashes(&a).zip(band_hashes(&b)).any(|(a, b)| a == b);
        let similarity = jaccard(&left, right);
        if similarity >= LEAST {
            near += 1;
            found += usize::from(meet);
        } else if similarity < 0.5 {
            far += 1;
            vain += usize::from(meet);
        }
    }
    (near, found, far, vain)
}

#[test]
fn edited_statutes_meet_in_a_band() {
    for (name, shape) in [
        ("neardup-laws/doc-pairs.jsonl.zst", Shape::default()),
        ("neardup-laws/short-pairs.jsonl.zst", Shape { words: 3, chars: 5 }),
        ("neardup-laws/short-pairs.jsonl.zst", Shape::default()),
    ] {
        let Some(rows) = rows(name) else { return };
        let (near, found, far, vain) = recall(&rows, shape);
        eprintln!(
            "{name}, {} words: {found} of {near} pairs from 0.8 meet; {vain} of {far} below 0.5 are compared in vain",
            shape.words
        );
        assert!(found * 1000 >= near * 985, "{name}: {found} of {near}");
    }
}

#[test]
fn denied_statutes_are_recognised_without_their_text() {
    let Some(rows) = rows("neardup-laws/doc-pairs.jsonl.zst") else { return };
    let mut maker = Fingerprinter::new(5);
    let (mut near, mut found, mut far, mut vain) = (0, 0, 0, 0);
    for row in &rows {
        let (a, left) = maker.read(text(row, "text_a"));
        let left = left.to_vec();
        let (b, right) = maker.read(text(row, "text_b"));
        if a.words < 50 || b.words < 50 {
            continue;
        }
        let excluded = Denied::new([a]).repeated(&b).is_some();
        match jaccard(&left, right) {
            j if j >= 0.8 => (near, found) = (near + 1, found + usize::from(excluded)),
            j if j < 0.5 => (far, vain) = (far + 1, vain + usize::from(excluded)),
            _ => {}
        }
    }
    eprintln!("denied: {found} of {near} from 0.8 are excluded, {vain} of {far} below 0.5");
    assert!(found * 100 >= near * 98 && vain == 0, "{found} of {near}, {vain} of {far}");
}

#[test]
fn topics_of_news_sentences_are_screened() {
    let (Some(rows), Some(chat)) = (rows("langid/sib200-dev.jsonl.zst"), rows("irc-ubuntu/posts.jsonl.zst")) else {
        return;
    };
    let screen = Screen::built_in();
    // Topics are not categories: a sentence about how eyes are built is filed under health. The bar is low.
    for language in ["deu", "eng"] {
        for (topic, name) in [(Topic::Health, "health"), (Topic::Politics, "politics")] {
            let of: Vec<_> = rows.iter().filter(|r| text(r, "lang3") == language && text(r, "topic") == name).collect();
            let found = of.iter().filter(|r| screen.hits(text(r, "text")).has(topic)).count();
            eprintln!("screen, {language} {name}: {found} of {}", of.len());
            assert!(found * 10 >= of.len() * 5, "{language} {name}: {found} of {}", of.len());
        }
    }
    let chat: Vec<_> = chat.iter().step_by(8).collect();
    let marked = chat.iter().filter(|r| !screen.hits(text(r, "text")).is_empty()).count();
    eprintln!("screen, technical chat: {marked} of {} marked", chat.len());
    assert!(marked * 10 < chat.len(), "{marked} of {}", chat.len());
}

/// The fields of a CSV line.
fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().expect("never empty").push(c),
        }
    }
    fields
}

#[test]
fn the_label_of_toxicity_is_what_a_word_list_can_be() {
    let Some(lines) = lines("toxicity-hatecheck/hatecheck_en_test_suite_cases.csv.zst") else { return };
    let mut judge = Judge::new(&Settings::short());
    let (mut hateful, mut found, mut not, mut vain) = (0, 0, 0, 0);
    for case in lines[1..].iter().map(|l| fields(l)).filter(|f| f.len() > 4) {
        let toxic = usize::from(judge.judge(&case[3]).labels.is_toxic());
        match case[4].as_str() {
            "hateful" => (hateful, found) = (hateful + 1, found + toxic),
            _ => (not, vain) = (not + 1, vain + toxic),
        }
    }
    eprintln!("toxicity: {found} of {hateful} hateful labelled, {vain} of {not} others");
    assert!(hateful > 2000 && found * 10 > hateful * 4, "{found} of {hateful}");
}
