"""Stops an execution for a person who may do that."""

from sqlalchemy.orm import Session

from reportbuilder.accounts.permissions import Principal, Subject, ensure, missing
from reportbuilder.cli.rooms import principal_of
from reportbuilder.database import transaction
from reportbuilder.errors import NotFound
from reportbuilder.executions import lifecycle, overview
from reportbuilder.executions.models import ReportExecution


def find_execution(
    session: Session, principal: Principal, id: str, permission: str = "execution:view"
) -> ReportExecution:
    """Return the execution of that id.

    :raises NotFound: if there is none that one may see. :raises NotPermitted: if one may not do that with it.
    """
    try:
        found = overview.find(session, id)
    except NotFound:
        raise missing(f"execution {id}") from None
    subject = Subject(instance_id=found.instance_id, owner_id=found.user_id)
    ensure(principal, permission, subject, f"execution {id}")
    return found


def stop(id: str, email: str | None) -> bool:
    """Stop an execution for the user of that address; say whether it has ended by that.

    One that AMC runs ends when AMC confirms it.

    :raises Conflict: if it has ended already. :raises NotPermitted: if that user may not cancel it.
    """
    with transaction() as session:
        user, principal = principal_of(session, email)
        found = find_execution(session, principal, id, "execution:cancel")
        lifecycle.cancel(session, found, user.email)
        session.flush()
        return found.state == "cancelled"
