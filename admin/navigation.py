"""The main navigation, as a table: a page is linked from the moment it exists."""

from dataclasses import dataclass

from flask import current_app, request, url_for


@dataclass(frozen=True)
class Entry:
    """One entry. ``keys``: the shortcut. ``under``: addresses below which it is marked as the present one,
    unless another one's fits better."""

    text: str
    endpoint: str
    icon: str
    keys: str
    under: str


ENTRIES = (
    Entry("Report Builder", "admin.home", "graph", "g r", "/report-builder"),
    Entry("All runs", "admin.all_runs", "history", "g u", "/report-builder/runs"),
    Entry("Templates", "admin.templates", "stack", "g t", "/templates"),
    Entry("Instances", "admin.instances", "server", "g i", "/instances"),
    Entry("Account", "admin.account", "person", "g a", "/account"),
    Entry("API docs", "admin.api_docs", "code", "g d", "/api/docs"),
)


@dataclass(frozen=True)
class Shown:
    """An entry on a page. ``current``: for ``aria-current``, ``page`` on the very page, ``true`` below it."""

    text: str
    href: str
    icon: str
    keys: str
    current: str


def shown() -> list[Shown]:
    """Return the entries whose pages there are."""
    here = max(filter(_is_here, ENTRIES), key=lambda entry: len(entry.under), default=None)
    return [
        Shown(
            entry.text,
            url_for(entry.endpoint),
            entry.icon,
            entry.keys,
            "" if entry is not here else "page" if request.path == entry.under else "true",
        )
        for entry in ENTRIES
        if entry.endpoint in current_app.view_functions
    ]


def _is_here(entry: Entry) -> bool:
    return f"{request.path}/".startswith(f"{entry.under}/")
