"""Two requests for one thing at the same time: the second waits, and sees what the first has done."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from reportbuilder import clock
from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal
from reportbuilder.catalog import publishing
from reportbuilder.catalog import searching as templates
from reportbuilder.database import reading, transaction
from reportbuilder.executions import lifecycle
from reportbuilder.executions.lifecycle import Order
from reportbuilder.parameters.windows import Window
from reportbuilder.reports import defining, searching
from tests.api.conftest import Callers
from tests.api.test_frame import check
from tests.api.test_templates_api import PUBLICATION

LONG_ENOUGH = 0.5  # seconds for a request to reach the point where it has to wait

Ask = Callable[[], TestResponse]


@pytest.fixture
def ada(callers: Callers) -> Principal:
    with reading() as session:
        return grants.principal_of(session, session.get_one(User, callers.cast.ada.id))


@pytest.fixture
def template_id(callers: Callers) -> str:
    with transaction() as session:
        user = session.get_one(User, callers.cast.ada.id)
        return publishing.publish(session, PUBLICATION, user).template_id


@pytest.fixture
def report_id(callers: Callers, template_id: str) -> str:
    body = {
        "template_id": template_id,
        "instance_id": "amcnorthwind01",
        "name": "Spring",
        "parameters": {"campaign": "Spring"},
    }
    found: str = callers.ben.post("/reports", json=body).get_json()["report_id"]
    return found


def answer_behind(first: Callable[[Session], object], second: Ask) -> TestResponse:
    """Return the answer to ``second``, asked when ``first`` has been done but is not yet committed."""
    with ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            first(session)
            session.flush()
            answer = pool.submit(second)
            sleep(LONG_ENOUGH)
        return answer.result(30)


def test_what_has_just_begun_to_run_is_not_deleted(callers: Callers, ada: Principal, report_id: str) -> None:
    def run(session: Session) -> None:
        row = searching.find(session, ada, report_id, locked=True)
        window = Window(clock.now() - timedelta(days=60), clock.now() - timedelta(days=30), "UTC")
        order = Order(row.template, row.instance, row.owner, "SELECT 1", window, {}, "api", row)
        lifecycle.request(session, order)

    check(answer_behind(run, lambda: callers.ben.ask("DELETE", f"/reports/{report_id}")), 409, "CONFLICT")
    assert callers.ben.get(f"/reports/{report_id}").status_code == 200


def test_what_has_just_been_deleted_neither_runs_nor_changes(
    callers: Callers, ada: Principal, report_id: str
) -> None:
    def delete(session: Session) -> None:
        defining.delete(session, searching.find(session, ada, report_id, locked=True), busy=False)

    path = f"/reports/{report_id}"
    check(answer_behind(delete, lambda: callers.ben.post(f"{path}/run")), 404, "NOT_FOUND")
    check(callers.ben.ask("PATCH", path, json={"name": "Summer"}), 404, "NOT_FOUND")
    assert callers.ben.get("/executions").get_json()["total"] == 0


def test_of_two_next_versions_from_one_the_second_is_refused(
    callers: Callers, ada: Principal, template_id: str
) -> None:
    def revise(session: Session) -> None:
        row = templates.find(session, ada, template_id, locked=True)
        publishing.update(session, row, {"name": "The first"}, seen_version=1)

    body = {"name": "The second", "version": 1}
    answer = answer_behind(revise, lambda: callers.ada.ask("PUT", f"/templates/{template_id}", json=body))
    check(answer, 409, "CONFLICT")
    assert callers.ada.get(f"/templates/{template_id}").get_json()["name"] == "The first"
