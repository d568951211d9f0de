"""What every peer shares: the rule in words, the clock, and the one line of JSON it prints.

The rule (`packs/bench.toml` states the same), for a record, a purpose P and a time T:

    its choices     those of the record's account, for P or for every purpose, effective at or before T,
                    about everything, about the record's category, or about this one record
    of each scope   (everything, a category, a record) the latest counts; of several at the same
                    instant the most restrictive: object over withdraw over consent
    out             if the latest of any scope objects or withdraws
    in              otherwise, if the latest of any scope consents
    without a word  out under `consent`; under `legitimate_interest` in if the audience is public

A severity is 3 for object, 2 for withdraw, 1 for consent, 0 for no word; a record's severity is the
highest of its three scopes.

Folded choices (`fold` in duckdb_peer.py writes them before anything is timed) are what somebody who
cares about speed would keep: `folded.parquet`, one row a person, with the categories that hold a
consent and those that hold a denial as bits, and the few records that the person named as two lists.
`folded.json` says which bit stands for which category; where no choice names a record, the lists are
not looked at. What is timed is the count of admitted records.
"""

import hashlib
import json
import os
import resource
import sys
import time
from dataclasses import dataclass

# What a corpus of ours has as well: nobody writes more than the others.
COLUMNS = ["id", "text", "category", "created_at"]


@dataclass
class Task:
    """One thing to run, as the command line names it."""

    name: str
    data: str
    profile: str
    threads: int
    out: str
    manifest: dict

    def path(self, name):
        """A file of the generated data."""
        return os.path.join(self.data, name)

    @property
    def folded(self):
        """The bit of each category in the folded choices, and how many choices name a record."""
        with open(self.path("folded.json"), encoding="utf-8") as file:
            return json.load(file)


def task():
    """Reads `TASK DATA PROFILE THREADS OUT`; OUT is a folder for what the task writes."""
    name, data, profile, threads, out = sys.argv[1:6]
    if profile not in ("consent", "legitimate_interest"):
        sys.exit(f"unknown profile {profile!r}")
    with open(os.path.join(data, "manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    return Task(name, data, profile, int(threads), out, manifest)


def timed(run):
    """Runs it and returns its result, wall seconds and the CPU seconds of all threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = run()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def digest(ids):
    """The first 16 hexadecimal digits of SHA-256 over the sorted ids, one a line."""
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:16]


def report(peer, job, wall, cpu, **more):
    """Prints the line that xtask reads."""
    line = {
        "bench": f"{peer}.{job.name}",
        "records": job.manifest["records"],
        "secs": round(wall, 4),
        "cpu_s": round(cpu, 4),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **more,
    }
    print(json.dumps(line))
