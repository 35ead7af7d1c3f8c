"""The pure parts of the form: a widget for everything, marks that rebuild the SQL, texts that read back."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import admin
from admin.form import addresses, controls
from admin.form.marking import mark
from admin.form.widgets import Widget, choose
from reportbuilder.catalog.library import read_library
from reportbuilder.errors import Invalid
from reportbuilder.parameters import Definition, parse_window, render
from reportbuilder.parameters.types import KINDS
from reportbuilder.parameters.windows import read_window

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MACROS = (Path(admin.__file__).parent / "templates" / "form" / "fields.html").read_text()
OPTIONS = {"options": ["a", "b", 1, 0.5, True]}
RULES: dict[str, list[dict[str, Any]]] = {
    "enum_select": [
        OPTIONS,
        OPTIONS | {"multiple": True},
        {"options": [f"o{n}" for n in range(30)], "multiple": True},
    ],
    "number": [{}, {"min": 0, "max": 9}],
    "threshold_numeric": [{}, {"min": 0, "max": 9, "step": 3}],
}
hints: st.SearchStrategy[object] = st.one_of(
    st.sampled_from(
        [*Widget, "checkboxes", "radio", "textarea", "range", "updown", "asin-picker", "hidden", ""]
    ),
    st.text(max_size=5),
    st.none(),
    st.integers(),
    st.just({}),
)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data(), required=st.booleans())
def test_every_type_has_a_widget_whatever_is_hinted(kind: str, data: st.DataObject, required: bool) -> None:
    rules = data.draw(st.sampled_from(RULES.get(kind, [{}])))
    widget = choose(Definition("x", kind, rules=rules, required=required), data.draw(hints))
    assert f"{{% macro {widget}(f) %}}" in MACROS
    assert f'"{widget}": {widget}' in MACROS


def test_every_widget_shows_something_that_is_shipped_or_can_be_asked_for() -> None:
    shipped = {
        choose(each, each.ui.get("widget")) for one in read_library() for each in one.draft.definitions
    }
    assert shipped >= {Widget.PASTE, Widget.PICKER, Widget.TAGS, Widget.FILTER, Widget.SLIDER, Widget.TOGGLE}
    assert set(re.findall(r'"(\w+)": \1', MACROS)) >= {str(widget) for widget in Widget}


values = {
    "number": st.integers(-(10**6), 10**6),
    "string": st.text("ab 'é😀\n<&", min_size=1, max_size=9),
    "campaign_list": st.lists(st.text("aB 1,*", min_size=1).filter(str.strip), min_size=1, max_size=5),
    "date_range": st.one_of(
        st.sampled_from([{"preset": "last_30_days"}, {"preset": "mtd"}, {"preset": "last_3_days"}]),
        st.just({"start": "2026-01-02", "end": "2026-01-09"}),
    ),
    "date": st.sampled_from(["today", "yesterday", "today-9", "2026-01-02"]),
    "boolean": st.booleans(),
}  # fmt: skip
SQL = """SELECT 'é', n FROM t WHERE a = {{number}} AND b IN ({{campaign_list}}) AND c = {{string}}
AND {{boolean}} AND d BETWEEN {{date_range.start}} AND {{date_range.end}} AND e = {{date}}
AND f = {{nothing}} -- {{number}}"""


@given(st.fixed_dictionaries(values))
def test_the_marked_pieces_are_the_sql_to_the_letter(given_values: dict[str, Any]) -> None:
    definitions = [Definition(name, name) for name in values]
    definitions.append(Definition("nothing", "string", rules={"empty": "neutral"}))
    rendered = render(SQL, definitions, given_values, window=None, as_of=NOON)
    pieces = mark(rendered.sql, rendered.places)
    assert "".join(piece.text for piece in pieces) == rendered.sql
    assert {piece.name for piece in pieces} == {"", "nothing", *values}
    assert [piece.text for piece in pieces if piece.is_off] == ["TRUE"]


@pytest.mark.parametrize("kind", values)
@given(data=st.data())
def test_what_is_written_into_controls_reads_back(kind: str, data: st.DataObject) -> None:
    definition = Definition("x", kind)
    value = definition.to_json(definition.read(data.draw(values[kind])))
    widget = choose(definition)
    typed = controls.write_value(definition, widget, value)
    assert definition.to_json(definition.read(controls.read_value(definition, widget, typed))) == value


wishes = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"preset": st.sampled_from(["last_full_week", "mtd", "last_7_days"])},
        optional={"lag_days": st.integers(0, 30), "time_zone": st.just("Europe/Vienna")},
    ),
    st.fixed_dictionaries({"lookback_days": st.integers(1, 400)}, optional={"lag_days": st.integers(0, 30)}),
    st.just({"start": "2026-01-01", "end": "2026-01-31", "time_zone": "UTC"}),
    st.just({"start": "2026-01-01T03:00:00", "end": "2026-01-31T04:30:00"}),
)


@given(wishes)
def test_a_window_that_is_written_into_controls_means_the_same(wish: dict[str, Any] | None) -> None:
    read = controls.read_window(controls.write_window(read_window(wish) if wish else None))
    assert parse_window(read, as_of=NOON) == parse_window(wish, as_of=NOON)


@given(
    st.dictionaries(
        st.sampled_from(["p.a", "p.b.text", "w.days", "name"]), st.lists(st.text("a &=+é\n,"), min_size=1)
    )
)
def test_an_address_says_what_is_typed_or_is_too_long(typed: dict[str, list[str]]) -> None:
    from urllib.parse import parse_qs, urlsplit

    address = addresses.write("/f", "amc1", typed, {})
    found = parse_qs(urlsplit(address).query, keep_blank_values=True)
    said = {name: [text for text in texts if text] for name, texts in typed.items()}
    assert found == {"instance_id": ["amc1"]} | {name: texts for name, texts in said.items() if texts}
    assert "p.a=" in addresses.write("/f", "amc1", {"p.a": ["", ""]}, {"p.a": ["suggested"]})
    assert addresses.write("/f", "amc1", {"p.a": ["x" * 7000]}, {}) == ""


@pytest.mark.parametrize("text", ["[1]", "{", "x", "[" * 2000])
def test_what_is_no_object_gives_no_values(text: str) -> None:
    with pytest.raises(Invalid, match="no JSON object"):
        addresses.read_values(text)
