"""CSV to Parquet: our conversion against DuckDB's own COPY, on the same file in the same run.

    python -m bench.parquet [--bytes 1GB] [--rounds 3]

Ours is given the file as a download gives it, in chunks of 64 kB, and does all that it does for a real
result: repair, scratch, types checked value by value, checksum. DuckDB reads the file itself, guessing the
types, with all the memory it likes, and checks nothing. Each runs in a process of its own, in turns; the best
round of each counts.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psutil

from reportbuilder.results.columns import OutputColumn
from reportbuilder.results.conversion import convert

FOLDER = Path(".bench")
CHUNK = 1 << 16
LEAST_RATIO = 0.5
MOST_MEMORY = 400_000_000
BYTES_A_ROW = 163  # of the rows below, about
UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}

COLUMNS = [
    OutputColumn("event_date", "DATE"),
    OutputColumn("last_seen", "TIMESTAMP"),
    OutputColumn("entity_id"),
    OutputColumn("campaign_id", "LONG"),
    OutputColumn("campaign"),
    OutputColumn("asin"),
    OutputColumn("search_term"),
    OutputColumn("new_to_brand", "BOOLEAN"),
    OutputColumn("impressions", "LONG"),
    OutputColumn("clicks", "INTEGER"),
    OutputColumn("purchases", "INTEGER"),
    OutputColumn("spend", "DECIMAL", "METRIC", 38, 4),
    OutputColumn("sales", "DECIMAL", "METRIC", 38, 4),
    OutputColumn("ctr", "DOUBLE"),
]
# One campaign in thirteen has quotes in its name, one in seventeen a comma; texts are not only ASCII.
ROWS = r"""
SELECT
    DATE '2025-01-01' + (i % 365)::INTEGER AS event_date,
    strftime(TIMESTAMP '2025-01-01' + INTERVAL (i % 31536000) SECOND, '%Y-%m-%dT%H:%M:%S.%g') AS last_seen,
    'ENTITY' || hash(i % 7) % 1000000000 AS entity_id,
    576460752303423488 + (hash(i % 997) % 100000000000)::BIGINT AS campaign_id,
    CASE
        WHEN i % 13 = 0 THEN 'Northwind "Summer" Süd, ' || i % 997
        WHEN i % 17 = 0 THEN 'Northwind, Brand | ' || i % 997
        ELSE 'NW_US_SP_Auto_' || i % 997
    END AS campaign,
    CASE WHEN i % 11 > 0 THEN upper(substr(md5((i % 5000)::VARCHAR), 1, 10)) END AS asin,
    ['running shoes', 'zapatillas', 'schuhe für männer', 'water bottle 1l', 'gift'][1 + i % 5]
        || ' ' || hash(i) % 50000 AS search_term,
    i % 5 = 0 AS new_to_brand,
    hash(i) % 100000 AS impressions,
    hash(i + 1) % 1000 AS clicks,
    CASE WHEN i % 9 > 0 THEN hash(i + 2) % 50 END AS purchases,
    ((hash(i + 3) % 10000000) / 10000)::DECIMAL(38, 4) AS spend,
    ((hash(i + 4) % 100000000) / 10000)::DECIMAL(38, 4) AS sales,
    (hash(i + 5) % 1000000) / 1000000.0 AS ctr
FROM range(?) AS rows(i)
"""


def main() -> int:
    """Make the file, run both, print and judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bytes", type=_size, default=10**9, help="size of the CSV, as 1GB or 200MB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=sorted(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        print(json.dumps(_timed(given.only, given.file)))
        return 0
    source = _source(given.bytes)
    runs: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(given.rounds):
        for way, done in runs.items():
            done.append(_in_a_child(way, source))
    return _judge(
        source, {way: min(done, key=lambda run: run["seconds"]) for way, done in runs.items()}, runs
    )


def _size(text: str) -> int:
    match = re.fullmatch(r"(\d+)\s*([KMG]?B)?", text.upper())
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write 1GB or 200MB")
    return int(match[1]) * UNITS[match[2] or ""]


def _source(size: int) -> Path:
    """Return the CSV, made only if it is not there from the last time; others go, to spare the disk."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"amc-{size}.csv"
    for other in FOLDER.glob("amc-*.csv"):
        if other != path:
            other.unlink()
    if not path.exists():
        print(f"making {path} …", flush=True)
        unfinished = path.with_suffix(".part")
        with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
            rows = ROWS.replace("?", str(size // BYTES_A_ROW))
            dialect = "HEADER, DELIMITER ',', QUOTE '\"', ESCAPE '\\'"
            connection.execute(f"COPY ({rows}) TO '{unfinished}' (FORMAT csv, {dialect})")
        unfinished.rename(path)
    return path


def _in_a_child(way: str, source: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.parquet", "--only", way, "--file", str(source)]
    child = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(child.stdout)
    return found


def _timed(way: str, source: Path) -> dict[str, float]:
    folder = FOLDER / f"run-{os.getpid()}"
    folder.mkdir()
    try:
        started, before = time.perf_counter(), psutil.Process().cpu_times()
        rows = WAYS[way](source, folder / "rows.parquet")
        seconds, after = time.perf_counter() - started, psutil.Process().cpu_times()
        size = (folder / "rows.parquet").stat().st_size
    finally:
        shutil.rmtree(folder)
    cpu = after.user + after.system - before.user - before.system
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "cpu": cpu, "peak": peak, "rows": rows, "size": size}


def _ours(source: Path, target: Path) -> int:
    return convert([_chunks(source)], COLUMNS, target).rows


def _chunks(source: Path) -> Iterator[bytes]:
    with source.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _duckdb(source: Path, target: Path) -> int:
    with duckdb.connect() as connection:
        copy = f"COPY (FROM read_csv('{source}', escape = '\\')) TO '{target}' (FORMAT parquet)"
        return int(connection.execute(copy).fetchall()[0][0])


WAYS = {"duckdb": _duckdb, "ours": _ours}


def _judge(source: Path, best: dict[str, dict[str, float]], runs: dict[str, list[dict[str, float]]]) -> int:
    size = source.stat().st_size
    print(f"{size / 1e6:.0f} MB of CSV, {best['ours']['rows']:.0f} rows, {os.cpu_count()} cores")
    for way, run in best.items():
        times = " ".join(f"{one['seconds']:.2f}" for one in runs[way])
        speed = size / 1e6 / run["seconds"]
        print(f"{way:>7}: {run['seconds']:6.2f} s  {speed:4.0f} MB/s  cpu {run['cpu']:5.1f} s", end="")
        print(f"  peak {run['peak'] / 1e6:4.0f} MB  Parquet {run['size'] / 1e6:4.0f} MB  (rounds: {times})")
    ratio = best["duckdb"]["seconds"] / best["ours"]["seconds"]
    peak = max(run["peak"] for run in runs["ours"])
    checks = {
        f"same rows: {best['ours']['rows']:.0f} and {best['duckdb']['rows']:.0f}": best["ours"]["rows"]
        == best["duckdb"]["rows"],
        f"peak memory {peak / 1e6:.0f} MB < {MOST_MEMORY / 1e6:.0f} MB": peak < MOST_MEMORY,
        f"speed {ratio:.2f} of DuckDB's ≥ {LEAST_RATIO}": ratio >= LEAST_RATIO,
    }
    for claim, holds in checks.items():
        print(f"{'PASS' if holds else 'FAIL'}  {claim}")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
