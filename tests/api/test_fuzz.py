"""Whatever comes in, the API answers as its document says, and never with a fault of its own.

`make fuzz` asks for longer, and prints how much was asked and what came back.
"""

import itertools
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as openapi_checks

from reportbuilder import settings
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import transaction
from tests.api.conftest import BASE, Callers, Run
from tests.api.test_templates_api import PUBLICATION

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "6"))  # of right and of wrong requests, an operation
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.status_code_conformance,
]
MANY = 10**9

asked: Counter[str] = Counter()


@pytest.fixture
def configured(chosen: settings.Settings, redis_url: str) -> settings.Settings:
    """Settings whose limits are never reached: each 429 would be a request that tries nothing."""
    return replace(
        chosen,
        redis_url=redis_url,
        executions_per_minute=MANY,
        reports_per_hour=MANY,
        exports_per_hour=MANY,
        backfills_per_day=MANY,
    )


@pytest.fixture
def known(callers: Callers, run: Run) -> dict[str, list[str]]:
    """Ids of what is there, so that requests get behind the 404."""
    with transaction() as session:
        template = publishing.publish(session, PUBLICATION, session.get_one(User, callers.cast.ada.id))
        template_id = template.template_id
    body = {
        "template_id": template_id,
        "name": "Spring",
        "instance_id": "amcnorthwind01",
        "parameters": {"campaign": "x"},
        "run": {"type": "once"},
    }
    report = callers.ada.post("/reports", json=body).get_json()
    filled = body | {
        "name": "Autumn",
        "run": {"type": "backfill", "backfill": {"segment": "monthly", "lookback_days": 90}},
    }
    schedule = {"type": "recurring", "schedule": {"recurrence": {"type": "daily"}}}
    second = callers.ada.post("/reports", json=body | {"name": "Nightly", "run": schedule}).get_json()
    return {
        "backfill_id": [callers.ada.post("/reports", json=filled).get_json()["backfill_id"]],
        "template_id": [template_id],
        "report_id": [report["report_id"], second["report_id"]],
        "schedule_id": [second["schedule_id"]],
        "execution_id": [report["execution_id"], run(state="completed"), run(state="failed")],
        "values": ["asins", "brands", "campaigns"],
        "instance_id": ["amcnorthwind01", "amcnorthwind02"],
        "channel_id": ["email"],
    }


@pytest.fixture(scope="module", autouse=True)
def tally() -> Iterator[None]:
    """Print at the end how often each operation gave which answer; `-s` shows it."""
    yield
    told = [f"{count:7,} {label}" for label, count in sorted(asked.items())]
    sys.stdout.write("\n".join(["", *told, f"{sum(asked.values()):7,} requests in all", ""]))


def operations(app: Flask) -> Iterator[Any]:
    document = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    for found in document.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # an error of the document has no such method
        if operation.path.startswith(BASE):
            yield operation


def aim(case: Any, known: dict[str, list[str]], turn: int) -> None:
    """Let two of three requests be about something that is there."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict) and turn % 3:
            for name in part.keys() & known.keys():
                part[name] = known[name][turn % len(known[name])]


@pytest.mark.timeout(600)  # it asks everything
@pytest.mark.parametrize("mode", GenerationMode)
def test_no_request_breaks_the_api(
    callers: Callers, known: dict[str, list[str]], web: Flask, mode: GenerationMode
) -> None:
    for operation in operations(web):
        ask_much(operation, mode, known, {"Authorization": f"Bearer {callers.ada.text}"})
    assert sum(asked.values()) > EXAMPLES


def ask_much(
    operation: Any, mode: GenerationMode, known: dict[str, list[str]], headers: dict[str, str]
) -> None:
    turns = itertools.count()

    @hypothesis_settings(max_examples=EXAMPLES, phases=(Phase.explicit, Phase.generate))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        aim(case, known, next(turns))
        answer = case.call(headers=headers)
        asked[f"{operation.label} {answer.status_code}"] += 1
        case.validate_response(answer, checks=CHECKS)

    ask()


def test_every_operation_is_asked(web: Flask) -> None:
    assert len(list(operations(web))) > 20
