"""Rows that other programs wrote are read, whatever stands in their columns."""

from typing import Any

import pytest
from sqlalchemy import text

from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import transaction
from tests.api.conftest import Callers
from tests.api.test_templates_api import PUBLICATION

TEXT = '"{\\"about\\": {\\"tables\\": [\\"dsp_clicks\\"]}}"'  # an object, written as JSON twice


@pytest.mark.parametrize("column", ["report_config", "ui_schema", "tags"])
@pytest.mark.parametrize(
    "value", ["[]", '"x"', "[1]", "5", TEXT, '{"about": [], "ui:order": 5, "campaign": 3}']
)
def test_a_template_whose_columns_hold_something_else_is_shown_and_used(
    callers: Callers, column: str, value: str
) -> None:
    with transaction() as session:
        user = session.get_one(User, callers.cast.ada.id)
        template_id = publishing.publish(session, PUBLICATION, user).template_id
    with transaction() as session:
        given = ":value" if session.get_bind().dialect.name == "sqlite" else "CAST(:value AS JSONB)"
        session.execute(text(f"UPDATE query_templates SET {column} = {given}"), {"value": value})
        session.execute(text("UPDATE amc_instances SET sources_read_at = created_at"))
    path, on = f"/templates/{template_id}", "instance_id=amcnorthwind01"
    body: dict[str, Any] = {"instance_id": "amcnorthwind01", "parameters": {"campaign": "Spring"}}
    for address in (
        "/templates",
        f"/templates?{on}",
        path,
        f"{path}?{on}",
        f"{path}/export",
        f"{path}/versions",
    ):
        assert callers.ada.get(address).status_code == 200, address
    shown = callers.ada.get(path).get_json()
    assert isinstance(shown["report_config"], dict)
    assert isinstance(shown["ui_schema"], dict)
    assert shown["form"] is not None
    assert callers.ada.post(f"{path}/validate-parameters", json=body).get_json()["valid"]
    if not (column == "tags" and value == "[1]"):  # tags are texts; a next version without it says so
        assert callers.ada.post(f"{path}/fork").status_code == 201
        assert callers.ada.ask("PUT", path, json={"name": "Summer"}).status_code == 200
