"""A real SMTP server on loopback that keeps what it is given, and refuses on wish."""

import email
import email.policy
from collections import deque
from email.message import EmailMessage
from typing import Any, Self, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.deployment import free_port

USER, PASSWORD = "rb", "s3cr3t-smtp"


class Mailbox:
    """Start with ``with``; ``say`` queues answers to DATA, after which all is taken."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refusals: deque[str] = deque()
        self.recipients: list[list[str]] = []
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=self._authenticate,
            auth_require_tls=False,
        )

    @property
    def url(self) -> str:
        """Return the setting that leads here, with a password."""
        return (
            f"mailto://{USER}:{PASSWORD}@127.0.0.1:{self._controller.port}"
            "?mode=insecure&from=reports@example.test"
        )

    def say(self, *answers: str) -> None:
        """Answer the next messages so, such as ``421 come later``."""
        self.refusals.extend(answers)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802, ARG002 - aiosmtpd's
        """Take a message, or say what was queued."""
        if self.refusals:
            return self.refusals.popleft()
        content = cast("bytes", envelope.original_content)
        self.recipients.append(list(envelope.rcpt_tos))
        self.taken.append(email.message_from_bytes(content, policy=email.policy.default))
        return "250 taken"

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _way: str, data: Any) -> AuthResult:
        is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=is_right, handled=False)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    """Return the plain text of a message, or its HTML."""
    part = message.get_body((kind,))
    assert part is not None
    return cast("str", part.get_content())
