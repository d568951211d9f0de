"""An export opens in the reader it is made for, and every form holds the rows of the revision.

`cargo xtask ci` names the program in MANDAT. Megatron and MosaicML's streaming need PyTorch, which is
too large for these tests: their files are read with NumPy, by the layout that their readers read.
"""

import json
import os
import subprocess
from pathlib import Path

import datasets
import duckdb
import numpy
import polars
import pytest
import webdataset


@pytest.fixture
def export(revision, tmp_path):
    """Writes the revision in a form; gives the folder."""

    def write(form, *more):
        out = tmp_path / f"{form}{''.join(more)}"
        home = revision.folder.parents[2]
        words = ["export", revision.folder.name, "--recipe", revision.folder.parent.name, "--format", form]
        subprocess.run([os.environ["MANDAT"], *words, "--out", out, *more, "--home", home], check=True)
        return out

    return write


def texts(revision):
    return polars.read_parquet(revision.glob)["text"].to_list()


def by_record(revision):
    rows = polars.read_parquet(revision.glob)
    return dict(zip((token.hex() for token in rows["record"]), rows["text"]))


def test_parquet_opens_in_datasets(export, revision):
    rows = datasets.load_dataset(str(export("hf")), split="train")
    assert list(rows["text"]) == texts(revision)


def test_json_lines_open_in_duckdb(export, revision):
    rows = duckdb.sql(f"select text from read_json('{export('jsonl.zst')}/*.jsonl.zst')").fetchall()
    assert [row[0] for row in rows] == texts(revision)


def test_tar_files_open_in_webdataset(export, revision):
    urls = sorted(str(file) for file in export("webdataset").glob("*.tar"))
    rows = webdataset.WebDataset(urls, shardshuffle=False).decode()
    assert {row["__key__"]: row["txt"] for row in rows} == by_record(revision)


def test_mds_shards_read_by_their_layout(export, revision):
    folder = export("mds")
    index = json.loads((folder / "index.json").read_text())
    assert index["version"] == 2
    read = {}
    for shard in index["shards"]:
        assert (shard["version"], shard["format"], shard["compression"]) == (2, "mds", None)
        data = (folder / shard["raw_data"]["basename"]).read_bytes()
        assert len(data) == shard["raw_data"]["bytes"]
        for number in range(shard["samples"]):
            sample = mds_sample(data, number, shard["column_names"])
            read[sample["record"]] = sample["text"]
    assert read == by_record(revision)


def mds_sample(data, number, names):
    """What `MDSReader.get_sample_data` and `decode_sample` do for columns of variable size."""
    begin, end = numpy.frombuffer(data[(1 + number) * 4 : (3 + number) * 4], numpy.uint32)
    sizes = numpy.frombuffer(data[begin : begin + 4 * len(names)], numpy.uint32)
    at = begin + 4 * len(names)
    sample = {}
    for name, size in zip(names, sizes):
        sample[name] = data[at : at + size].decode()
        at += size
    assert at == end
    return sample


def test_tokens_are_memory_mapped_by_megatrons_index(export, revision):
    folder = export("megatron-bin")
    index = (folder / "corpus.idx").read_bytes()
    assert index[:9] == b"MMIDIDX\0\0"
    (version,) = numpy.frombuffer(index, numpy.uint64, 1, 9)
    (kind,) = numpy.frombuffer(index, numpy.uint8, 1, 17)
    sequences, documents = (int(n) for n in numpy.frombuffer(index, numpy.uint64, 2, 18))
    assert (version, kind, documents) == (1, 8, sequences + 1)
    lengths = numpy.frombuffer(index, numpy.int32, sequences, 34)
    starts = numpy.frombuffer(index, numpy.int64, sequences, 34 + 4 * sequences)
    ends = numpy.frombuffer(index, numpy.int64, documents, 34 + 12 * sequences)
    assert len(index) == 34 + 12 * sequences + 8 * documents
    assert ends.tolist() == list(range(documents))
    tokens = numpy.memmap(folder / "corpus.bin", numpy.uint16, "r")
    read = [tokens[start // 2 : start // 2 + length] for start, length in zip(starts, lengths)]
    assert all(ids[-1] == 256 for ids in read)
    assert [bytes(ids[:-1].astype(numpy.uint8)).decode() for ids in read] == texts(revision)


@pytest.mark.parametrize("form", ["hf", "jsonl.zst", "webdataset"])
def test_a_shuffle_moves_rows_and_loses_none(form, export, revision):
    def read(folder):
        if form == "webdataset":
            urls = sorted(str(file) for file in Path(folder).glob("*.tar"))
            return [row["txt"] for row in webdataset.WebDataset(urls, shardshuffle=False).decode()]
        files = "data/*.parquet" if form == "hf" else "*.jsonl.zst"
        reader = "read_parquet" if form == "hf" else "read_json"
        return [row[0] for row in duckdb.sql(f"select text from {reader}('{folder}/{files}')").fetchall()]

    one, other = read(export(form, "--shuffle", "1")), read(export(form, "--shuffle", "2"))
    assert sorted(one) == sorted(other) == sorted(texts(revision))
    if len(set(one)) > 10:
        assert one != other != texts(revision)
