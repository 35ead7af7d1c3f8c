"""Rows of the table of reports as HTML, each drawn once for as long as it looks the same.

A page that lies open asks for fifty rows of which one has moved, and two hundred pages may lie open.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from flask import render_template
from markupsafe import Markup

from admin.instants import reader_zone
from admin.report_menus import menu_of
from admin.report_rows import STATE_WORDS, ReportRow, selectable

MOST_KEPT: Final = 2_000  # rows, of some three kilobytes each

_kept: dict[str, Markup] = {}  # what a row looks like, by the digest of all that it shows


def digest(rows: Sequence[ReportRow]) -> str:
    """Return what changes when anything changes that the rows show."""
    with_boxes = selectable(rows)
    return _hashed([_digest(row, with_box=with_boxes) for row in rows])


def drawn(rows: Sequence[ReportRow]) -> Markup:
    """Return rows as HTML, for the reader of this request."""
    with_boxes = selectable(rows)
    return Markup("").join(_drawn(row, with_box=with_boxes) for row in rows)


def _drawn(row: ReportRow, *, with_box: bool) -> Markup:
    name = _digest(row, with_box=with_box)
    found = _kept.get(name)
    if found is None:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        html = render_template(
            "reports/_row.html", row=row, selectable=with_box, words=STATE_WORDS, menu=menu_of(row)
        )
        found = _kept[name] = Markup(html)  # noqa: S704 - our own template has escaped what is in it
    return found


def _digest(row: ReportRow, *, with_box: bool) -> str:
    return _hashed([with_box, reader_zone(), *_facts(row)])


def _hashed(facts: Sequence[object]) -> str:
    return hashlib.sha256(repr(facts).encode("utf-8", "replace")).hexdigest()[:20]


def _facts(row: ReportRow) -> tuple[object, ...]:
    """Return all that ``reports/_row.html`` shows."""
    report, run, schedule = row.report, row.line.latest, row.line.schedule
    return (
        (report.report_id, report.name, report.template.name),
        (report.instance.instance_id, report.instance.instance_name),
        (report.owner.email, report.owner.name),
        (row.shown_state, row.state, row.meaning, row.original),
        (row.frequency, row.rests, schedule is not None and schedule.is_paused),
        (run and run.created_at, row.line.next_run_at),
        (row.trend, row.results, row.line.is_favorite, sorted(row.may)),
    )
