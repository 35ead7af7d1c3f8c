"""Messages to Slack's incoming webhooks, by Apprise."""

import re
from itertools import chain
from typing import Any

from apprise import Apprise
from apprise.plugins.slack import NotifySlack

from reportbuilder.amc.vault import Secret
from reportbuilder.notifications.outcomes import Undelivered
from reportbuilder.notifications.wording import Message
from reportbuilder.settings import Settings

_Plugin: Any = NotifySlack  # it has no types
_STATUS = re.compile(r"error=([0-9]{3})")
_TEMPORARY = {408, 429}
_SERVER_TROUBLE = 500
# Slack reads these as markup: a report called <!channel> would call everybody.
_WITHOUT_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a"})


def send(address: Secret, message: Message, settings: Settings) -> None:
    """Post a message.

    :raises Undelivered: permanent if Slack does not know the webhook any more.
    """
    line = Apprise()
    line.add(_webhook(address, settings))
    result = line.notify(
        title=message.subject.translate(_WITHOUT_MARKUP),
        body=message.text.translate(_WITHOUT_MARKUP),
        body_format="text",
    )
    if not result:
        logged = chain.from_iterable(service.logs() for service in result)
        raise _undelivered([entry.message for entry in logged])


def _webhook(address: Secret, settings: Settings) -> Any:
    patience = settings.notification_timeout
    options = f"?redirect=no&footer=no&image=no&cto={patience}&rto={patience}"
    made = _Plugin(**(_Plugin.parse_native_url(address.reveal() + options) or {}))
    if settings.slack_url:
        made.webhook_url = settings.slack_url
    return made


def _undelivered(logged: list[str]) -> Undelivered:
    """Read from Apprise's words what Slack answered: it returns no more than that it failed."""
    found = [match for words in logged if (match := _STATUS.search(words))]
    if not found:
        return Undelivered("Slack cannot be reached")
    status = int(found[-1][1])
    is_permanent = status < _SERVER_TROUBLE and status not in _TEMPORARY
    return Undelivered(f"Slack answers {status}", is_permanent=is_permanent)
