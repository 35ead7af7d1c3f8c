"""The recorded sample rows are what the shipped templates give at a sandbox today."""

import pytest

from reportbuilder.catalog import samples
from tests.catalog.at_amc import LIBRARY, Amc
from tests.catalog.recording import sample_of


@pytest.mark.parametrize("key", LIBRARY)
def test_recorded_rows_are_those_of_today(amc: Amc, key: str) -> None:
    found = samples.recorded(key)
    assert found is not None, "run `make samples`"
    told = sample_of(amc, key)
    assert (list(found.columns), [list(row) for row in found.rows]) == (told["columns"], told["rows"]), (
        "the SQL or the sandbox's data have changed: run `make samples`"
    )


@pytest.mark.parametrize("key", [None, "", "nothing", "../weekly_roas", "weekly_roas.json", "a/b"])
def test_there_are_none_of_what_is_not_shipped(key: str | None) -> None:
    assert samples.recorded(key) is None
