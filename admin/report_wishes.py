"""What a reader wishes to see of the table of reports: all of it stands in the address."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from reportbuilder.api import report_lists
from reportbuilder.api.strictjson import is_storable
from reportbuilder.executions.latest import NEVER

SIZES: Final = (25, 50, 100)
LAST_PAGE: Final = 100_000
LONGEST: Final = 200  # characters of a search
STATUS_WORDS: Final = {
    "pending": "Waiting",
    "running": "Running",
    "completed": "Completed",
    "failed": "Failed",
    "cancelled": "Cancelled",
    NEVER: "Never run",
}
FREQUENCY_WORDS: Final = {
    "once": "On demand",
    "daily": "Daily",
    "weekly": "Weekly",
    "monthly": "Monthly",
    "quarterly": "Quarterly",
}
SORTS: Final = tuple(sign + key for key in report_lists.SORTS for sign in ("", "-"))


@dataclass(frozen=True)
class Wish:
    """Filters, order and part; empty is no condition.

    ``q``: words that all occur in name, description or template. ``instance``: AMC's id. ``owner``: a user's
    row id. ``favorites``: ``1`` for the reader's own marks only. ``sort``: with ``-`` in front descending.
    """

    q: str = ""
    instance: str = ""
    status: str = ""
    frequency: str = ""
    owner: str = ""
    favorites: str = ""
    sort: str = "name"
    page: int = 1
    size: int = SIZES[1]

    @property
    def is_filtered(self) -> bool:
        """Say whether there may be more reports than these."""
        return any((self.q, self.instance, self.status, self.frequency, self.owner, self.favorites))

    @property
    def owner_id(self) -> UUID | None:
        """Return the row id of the owner, None for any."""
        return UUID(self.owner) if self.owner else None

    def query(self, **changes: Any) -> str:
        """Return the address's query, with its ``?``; what is as usual is left out.

        >>> Wish(q="a b", page=3).query(sort="-name"), Wish().query()
        ('?q=a+b&sort=-name', '')
        """
        changed = replace(self, **{"page": 1, **changes})
        said = {name: value for name, value in asdict(changed).items() if value != _USUAL[name]}
        return f"?{urlencode(said)}" if said else ""


_USUAL: Final = {field.name: field.default for field in fields(Wish)}


def read(given: Mapping[str, str]) -> Wish:
    """Return the wish of an address; what it cannot mean is as if it were not said.

    >>> read({"sort": "-status", "page": "x", "status": "lost", "size": "25"})
    Wish(q='', instance='', status='', frequency='', owner='', favorites='', sort='-status', page=1, size=25)
    """
    usual = Wish()
    said = {name: value.strip() for name, value in given.items() if is_storable(value)}
    return Wish(
        q=said.get("q", "")[:LONGEST],
        instance=said.get("instance", "")[:LONGEST],
        status=_one_of(said.get("status"), tuple(STATUS_WORDS)),
        frequency=_one_of(said.get("frequency"), tuple(FREQUENCY_WORDS)),
        owner=said.get("owner", "") if _is_row_id(said.get("owner")) else "",
        favorites=_one_of(said.get("favorites"), ("1",)),
        sort=_one_of(said.get("sort"), SORTS) or usual.sort,
        page=_number(said.get("page"), usual.page, LAST_PAGE),
        size=int(_one_of(said.get("size"), tuple(map(str, SIZES))) or usual.size),
    )


def _one_of(value: str | None, known: tuple[str, ...]) -> str:
    return value if value is not None and value in known else ""


def _is_row_id(value: str | None) -> bool:
    try:
        UUID(value or "")
    except ValueError:
        return False
    return True


def _number(value: str | None, usual: int, most: int) -> int:
    is_number = value is not None and value.isascii() and value.isdigit() and len(value) < 7  # noqa: PLR2004 - longer ones are no pages
    return min(max(1, int(value or 0)), most) if is_number else usual
