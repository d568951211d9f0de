"""The same work in DuckDB: `duckdb_peer.py fold|raw|folded|build|copy DATA PROFILE THREADS OUT`.

fold    writes the folded choices and the admitted rows; preparation, not timed by xtask
raw     records and raw choice events to the list of admitted ids
folded  folded choices to the number of admitted records
build   raw, and the admitted rows as zstd Parquet
copy    only that last part: the admitted rows, read from Parquet and written as Parquet
"""

import json
import os

import duckdb

import common

def main():
    job = common.task()
    db = duckdb.connect()
    db.execute(f"SET threads={job.threads}; SET memory_limit='8GB'; SET TimeZone='UTC'")
    run = {"fold": fold, "raw": raw, "folded": folded, "build": build, "copy": copy}[job.name]
    run(db, job)


def latest(job):
    """The severity that holds at T for each account and scope, from the raw events."""
    purpose, as_of = job.manifest["purpose"], job.manifest["as_of"]
    return f"""
      select account, category, record, arg_max(severity, (effective_at, severity)) as severity
      from (select *, case kind when 'object' then 3 when 'withdraw' then 2 else 1 end::tinyint as severity
            from '{job.path("choices.parquet")}'
            where purpose in ('{purpose}', '*') and effective_at <= timestamptz '{as_of}')
      group by all"""


def decided_raw(job):
    """Every record with its severity, from the raw events: one join a scope."""
    return f"""
      with latest as ({latest(job)}),
      everything as (select account, severity from latest where category is null and record is null),
      by_category as (select account, category, severity from latest where category is not null),
      by_record as (select account, record, severity from latest where record is not null)
      select r.*, greatest(coalesce(e.severity, 0), coalesce(c.severity, 0), coalesce(i.severity, 0)) as severity
      from '{job.path("records.parquet")}' r
      left join everything e on e.account = r.account
      left join by_category c on c.account = r.account and c.category = r.category
      left join by_record i on i.account = r.account and i.record = r.id"""


def admitted_folded(job):
    """The admitted records from folded choices: one join, and the lists only for those who have one."""
    cases = " ".join(f"when '{category}' then {bit}::uinteger" for category, bit in job.folded['bits'].items())
    bit = f"case r.category {cases} else 0::uinteger end"
    consents, denials = f"(coalesce(f.consents, 0) & {bit}) <> 0", f"(coalesce(f.denials, 0) & {bit}) <> 0"
    granted = "coalesce(list_contains(f.granted, r.id), false)"
    refused = "coalesce(list_contains(f.refused, r.id), false)"
    join, silent = "join", "false"
    if job.profile == "legitimate_interest":
        join, silent = "left join", "r.audience = 'public'"
    rows = f"""
      from '{job.path("records.parquet")}' r {join} '{job.path("folded.parquet")}' f on f.account = r.account
      where"""
    if not job.folded["named_records"]:
        return f"{rows} not {denials} and ({consents} or {silent})"
    return f"""{rows} case when f.granted is null and f.refused is null then not {denials} and ({consents} or {silent})
                 else not {denials} and not {refused} and ({consents} or {granted} or {silent}) end"""


def admitted(job):
    """The condition on severity and audience under a profile."""
    if job.profile == "consent":
        return "severity = 1"
    return "(severity = 1 or (severity = 0 and audience = 'public'))"


def raw(db, job):
    query = f"select id from ({decided_raw(job)}) where {admitted(job)}"
    table, wall, cpu = common.timed(lambda: db.sql(query).to_arrow_table())
    digest = common.digest(table["id"].to_pylist())
    common.report("duckdb", job, wall, cpu, kept=len(table), digest=digest, version=duckdb.__version__)


def folded(db, job):
    query = f"select count(*) {admitted_folded(job)}"
    kept, wall, cpu = common.timed(lambda: db.sql(query).fetchall()[0][0])
    common.report("duckdb", job, wall, cpu, kept=kept)


def write(db, job, rows, file):
    """Writes rows as zstd Parquet at the level of our own corpora; the number of rows."""
    options = f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {job.manifest['zstd_level']}"
    return db.execute(f"COPY ({rows}) TO '{file}' ({options})").fetchone()[0]


def build(db, job):
    rows = f"select {', '.join(common.COLUMNS)} from ({decided_raw(job)}) where {admitted(job)}"
    file = os.path.join(job.out, "duckdb.parquet")
    kept, wall, cpu = common.timed(lambda: write(db, job, rows, file))
    common.report("duckdb", job, wall, cpu, kept=kept, bytes=os.path.getsize(file))


def copy(db, job):
    rows = f"select * from '{admitted_file(job)}'"
    file = os.path.join(job.out, "duckdb-copy.parquet")
    kept, wall, cpu = common.timed(lambda: write(db, job, rows, file))
    common.report("duckdb", job, wall, cpu, kept=kept, bytes=os.path.getsize(file))


def admitted_file(job):
    return job.path(f"admitted-{job.profile}.parquet")


def fold(db, job):
    """Writes the folded choices, and the admitted rows that `copy` copies."""
    db.execute(f"create table latest as {latest(job)}")
    records = job.path("records.parquet")
    categories = [row[0] for row in db.sql(f"select distinct category from '{records}' order by 1").fetchall()]
    bits = {category: 1 << index for index, category in enumerate(categories)}
    named = db.sql("select count(*) from latest where record is not null").fetchall()[0][0]
    with open(job.path("folded.json"), "w", encoding="utf-8") as file:
        json.dump({"bits": bits, "named_records": named}, file)
    values = ", ".join(f"('{category}', {bit}::uinteger)" for category, bit in bits.items())
    people = f"""
      with severities as (
        select p.account, b.bit, greatest(coalesce(e.severity, 0), coalesce(c.severity, 0)) as severity
        from (select distinct account from latest) p cross join (values {values}) b(category, bit)
        left join (from latest where category is null and record is null) e on e.account = p.account
        left join (from latest where category is not null) c on c.account = p.account and c.category = b.category),
      masks as (
        select account, bit_or(if(severity = 1, bit, 0::uinteger)) as consents,
               bit_or(if(severity > 1, bit, 0::uinteger)) as denials
        from severities group by account),
      named as (
        select account, list(record) filter (severity = 1) as granted, list(record) filter (severity > 1) as refused
        from latest where record is not null group by account)
      select * from masks left join named using (account) order by account"""
    write(db, job, people, job.path("folded.parquet"))
    rows = f"select {', '.join(common.COLUMNS)} from ({decided_raw(job)}) where {admitted(job)}"
    kept = write(db, job, rows, admitted_file(job))
    common.report("duckdb", job, 0.0, 0.0, kept=kept)


main()
