//! The dataset card: `README.md` of a revision, made from `content.json` alone.
//!
//! Its head is the YAML block that Hugging Face's loaders read (`configs`, `dataset_info`); numbers
//! in it follow the same suppression of small cells as the manifest, and its dates are T.

use std::fmt::Write as _;

use mandat_core::manifest::{Content, Curation};
use mandat_core::vocab::Profile;

/// The card as Markdown.
#[must_use]
pub(super) fn card(content: &Content) -> String {
    let mut out = head(content);
    let _ = writeln!(out, "# {}\n", content.corpus);
    let _ = writeln!(
        out,
        "{} rows of text for the purpose `{}`, decided for {} as of {}.\n",
        content.records.rows,
        content.purpose,
        recipient(&content.recipient),
        content.at
    );
    let basis = match content.profile {
        Profile::Consent => "Every row has a consent of its author that names this purpose (GDPR Art 6(1)(a)).",
        Profile::LegitimateInterest => {
            "Rows rest on legitimate interest (GDPR Art 6(1)(f)): each author was told, had time to object, and did not."
        }
    };
    let _ = writeln!(out, "{basis}\n");
    reasons(&mut out, content);
    if let Some(curation) = &content.curation {
        curated(&mut out, curation);
    }
    out.push_str(COLUMNS);
    let _ = writeln!(out, "\n## Made from\n\n| what | value |\n|---|---|");
    let _ = writeln!(out, "| ledger position (K) | {} at {} |", content.known.ledger, content.known.ledger_at);
    let _ = writeln!(out, "| vault | `{}` |", content.vault_sha256);
    for pack in &content.packs {
        let _ = writeln!(out, "| rule pack `{}` {} | `{}` |", pack.id, pack.version, pack.sha256);
    }
    let _ = writeln!(out, "| recipe | `{}` |", content.recipe_sha256);
    let _ =
        writeln!(out, "| writer | {} {} `{}` |", content.tool.name, content.tool.version, content.tool.writer_sha256);
    out
}

fn recipient(name: &str) -> String {
    if name == "first_party" { "the platform itself".into() } else { format!("`{name}`") }
}

fn head(content: &Content) -> String {
    let mut out = String::from(
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/*.parquet\n",
    );
    let _ = writeln!(out, "dataset_info:\n  splits:\n  - name: train\n    num_examples: {}", content.records.rows);
    out.push_str("---\n\n");
    out
}

fn reasons(out: &mut String, content: &Content) {
    out.push_str("## What was left out, and why\n\n");
    out.push_str("Counts are rounded down to tens; `<10` stands for fewer than ten people. A record can have several reasons.\n\n");
    out.push_str("| reason | records |\n|---|---:|\n");
    for (reason, count) in &content.records.excluded_by_reason {
        let shown = count.map_or_else(|| "<10".to_owned(), |n| n.to_string());
        let _ = writeln!(out, "| `{reason}` | {shown} |");
    }
    out.push('\n');
}

fn curated(out: &mut String, curation: &Curation) {
    let tables = [
        (
            "## What curation dropped\n\nOf what was admitted, each record under one reason.",
            "reason | records",
            &curation.dropped_by_reason,
        ),
        ("## What was taken out of texts", "kind | places", &curation.redacted_by_kind),
    ];
    for (heading, columns, cells) in tables.into_iter().filter(|(.., cells)| !cells.is_empty()) {
        let _ = writeln!(out, "{heading}\n\n| {columns} |\n|---|---:|");
        for (name, count) in cells {
            let shown = count.map_or_else(|| "<10".to_owned(), |n| n.to_string());
            let _ = writeln!(out, "| `{name}` | {shown} |");
        }
        out.push('\n');
    }
}

const COLUMNS: &str = "## Columns

| column | type | what |
|---|---|---|
| `record` | binary, 16 bytes | keyed token of the record; the platform can resolve it, nobody else |
| `text` | string | words of others that may not be used are replaced by `[…]`, personal data by `<EMAIL_1>` and the like where the recipe asks for it |
| `lang` | string, may be null | BCP 47, as the platform gave it, or as curation found it |
| `category` | string | what kind of record |
| `created_at` | timestamp, µs, UTC | when it was made |

Rows lie in storage order, by person: shuffle before training.
";
