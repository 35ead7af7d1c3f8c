"""How long a form and a rendering take: a usual query, a thousand ASINs, and a pattern made to be slow."""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from reportbuilder.parameters import Definition, build_form, default_window, render
from reportbuilder.parameters.patterns import Pattern
from reportbuilder.parameters.placeholders import read_template

NOW = datetime(2025, 9, 14, tzinfo=UTC)
SQL = """SELECT campaign, SUM(impressions) AS impressions, SUM(clicks) AS clicks FROM dsp_impressions
WHERE impression_date >= '{{start_date}}' AND impression_date <= '{{end_date}}'
AND tracked_asin IN ({{asins}}) AND campaign LIKE {{filter}} GROUP BY campaign"""
DEFINITIONS = [
    Definition("asins", "asin_list", required=True),
    Definition("filter", "campaign_filter", default="*"),
]


def measure(what: str, act: Callable[[], object], times: int = 50) -> None:
    """Print the median and the worst of some runs, in milliseconds."""
    spans = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        spans.append((time.perf_counter() - start) * 1000)
    print(f"{what:45} median {statistics.median(spans):8.2f} ms   worst {max(spans):8.2f} ms")


def main() -> None:
    """Run all measurements."""
    window = default_window(as_of=NOW)

    def render_with(count: int) -> object:
        values = {"asins": [f"B{number:09}" for number in range(count)]}
        return render(SQL, DEFINITIONS, values, window=window, as_of=NOW)

    def read() -> object:
        read_template.cache_clear()
        return read_template(SQL)

    def form() -> object:
        built = build_form(DEFINITIONS, as_of=NOW, window=True)
        return built.load({"asins": ["B000000001"]}), built.json_schema()

    evil = Pattern("(a+)+(a|aa)*(.*.*.*){1,20}x")
    measure("read a template", read)
    measure("render 10 ASINs", lambda: render_with(10))
    measure("render 1,000 ASINs (13 KB)", lambda: render_with(1000), 20)
    measure("form: build, load, JSON Schema", form)
    measure("hostile pattern on 1,000 characters", lambda: evil.matches("a" * 1000), 5)


if __name__ == "__main__":
    main()
