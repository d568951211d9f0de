//! One spelling of a JSON document: keys in the order of their bytes, two blanks of indent, a final newline.
//!
//! `serde_json` keeps or sorts keys depending on how it was built; what is compared byte by byte cannot.

use serde_json::Value;

/// The canonical text of a document.
#[must_use]
pub fn sorted_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().map(|item| (None, item));
            block(('[', ']'), items, depth, out);
        }
        Value::Object(fields) if !fields.is_empty() => {
            let mut fields: Vec<_> = fields.iter().map(|(key, value)| (Some(key.as_str()), value)).collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            block(('{', '}'), fields.into_iter(), depth, out);
        }
        plain => out.push_str(&plain.to_string()),
    }
}

fn block<'a>(
    (open, close): (char, char),
    items: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    depth: usize,
    out: &mut String,
) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    out.push(open);
    for (place, (key, value)) in items.enumerate() {
        if place > 0 {
            out.push(',');
        }
        line(out, depth + 1);
        if let Some(key) = key {
            out.push_str(&Value::from(key).to_string());
            out.push_str(": ");
        }
        write(value, depth + 1, out);
    }
    line(out, depth);
    out.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_everything_has_one_spelling() {
        let value = json!({"b": [1, {"z": "ä\"\n", "y": null}], "a": {}, "c": []});
        assert_eq!(
            sorted_json(&value),
            "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"y\": null,\n      \"z\": \"ä\\\"\\n\"\n    }\n  ],\n  \"c\": []\n}\n"
        );
        assert_eq!(serde_json::from_str::<Value>(&sorted_json(&value)).unwrap(), value);
    }
}
