"""DuckDB and chDB (ClickHouse as a library) answering the overview from the raw rows: the ceiling of queries without rollups.

    node bench/queries.ts --events 1000000 --keep          # the same rows, and our own figures
    node bench/peers/export-rows.ts --database bench_… --file rows.csv
    python bench/peers/query_ceilings.py --rows rows.csv --directory ceilings [--engines duckdb,chdb] [--requests 60]

Needs the packages duckdb, chdb and pyarrow. Loads the rows once into each engine's own files, sorted by tenant and time, and reports the
bytes an event. Then, as bench/queries.ts does, asks each question of the twelve busiest tenants twice over: cold (a new process, the files
dropped from the page cache) and again. An answer is the totals, the ten dearest prompts, the series and four percentiles of the latency.
Neither engine serves HTTP, knows tenants' rights or writes JSON here: a server in front would add to it.
"""

import argparse
import multiprocessing
import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

QUESTIONS = {
    "all, days in UTC": ("day", "UTC", None),
    "all, days in Berlin": ("day", "Europe/Berlin", None),
    "all, days in Kolkata": ("day", "Asia/Kolkata", None),
    "all, hours in New York": ("hour", "America/New_York", None),
    "one model, days in Berlin": ("day", "Europe/Berlin", "model_name = 'gpt-4o'"),
    "one project, weeks in Berlin": ("week", "Europe/Berlin", "project_id = 'project-2'"),
    "one prompt, days in Berlin": ("day", "Europe/Berlin", "prompt_id = 'prompt-7'"),
}
# The figures of every answer, as collector/src/usage/figures.ts has them.
FIGURES = """
    count(*) AS total_requests, {count_if}(status = 'success') AS successful_requests, {count_if}(cache_hit) AS cache_hits,
    sum(tokens_requested), sum(tokens_used), sum(input_tokens), sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens),
    sum(output_tokens), sum(reasoning_tokens), sum(cost_nano_usd) AS cost, {count_if}(cost_nano_usd IS NULL) AS unpriced_requests,
    sum(CASE WHEN cost_nano_usd IS NULL THEN tokens_used END), {count_if}(cost_nano_usd IS NULL AND tokens_used IS NULL AND status = 'success'),
    sum(reported_cost_nano_usd), avg(response_time_us), avg(time_to_first_token_us)"""
QUANTILES = (0.5, 0.9, 0.95, 0.99)
BUSIEST = 12


class DuckDb:
    """Rows in a DuckDB database file."""

    def __init__(self, directory):
        import duckdb

        self.path = Path(directory) / "rows.duckdb"
        self.version = duckdb.__version__
        self._duckdb = duckdb

    def load(self, parquet):
        self.path.unlink(missing_ok=True)
        connection = self._duckdb.connect(str(self.path))
        connection.execute(f"CREATE TABLE events AS SELECT * FROM '{parquet}' ORDER BY tenant_id, timestamp")
        connection.execute("CHECKPOINT")
        connection.close()
        return self.path.stat().st_size

    def files(self):
        return [self.path]

    def open(self):
        connection = self._duckdb.connect(str(self.path), read_only=True)
        connection.execute("SET timezone = 'UTC'")
        return lambda query: connection.execute(query).fetchall()

    @staticmethod
    def queries(tenant, group_by, zone, start, end, condition):
        rows = _rows(tenant, f"timestamp >= '{start.isoformat()}' AND timestamp < '{end.isoformat()}'", condition)
        figures = FIGURES.format(count_if="count_if")
        yield f"SELECT {figures} {rows}"
        yield f"SELECT prompt_id, {figures} {rows} GROUP BY prompt_id ORDER BY cost DESC NULLS LAST LIMIT 10"
        yield f"SELECT date_trunc('{group_by}', timezone('{zone}', timestamp)) AS bucket, {figures} {rows} GROUP BY bucket ORDER BY bucket"
        yield f"SELECT quantile_disc(response_time_us, {list(QUANTILES)}) {rows}"


class ChDb:
    """Rows in a MergeTree table of chDB."""

    def __init__(self, directory):
        import chdb
        from chdb import session

        self.path = Path(directory) / "rows.chdb"
        self.version = f"{chdb.__version__} (ClickHouse {str(chdb.query('SELECT version()')).strip().strip(chr(34))})"
        self._session = session

    def load(self, parquet):
        connection = self._session.Session(str(self.path))
        connection.query("CREATE DATABASE IF NOT EXISTS bench")
        connection.query("DROP TABLE IF EXISTS bench.events SYNC")
        connection.query(
            "CREATE TABLE bench.events ENGINE = MergeTree ORDER BY (tenant_id, timestamp) "
            f"AS SELECT * REPLACE (assumeNotNull(tenant_id) AS tenant_id, assumeNotNull(timestamp) AS timestamp) FROM file('{parquet}', Parquet)"
        )
        connection.query("OPTIMIZE TABLE bench.events FINAL")
        size = connection.query(
            "SELECT sum(bytes_on_disk) FROM system.parts WHERE database = 'bench' AND table = 'events' AND active", "TSV"
        )
        return int(str(size).strip())

    def files(self):
        return [path for path in self.path.rglob("*") if path.is_file()]

    def open(self):
        connection = self._session.Session(str(self.path))
        return lambda query: str(connection.query(query, "JSONCompactEachRow")).splitlines()

    @staticmethod
    def queries(tenant, group_by, zone, start, end, condition):
        between = " AND ".join(
            f"timestamp {operator} toDateTime64('{instant:%Y-%m-%d %H:%M:%S}', 6, 'UTC')"
            for operator, instant in ((">=", start), ("<", end))
        )
        rows = _rows(tenant, between, condition, table="bench.events")
        figures = FIGURES.format(count_if="countIf")
        bucket = {"hour": "toStartOfHour(timestamp, '{}')", "day": "toStartOfDay(timestamp, '{}')", "week": "toMonday(timestamp, '{}')"}
        yield f"SELECT {figures} {rows}"
        yield f"SELECT prompt_id, {figures} {rows} GROUP BY prompt_id ORDER BY cost DESC NULLS LAST LIMIT 10"
        yield f"SELECT {bucket[group_by].format(zone)} AS bucket, {figures} {rows} GROUP BY bucket ORDER BY bucket"
        yield f"SELECT quantilesExact({', '.join(map(str, QUANTILES))})(response_time_us) {rows}"


ENGINES = {"duckdb": DuckDb, "chdb": ChDb}


def _rows(tenant, between, condition, table="events"):
    return f"FROM {table} WHERE tenant_id = '{tenant}' AND {between}" + (f" AND {condition}" if condition else "")


def to_parquet(rows, parquet):
    """The CSV as Parquet with types, which both engines read; returns the number of rows and the bytes of the file."""
    import duckdb

    # What a sniffer of text gets wrong, or cannot see in a column of nulls.
    types = {
        "timestamp": "TIMESTAMPTZ",
        "received_at": "TIMESTAMPTZ",
        "event_uuid": "UUID",
        "prompt_version": "VARCHAR",
        "error_type": "VARCHAR",
        "event_key": "VARCHAR",
        "usage_note": "VARCHAR",
        "metadata": "VARCHAR",
        "reported_cost_nano_usd": "BIGINT",
    }
    connection = duckdb.connect()
    connection.execute("SET timezone = 'UTC'")
    connection.execute(
        f"COPY (SELECT * FROM read_csv('{rows}', header = true, types = {types}) ORDER BY tenant_id, timestamp) "
        f"TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)"
    )
    (count,) = connection.execute(f"SELECT count(*) FROM '{parquet}'").fetchone()
    return count, os.path.getsize(parquet)


def evict(paths):
    """Drops the files from the page cache, so that the next read comes from the disk."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fdatasync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def ask(engine_name, directory, title, days, requests, results):
    """Runs in a process of its own; puts the milliseconds of both passes and the number of calls found."""
    engine = ENGINES[engine_name](directory)
    evict(engine.files())
    run = engine.open()
    group_by, zone, condition = QUESTIONS[title]
    today = datetime.now(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = ((today + timedelta(days=shift)).astimezone(timezone.utc) for shift in (1 - days, 1))
    passes, found = [], 0
    for _ in range(2):
        latencies = []
        for index in range(requests // 2):
            began = time.perf_counter()
            answers = [
                run(query)
                for query in engine.queries(f"tenant-{1 + index % BUSIEST}", group_by, zone, start, end, condition)
            ]
            latencies.append((time.perf_counter() - began) * 1000)
            found += len(answers[2])
        passes.append(latencies)
    results.put((passes, found))


def quantile(values, q):
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * q // 1).__int__() - 1)]


def load(engine_name, directory, parquet, results):
    engine = ENGINES[engine_name](directory)
    began = time.perf_counter()
    size = engine.load(parquet)
    results.put((engine.version, size, time.perf_counter() - began))


def in_process(target, *arguments):
    """One process each, since a library keeps its caches as long as its process lives."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=target, args=(*arguments, results))
    process.start()
    while True:
        try:
            answer = results.get(timeout=1)
            break
        except Exception:
            if not process.is_alive():
                raise SystemExit(f"{target.__name__}{arguments} ended without an answer.")
    process.join()
    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", help="the CSV file of export-rows.ts; without it, what the directory already holds is asked")
    parser.add_argument("--directory", required=True, help="where the engines' files are made")
    parser.add_argument("--engines", default="duckdb,chdb")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--requests", type=int, default=60, help="of each question, half of them cold")
    parser.add_argument("--load-only", action="store_true", help="makes the files and asks nothing")
    options = parser.parse_args()
    Path(options.directory).mkdir(parents=True, exist_ok=True)
    parquet = str(Path(options.directory).resolve() / "rows.parquet")
    engines = options.engines.split(",")
    if options.rows:
        count, size = to_parquet(options.rows, parquet)
        print(f"{count:,} events; Parquet (zstd, sorted): {size / count:.1f} bytes an event", flush=True)
        for name in engines:
            version, size, seconds = in_process(load, name, options.directory, parquet)
            print(f"{name} {version}: {size / count:.1f} bytes an event; loaded and sorted {count / seconds:,.0f} events/s", flush=True)
    if options.load_only:
        return
    for name in engines:
        print(f"{name}, overview over {options.days} days, ms p50 / p95 / max, cold then again:", flush=True)
        for title in QUESTIONS:
            passes, found = in_process(ask, name, options.directory, title, options.days, options.requests)
            if found == 0:
                raise SystemExit(f"{name} found nothing for {title}.")
            print(f"  {title}: " + "; again ".join(" / ".join(f"{quantile(p, q):.0f}" for q in (0.5, 0.95, 1)) for p in passes), flush=True)


if __name__ == "__main__":
    main()
