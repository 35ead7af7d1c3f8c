"""What the tests of the dialog share: a draft of Ben's, and the forms of its steps."""

import re
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse

from admin.blueprint import HOME
from reportbuilder.accounts.grants import principal_of
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog import publishing
from reportbuilder.catalog.searching import find
from reportbuilder.database import transaction
from reportbuilder.reports import drafting
from tests.api.conftest import Callers
from tests.api.test_templates_api import PUBLICATION
from tests.console.timely import backfill_form, schedule_form
from tests.console.visitors import Visitor

SEEN = re.compile(r'name="seen" value="([^"]+)"')
STEP = {"HX-Target": "step"}


@dataclass(frozen=True)
class Drafted:
    """A draft: its id and that of its template."""

    template_id: str
    draft_id: str

    def at(self, step: str) -> str:
        """Return the address of one of its steps."""
        return f"{HOME}/new/{self.template_id}/{step}?draft={self.draft_id}"


def make_template(callers: Callers) -> str:
    """Publish a template; return its id."""
    with transaction() as session:
        return publishing.publish(
            session, PUBLICATION, session.get_one(User, callers.cast.ada.id)
        ).template_id


def make_draft(callers: Callers, template_id: str = "", **fields: Any) -> Drafted:
    """Begin a draft of Ben's as the form does."""
    template_id = template_id or make_template(callers)
    with transaction() as session:
        ben = session.get_one(User, callers.cast.ben.id)
        template = find(session, principal_of(session, ben), template_id)
        instance = session.get_one(AmcInstance, callers.cast.first.id)
        draft = drafting.start(
            session, ben.id, template, instance, {"parameters": {"campaign": "Spring"}} | fields
        )
        return Drafted(template_id, draft.draft_id)


def choose(who: Visitor, draft: Drafted, kind: str, name: str = "Spring", **more: str) -> TestResponse:
    """Say when it shall run, and go on."""
    return who.post(draft.at("when"), {"type": kind, "name": name, "do": "next", **more})


def fill_schedule(who: Visitor, draft: Drafted, **changes: Any) -> TestResponse:
    """Fill in Mondays at three in New York but for the changes, and go on."""
    return who.post(draft.at("details"), schedule_form(**changes) | {"kind": "recurring", "do": "next"})


def fill_backfill(who: Visitor, draft: Drafted, **changes: Any) -> TestResponse:
    """Fill in a backfill of seven days but for the changes, and go on."""
    return who.post(draft.at("details"), backfill_form(**changes) | {"kind": "backfill", "do": "next"})


def start(who: Visitor, draft: Drafted, seen: str = "") -> TestResponse:
    """Look at the review and start."""
    if not seen:
        found = SEEN.search(who.get(draft.at("review")).text)
        assert found
        seen = found[1]
    return who.post(draft.at("start"), {"draft": draft.draft_id, "seen": seen})
