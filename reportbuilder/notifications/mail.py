"""Messages as e-mail: Apprise reads the SMTP address and opens the line, the message itself is made here.

Apprise would give a message another Message-ID at each try, and tell no more than that it failed.
"""

import re
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any, Self, cast

from apprise.exception import AppriseException
from apprise.plugins.email.base import NotifyEmail
from apprise.plugins.email.smtp import AppriseSMTPController

from reportbuilder import clock
from reportbuilder.errors import Invalid
from reportbuilder.notifications.outcomes import Undelivered
from reportbuilder.notifications.wording import Message, one_line
from reportbuilder.settings import Settings

_Server: Any = NotifyEmail  # it has no types
_REFUSALS = range(500, 600)
_OURS = "RB_SMTP_URL"


@dataclass(frozen=True)
class Mail:
    """One e-mail. ``key`` is the same at each try, so that a doubled one can be told by its Message-ID."""

    to: str
    key: str
    message: Message


class _Line(AppriseSMTPController):
    """Apprise's connection, which signs in and checks certificates, but says what the server answers."""

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def hand_over(self, sender: str, mail: Mail, content: bytes) -> None:
        """Have the server take the message, or raise what it says."""
        cast("smtplib.SMTP", self._socket).sendmail(sender, [mail.to], content)


def send(mail: Mail, settings: Settings) -> None:
    """Hand an e-mail to the SMTP server.

    :raises Undelivered: with the server's words; a 5xx is permanent, except where our own sign-in is wrong.
    """
    server = read_server(settings)
    name, sender = sender_of(server, settings)
    content = compose(mail, formataddr((name, sender))).as_bytes(policy=SMTP)
    try:
        with _line(server, settings) as line:
            line.hand_over(sender, mail, content)
    except (OSError, smtplib.SMTPException, RuntimeError, AppriseException) as error:
        raise _undelivered(error) from None


def check(settings: Settings) -> str:
    """Sign in at the SMTP server and leave; return its name.

    :raises Undelivered: if that fails.
    :raises Invalid: if the setting cannot be read.
    """
    server = read_server(settings)
    sender_of(server, settings)
    try:
        with _line(server, settings):
            return f"{server.smtp_host}:{server.port or 'usual port'}"
    except (OSError, smtplib.SMTPException, RuntimeError, AppriseException) as error:
        raise _undelivered(error) from None


def read_server(settings: Settings) -> Any:
    """Return the SMTP server of the settings, as Apprise understands it.

    :raises Invalid: naming the setting, without its value.
    """
    url = settings.smtp_url
    if not re.match(r"mailtos?://", url):
        reason = "is not set" if not url else "does not begin with mailto:// or mailtos://"
        raise Invalid.field(_OURS, f"{reason}; give mailtos://user:password@host:587")
    try:
        parsed: dict[str, Any] = _Server.parse_url(url) or {}
        name, address = parseaddr(settings.mail_from)
        if address:
            parsed["from_addr"] = formataddr((name, address))
        return _Server(**parsed)
    except (AppriseException, TypeError, ValueError):
        reason = "cannot be read; give mailtos://user:password@host:587, and RB_MAIL_FROM"
        raise Invalid.field(_OURS, reason) from None


def sender_of(server: Any, settings: Settings) -> tuple[str, str]:
    """Return name and address of the sender."""
    name, address = parseaddr(settings.mail_from)
    return name or "AMC Report Builder", address or str(server.from_addr[1])


def compose(mail: Mail, sender: str) -> EmailMessage:
    """Return the whole message: plain text, and the same as HTML."""
    made = EmailMessage()
    made["Subject"] = one_line(mail.message.subject, 200)
    made["From"] = sender
    made["To"] = mail.to
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<{mail.key}@{sender.rpartition('@')[2].rstrip('>')}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(mail.message.text)
    made.add_alternative(mail.message.html, subtype="html")
    return made


def _line(server: Any, settings: Settings) -> _Line:
    return _Line(
        host=server.smtp_host,
        port=server.port,
        secure_mode=server.secure_mode,
        user=server.user,
        password=server.password,
        verify_certificate=server.verify_certificate,
        socket_connect_timeout=settings.notification_timeout,  # type: ignore[arg-type]  # a float is as good
    )


def _undelivered(error: Exception) -> Undelivered:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return Undelivered(f"the mail server refuses our sign-in ({error.smtp_code}); see {_OURS}")
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _answer(code, words)
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    if isinstance(error, ssl.SSLError):
        return Undelivered("the TLS connection to the mail server failed: see its certificate")
    if isinstance(error, TimeoutError):
        return Undelivered("the mail server does not answer in time")
    if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
        return Undelivered(f"the mail server cannot be reached ({type(error).__name__})")
    return Undelivered(f"the mail server broke off ({type(error).__name__})")


def _answer(code: int, words: bytes | str) -> Undelivered:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return Undelivered(f"the mail server answers {code}: {text}", is_permanent=code in _REFUSALS)
