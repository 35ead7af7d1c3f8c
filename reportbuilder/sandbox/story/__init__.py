"""The synthetic story behind AMC's tables: people see advertisements, some click, some buy."""

from datetime import date, timedelta
from importlib.resources import files

from reportbuilder.sandbox.options import Options
from reportbuilder.sandbox.story.views import views_sql
from reportbuilder.sandbox.world import BRANDS

IMPRESSIONS_PER_USER = 25
_BRAND_MIX = (0, 0, 0, 0, 1, 1, 1, 2, 2, 3)


def script(options: Options, number: int, end: date) -> str:
    """Return the SQL that makes data set ``number``: facts until the day before ``end``, and AMC's tables."""
    variables = {
        "seed": options.seed + 1000 * number,
        "dataset": number,
        "users": options.users,
        "impressions": options.users * IMPRESSIONS_PER_USER,
        "days": options.days,
        "first_day": f"DATE '{end - timedelta(days=options.days)}'",
        "end_day": f"DATE '{end}'",
        # each data set has another biggest brand
        "brand_mix": str([(brand + number) % len(BRANDS) for brand in _BRAND_MIX]),
        "brands": "[" + ", ".join(f"'{name}'" for name in BRANDS) + "]",
    }
    settings = [f"SET VARIABLE {name} = {value};" for name, value in variables.items()]
    folder = files("reportbuilder.sandbox.story")
    parts = [(folder / name).read_text(encoding="utf-8") for name in ("nouns.sql", "facts.sql")]
    return "\n".join([*settings, *parts, views_sql()])
