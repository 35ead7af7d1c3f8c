"""The kit: every macro is shown on the page that axe looks at, documented, and escapes its arguments."""

import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from tests.deployment import ROOT

SOURCE = (ROOT / "admin" / "templates" / "kit" / "kit.html").read_text()
MACROS = set(re.findall(r"\{%-? macro (\w+)", SOURCE))
PARTS = MACROS - {"icon_of", "described"}  # of other macros
SHOWN = "".join(path.read_text() for path in Path(ROOT / "tests" / "browser").glob("kit*.*"))
EVIL = """"><script>'"""

USES = [
    "kit.button(evil, name=evil, value=evil, label=evil, extra={'data-x': evil})",
    "kit.button(evil, href=evil)",
    "kit.post(evil, evil, fields={evil: evil}, confirm=evil, hx={'hx-target': evil})",
    "kit.input(evil, evil, help=evil, errors=[evil])",
    "kit.input('text', evil, type='textarea')",
    "kit.select(evil, [(evil, evil), 'plain'], evil, blank=evil)",
    "kit.zone(evil, evil, help=evil, errors=[evil])",
    "kit.check(evil, evil, value=evil, help=evil)",
    "kit.state(evil, evil, title=evil)",
    "kit.tag(evil)",
    "kit.empty(evil, evil, href=evil, action=evil)",
    "kit.note(evil)",
    "kit.flash([('success', {'text': evil, 'action': {'label': evil, 'post': evil, 'fields': {}}})])",
    "kit.tabs([(evil, evil)], evil, label=evil)",
    "kit.crumbs([(evil, evil)])",
    "kit.menu(evil, [{'text': evil, 'href': evil}, none, {'text': evil, 'post': evil, 'confirm': evil}])",
    "kit.meter(1, 2, evil)",
    "kit.progress(1, 2, evil)",
    "kit.spark([1, 2], evil)",
]


def rendered(web: Flask, use: str) -> str:
    with web.test_request_context("/"):
        return render_template_string(f'{{% import "kit/kit.html" as kit %}}{{{{ {use} }}}}', evil=EVIL)


@pytest.mark.parametrize("macro", sorted(PARTS))
def test_each_macro_is_shown_and_documented(macro: str) -> None:
    assert f"kit.{macro}(" in SHOWN or macro in {"flash", "bars"}, (
        macro
    )  # these are seen on pages of their own
    assert f"`{macro}`" in (ROOT / "docs" / "console.md").read_text(), macro


@pytest.mark.parametrize("use", USES)
def test_macros_escape_what_they_are_given(web: Flask, use: str) -> None:
    html = rendered(web, use)
    assert "<script>" not in html
    assert not re.search(r"""=(?:"[^"]*"|'[^']*')[^\s>/]""", html), html


def test_a_field_ties_help_and_errors_to_its_control(web: Flask) -> None:
    html = rendered(web, "kit.input('days', '400', help='x', errors=['y'])")
    assert 'aria-describedby="days-help days-errors"' in html
    assert 'aria-invalid="true"' in html
    assert "aria-describedby" not in rendered(web, "kit.input('days', '7')")


@pytest.mark.parametrize(
    ("values", "has_line"),
    [([], False), ([1], False), ([None, 2], False), ([3, None, 3], True), ([1, 2], True)],
)
def test_a_trend_needs_two_values(web: Flask, values: list[float | None], has_line: bool) -> None:
    html = rendered(web, f"kit.spark({str(values).replace('None', 'none')})")
    assert ("<polyline" in html) == has_line


def test_a_page_number_far_away_is_left_out(web: Flask) -> None:
    html = rendered(web, "kit.pager(5, 200, '/x?page={}'.format)")
    assert len(re.findall(r"Page \d+", html)) == 5
    assert html.count("…") == 2
    assert rendered(web, "kit.pager(1, 1, '/x?page={}'.format)").strip() == ""
