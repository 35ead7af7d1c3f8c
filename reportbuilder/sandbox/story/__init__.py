"""The synthetic story behind AMC's tables: people see advertisements, some click, some buy."""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from itertools import pairwise

from reportbuilder.sandbox.options import Options
from reportbuilder.sandbox.story.views import views_sql
from reportbuilder.sandbox.world import BRANDS, DISPLAY, SPONSORED, advertiser_types

IMPRESSIONS_PER_USER = 25
# crediting sorts all touches of a part of the time at once
IMPRESSIONS_PER_PART = 4_000_000
_BRAND_MIX = (0, 0, 0, 0, 1, 1, 1, 2, 2, 3)
# of so many impressions, how many each kind of campaign has
_WEIGHTS = {DISPLAY: {0: 10, 1: 5, 2: 5}, SPONSORED: {3: 7, 4: 11, 5: 5, 6: 5, 7: 2, 8: 1}}


def script(options: Options, number: int, end: date) -> str:
    """Return the SQL that makes data set ``number``: facts until the day before ``end``, and AMC's tables."""
    kinds = _kinds(number)
    variables = {
        "seed": options.seed + 1000 * number,
        "dataset": number,
        "users": options.users,
        # people who never see an advertisement
        "shoppers": max(1, options.users * 2 // 5),
        "impressions": options.users * IMPRESSIONS_PER_USER,
        "days": options.days,
        "first_day": _day(end - timedelta(days=options.days)),
        "end_day": _day(end),
        # each data set has another biggest brand
        "brand_mix": str([(brand + number) % len(BRANDS) for brand in _BRAND_MIX]),
        "brands": "[" + ", ".join(f"'{name}'" for name in BRANDS) + "]",
        "kinds": str(kinds),
        "kind_count": len(kinds),
    }
    settings = [f"SET VARIABLE {name} = {value};" for name, value in variables.items()]
    begin, rest = [_text("nouns.sql"), _text("facts.sql")], [_text("derived.sql"), views_sql()]
    return "\n".join([*settings, *begin, *_credit(options, end), *rest])


def _kinds(number: int) -> list[int]:
    weights = [
        pair for kind in _WEIGHTS if kind in advertiser_types(number) for pair in _WEIGHTS[kind].items()
    ]
    return [kind for kind, weight in weights for _ in range(weight)]


def _credit(options: Options, end: date) -> Iterator[str]:
    """Yield the statements that credit conversions, part of the time by part."""
    parts = min(options.days, -(-options.users * IMPRESSIONS_PER_USER // IMPRESSIONS_PER_PART))
    edges = [end - timedelta(days=options.days * left // parts) for left in range(parts, -1, -1)]
    body, verb = _text("credit.sql"), "CREATE TABLE credited AS"
    for first, last in pairwise(edges):
        yield f"SET VARIABLE part_start = {_day(first)}; SET VARIABLE part_end = {_day(last)};"
        yield f"{verb}\n{body}"
        verb = "INSERT INTO credited"


def _day(day: date) -> str:
    return f"DATE '{day}'"


def _text(name: str) -> str:
    return (files("reportbuilder.sandbox.story") / name).read_text(encoding="utf-8")
