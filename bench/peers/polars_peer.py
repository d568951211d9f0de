"""The same work in Polars: `polars_peer.py raw|folded|build|curate DATA PROFILE THREADS OUT`.

raw     records and raw choice events to the list of admitted ids
folded  the choices that `duckdb_peer.py fold` wrote to the number of admitted records
build   raw, and the admitted rows as zstd Parquet
curate  build, with what a good engineer writes in a day: five rules of quality, three patterns of
        personal data, exact duplicates
"""

import os
from datetime import datetime

import common

job = common.task()
os.environ["POLARS_MAX_THREADS"] = str(job.threads)

import polars as pl  # noqa: E402  (reads the number of threads when it is loaded)


def main():
    run = {"raw": raw, "folded": folded, "build": build, "curate": curate}[job.name]
    run()


def scan(name):
    return pl.scan_parquet(job.path(name))


def latest():
    """The severity that holds at T for each account and scope, from the raw events."""
    as_of = datetime.fromisoformat(job.manifest["as_of"])
    kind = pl.col("kind")
    severity = pl.when(kind == "object").then(3).when(kind == "withdraw").then(2).otherwise(1).cast(pl.Int8)
    return (
        scan("choices.parquet")
        .filter(pl.col("purpose").is_in([job.manifest["purpose"], "*"]) & (pl.col("effective_at") <= as_of))
        .with_columns(severity=severity)
        .group_by("account", "category", "record")
        .agg(pl.col("severity").sort_by(["effective_at", "severity"]).last())
    )


def decided_raw():
    """Every record with its severity, from the raw events: one join a scope."""
    choices = latest()
    category, record = pl.col("category"), pl.col("record")
    everything = choices.filter(category.is_null() & record.is_null()).select("account", everything="severity")
    by_category = choices.filter(category.is_not_null()).select("account", "category", by_category="severity")
    by_record = choices.filter(record.is_not_null()).select("account", id="record", by_record="severity")
    return with_severity(
        scan("records.parquet")
        .join(everything, on="account", how="left")
        .join(by_category, on=["account", "category"], how="left")
        .join(by_record, on=["account", "id"], how="left")
    )


def admitted_folded():
    """The admitted records from folded choices: one join."""
    how = "inner" if job.profile == "consent" else "left"
    rows = scan("records.parquet").join(scan("folded.parquet"), on="account", how=how)
    bit = pl.lit(0, pl.UInt32)
    for category, value in job.folded["bits"].items():
        bit = pl.when(pl.col("category") == category).then(pl.lit(value, pl.UInt32)).otherwise(bit)
    consents, denials = [(pl.col(c).fill_null(0) & bit) != 0 for c in ("consents", "denials")]
    silent = pl.lit(False) if job.profile == "consent" else pl.col("audience") == "public"
    if not job.folded["named_records"]:
        return rows.filter(~denials & (consents | silent))
    granted, refused = [pl.col(c).list.contains(pl.col("id")).fill_null(False) for c in ("granted", "refused")]
    return rows.filter(~denials & ~refused & (consents | granted | silent))


def with_severity(rows):
    scopes = [pl.col(name).fill_null(0) for name in ("everything", "by_category", "by_record")]
    rows = rows.with_columns(severity=pl.max_horizontal(scopes))
    if job.profile == "consent":
        return rows.filter(pl.col("severity") == 1)
    silent = (pl.col("severity") == 0) & (pl.col("audience") == "public")
    return rows.filter((pl.col("severity") == 1) | silent)


def raw():
    """Times the list of admitted ids, and prints it with its digest."""
    decided = decided_raw().select("id")
    rows, wall, cpu = common.timed(lambda: decided.collect(engine="streaming"))
    digest = common.digest(rows["id"].to_list())
    common.report("polars", job, wall, cpu, kept=len(rows), digest=digest, version=pl.__version__)


def folded():
    count = admitted_folded().select(pl.len())
    kept, wall, cpu = common.timed(lambda: count.collect(engine="streaming").item())
    common.report("polars", job, wall, cpu, kept=kept)


def build():
    file = os.path.join(job.out, "polars.parquet")
    rows = decided_raw().select(common.COLUMNS)
    level = job.manifest["zstd_level"]
    _, wall, cpu = common.timed(lambda: rows.sink_parquet(file, compression="zstd", compression_level=level))
    kept = pl.scan_parquet(file).select(pl.len()).collect().item()
    common.report("polars", job, wall, cpu, kept=kept, bytes=os.path.getsize(file))


STOP_WORDS = ["the", "be", "to", "of", "and", "that", "have", "with"]
PERSONAL = [
    (r"[\w.+-]+@[\w-]+\.[\w.]+", "<EMAIL>"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}\b", "<IP>"),
    (r"\+?\d[\d ().-]{7,}\d", "<PHONE>"),
]


def good_enough(rows):
    """Gopher's rules that short posts can keep: words, their length, stop words, symbols, repetition."""
    words = pl.col("words")
    rows = rows.with_columns(words=pl.col("text").str.to_lowercase().str.extract_all(r"\w+"))
    counted = rows.with_columns(
        count=words.list.len(),
        length=words.list.eval(pl.element().str.len_chars()).list.mean(),
        different=words.list.n_unique(),
        stops=words.list.set_intersection(STOP_WORDS).list.len(),
        symbols=pl.col("text").str.count_matches(r"[#…]"),
    )
    count = pl.col("count")
    few_symbols, different = pl.col("symbols") / count <= 0.1, pl.col("different") / count >= 0.2
    lengths = pl.col("length").is_between(2, 10)
    return counted.filter((count >= 3) & lengths & (pl.col("stops") >= 1) & few_symbols & different)


def curate():
    file = os.path.join(job.out, "polars-curate.parquet")
    rows, text = good_enough(decided_raw()), pl.col("text")
    for pattern, placeholder in PERSONAL:
        text = text.str.replace_all(pattern, placeholder)
    rows = rows.with_columns(text=text).unique("text", keep="any").select(common.COLUMNS)
    level = job.manifest["zstd_level"]
    _, wall, cpu = common.timed(lambda: rows.sink_parquet(file, compression="zstd", compression_level=level))
    kept = pl.scan_parquet(file).select(pl.len()).collect().item()
    common.report("polars", job, wall, cpu, kept=kept, bytes=os.path.getsize(file))


main()
