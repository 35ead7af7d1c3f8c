"""Forms of shipped templates in the browser's stack."""

from sqlalchemy import select

from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from reportbuilder.valuelists import storing
from reportbuilder.valuelists.kinds import Found
from tests.browser.stack import Stack


def address_of(stack: Stack, key: str) -> str:
    """Return the address of the form of a shipped template, on the first instance."""
    with stack.rooms.app_context(), reading() as session:
        template = session.scalars(select(QueryTemplate).where(QueryTemplate.library_key == key)).one()
    return f"/report-builder/new/{template.template_id}?instance_id={first_instance(stack)}"


def first_instance(stack: Stack) -> str:
    """Return the id of an instance."""
    with stack.rooms.app_context(), reading() as session:
        found = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).first()
        assert found is not None
        return found.instance_id


def offer(stack: Stack, *found: Found) -> None:
    """Let the first instance have values to pick from."""
    with stack.rooms.app_context(), transaction() as session:
        on = session.scalars(select(AmcInstance).order_by(AmcInstance.instance_id)).first()
        assert on is not None
        storing.store_seen(session, on.id, found, on.created_at)
