"""Limits by user: shared over Redis, told in headers, and still there when Redis is not."""

from dataclasses import replace

import pytest
from flask import Flask, Response, jsonify
from werkzeug.test import TestResponse

from reportbuilder import settings
from reportbuilder.api import identity, limits
from tests.api.conftest import Callers, Make
from tests.cast import Cast


def limited(app: Flask) -> Flask:
    """Add an operation with the limit of executions."""

    @limits.executions
    def run() -> Response:
        return jsonify({})

    def work() -> Response:
        identity.require()
        answer: Response = run()
        return answer

    app.add_url_rule("/api/work", view_func=work, methods=["POST"])
    return app


def ask(callers: Callers, app: Flask, times: int, who: str = "ben") -> list[TestResponse]:
    text = getattr(callers, who).text
    client = app.test_client()
    return [client.post("/api/work", headers={"Authorization": f"Bearer {text}"}) for _ in range(times)]


def test_a_limit_counts_by_user_and_says_when_to_come_again(
    callers: Callers, configured: settings.Settings, make_web: Make
) -> None:
    app = limited(make_web(replace(configured, executions_per_minute=3)))
    answers = ask(callers, app, 4)
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
    assert all(int(answer.headers["X-RateLimit-Reset"]) > 1_700_000_000 for answer in answers)
    assert ["Retry-After" in answer.headers for answer in answers] == [False, False, False, True]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 61
    assert answers[-1].get_json()["error"]["code"] == "RATE_LIMITED"
    assert ask(callers, app, 1, "ada")[0].status_code == 200


def test_all_web_processes_count_together(
    callers: Callers, configured: settings.Settings, make_web: Make
) -> None:
    chosen = replace(configured, executions_per_minute=2)
    first, second = limited(make_web(chosen)), limited(make_web(chosen))
    answers = [*ask(callers, first, 1), *ask(callers, second, 2)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_without_redis_the_work_goes_on_and_is_still_limited(
    callers: Callers, configured: settings.Settings, make_web: Make, caplog: pytest.LogCaptureFixture
) -> None:
    app = limited(make_web(replace(configured, redis_url="redis://127.0.0.1:1/0", executions_per_minute=2)))
    answers = ask(callers, app, 3)
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "Retry-After" in answers[-1].headers


def test_unlimited_operations_have_no_limit_headers(callers: Callers, cast: Cast) -> None:
    assert "X-RateLimit-Limit" not in callers.ben.get("/instances").headers
