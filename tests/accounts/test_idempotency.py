"""Idempotency keys: the work is done once, and everybody gets the same answer."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from reportbuilder import clock
from reportbuilder.accounts import idempotency
from reportbuilder.accounts.idempotency import Answer, fingerprint
from reportbuilder.database import transaction
from reportbuilder.errors import Conflict, Invalid
from tests.cast import Cast

PRINT = fingerprint("POST", "/reports/rpt_1/run", b"{}")


def working(done: list[int]) -> Callable[[], tuple[int, dict[str, Any]]]:
    def work() -> tuple[int, dict[str, Any]]:
        done.append(1)
        return 202, {"execution_id": f"exec_{len(done)}", "deep": {"list": [1, None, "ü"]}}

    return work


def ask(cast: Cast, key: str, print_: str, done: list[int]) -> Answer:
    with transaction() as session:
        return idempotency.once(session, cast.ben.id, key, print_, working(done))


def test_the_same_key_gives_the_same_answer_again(cast: Cast) -> None:
    done: list[int] = []
    first = ask(cast, "k", PRINT, done)
    second = ask(cast, "k", PRINT, done)
    assert len(done) == 1
    assert (second.status_code, second.body, second.is_replay) == (first.status_code, first.body, True)
    assert not first.is_replay


def test_another_request_under_the_same_key_is_a_conflict(cast: Cast) -> None:
    done: list[int] = []
    ask(cast, "k", PRINT, done)
    for other in (("POST", "/reports/rpt_1/run", b'{"a":1}'), ("POST", "/reports/rpt_2/run", b"{}")):
        with pytest.raises(Conflict, match="Idempotency-Key"):
            ask(cast, "k", fingerprint(*other), done)
    assert len(done) == 1


def test_keys_belong_to_their_user(cast: Cast) -> None:
    done: list[int] = []
    ask(cast, "k", PRINT, done)
    with transaction() as session:
        answer = idempotency.once(session, cast.cleo.id, "k", PRINT, working(done))
    assert not answer.is_replay
    assert len(done) == 2


def test_work_that_fails_keeps_nothing(cast: Cast) -> None:
    def fail() -> tuple[int, dict[str, Any]]:
        raise Conflict("not now")

    with pytest.raises(Conflict, match="not now"), transaction() as session:
        idempotency.once(session, cast.ben.id, "k", PRINT, fail)
    done: list[int] = []
    assert not ask(cast, "k", PRINT, done).is_replay


@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "a\0b", "ü"])
def test_odd_keys(cast: Cast, key: str) -> None:
    with pytest.raises(Invalid) as caught:
        ask(cast, key, PRINT, [])
    assert list(caught.value.details) == ["Idempotency-Key"]


def test_of_many_at_the_same_time_exactly_one_works(cast: Cast, database: Flask) -> None:
    done: list[int] = []
    start = Barrier(6)

    def one(_: int) -> Answer:
        with database.app_context():
            start.wait()
            return ask(cast, "k", PRINT, done)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(6)))
    assert len(done) == 1
    assert [answer.is_replay for answer in answers].count(False) == 1
    assert all(answer.body == answers[0].body for answer in answers)


def test_old_answers_are_forgotten(cast: Cast, noon: Callable[[float], None]) -> None:
    done: list[int] = []
    ask(cast, "k", PRINT, done)
    with transaction() as session:
        assert idempotency.forget(session, clock.now()) == 0
        noon(1)
        assert idempotency.forget(session, clock.now() - timedelta(seconds=0.5)) == 1
    ask(cast, "k", PRINT, done)
    assert len(done) == 2
