"""The recorded sample rows are what the shipped templates give at a sandbox today."""

import math

import pytest

from reportbuilder.catalog import samples
from tests.catalog.at_amc import LIBRARY, Amc
from tests.catalog.recording import sample_of


def is_same(recorded: object, told: object) -> bool:
    """Compare two cells; sums of fractions differ in their last digits by the order of the summands."""
    try:
        return math.isclose(float(str(recorded)), float(str(told)), rel_tol=1e-9)
    except ValueError:
        return recorded == told


@pytest.mark.parametrize("key", LIBRARY)
def test_recorded_rows_are_those_of_today(amc: Amc, key: str) -> None:
    found = samples.recorded(key)
    assert found is not None, "run `make samples`"
    told = sample_of(amc, key)
    assert list(found.columns) == told["columns"]
    for recorded, now in zip(found.rows, told["rows"], strict=True):
        same = [is_same(*pair) for pair in zip(recorded, now, strict=True)]
        assert all(same), (recorded, now, "the SQL or the sandbox's data have changed: run `make samples`")


@pytest.mark.parametrize("key", [None, "", "nothing", "../weekly_roas", "weekly_roas.json", "a/b"])
def test_there_are_none_of_what_is_not_shipped(key: str | None) -> None:
    assert samples.recorded(key) is None
