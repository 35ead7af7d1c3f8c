"""A diary of schedules on a clock that stands at noon until a test moves it."""

from collections.abc import Callable
from typing import Any

import pytest

from reportbuilder.accounts import grants
from reportbuilder.database import transaction
from reportbuilder.executions.ports import Ports
from reportbuilder.results.store import open_store
from reportbuilder.settings import Settings
from tests.cast import Cast
from tests.schedules.diary import Diary, make_template


def _nobody(_: Any) -> Any:
    raise AssertionError("schedules do not call AMC")


@pytest.fixture
def diary(chosen: Settings, cast: Cast, noon: Callable[[float], None]) -> Diary:
    with transaction() as session:
        for instance in (cast.first, cast.second):
            grants.grant(session, cast.ben.id, instance.id, "run")
    ports = Ports(chosen, _nobody, open_store(chosen.results_url))
    return Diary(chosen, cast, make_template(cast), noon, ports)
