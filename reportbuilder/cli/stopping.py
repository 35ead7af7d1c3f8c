"""Stops an execution for a person who may do that."""

from reportbuilder.cli.rooms import principal_of
from reportbuilder.database import transaction
from reportbuilder.executions import lifecycle, overview


def stop(id: str, email: str | None) -> bool:
    """Stop an execution for the user of that address; say whether it has ended by that.

    One that AMC runs ends when AMC confirms it.

    :raises Conflict: if it has ended already. :raises NotPermitted: if that user may not cancel it.
    """
    with transaction() as session:
        user, principal = principal_of(session, email)
        found = overview.find_allowed(session, principal, id, "execution:cancel")
        lifecycle.cancel(session, found, user.email)
        session.flush()
        return found.state == "cancelled"
