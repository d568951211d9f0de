"""A revision opens as it lies, with what people open Parquet with, and every reader sees the same rows."""

import hashlib
import json
import re
from pathlib import Path

import datasets
import duckdb
import pandas
import polars
import pyarrow.parquet
import pytest

ROOT = Path(__file__).parents[2]


def by_datasets_folder(revision):
    rows = datasets.load_dataset(str(revision.folder), split="train")
    return rows.column_names, list(rows["text"])


def by_datasets_parquet(revision):
    rows = datasets.load_dataset("parquet", data_files=revision.files, split="train")
    return rows.column_names, list(rows["text"])


def by_duckdb(revision):
    rows = duckdb.sql(f"select * from '{revision.glob}'")
    return rows.columns, [row[0] for row in rows.select("text").fetchall()]


def by_polars(revision):
    rows = polars.read_parquet(revision.glob)
    return rows.columns, rows["text"].to_list()


def by_pandas(revision):
    rows = pandas.read_parquet(revision.folder / "data")
    return list(rows.columns), list(rows["text"])


READERS = [by_datasets_folder, by_datasets_parquet, by_duckdb, by_polars, by_pandas]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_every_reader_sees_the_rows_and_columns_that_the_manifest_and_the_pages_name(reader, revision):
    columns, texts = reader(revision)
    assert len(texts) == revision.rows
    assert columns == documented(ROOT / "docs" / "formats.md", "Columns of a corpus")
    assert columns == documented(revision.folder / "README.md", "Columns")


def test_every_reader_sees_the_same_texts(revision):
    seen = {reader.__name__: digest(reader(revision)[1]) for reader in READERS}
    assert len(set(seen.values())) == 1, seen


def test_types_are_those_that_the_pages_name(revision):
    schema = pyarrow.parquet.read_schema(revision.files[0])
    types = {field.name: (str(field.type), field.nullable) for field in schema}
    assert types == {
        "record": ("binary", False),
        "text": ("string", False),
        "lang": ("string", True),
        "category": ("string", False),
        "created_at": ("timestamp[us, tz=UTC]", False),
    }


def test_no_record_is_in_twice(revision):
    tokens = polars.read_parquet(revision.glob)["record"]
    assert tokens.n_unique() == len(tokens)
    assert set(tokens.bin.size().to_list()) <= {16}


def test_the_manifest_describes_the_files(revision):
    for shard in revision.content["shards"]:
        file = revision.folder / shard["path"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == shard["sha256"]
        assert file.stat().st_size == shard["bytes"]
        meta = pyarrow.parquet.read_metadata(file)
        groups = [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]
        assert groups == [group["rows"] for group in shard["groups"]]
        assert sum(groups) == shard["rows"]
    on_disk = {str(file.relative_to(revision.folder)) for file in revision.folder.glob("data/*")}
    assert on_disk == {shard["path"] for shard in revision.content["shards"]}


def test_the_lineage_names_the_content(revision):
    lineage = json.loads((revision.folder / "revision.json").read_text())
    content = (revision.folder / "content.json").read_bytes()
    assert lineage["content_sha256"] == hashlib.sha256(content).hexdigest()
    assert str(lineage["revision"]) == revision.folder.name


def documented(page, heading):
    """The first column of the first table below a heading."""
    _, _, after = page.read_text().partition(f"## {heading}\n")
    table = after.split("\n#")[0]
    return re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)


def digest(texts):
    return hashlib.sha256("\0".join(sorted(texts)).encode()).hexdigest()
