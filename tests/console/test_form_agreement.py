"""Browser and server agree on what is typed: field by field, by the same words, for each shipped template."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admin.form import controls, fields, judging
from admin.form.showing import script_settings
from admin.form.widgets import Widget
from reportbuilder.catalog.library import Shipped, read_library
from reportbuilder.errors import Invalid
from reportbuilder.parameters import Definition, Form, build_form
from reportbuilder.parameters.dates import today_in
from reportbuilder.reports.defining import Terms
from tests.console.browser_judge import BrowserJudge, browser_judge

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
SHIPPED = read_library()
# words that only the server has: the nearest known ones to a misspelled one, and what a zone's clocks skip
SERVERS = ("did you mean",)

Texts = dict[str, list[str]]

words = st.text("aAbB019 ._-'%*,;\n\t\u00a0é😀[{\"", max_size=12)
numbers = st.one_of(
    st.integers(-5, 2_000_000).map(str),
    st.decimals(-10, 200, places=2).map(str),
    st.sampled_from(
        ["", " 7 ", "1e3", "0.5%", "12 %", "+3", ".5", "9" * 38, "0." + "1" * 39, "-0", "0x1", "7,5"]
    ),
)
asins = st.sampled_from(
    ["B000000001", "B000000002", "b000000003", "B00", "'B000000004'", "", " ", "B000000001,B00000000é"]
)
days = st.one_of(
    st.dates(date(2025, 1, 1), date(2026, 12, 31)).map(str),
    st.sampled_from(["", "2026-02-30", "2026-3-1", "today", "2026-03-04"]),
)
counts = st.sampled_from(["", "0", "1", "14", "400", "401", "x", "007", "-1", "1.5"])
presets = st.sampled_from(
    [
        "",
        "last",
        "dates",
        "today",
        "yesterday",
        "last_month",
        "this_year",
        "mtd",
        "last_full_week",
        "Last Month",
    ]
)


def typed_for(definition: Definition, widget: Widget) -> st.SearchStrategy[Texts]:
    """Texts for the controls of one parameter, right ones and wrong ones."""
    name = controls.VALUE + definition.name
    options = [controls.spell(option.value) for option in definition.rule("options") or ()]
    some = st.one_of(st.sampled_from(options), words) if options else words
    one = {
        Widget.NUMBER: numbers,
        Widget.SLIDER: numbers,
        Widget.TOGGLE: st.sampled_from(["true", "false", "", "YES", "maybe"]),
        Widget.TRUTH: st.sampled_from(["true", "false", "", "off"]),
        Widget.PASTE: st.lists(asins, max_size=6).map(" \n".join),
        Widget.SELECT: st.one_of(some, some.map(str.upper)),
        Widget.RADIO: some,
    }.get(widget, words)
    if widget in (Widget.CHECKBOXES, Widget.MULTISELECT, *controls.LISTS):
        several = st.lists(some, max_size=4).map(lambda texts: {name: texts})
        return st.tuples(
            several, st.one_of(st.just({}), words.map(lambda text: {f"{name}.text": [text]}))
        ).map(lambda pair: {**pair[0], **pair[1]} if widget in controls.LISTS else pair[0])
    if widget in (Widget.DATES, Widget.DATE):
        mode = st.sampled_from(["day", "ago", "today", "yesterday", ""]) if widget is Widget.DATE else presets
        parts = {"preset": mode, "days": counts, "start": days, "end": days, "day": days}
        return st.fixed_dictionaries(
            {f"{name}.{part}": made.map(lambda text: [text]) for part, made in parts.items()}
        )
    return one.map(lambda text: {name: [text]})


windows = st.fixed_dictionaries(
    {
        f"w.{part}": made.map(lambda text: [text])
        for part, made in {
            "preset": presets,
            "days": counts,
            "start": days,
            "end": days,
            "lag_days": counts,
            "time_zone": st.sampled_from(["", "", "Pacific/Auckland", "America/Los_Angeles"]),
        }.items()
    }
)


def form_of(shipped: Shipped) -> Form:
    return build_form(shipped.draft.definitions, shipped.draft.ui_schema, as_of=NOON, window=True)


def typed_into(form: Form) -> st.SearchStrategy[Texts]:
    widgets = fields.widgets_of(form)
    parts = [typed_for(each, widgets[each.name]) for each in form.definitions]
    return st.tuples(*parts, windows).map(
        lambda found: {name: texts for part in found for name, texts in part.items()}
    )


@pytest.fixture(scope="module")
def judge() -> Iterator[BrowserJudge]:
    with browser_judge() as made:
        yield made


def servers_values(form: Form, typed: Texts) -> dict[str, list[str]]:
    try:
        form.load(fields.raw_values(form, typed))
    except Invalid as error:
        return error.details
    return {}


def servers_window(typed: Texts, zone: str) -> tuple[dict[str, list[str]], dict[str, str] | None]:
    try:
        window = judging.window_of(controls.read_window(typed), zone, Terms(NOON))
    except Invalid as error:
        return {judging.window_control(key): why for key, why in error.details.items()}, None
    return {}, window.days.to_json()


def without_servers(reasons: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the reasons, but of those with words that only the server has just that there is one."""
    return {
        name: ["…" if any(word in why for word in SERVERS) else why for why in found]
        for name, found in reasons.items()
    }


def assert_agree(judge: BrowserJudge, key: str, form: Form, typed: Texts, zone: str = "UTC") -> None:
    seen, server = judge.judge(key, typed, zone), without_servers(servers_values(form, typed))
    browser = {
        name: ["…" if server.get(name) == ["…"] else why for why in found]
        for name, found in seen["values"].items()
    }
    assert browser == server
    assert set(seen["hidden"]) == form.hidden(fields.raw_values(form, typed))
    wrong, span = servers_window(typed, zone)
    wrong = without_servers(wrong)
    told = {judging.window_control(f"time_window.{part}"): why for part, why in seen["window"].items()}
    assert {name: ["…"] if wrong.get(name) == ["…"] else why for name, why in told.items()} == wrong
    assert seen["span"] == span
    today = today_in(NOON, zone)
    raw = fields.raw_values(form, typed)
    assert seen["notes"] == {
        each.name: fields.days_of(each, raw.get(each.name), today) for each in form.definitions
    }


FUTURE = {"allow_future": False}
WIDE = {"visible_if": {"wide": True}}
OF_EVERY_KIND = [
    Definition("day", "date", rules=FUTURE | {"min": "2025-06-01"}),
    Definition("later", "date", default="yesterday", rules={"not_below": "day"}),
    Definition("span", "date_range", default={"preset": "last_7_days"}, rules={"max_days": 40}),
    Definition("words", "date_expression", rules=FUTURE),
    Definition("least", "number", default=5, required=True),
    Definition("most", "threshold_numeric", rules={"min": 0, "max": 100, "step": 0.5, "not_below": "least"}),
    Definition("share", "percentage", default=10, rules={"not_below": "most"}, ui=WIDE),
    Definition("wide", "boolean", default=True),
    Definition("sure", "boolean"),
    Definition("text", "string", required=True, rules={"pattern": "[a-z]+"}),
    Definition("ids", "string_list", rules={"item_type": "integer", "min_items": 2}),
    Definition("names", "campaign_list", ui={"visible_if": {"least": 5.0}}),
    Definition("few", "enum_select", rules={"options": ["a", "b", 1, 0.5], "multiple": True}),
    Definition("one", "enum_select", rules={"options": ["a", "B"]}, ui={"widget": "radio"}),
]  # fmt: skip


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
def test_they_agree_on_every_kind_of_field(zone: str, judge: BrowserJudge) -> None:
    form = build_form(OF_EVERY_KIND, as_of=NOON, zone=zone, window=True)
    judge.know(zone, script_settings(form))

    @given(typed_into(form))
    @settings(max_examples=300)
    def agree(typed: Texts) -> None:
        assert_agree(judge, zone, form, typed, zone)

    agree()


@pytest.mark.parametrize("shipped", SHIPPED, ids=[each.key for each in SHIPPED])
def test_browser_and_server_agree_on_what_is_typed(shipped: Shipped, judge: BrowserJudge) -> None:
    form = form_of(shipped)
    judge.know(shipped.key, script_settings(form))

    @given(typed_into(form))
    @settings(max_examples=20)
    def agree(typed: Texts) -> None:
        assert_agree(judge, shipped.key, form, typed)

    agree()
