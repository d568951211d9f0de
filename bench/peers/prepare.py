"""Turns the generated JSON Lines into the Parquet that the peers read: `prepare.py DATA ZSTD_LEVEL`.

DATA holds `records.jsonl`, `choices.jsonl` and `home/`, into which the same files were imported.
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

PURPOSE = "train_generative"
AS_OF = "2026-08-01T00:00:00Z"
KINDS = ["consent", "object", "withdraw"]
COLUMNS = ["id", "platform", "account", "category", "audience", "created_at", "text"]


def main():
    data, level = Path(sys.argv[1]), int(sys.argv[2])
    records = write_records(data, level)
    people, choices = write_choices(data, level)
    manifest = {
        "records": records,
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
    return len(ordered)


def write_choices(data, level):
    """One row for each purpose and each category or record that an act names; null stands for all."""
    lines = pl.scan_ndjson(data / "choices.jsonl", infer_schema_length=None)
    if "records" not in lines.collect_schema().names():
        lines = lines.with_columns(records=pl.lit(None, pl.List(pl.String)))
    acts = lines.filter(pl.col("event").is_in(KINDS)).select(
        "account",
        pl.col("purposes").alias("purpose"),
        pl.col("event").alias("kind"),
        pl.col("categories").fill_null(["*"]).alias("category"),
        pl.col("records").alias("record"),
        time("received_at").alias("effective_at"),
    )
    rows = acts.explode("purpose").explode("category").explode("record")
    one_category = (pl.col("category") != "*") & pl.col("record").is_null()
    rows = rows.with_columns(category=pl.when(one_category).then("category")).collect()
    write(rows, data / "choices.parquet", level)
    return rows["account"].n_unique(), len(rows)


def time(column):
    return pl.col(column).str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")


def write(rows, path, level):
    """Written beside and renamed: a cut-off run leaves nothing half."""
    beside = path.with_suffix(".part")
    rows.write_parquet(beside, compression="zstd", compression_level=level, row_group_size=122_880)
    os.replace(beside, path)


main()
