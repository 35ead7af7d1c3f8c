"""What a template says of itself beyond its SQL: the question it answers, its columns, its charts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reportbuilder.catalog.older.files import read_object

NO_CHARTS: Final = ("table", "metric_card", "text")
MOST_COLUMNS: Final = 100
LONGEST_RUN: Final = 24 * 60  # minutes; more is a slip


@dataclass(frozen=True)
class Column:
    """One column of the rows; ``sample`` is a made-up value of it, None if none is given."""

    name: str
    title: str
    format: str = ""
    sample: Any = None


@dataclass(frozen=True)
class Widget:
    """One picture of the rows: its kind, such as line_chart, its title, and the columns that it measures.

    ``series``: how many lines or colours it has at least. ``is_horizontal``: its bars lie.
    """

    kind: str
    title: str
    series: int = 1
    columns: tuple[str, ...] = ()
    is_horizontal: bool = False


@dataclass(frozen=True)
class About:
    """What ``report_config`` says: nothing, where it says something of another shape."""

    question: str = ""
    typical_minutes: int | None = None
    columns: tuple[Column, ...] = ()
    widgets: tuple[Widget, ...] = ()

    @property
    def picture(self) -> Widget | None:
        """The widget that stands for the template: the first chart, else the first widget."""
        charts = (widget for widget in self.widgets if widget.kind not in NO_CHARTS)
        return next(charts, self.widgets[0] if self.widgets else None)

    @property
    def sample(self) -> tuple[Any, ...] | None:
        """One made-up row; None if its columns do not all give a value."""
        values = tuple(column.sample for column in self.columns)
        return None if not values or None in values else values


def about_of(report_config: Any) -> About:
    """Read the column ``report_config`` of a template, whoever wrote it.

    >>> about_of({"about": {"question": "Who saw it?", "typical_minutes": 5}}).typical_minutes
    5
    """
    config = read_object(report_config)
    about = read_object(config.get("about"))
    minutes = about.get("typical_minutes")
    return About(
        question=_text(about.get("question")),
        typical_minutes=minutes if isinstance(minutes, int) and 0 < minutes <= LONGEST_RUN else None,
        columns=tuple(_columns(about.get("columns"))),
        widgets=tuple(_widgets(config.get("widgets"))),
    )


def _columns(rows: Any) -> Iterator[Column]:
    for row in _objects(rows)[:MOST_COLUMNS]:
        if name := _text(row.get("name")):
            title = _text(row.get("title")) or name
            yield Column(name, title, _text(row.get("format")), _plain(row.get("sample")))


def _widgets(rows: Any) -> Iterator[Widget]:
    for row in _objects(rows):
        if kind := _text(row.get("type")):
            measured = row.get("value_field") or row.get("y_field")
            names = tuple(filter(None, map(_text, measured if isinstance(measured, list) else [measured])))
            series = max(1, len(names), 1 + bool(row.get("series_field")))
            yield Widget(kind, _text(row.get("title")), series, names, row.get("horizontal") is True)


def _objects(rows: Any) -> list[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else None
