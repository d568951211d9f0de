"""The revisions of a built home, as anybody would find them: folders with a `revision.json`.

`cargo xtask ci` builds the demo's home and names it in MANDAT_HOME.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

# Nothing here may ask a hub: what is tested is files in a folder.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_OFFLINE"] = "1"


@dataclass
class Revision:
    """One published revision."""

    folder: Path
    content: dict

    @property
    def rows(self):
        return self.content["records"]["rows"]

    @property
    def files(self):
        return sorted(str(self.folder / shard["path"]) for shard in self.content["shards"])

    @property
    def glob(self):
        return str(self.folder / "data" / "*.parquet")


def revisions():
    home = Path(os.environ["MANDAT_HOME"])
    found = sorted(home.glob("corpora/*/*/revision.json"))
    assert found, f"no revision under {home}"
    return [Revision(file.parent, json.loads((file.parent / "content.json").read_text())) for file in found]


def pytest_generate_tests(metafunc):
    if "revision" in metafunc.fixturenames:
        all_of_them = revisions()
        names = [f"{r.folder.parent.name}-{r.folder.name}" for r in all_of_them]
        metafunc.parametrize("revision", all_of_them, ids=names)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Loaders that keep copies keep them here."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
