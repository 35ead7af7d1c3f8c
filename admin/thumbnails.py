"""Small pictures of charts, drawn from their kind and sample rows: shapes that a page writes as SVG."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from reportbuilder.catalog.abouts import Widget
from reportbuilder.catalog.samples import Sample

WIDTH: Final = 180
HEIGHT: Final = 48
MOST_SERIES: Final = 3
FEWEST: Final = 3  # rows that make a picture
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


def draw(widget: Widget | None, sample: Sample | None = None) -> Thumbnail:
    """Return the picture of a widget, of made-up heights unless there are sample rows.

    >>> draw(Widget("line_chart", "ROAS by week", 2)).label
    'Line chart: ROAS by week'
    """
    if widget is None:
        return Thumbnail("Table of rows", tuple(_table(Widget("table", ""), ())))
    known = widget.kind if widget.kind in WORDS else "table"
    shapes = _DRAWN[known](widget, _curves(widget, sample))
    return Thumbnail(f"{WORDS[known]}: {widget.title}" if widget.title else WORDS[known], tuple(shapes))


Curves = Sequence[Sequence[float]]  # heights of points from 0 to 1, by series


def _curves(widget: Widget, sample: Sample | None) -> Curves:
    """Return the heights of the columns that are measured, if the sample rows hold enough of them."""
    columns = [name for name in widget.columns if sample and name in sample.columns][:MOST_SERIES]
    if sample is None or not columns:
        return _CURVES[: min(widget.series, MOST_SERIES)]
    places = [sample.columns.index(name) for name in columns]
    found = [[_number(row[place]) for row in sample.rows] for place in places]
    most = max((number for curve in found for number in curve), default=0)
    if len(sample.rows) < FEWEST or most <= 0:
        return _CURVES[: min(widget.series, MOST_SERIES)]
    return [[max(0.04, number / most) for number in curve] for curve in found]


def _number(value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0


def _line(_widget: Widget, curves: Curves) -> Iterator[Shape]:
    for series, curve in enumerate(curves, start=1):
        yield Shape("polyline", {"points": _path(curve), "class": "thumbnail-line"}, series)


def _area(_widget: Widget, curves: Curves) -> Iterator[Shape]:
    for series, curve in enumerate(curves, start=1):
        outline = f"4,{HEIGHT} {_path(curve)} {WIDTH - 4},{HEIGHT}"
        yield Shape("polygon", {"points": outline, "class": "thumbnail-area"}, series)


def _bars(widget: Widget, curves: Curves) -> Iterator[Shape]:
    along, across = (HEIGHT, WIDTH) if widget.is_horizontal else (WIDTH, HEIGHT)
    count = len(curves[0])
    step = (along - 4) / count
    wide = step * 0.8 / len(curves)
    for series, curve in enumerate(curves, start=1):
        for place, height in enumerate(curve):
            at, tall = 3 + place * step + (series - 1) * wide, (across - 6) * height
            if widget.is_horizontal:
                yield _box(4, at, tall, wide * 0.9, series)
            else:
                yield _box(at, HEIGHT - tall, wide * 0.9, tall, series)


def _pie(_widget: Widget, _curves: Curves) -> Iterator[Shape]:
    # a circle of circumference 100, cut by dashes
    at = 0
    for number, share in enumerate((45, 32, 23), start=1):
        dashes = {"stroke-dasharray": f"{share} {100 - share}", "stroke-dashoffset": str(25 - at)}
        ring = {"cx": str(WIDTH // 2), "cy": "24", "r": "15.9155", "class": "thumbnail-ring"}
        yield Shape("circle", ring | dashes, number)
        at += share


def _scatter(widget: Widget, _curves: Curves) -> Iterator[Shape]:
    for place, (x, y) in enumerate(_POINTS):
        yield Shape(
            "circle",
            {"cx": str(round((x + 6) * WIDTH / 120)), "cy": str(y), "r": "3"},
            place % min(widget.series, MOST_SERIES) + 1,
        )


def _heat(_widget: Widget, curves: Curves) -> Iterator[Shape]:
    shades = [*curves[0], *_SHADES][: len(_SHADES)]
    for place, shade in enumerate(shades):
        row, column = divmod(place, 5)
        cell = _box(6 + column * 34, 2 + row * 15, 32, 13, 1)
        yield Shape(cell.tag, cell.attributes | {"fill-opacity": f"{max(shade, 0.15):.2f}"}, 1)


def _funnel(_widget: Widget, _curves: Curves) -> Iterator[Shape]:
    for place, wide in enumerate((160, 108, 66, 34)):
        yield _box((WIDTH - wide) / 2, 2 + place * 11.5, wide, 9.5, 1)


def _metric(_widget: Widget, _curves: Curves) -> Iterator[Shape]:
    yield _box(60, 10, 60, 18, 1)
    yield _box(70, 34, 40, 5, 0)


def _table(_widget: Widget, _curves: Curves) -> Iterator[Shape]:
    for row in range(4):
        for column, wide in enumerate((64, 40, 40)):
            at = 6 + (0, 74, 124)[column]
            yield _box(at, 4 + row * 11, wide, 6, 1 if row == 0 else 0)


_DRAWN: Final[dict[str, Callable[[Widget, Curves], Iterator[Shape]]]] = {
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
