"""Records the sample rows of the shipped templates at a sandbox: `make samples`."""

import json
from pathlib import Path
from typing import Any

from reportbuilder.catalog import samples
from reportbuilder.sandbox.options import Options
from tests.catalog.at_amc import LIBRARY, NOON, Amc

SHIPPED = Path(__file__).parents[2] / samples.FOLDER


def sample_of(amc: Amc, key: str) -> dict[str, Any]:
    """Run a template with its default form, and return the first of its rows, in their own order."""
    rows = sorted(amc.run(key), key=lambda row: list(row.values()))
    shown = [list(row.values()) for row in rows[: samples.MOST_ROWS]]
    return {"columns": list(rows[0]), "rows": shown}


def write(folder: Path, data_dir: Path) -> None:
    """Write the rows of all templates, one file each."""
    folder.mkdir(exist_ok=True)
    amc = Amc(Options(end=NOON.date(), data_dir=data_dir))
    for key in LIBRARY:
        told = sample_of(amc, key)
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in told["rows"])
        text = f'{{"columns": {json.dumps(told["columns"])},\n"rows": [\n{rows}\n]}}\n'
        (folder / f"{key}.json").write_text(text, encoding="utf-8")
    amc.close()


if __name__ == "__main__":
    write(SHIPPED, Path(".bench"))
