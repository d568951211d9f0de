"""Turns the generated JSON Lines into the Parquet that the peers read: `prepare.py DATA ZSTD_LEVEL`.

DATA holds `records.jsonl`, `choices.jsonl` and `home/`, into which the same files were imported.
One choice in twenty is made to name one record of its author's own, as a few choices do.
The records get the order of the vault (person key, time, id) and the compression of our corpora, so
that nobody reads better-sorted or smaller files than anybody else. The person key is computed here
from its written definition (docs/formats.md), which makes this an independent check of it.
"""

import hashlib
import hmac
import json
import os
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

PURPOSE = "train_generative"
AS_OF = "2026-08-01T00:00:00Z"
KINDS = ["consent", "object", "withdraw"]
# One choice in so many names a record.
NAMING = 20
COLUMNS = ["id", "platform", "account", "category", "audience", "created_at", "text"]


def main():
    data, level = Path(sys.argv[1]), int(sys.argv[2])
    records = write_records(data, level)
    people, choices = write_choices(data, records, level)
    manifest = {
        "records": len(records),
        "people": people,
        "choices": choices,
        "purpose": PURPOSE,
        "as_of": AS_OF,
        "zstd_level": level,
    }
    (data / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(manifest))


def person_key(secret, platform, account):
    """HMAC-SHA-256 over a label, then platform and account, each behind its length; the first 128 bits."""
    parts = [part.encode() for part in (platform, account)]
    message = b"mandat/person/v1" + b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.digest(secret, message, hashlib.sha256)[:16]


def write_records(data, level):
    lines = pl.scan_ndjson(data / "records.jsonl", infer_schema_length=1000).select(COLUMNS)
    records = lines.with_columns(time("created_at")).collect()
    secret = bytes.fromhex((data / "home" / "keys" / "person.key").read_text().strip())
    accounts = records.select("platform", "account").unique()
    keys = [person_key(secret, *row) for row in accounts.iter_rows()]
    accounts = accounts.with_columns(person=pl.Series(keys, dtype=pl.Binary))
    ordered = records.join(accounts, on=["platform", "account"]).sort("person", "created_at", "id")
    write(ordered.select(COLUMNS), data / "records.parquet", level)
    return ordered


def write_choices(data, records, level):
    """One row for each purpose and each category or record that an act names; null stands for all."""
    acts = pl.scan_ndjson(data / "choices.jsonl", infer_schema_length=None).filter(pl.col("event").is_in(KINDS))
    acts = acts.select(
        "account",
        pl.col("purposes").alias("purpose"),
        pl.col("event").alias("kind"),
        pl.col("categories").fill_null(["*"]).alias("category"),
        time("received_at").alias("effective_at"),
    )
    rows = acts.explode("purpose").explode("category").with_row_index("row").collect()
    own = records.group_by("account").agg(pl.col("id").min().alias("record"))
    rows = rows.join(own, on="account", how="left", maintain_order="left")
    rows = rows.with_columns(record=pl.when(pl.col("row") % NAMING == 0).then("record"))
    one_category = (pl.col("category") != "*") & pl.col("record").is_null()
    rows = rows.with_columns(category=pl.when(one_category).then("category"))
    rows = rows.select("account", "purpose", "kind", "category", "record", "effective_at")
    write(rows, data / "choices.parquet", level)
    return rows["account"].n_unique(), len(rows)


def time(column):
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")


def write(rows, path, level):
    """Plain Parquet, no engine's own types; written beside and renamed, so that nothing is left half."""
    beside = path.with_suffix(".part")
    table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = pa.schema([(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in table.schema])
    options = {"compression": "zstd", "compression_level": level, "row_group_size": 122_880, "store_schema": False}
    pq.write_table(table.cast(plain), beside, **options)
    os.replace(beside, path)


main()
