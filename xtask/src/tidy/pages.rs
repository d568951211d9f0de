//! What a page must name: every field of a record, and every map that comes along.

use super::{Findings, Tracked};

/// The page that describes every format.
const FORMATS: &str = "docs/formats.md";
/// Where the canonical record lists its fields.
const RECORD: &str = "crates/core/src/record.rs";

/// Holds the pages to the files.
pub(super) fn check(files: &[Tracked], findings: &mut Findings) {
    let page = files.iter().find(|f| f.path == FORMATS).map_or("", |f| f.text.as_str());
    for record in files.iter().filter(|f| f.path == RECORD) {
        let fields = fields(&record.text);
        if fields.is_empty() {
            findings.add(RECORD, "the list `FIELDS` was not found");
        }
        for field in fields.into_iter().filter(|field| !page.contains(&format!("`{field}`"))) {
            findings.add(FORMATS, format_args!("does not name the field `{field}`"));
        }
    }
    for map in files.iter().filter(|f| f.path.starts_with("samples/maps/") && !f.is_markdown()) {
        if !page.contains(&map.path) {
            findings.add(&map.path, format_args!("{FORMATS} does not name this map"));
        }
    }
}

/// The words of `pub const FIELDS: … = [ … ];`.
fn fields(source: &str) -> Vec<&str> {
    let list = source.split_once("pub const FIELDS").and_then(|(_, rest)| rest.split_once("= ["));
    let list = list.and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fields_and_maps_that_the_page_forgot() {
        let file = |path: &str, text: &str| Tracked { path: path.to_owned(), text: text.to_owned() };
        let record = file(RECORD, "pub const FIELDS: [&str; 2] = [\n    \"id\",\n    \"lang\",\n];\n");
        let maps =
            [file("samples/maps/a.toml", ""), file("samples/maps/b.toml", ""), file("samples/maps/README.md", "")];
        let page = file(FORMATS, "`id` and samples/maps/a.toml");
        let mut findings = Findings::default();
        check(&[vec![record, page], maps.into()].concat(), &mut findings);
        assert_eq!(findings.0.len(), 2, "{:?}", findings.0);
    }
}
