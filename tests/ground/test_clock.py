"""The clock: stopped and hurried for tests, and as it is."""

import time
from datetime import UTC, datetime, timedelta

from reportbuilder import clock


def test_usually_the_clock_is_the_machines() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= clock.machine_now() <= datetime.now(UTC)
    assert clock.on_machine(7.0) == 7.0


def test_a_hurried_clock_runs_so_many_times_as_fast_for_all_who_agree_on_its_start() -> None:
    since = datetime.now(UTC) - timedelta(seconds=60)
    with clock.hurried(10.0, since.timestamp()):
        low = time.time()
        hurried = (clock.now() - since).total_seconds()
        high = time.time()
        assert 10 * (low - since.timestamp()) - 0.001 <= hurried <= 10 * (high - since.timestamp()) + 0.001
        assert clock.on_machine(7.0) == 0.7
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    assert clock.on_machine(7.0) == 7.0
