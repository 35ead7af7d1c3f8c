"""Kept data: shared within a process, made once among processes, and never left half made."""

import multiprocessing
import signal
import threading
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest

from reportbuilder.sandbox import Options
from reportbuilder.sandbox.warehouses import Warehouse

END = date(2026, 3, 4)
SPAWN = multiprocessing.get_context("spawn")


def options(folder: Path, **other: int) -> Options:
    return Options(users=300, days=60, data_dir=folder, **other)  # type: ignore[arg-type] # options by name


def rows(options: Options, number: int = 0) -> int:
    """Open a warehouse, count in it, and close it."""
    warehouse = Warehouse(options, number, END)
    try:
        with warehouse.cursor(60) as cursor:
            found = cursor.execute("SELECT COUNT(*) FROM dsp_impressions").fetchone()
            assert found is not None
            return int(found[0])
    finally:
        warehouse.close()


def names(folder: Path) -> set[str]:
    return {path.suffix for path in folder.iterdir()}


def test_two_warehouses_of_one_process_read_one_file(tmp_path: Path) -> None:
    first, second = Warehouse(options(tmp_path), 0, END), Warehouse(options(tmp_path), 0, END)
    with first.cursor(60) as one, second.cursor(60) as other:
        one.execute("SET VARIABLE as_of = TIMESTAMP '2026-02-01'")
        count = "SELECT COUNT(*) FROM conversions"
        assert one.execute(count).fetchone() != other.execute(count).fetchone()
    first.close()
    with second.cursor(60) as other:
        assert other.execute(count).fetchone() is not None
        with pytest.raises(duckdb.Error, match="locked"):
            other.execute("SET threads = 1")
    second.close()
    assert len(list(tmp_path.iterdir())) == 1


def test_processes_that_start_at_once_make_the_data_once(tmp_path: Path) -> None:
    with SPAWN.Pool(3) as pool:
        counts = pool.map(rows, [options(tmp_path)] * 3)
    assert len(set(counts)) == 1
    (file,) = tmp_path.iterdir()
    made = file.stat().st_mtime_ns
    assert rows(options(tmp_path)) == counts[0]
    assert file.stat().st_mtime_ns == made


def test_what_a_killed_maker_left_is_removed(tmp_path: Path) -> None:
    big = Options(users=200_000, data_dir=tmp_path)
    maker = SPAWN.Process(target=rows, args=(big,))
    maker.start()
    while not list(tmp_path.glob("*.draft*")):
        time.sleep(0.02)
    assert maker.pid is not None
    maker.kill()
    maker.join(30)
    assert maker.exitcode == -signal.SIGKILL
    assert any(".draft" in path.name for path in tmp_path.iterdir())
    assert rows(options(tmp_path)) > 0
    assert names(tmp_path) == {".duckdb"}


def test_a_maker_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    warehouse = Warehouse(Options(users=200_000, data_dir=tmp_path), 0, END)
    ended: list[BaseException] = []

    def run() -> None:
        try:
            warehouse.connection()
        except duckdb.Error as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():
        warehouse.interrupt()
        thread.join(0.05)
    assert [type(error) for error in ended] == [duckdb.InterruptException]
    assert list(tmp_path.iterdir()) == []
    warehouse.close()


def test_who_waits_for_another_maker_can_be_stopped(tmp_path: Path) -> None:
    slow, waiting = Options(users=200_000, data_dir=tmp_path), Warehouse(options(tmp_path), 0, END)
    maker = SPAWN.Process(target=rows, args=(slow,))
    maker.start()
    while not list(tmp_path.glob("*.draft*")):
        time.sleep(0.02)
    threading.Timer(0.2, waiting.interrupt).start()
    with pytest.raises(duckdb.InterruptException, match="no longer wanted"):
        waiting.connection()
    maker.kill()
    maker.join(30)


def test_each_data_set_of_a_folder_has_its_own_file(tmp_path: Path) -> None:
    assert rows(options(tmp_path)) != rows(options(tmp_path, seed=8))
    rows(options(tmp_path), 1)
    assert len(list(tmp_path.glob("*.duckdb"))) == 3
