"""Kinds of lists, what a value of each looks like, and which shipped template brings which values."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reportbuilder.parameters.values import is_text

KINDS: Final = ("brand", "campaign", "asin")
LONGEST: Final = 1000  # characters
MOST_WEIGHT: Final = 2**62  # databases keep 64 bits
# which list a parameter of this type picks from
OF_TYPE: Final = {"asin_list": "asin", "campaign_list": "campaign", "campaign_filter": "campaign"}

_ASIN = re.compile(r"[A-Z0-9]{10}")


@dataclass(frozen=True)
class Found:
    """A value as a source or a file tells it."""

    kind: str
    value: str
    label: str | None = None
    weight: int = 0
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A template of the library whose rows hold values: for each kind the column, and which order them."""

    columns: Mapping[str, str]
    weight: str
    details: Mapping[str, tuple[str, ...]]


_CAMPAIGNS: Final = Source(
    {"brand": "advertiser", "campaign": "campaign"},
    "impressions",
    {"campaign": ("advertiser", "campaign_id", "ad_product")},
)
# by the key of the template in the library
SOURCES: Final[dict[str, Source]] = {
    "campaigns_dsp": _CAMPAIGNS,
    "campaigns_sponsored": _CAMPAIGNS,
    "products": Source({"asin": "asin"}, "conversions", {"asin": ("advertiser",)}),
}


def read_value(kind: str, text: str) -> str:
    """Return a value as it is kept: trimmed, an ASIN in capitals.

    >>> read_value("asin", " b0cxyz1234 ")
    'B0CXYZ1234'

    :raises ValueError: saying why it is none.
    """
    value = text.strip()
    if not value:
        raise ValueError("it is empty; remove the line")
    if len(value) > LONGEST:
        raise ValueError(f"it has {len(value):,} characters; {LONGEST:,} are allowed")
    if not value.isprintable():
        raise ValueError(f"{value[:80]!r} holds characters that cannot be printed; remove them")
    if kind == "asin":
        value = value.upper()
        if not _ASIN.fullmatch(value):
            raise ValueError(f"{value[:80]!r} is no ASIN; an ASIN has 10 letters and digits")
    return value


def read_rows(source: Source, rows: Iterable[Mapping[str, Any]]) -> list[Found]:
    """Return the values in a source's rows, each once, with the weights of all its rows added up.

    What is no value, such as NULL or an ASIN of eleven characters, is left out.
    """
    found: dict[tuple[str, str], Found] = {}
    for row in rows:
        for each in _values_of(source, row):
            before = found.get((each.kind, each.value))
            weight = min(each.weight + (before.weight if before else 0), MOST_WEIGHT)
            detail = each.detail if before is None else {**each.detail, **before.detail}
            found[each.kind, each.value] = Found(each.kind, each.value, None, weight, detail)
    return list(found.values())


def _values_of(source: Source, row: Mapping[str, Any]) -> Iterator[Found]:
    for kind, column in source.columns.items():
        try:
            value = read_value(kind, str(row[column] if row[column] is not None else ""))
        except ValueError:
            continue
        detail = {name: row[name] for name in source.details.get(kind, ()) if _can_be_kept(row.get(name))}
        yield Found(kind, value, None, _whole(row.get(source.weight)), detail)


def _can_be_kept(value: object) -> bool:
    """Say whether a value fits into JSON: nothing is known of a NULL, and a NUL no database takes."""
    return isinstance(value, int | float) or (isinstance(value, str) and is_text(value))


def _whole(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        return 0
