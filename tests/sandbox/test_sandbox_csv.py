"""Result files: characters, types, several files, and a round trip of any text."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportbuilder.sandbox import Faults
from tests.sandbox.caller import CAMPAIGNS, Caller


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), escapechar="\\", doublequote=False))


@pytest.mark.conforms(
    "semantics:csv-date",
    "semantics:csv-timestamp",
    "semantics:csv-boolean",
    "semantics:csv-decimal",
    "semantics:csv-null",
)
def test_every_type_has_its_text(caller: Caller) -> None:
    text = caller.csv(
        """SELECT 'a' AS s, CAST(NULL AS VARCHAR) AS n, CAST(7 AS BIGINT) AS l,
           CAST('2026-01-31' AS DATE) AS d,
           CAST('2026-01-31 04:05:06.789' AS TIMESTAMP) AS t, CAST(1.5 AS DOUBLE) AS x,
           1 = 1 AS yes, 1 = 2 AS no,
           CAST(2.5 AS DECIMAL(38,4)) AS m"""
    )
    assert text == "s,n,l,d,t,x,yes,no,m\na,,7,2026-01-31,2026-01-31T04:05:06.789,1.5,true,false,2.5000\n"


@pytest.mark.conforms("semantics:output-columns-told")
def test_output_columns_tell_the_types(caller: Caller) -> None:
    body = caller.run(
        """SELECT campaign, impression_date, MAX(impression_dt) AS latest, SUM(total_cost) AS cost,
           SUM(impressions) AS seen, COUNT(DISTINCT user_id) AS people, MAX(is_amazon_owned) AS owned,
           MAX(placement_view_rate) AS rate FROM dsp_impressions GROUP BY 1, 2"""
    )
    types = {one["name"]: (one["dataType"], one["columnType"]) for one in body["outputColumns"]}
    assert types == {
        "campaign": ("STRING", "DIMENSION"),
        "impression_date": ("DATE", "DIMENSION"),
        "latest": ("TIMESTAMP", "DIMENSION"),
        "cost": ("DOUBLE", "METRIC"),
        "seen": ("LONG", "METRIC"),
        "people": ("LONG", "DIMENSION"),
        "owned": ("BOOLEAN", "DIMENSION"),
        "rate": ("DECIMAL", "DIMENSION"),
    }
    (rate,) = [one for one in body["outputColumns"] if one["name"] == "rate"]
    assert (rate["precision"], rate["scale"]) == (38, 4)


@pytest.mark.conforms("semantics:csv-quotes")
def test_quotes_are_escaped_by_a_backslash(caller: Caller) -> None:
    assert caller.csv("""SELECT 'say "hi", you' AS x""") == 'x\n"say \\"hi\\", you"\n'


@pytest.mark.conforms("semantics:csv-header")
def test_names_are_lower_cased(caller: Caller) -> None:
    assert caller.csv('SELECT 1 AS Total_Sales, 2 AS "Mixed Case"').startswith("total_sales,mixed case\n")


@settings(max_examples=25)
@example(["\\", '"', '\\"', ",", "\n", "\r\n", "", "é漢🙂", "'", '""', "a\\nb", "~", "==", "!~"])
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, max_size=30
    )
)
def test_any_text_comes_back(caller: Caller, texts: list[str]) -> None:
    values = ", ".join(
        "({}, '{}')".format(place, text.replace("'", "''")) for place, text in enumerate(texts)
    )
    rows = rows_of(caller.csv(f"WITH t (n, v) AS (VALUES {values}) SELECT n, v FROM t"))
    assert rows[0] == ["n", "v"]
    assert {int(row[0]): row[1] for row in rows[1:]} == dict(enumerate(texts))


@pytest.mark.conforms("semantics:csv-empty")
def test_an_empty_result_is_a_header(caller: Caller) -> None:
    assert caller.csv(f"{CAMPAIGNS} HAVING 1 = 2") == "campaign,impressions\n"


@pytest.mark.conforms("semantics:csv-characters")
def test_the_callers_own_characters(caller: Caller) -> None:
    style = {"separatorCharacter": ";", "quoteCharacter": "'", "escapeCharacter": "'"}
    text = caller.csv("SELECT 'it''s; so' AS x, 1 AS y", workflow={"outputFormat": style})
    assert text == "x;y\n'it''s; so';1\n"


@pytest.mark.conforms("semantics:csv-array")
def test_arrays_and_structs(caller: Caller) -> None:
    sql = """WITH t (n, c) AS (VALUES (1, 'A'), (2, 'B'))
        SELECT ARRAY_SORT(COLLECT(DISTINCT NAMED_ROW('n', n, 'c', c))) AS p,
        ARRAY_SORT(COLLECT(n)) AS q FROM t"""
    assert caller.csv(sql) == 'p,q\n"[[1, A], [2, B]]","[1, 2]"\n'


@pytest.mark.conforms("semantics:csv-files", "limit:links")
def test_several_files_each_with_a_header(start: Callable[..., Caller], clock: Any) -> None:
    caller = start(Faults(rows_per_file=5))
    execution = caller.submit()  # twelve campaigns
    many = caller.submit(
        "SELECT event_day AS day, campaign, SUM(clicks) AS c FROM sponsored_ads_traffic GROUP BY 1, 2"
    )
    caller.box.settle()
    clock.move(10)
    texts = caller.texts(execution)
    assert [len(rows_of(text)) - 1 for text in texts] == [5, 5, 2]
    assert {text.split("\n")[0] for text in texts} == {"campaign,impressions"}
    names = [row[0] for text in texts for row in rows_of(text)[1:]]
    assert len(set(names)) == 12
    sizes = [len(rows_of(text)) - 1 for text in caller.texts(many)]
    assert sizes[:4] == [5, 5, 5, 5]
    assert len(sizes) == 5  # the contract allows no more, so the last one takes the rest
    assert sizes[4] > 5
