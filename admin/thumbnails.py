"""Small pictures of charts, drawn from their kind alone: shapes that a page writes as SVG."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reportbuilder.catalog.abouts import Widget

WIDTH: Final = 120
HEIGHT: Final = 48
MOST_SERIES: Final = 3
WORDS: Final = {
    "line_chart": "Line chart",
    "area_chart": "Area chart",
    "bar_chart": "Bar chart",
    "pie_chart": "Pie chart",
    "scatter_chart": "Scatter chart",
    "heatmap": "Heat map",
    "funnel": "Funnel",
    "metric_card": "Single figure",
    "table": "Table",
    "text": "Text",
}
# heights of made-up points, from 0 to 1, by series
_CURVES: Final = (
    (0.35, 0.5, 0.42, 0.68, 0.6, 0.82, 0.9),
    (0.55, 0.48, 0.6, 0.5, 0.42, 0.52, 0.5),
    (0.15, 0.2, 0.32, 0.24, 0.3, 0.26, 0.36),
)
_POINTS: Final = ((12, 34), (24, 28), (33, 38), (44, 22), (52, 30), (61, 16), (70, 26), (83, 12), (96, 18))
_SHADES: Final = (0.25, 0.6, 0.4, 0.9, 0.5, 0.75, 0.35, 1.0, 0.45, 0.2, 0.65, 0.55, 0.3, 0.8, 0.5)


@dataclass(frozen=True)
class Shape:
    """One SVG element; ``series`` from 1 names its colour."""

    tag: str
    attributes: dict[str, str]
    series: int = 1


@dataclass(frozen=True)
class Thumbnail:
    """A picture of WIDTH by HEIGHT, and what it shows in words."""

    label: str
    shapes: tuple[Shape, ...]


def draw(widget: Widget | None) -> Thumbnail:
    """Return the picture of a widget; a table for what is of no kind that is known.

    >>> draw(Widget("line_chart", "ROAS by week", 2)).label
    'Line chart: ROAS by week'
    """
    if widget is None:
        return Thumbnail("Table of rows", tuple(_table(1)))
    known = widget.kind if widget.kind in WORDS else "table"
    shapes = _DRAWN[known](min(widget.series, MOST_SERIES))
    return Thumbnail(f"{WORDS[known]}: {widget.title}" if widget.title else WORDS[known], tuple(shapes))


def _line(series: int) -> Iterator[Shape]:
    for number in range(series):
        yield Shape("polyline", {"points": _path(_CURVES[number]), "class": "thumbnail-line"}, number + 1)


def _area(series: int) -> Iterator[Shape]:
    for number in range(series):
        outline = f"4,{HEIGHT} {_path(_CURVES[number])} {WIDTH - 4},{HEIGHT}"
        yield Shape("polygon", {"points": outline, "class": "thumbnail-area"}, number + 1)


def _bars(series: int) -> Iterator[Shape]:
    wide = 14 / series
    for place, height in enumerate(_CURVES[0][:6]):
        for number in range(series):
            tall = (HEIGHT - 6) * height * (1 - 0.25 * number)
            yield _box(6 + place * 19 + number * wide, HEIGHT - tall, wide - 1, tall, number + 1)


def _pie(_series: int) -> Iterator[Shape]:
    # a circle of circumference 100, cut by dashes
    at = 0
    for number, share in enumerate((45, 32, 23), start=1):
        dashes = {"stroke-dasharray": f"{share} {100 - share}", "stroke-dashoffset": str(25 - at)}
        ring = {"cx": "60", "cy": "24", "r": "15.9155", "class": "thumbnail-ring"}
        yield Shape("circle", ring | dashes, number)
        at += share


def _scatter(series: int) -> Iterator[Shape]:
    for place, (x, y) in enumerate(_POINTS):
        yield Shape("circle", {"cx": str(x + 6), "cy": str(y), "r": "3"}, place % series + 1)


def _heat(_series: int) -> Iterator[Shape]:
    for place, shade in enumerate(_SHADES):
        row, column = divmod(place, 5)
        cell = _box(6 + column * 22, 2 + row * 15, 20, 13, 1)
        yield Shape(cell.tag, cell.attributes | {"fill-opacity": str(shade)}, 1)


def _funnel(_series: int) -> Iterator[Shape]:
    for place, wide in enumerate((108, 72, 44, 22)):
        yield _box((WIDTH - wide) / 2, 2 + place * 11.5, wide, 9.5, 1)


def _metric(_series: int) -> Iterator[Shape]:
    yield _box(36, 10, 48, 18, 1)
    yield _box(44, 34, 32, 5, 0)


def _table(_series: int) -> Iterator[Shape]:
    for row in range(4):
        for column, wide in enumerate((40, 26, 26)):
            at = 6 + (0, 46, 80)[column]
            yield _box(at, 4 + row * 11, wide, 6, 1 if row == 0 else 0)


_DRAWN: Final[dict[str, Callable[[int], Iterator[Shape]]]] = {
    "line_chart": _line,
    "area_chart": _area,
    "bar_chart": _bars,
    "pie_chart": _pie,
    "scatter_chart": _scatter,
    "heatmap": _heat,
    "funnel": _funnel,
    "metric_card": _metric,
    "table": _table,
    "text": _table,
}


def _path(heights: Sequence[float]) -> str:
    step = (WIDTH - 8) / (len(heights) - 1)
    return " ".join(
        f"{4 + place * step:.1f},{HEIGHT - 4 - height * (HEIGHT - 8):.1f}"
        for place, height in enumerate(heights)
    )


def _box(x: float, y: float, width: float, height: float, series: int) -> Shape:
    sides = {"x": x, "y": y, "width": width, "height": height}
    return Shape("rect", {name: f"{side:.1f}" for name, side in sides.items()} | {"rx": "1.5"}, series)
