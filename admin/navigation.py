"""The main navigation, as a table: a page is linked from the moment it exists."""

from dataclasses import dataclass

from flask import current_app, request, url_for


@dataclass(frozen=True)
class Entry:
    """One entry. ``keys``: the shortcut. ``under``: addresses below which it is marked as the present one."""

    text: str
    endpoint: str
    icon: str
    keys: str
    under: str


ENTRIES = (
    Entry("Report Builder", "admin.home", "graph", "g r", "/report-builder"),
    Entry("Templates", "admin.templates", "stack", "g t", "/templates"),
    Entry("Instances", "admin.instances", "server", "g i", "/instances"),
    Entry("Account", "admin.account", "person", "g a", "/account"),
    Entry("API docs", "admin.api_docs", "code", "g d", "/api/docs"),
)


@dataclass(frozen=True)
class Shown:
    """An entry on a page. ``current``: for ``aria-current``, empty where one is elsewhere."""

    text: str
    href: str
    icon: str
    keys: str
    current: str


def shown() -> list[Shown]:
    """Return the entries whose pages there are."""
    return [
        Shown(entry.text, url_for(entry.endpoint), entry.icon, entry.keys, _current(entry.under))
        for entry in ENTRIES
        if entry.endpoint in current_app.view_functions
    ]


def _current(under: str) -> str:
    """Return ``page`` on the very page, ``true`` below it."""
    if request.path == under:
        return "page"
    return "true" if request.path.startswith(f"{under}/") else ""
