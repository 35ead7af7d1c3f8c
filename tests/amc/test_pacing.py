"""The pace is one for all workers, never waits, and does not stop work when Redis is gone."""

import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import redis
from dramatiq.rate_limits import RateLimiterBackend
from dramatiq.rate_limits.backends import RedisBackend, StubBackend

from reportbuilder import clock
from reportbuilder.amc.failures import Throttled
from reportbuilder.amc.pacing import Pace
from reportbuilder.errors import Invalid
from reportbuilder.settings import Settings
from tests.amc.freezing import hold_wall_clock

FIRST, SECOND = "amcnorthwind01", "amcnorthwind02"


def stub() -> RateLimiterBackend:
    return StubBackend()  # type: ignore[no-untyped-call] # dramatiq's stand-in carries no types


def granted(take: Callable[[], None], times: int) -> int:
    count, refusals = 0, list[Throttled]()
    for _ in range(times):
        try:
            take()
            count += 1
        except Throttled as refusal:
            refusals.append(refusal)
    assert all(refusal.local and 0 < (refusal.retry_after or 0) <= 1.0 for refusal in refusals)
    return count


def test_an_instance_gets_its_calls_a_second_and_another_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    move_on = hold_wall_clock(monkeypatch)
    pace = Pace(stub(), 3)
    assert granted(lambda: pace.take(FIRST), 10) == 3
    assert granted(lambda: pace.take(SECOND), 10) == 3
    move_on(1.0)
    assert granted(lambda: pace.take(FIRST), 10) == 3


def test_a_share_leaves_the_rest_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    hold_wall_clock(monkeypatch)
    pace = Pace(stub(), 10)
    assert granted(lambda: pace.take(FIRST, 0.7), 20) == 7
    assert granted(lambda: pace.take(FIRST, 0.8), 20) == 1
    assert granted(lambda: pace.take(FIRST), 20) == 2


def test_a_share_is_at_least_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    hold_wall_clock(monkeypatch)
    assert granted(lambda: Pace(stub(), 1).take(FIRST, 0.7), 1) == 1


def test_failure_18_workers_share_one_pace_over_redis(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_wall_clock(monkeypatch)
    settings = Settings(redis_url=redis_url, amc_calls_per_second=7)
    counts: list[int] = []

    def work() -> None:
        pace = Pace.of(settings)
        counts.append(granted(lambda: pace.take(FIRST), 20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 7


def test_what_redis_keeps_of_a_pace_goes_away_by_itself(redis_url: str) -> None:
    Pace.of(Settings(redis_url=redis_url)).take(FIRST)
    with redis.Redis.from_url(redis_url) as client:
        assert all(0 < client.pttl(key) <= 1000 for key in client.scan_iter("*"))


def test_without_redis_calls_go_out_unpaced_and_do_not_wait_for_it_each_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        pace = Pace.of(Settings(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0"))
        began = clock.monotonic()
        assert granted(lambda: pace.take(FIRST), 200) == 200
        assert clock.monotonic() - began < 4.0


def test_a_redis_that_comes_back_paces_again(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hold_wall_clock(monkeypatch)
    monkeypatch.setattr("reportbuilder.amc.pacing.UNPACED_FOR", 0.0)
    with redis.Redis.from_url(redis_url) as client:
        pace = Pace(RedisBackend(client=client), 2)
        key = f"amc-pace:{FIRST}@1772625600000"
        client.lpush(key, "a list, so that every command on it fails")
        assert granted(lambda: pace.take(FIRST), 5) == 5
        client.flushall()
        assert granted(lambda: pace.take(FIRST), 5) == 2


def test_the_pause_lasts_until_the_next_second(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Pace(stub(), 1)
    hold_wall_clock(monkeypatch)
    pace.take(FIRST)
    at = datetime(2026, 3, 4, 12, 0, 0, 750_000, tzinfo=UTC)
    with clock.frozen(at), pytest.raises(Throttled) as caught:
        pace.take(FIRST)
    assert caught.value.retry_after == pytest.approx(0.25)


@pytest.mark.parametrize("per_second", [0, -1])
def test_a_pace_of_nothing_is_refused(per_second: int) -> None:
    with pytest.raises(Invalid, match="RB_AMC_CALLS_PER_SECOND"):
        Pace(stub(), per_second)
