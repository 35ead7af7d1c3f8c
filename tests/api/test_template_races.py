"""What happens to a template while somebody else deletes it, changes it or imports it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from reportbuilder.accounts import grants
from reportbuilder.accounts.models import User
from reportbuilder.accounts.permissions import Principal
from reportbuilder.catalog import publishing
from reportbuilder.catalog import searching as templates
from reportbuilder.catalog.models import QueryTemplate, QueryTemplateVersion
from reportbuilder.database import reading, transaction
from reportbuilder.executions import uses
from tests.api.conftest import Callers
from tests.api.test_frame import check
from tests.api.test_races import answer_behind
from tests.api.test_templates_api import PUBLICATION

OLDER = {
    "template_id": "tpl_00000000aaaa",
    "name": "Clicks",
    "category": "c",
    "sql_template": "SELECT campaign, SUM(clicks) AS n FROM dsp_clicks GROUP BY campaign",
}


@pytest.fixture
def ada(callers: Callers) -> Principal:
    with reading() as session:
        return grants.principal_of(session, session.get_one(User, callers.cast.ada.id))


@pytest.fixture
def template_id(callers: Callers) -> str:
    with transaction() as session:
        user = session.get_one(User, callers.cast.ada.id)
        return publishing.publish(session, PUBLICATION, user).template_id


def body(template_id: str) -> dict[str, object]:
    return {
        "template_id": template_id,
        "instance_id": "amcnorthwind01",
        "name": "Spring",
        "parameters": {"campaign": "Spring"},
    }


@pytest.mark.parametrize("what", ["report", "execution", "copy", "next version"])
def test_a_template_that_is_deleted_meanwhile_is_not_there(
    callers: Callers, ada: Principal, template_id: str, what: str
) -> None:
    def delete(session: Session) -> None:
        uses.delete_unused(session, templates.find(session, ada, template_id))

    def ask() -> TestResponse:
        path = f"/templates/{template_id}"
        values = {
            name: value for name, value in body(template_id).items() if name in ("instance_id", "parameters")
        }
        match what:
            case "report":
                return callers.ada.post("/reports", json=body(template_id))
            case "execution":
                return callers.ada.post(f"{path}/execute", json=values)
            case "copy":
                return callers.ada.post(f"{path}/fork")
        return callers.ada.ask("PUT", path, json={"name": "Summer"})

    answer = answer_behind(delete, ask)
    if answer.status_code == 404:  # SQLite lets nobody read before the deletion has ended
        check(answer, 404, "NOT_FOUND")
    else:
        check(answer, 409, "CONFLICT")
    with reading() as session:
        assert session.scalar(select(func.count(QueryTemplate.id))) == 0


def bring(callers: Callers, name: str, **more: object) -> dict[str, object]:
    content = {**OLDER, "name": name}
    found: dict[str, object] = callers.ada.post(
        "/templates/import", json={"content": content, **more}
    ).get_json()
    return found


def outcomes(answers: list[dict[str, object]]) -> list[str]:
    return sorted(each["outcomes"][0]["outcome"] for each in answers)  # type: ignore[index]  # JSON


def test_two_imports_at_once_make_one_template(callers: Callers) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: bring(callers, "Clicks"), range(4)))
    assert outcomes(answers).count("imported") == 1
    assert set(outcomes(answers)) <= {"imported", "unchanged", "refused"}
    with reading() as session:
        assert session.scalar(select(func.count(QueryTemplate.id))) == 1


def test_updates_at_once_lose_no_version_and_double_none(callers: Callers) -> None:
    bring(callers, "Clicks")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: bring(callers, f"Clicks {n}", update=True), range(6)))
    updated = outcomes(answers).count("updated")
    assert updated >= 1
    with reading() as session:
        template = session.scalars(select(QueryTemplate)).one()
        numbers = sorted(session.scalars(select(QueryTemplateVersion.version)))
        newest = session.scalars(
            select(QueryTemplateVersion).where(QueryTemplateVersion.version == template.version)
        ).one()
    assert numbers == list(range(1, updated + 2))
    assert template.version == updated + 1
    assert newest.snapshot["name"] == template.name
