"""Where messages may go: addresses read and judged as text, and what may be shown of them."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from reportbuilder.errors import Invalid

FIELD: Final = "target"
TARGET_MOST: Final = 2000
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SLACK = re.compile(r"https://hooks\.slack(?:-gov)?\.com/services/[A-Z0-9]+/[A-Z0-9]+/[A-Za-z0-9]+")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_HOLD_IPV4: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))  # NAT64, and what was before it
_PRINTABLE = re.compile(r"[!-~]+")


def read_target(kind: str, text: str, allowed_hosts: tuple[str, ...] = ()) -> str:
    """Return a target in its one spelling; what its name resolves to is judged when a message is sent.

    :param allowed_hosts: hosts that webhooks may reach although they are private, by http too.
    :raises Invalid: never repeating the target, which may be a secret.
    """
    readers = {"email": _email, "slack": _slack}
    text = text.strip()
    if kind in readers:
        return readers[kind](text)
    return _webhook(text, allowed_hosts)


def _email(text: str) -> str:
    if len(text) > 254 or not _EMAIL.fullmatch(text):  # noqa: PLR2004 - the longest address there can be
        raise _wrong("is no e-mail address; give one such as ada@example.test, in ASCII")
    return text


def _slack(text: str) -> str:
    if not _SLACK.fullmatch(text):
        raise _wrong("is no incoming webhook of Slack; give https://hooks.slack.com/services/T…/B…/…")
    return text


def _webhook(text: str, allowed_hosts: tuple[str, ...]) -> str:
    parts = split(text)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise _wrong("has a user, a password or a fragment; put a token into path or query instead")
    is_allowed = host_of(parts) in allowed_hosts
    if parts.scheme != "https" and not (parts.scheme == "http" and is_allowed):
        raise _wrong("is not https; give an address that begins with https://")
    if is_private(host_of(parts)) and not is_allowed:
        raise _wrong("is on a private network; give a public one, or have RB_WEBHOOK_HOSTS name its host")
    return text


def split(text: str) -> SplitResult:
    """Return the parts of an address.

    :raises Invalid: if it is none.
    """
    try:
        parts = urlsplit(text)
        usable = len(text) <= TARGET_MOST and _PRINTABLE.fullmatch(text) and parts.port != 0
        host = host_of(parts)
    except ValueError:
        usable, host = None, ""
    if not usable or not _HOST.fullmatch(f"[{host}]" if ":" in host else host):
        raise _wrong("is no address; give https://host/path, without spaces, at most 2000 characters")
    return parts


def host_of(parts: SplitResult) -> str:
    """Return the host in small letters, an IPv6 address without its brackets."""
    return (parts.hostname or "").rstrip(".").lower()


def is_private(host: str) -> bool:
    """Say whether a host is, as it is written, an address that is not on the public internet.

    >>> is_private("169.254.169.254"), is_private("64:ff9b::10.0.0.1"), is_private("9.9.9.9")
    (True, True, False)
    """
    if host == "localhost" or host.endswith((".localhost", ".internal", ".local")):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    inner = _inner(address)
    is_old = isinstance(address, IPv6Address) and address.is_site_local
    return not (address.is_global and inner.is_global) or inner.is_multicast or is_old


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address to which a gateway takes an IPv6 address, or itself."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in network for network in _HOLD_IPV4):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def mask(kind: str, target: str) -> str:
    """Return what may be shown of a target: enough to know it again, nothing to use it with.

    >>> mask("slack", "https://hooks.slack.com/services/T1JJ/B2KK/secret"), mask("email", "ada@example.test")
    ('https://hooks.slack.com/services/T1…', 'a…@example.test')
    """
    if kind == "email":
        return f"{target[0]}…@{target.rpartition('@')[2]}"
    parts = urlsplit(target)
    if kind == "slack":
        return f"https://{parts.hostname}/services/{parts.path.split('/')[2][:2]}…"
    return f"{parts.scheme}://{parts.hostname}/…"


def _wrong(reason: str) -> Invalid:
    return Invalid.field(FIELD, reason)
