"""What the tests of the pages about time share: a report of Ben's, and the forms filled in."""

import re
from typing import Any

from admin import backfill_forms, schedule_forms
from admin.blueprint import HOME
from reportbuilder.accounts.models import User
from reportbuilder.catalog import publishing
from reportbuilder.database import transaction
from tests.api.conftest import Callers
from tests.api.test_templates_api import PUBLICATION

KEY = re.compile(r'name="once" value="([^"]+)"')


def make_report(callers: Callers, name: str = "Spring", **more: Any) -> str:
    """Publish a template and make a report of Ben's; return its address on the console."""
    with transaction() as session:
        ada = session.get_one(User, callers.cast.ada.id)
        template_id = publishing.publish(session, PUBLICATION, ada).template_id
    body = {
        "template_id": template_id,
        "instance_id": "amcnorthwind01",
        "name": name,
        "parameters": {"campaign": "Spring"},
        **more,
    }
    answer = callers.ben.post("/reports", json=body)
    assert answer.status_code == 201, answer.text
    return f"{HOME}/reports/{answer.get_json()['report_id']}"


def schedule_form(zone: str = "America/New_York", **changes: Any) -> dict[str, Any]:
    """Return the usual form of a schedule; names of changes have __ for the dot."""
    values = schedule_forms.usual(zone) | {name.replace("__", "."): value for name, value in changes.items()}
    values["is_settling"] = "1" if values["is_settling"] else ""
    return {f"{schedule_forms.PREFIX}.{path}": value for path, value in values.items()}


def backfill_form(**changes: Any) -> dict[str, Any]:
    """Return a form of a backfill of seven days."""
    values = backfill_forms.usual() | {"segment": "daily", "lookback_days": "20"} | changes
    return {f"{backfill_forms.PREFIX}.{path}": value for path, value in values.items()}


def key_in(page: str) -> str:
    """Return the key that the page's form carries."""
    found = KEY.search(page)
    assert found
    return found[1]
