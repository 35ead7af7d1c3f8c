"""Every older template that is imported renders with its defaults, and runs at a sandbox."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reportbuilder.catalog.drafts import read_draft
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.catalog.older.conversion import Conversion, convert
from reportbuilder.catalog.older.files import find_sources, read_json
from reportbuilder.catalog.preparing import definitions_of, prepare
from reportbuilder.catalog.publishing import fill
from reportbuilder.parameters.windows import default_window
from reportbuilder.sandbox.box import Box
from reportbuilder.sandbox.options import Options

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
WINDOW = default_window(as_of=NOON)
FOLDER = Path(__file__).parent / "older"
CONVERTED = [
    (path.stem, made)
    for path in sorted(FOLDER.glob("*.json"))
    for made in map(convert, find_sources(read_json(path.read_bytes())))
    if made.publication is not None
]
# values for what has to be chosen by a person
CHOSEN: dict[str, dict[str, Any]] = {
    "13_nothing_declared": {"campaign_names": ["Northwind"], "device": "PC", "impression_count": 1}
}


@pytest.fixture(scope="module")
def box(catalog_data: Path) -> Iterator[Box]:
    minutes = iter(range(10_000))
    options = Options(end=NOON.date(), data_dir=catalog_data)
    made = Box(options, lambda: NOON + timedelta(minutes=next(minutes)))
    yield made
    made.close()


@pytest.mark.parametrize(("stem", "made"), CONVERTED, ids=[f"{stem}-{made.name}" for stem, made in CONVERTED])
def test_it_renders_with_its_defaults_and_runs(box: Box, stem: str, made: Conversion) -> None:
    assert made.publication is not None
    template = QueryTemplate()
    fill(template, read_draft(made.publication))
    needed = {each.name for each in definitions_of(template) if each.required and each.default is None}
    assert needed <= set(CHOSEN.get(stem, ()))
    prepared = prepare(template, CHOSEN.get(stem, {}), window=WINDOW, as_of=NOON)
    assert "{{" not in "\n".join(line for line in prepared.sql.splitlines() if "--" not in line)
    body = {
        "workflow": {"workflowId": "older", "sqlQuery": prepared.sql},
        "timeWindowType": "EXPLICIT",
        "timeWindowStart": WINDOW.local_start,
        "timeWindowEnd": WINDOW.local_end,
        "timeWindowTimeZone": "UTC",
    }
    execution = box.submit("amcnorthwind01", body)
    box.settle()
    for _ in range(200):  # the clock moves with each look
        found = box.find("amcnorthwind01", execution.execution_id)
        if found.status in ("SUCCEEDED", "REJECTED", "FAILED"):
            break
    assert (found.status, found.reason) == ("SUCCEEDED", None), prepared.sql
