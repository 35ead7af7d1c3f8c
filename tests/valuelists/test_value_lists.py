"""What goes into lists and what comes out: uploads, patterns, and what forms offer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

import pytest
from flask import current_app
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from reportbuilder import clock
from reportbuilder.database import db, reading, transaction
from reportbuilder.errors import Invalid
from reportbuilder.parameters.definitions import read_definitions
from reportbuilder.valuelists import finding, storing, uploading
from reportbuilder.valuelists.kinds import KINDS, SOURCES, Found, read_rows
from tests.cast import Cast


def put(cast: Cast, kind: str, *values: str) -> None:
    with transaction() as session:
        found = [Found(kind, value, None, len(values) - place) for place, value in enumerate(values)]
        storing.store_seen(session, cast.first.id, found, clock.now())


def found(cast: Cast, kind: str, **options: Any) -> list[str]:
    with reading() as session:
        rows, _ = finding.search(session, cast.first.id, kind, limit=1000, **options)
    return [row.value for row in rows]


def upload(cast: Cast, kind: str, text: str, *, replace: bool = False) -> int:
    with transaction() as session:
        return uploading.upload(session, cast.first.id, kind, text.encode(), replace=replace)


def test_an_upload_adds_or_replaces_and_leaves_what_amc_tells_of(cast: Cast) -> None:
    put(cast, "asin", "B0SEEN0001")
    assert (
        upload(
            cast, "asin", "asin,name\n b0seen0001 ,Tent\nB0NEW00002;\n\nB0NEW00003,Stove\n".replace(";", "")
        )
        == 3
    )
    assert set(found(cast, "asin")) == {"B0SEEN0001", "B0NEW00002", "B0NEW00003"}
    assert found(cast, "asin", words="stove") == ["B0NEW00003"]
    assert upload(cast, "asin", "B0NEW00003\n", replace=True) == 1
    assert set(found(cast, "asin")) == {"B0SEEN0001", "B0NEW00003"}
    with transaction() as session:
        storing.forget_uploaded(session, cast.first.id, "asin")
    assert found(cast, "asin") == ["B0SEEN0001"]


def test_what_amc_has_not_told_of_for_long_goes_unless_somebody_brought_it(cast: Cast) -> None:
    put(cast, "campaign", "gone", "brought")
    upload(cast, "campaign", "brought\n")
    with transaction() as session:
        storing.forget_unseen(session, cast.first.id, clock.now() + timedelta(seconds=1))
    assert found(cast, "campaign") == ["brought"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no value"),
        ("asin\n", "no value"),
        ("B0SEEN0001\nB0SHORT\nB0SEEN0002\n", "line 2: 'B0SHORT' is no ASIN"),
        ('B0SEEN0001\n"B0SEEN\n', "line"),
        ("B0SEEN0001\nB0\x00EEN0001\n", "line 2"),
        ("B0SEEN0001,a\x1b[31mlabel\n", "cannot be printed"),
        ("\n".join(["nonsense"] * 30), "30 lines are wrong"),
    ],
)
def test_a_file_with_a_wrong_line_changes_nothing(cast: Cast, text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        upload(cast, "asin", text)
    assert len(caught.value.details["file"]) <= uploading.MOST_FAULTS + 1
    assert found(cast, "asin") == []


def test_a_file_that_is_no_text_or_too_big_is_refused() -> None:
    with pytest.raises(Invalid, match="UTF-8"):
        uploading.read_csv("asin", b"\xff\xfe\x00")
    with pytest.raises(Invalid, match="bytes"):
        uploading.read_csv("asin", b"x" * (uploading.LARGEST + 1))
    with pytest.raises(Invalid, match="kind"):
        uploading.read_csv("colour", b"red")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Spring; early\nSummer\n", {"Spring; early": None, "Summer": None}),
        ('"Spring; early",First\nSummer,Second\n', {"Spring; early": "First", "Summer": "Second"}),
        ('"Spring; early"\n"Summer; late"\n', {"Spring; early": None, "Summer; late": None}),
        ("Spring;First\nSummer;Second\n", {"Spring": "First", "Summer": "Second"}),
        ("campaign\nSpring; early\n", {"Spring; early": None}),
        ("campaign;name\nSpring;First\nSummer\n", {"Spring": "First", "Summer": None}),
        ("\n\nCampaign Name,Label\r\nSpring,First\r\n", {"Spring": "First"}),
        ("\ufeffcampaign\nSpring", {"Spring": None}),
    ],
)
def test_semicolons_in_names_are_no_ends_of_cells(text: str, wanted: dict[str, str | None]) -> None:
    found = uploading.read_csv("campaign", text.encode())
    assert {each.value: each.label for each in found} == wanted


def test_a_long_list_is_one_statement(cast: Cast) -> None:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    with transaction() as session:
        rows = [Found("campaign", f"Campaign {number}") for number in range(5000)]
        assert storing.store_seen(session, cast.first.id, rows, clock.now()) == 5000
    event.remove(db.engine, "before_cursor_execute", note)
    assert max(map(len, statements)) < 2000
    with reading() as session:
        assert finding.search(session, cast.first.id, "campaign")[1] == 5000


def test_two_who_write_the_same_values_in_turn_both_end(cast: Cast) -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # the app itself, for threads

    def write(names: list[str]) -> None:
        with app.app_context():
            for _ in range(5):
                upload(cast, "campaign", "\n".join(names))

    names = [f"Campaign {number}" for number in range(400)]
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(write, names), pool.submit(write, names[::-1])]:
            future.result(60)
    assert len(found(cast, "campaign")) == 400


NAMES = st.text(st.sampled_from("aAb*%_?[]\\|é "), min_size=1, max_size=6).filter(str.strip)


SIGNS = st.text(st.sampled_from("aAb*%_?[]\\|é "), max_size=4)


@settings(max_examples=30)
@given(
    names=st.sets(NAMES.map(str.strip), max_size=8),
    pattern=st.text(st.sampled_from("aAb*%_?[]\\|é "), max_size=4),
)
def test_a_pattern_fits_as_the_like_of_amc_does(cast: Cast, names: set[str], pattern: str) -> None:
    with transaction() as session:
        storing.forget_unseen(session, cast.first.id, clock.now() + timedelta(days=1))
    put(cast, "campaign", *names)
    as_python = "".join(f"[{sign}]" if sign in "?[" else sign for sign in pattern)
    wanted = {name for name in names if not pattern or fnmatchcase(name, as_python)}
    assert set(found(cast, "campaign", pattern=pattern)) == wanted


def test_rows_become_values_each_once() -> None:
    rows: list[dict[str, Any]] = [
        {"advertiser": "Halden", "campaign": "A", "campaign_id": "1", "ad_product": "x", "impressions": 5},
        {"advertiser": "Halden", "campaign": "A", "campaign_id": "2", "ad_product": None, "impressions": "7"},
        {"advertiser": None, "campaign": "", "campaign_id": None, "ad_product": None, "impressions": None},
    ]
    values = {(each.kind, each.value): each for each in read_rows(SOURCES["campaigns_dsp"], rows)}
    assert set(values) == {("brand", "Halden"), ("campaign", "A")}
    assert values["campaign", "A"].weight == 12
    assert values["campaign", "A"].detail == {"advertiser": "Halden", "campaign_id": "1", "ad_product": "x"}


def test_forms_offer_and_begin_with_the_heaviest(cast: Cast) -> None:
    put(cast, "asin", "B0SEEN0001", "B0SEEN0002", "B0SEEN0003")
    put(cast, "brand", "Halden Audio", "Petal & Paw")
    definitions = read_definitions(
        [
            {"parameter_name": "asins", "parameter_type": "asin_list", "ui_config": {"prefill": 2}},
            {
                "parameter_name": "brands",
                "parameter_type": "string_list",
                "ui_config": {"values_from": "brand"},
            },
            {"parameter_name": "words", "parameter_type": "string_list"},
        ]
    )
    with reading() as session:
        offered = finding.choices_of(session, cast.first.id, definitions)
    assert [choice["value"] for choice in offered["brands"]] == ["Halden Audio", "Petal & Paw"]
    assert set(offered) == {"asins", "brands"}
    assert finding.prefilled(definitions, offered) == {"asins": ["B0SEEN0001", "B0SEEN0002"]}
    with reading() as session:
        elsewhere = finding.choices_of(session, cast.second.id, definitions)
    assert elsewhere == {"asins": [], "brands": []}


def test_every_kind_has_a_source() -> None:
    assert set(KINDS) == {kind for source in SOURCES.values() for kind in source.columns}
