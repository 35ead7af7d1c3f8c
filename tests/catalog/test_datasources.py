"""The catalog's and the sandbox's copies of AMC's documents say the same; neither reads the other's."""

import pytest

from reportbuilder.catalog.datasources import (
    LEVELS,
    data_sources,
    functions,
    nearest,
    old_names,
    undocumented_functions,
    ways_out,
)
from reportbuilder.sandbox.tables import documented

each_table = pytest.mark.parametrize("name", sorted(documented()))


@each_table
def test_the_columns_are_those_of_the_sandbox(name: str) -> None:
    ours, theirs = data_sources()[name].columns, documented()[name].by_name
    assert set(ours) == set(theirs)
    assert {
        (column.name, column.threshold) for column in ours.values()
    } == {(column.name, column.threshold) for column in theirs.values()}  # fmt: skip


@each_table
def test_the_types_are_those_of_the_sandbox(name: str) -> None:
    ours, theirs = data_sources()[name].columns, documented()[name].by_name
    words = {"DECIMAL(38,4)": "DECIMAL", "DECIMAL(38,2)": "DECIMAL", "DECIMAL(38, 2)": "DECIMAL"}
    differing = {
        column: (about.type, theirs[column].type)
        for column, about in ours.items()
        if words.get(about.type, about.type) != words.get(theirs[column].type, theirs[column].type)
    }
    assert differing == {}


@each_table
def test_metrics_and_dimensions_are_those_of_the_sandbox(name: str) -> None:
    ours, theirs = data_sources()[name].columns, documented()[name].by_name
    assert {
        column: about.column_type for column, about in ours.items()
    } == {column: about.column_type for column, about in theirs.items()}  # fmt: skip


def test_all_tables_are_there_with_known_levels_and_units() -> None:
    assert len(data_sources()) == 35
    assert len(data_sources()["dsp_impressions"].columns) == 98
    for source in data_sources().values():
        for column in source.columns.values():
            assert column.threshold in LEVELS
            assert column.money in ("", "microcents", "millicents", "currency")


def test_money_has_its_unit() -> None:
    units = {
        ("sponsored_ads_traffic", "spend"): "microcents",
        ("dsp_impressions", "supply_cost"): "microcents",
        ("dsp_impressions", "total_cost"): "millicents",
        ("dsp_clicks", "click_cost"): "millicents",
        ("conversions", "total_product_sales"): "currency",
        ("amazon_attributed_events_by_traffic_time", "product_sales_clicks"): "currency",
        ("dsp_impressions", "impressions"): "",
    }
    assert {key: data_sources()[key[0]].columns[key[1]].money for key in units} == units


def test_old_names_mean_documented_tables() -> None:
    assert set(old_names().values()) <= set(data_sources())
    assert not set(old_names()) & set(data_sources())


def test_a_function_is_documented_or_not() -> None:
    assert not undocumented_functions() & set(functions())
    assert not set(ways_out()) & set(functions())
    assert (functions()["ROUND"].least, functions()["ROUND"].most) == (1, 2)
    assert functions()["CONCAT"].most is None


@pytest.mark.parametrize(
    ("word", "choices", "expected"),
    [
        ("campain", ("campaign", "site"), "campaign"),
        ("CAMPAIN", ("campaign",), "campaign"),
        ("zzz", ("campaign",), ""),
        ("c" * 500, ("c" * 499,), ""),
    ],
)
def test_the_nearest_name(word: str, choices: tuple[str, ...], expected: str) -> None:
    assert nearest(word, choices) == expected
