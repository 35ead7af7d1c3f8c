"""Sample rows of the shipped templates: recorded at the sandbox, whose data are made up."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

MOST_ROWS: Final = 8
FOLDER: Final = "reportbuilder/catalog/library/samples"


@dataclass(frozen=True)
class Sample:
    """Some rows of a result: ``columns`` are names, each row has a value for each of them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@cache
def recorded(library_key: str | None) -> Sample | None:
    """Return the recorded rows of a shipped template; None for any other."""
    if library_key is None or not library_key.isidentifier():
        return None
    file = files("reportbuilder.catalog") / "library" / "samples" / f"{library_key}.json"
    if not file.is_file():
        return None
    told = json.loads(file.read_text(encoding="utf-8"))
    return Sample(tuple(told["columns"]), tuple(tuple(row) for row in told["rows"]))
