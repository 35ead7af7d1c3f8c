"""A browser in the words of its user: what it is called, and the system that it runs on."""

from collections.abc import Mapping
from typing import Final

SHOWN_MOST: Final = 60  # characters of what we cannot read
UNKNOWN: Final = "A browser that does not say its name"
# the order counts: each calls itself what those below are called, too
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS: Final = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def browser_of(agent: str) -> str:
    """Return what to call the browser that introduces itself so.

    >>> browser_of("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0")
    'Firefox on Linux'
    >>> browser_of("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0")
    'Edge on Windows'
    >>> browser_of("curl/8.5"), browser_of("")
    ('curl/8.5', 'A browser that does not say its name')
    """
    name, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if not name:
        return agent[:SHOWN_MOST].strip() or UNKNOWN
    return f"{name} on {system}" if system else name


def _first(names: Mapping[str, str], agent: str) -> str:
    return next((name for mark, name in names.items() if mark in agent), "")
