"""What the actors of notifications do."""

from actors.broker import CALLS, RESULTS
from reportbuilder.executions.ports import Ports
from reportbuilder.notices import TELL
from reportbuilder.notifications.sending import send
from reportbuilder.notifications.telling import tell
from reportbuilder.notifications.waking import SEND


def tell_notices(ports: Ports, _: str) -> None:
    """Turn the notices that nobody has handled into messages."""
    tell(ports.settings)


def send_notification(ports: Ports, notification_id: str) -> None:
    """Send one message; with the long work, so that a slow mail server holds no call of AMC up."""
    send(ports.settings, notification_id)


ACTORS = (
    (TELL, tell_notices, CALLS, 3),
    (SEND, send_notification, RESULTS, 1),
)
