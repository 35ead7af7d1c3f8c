"""Value lists at the command line."""

import json
from pathlib import Path
from typing import Any

from tests.cast import Cast
from tests.cli.conftest import Command

ADA = ("--user", "ada@example.test", "--instance", "amcnorthwind01")


def test_values_are_brought_listed_and_taken_back(command: Command, cast: Cast, tmp_path: Path) -> None:
    file = tmp_path / "asins.csv"
    file.write_text("asin,name\nB0SEEN0001,Tent\nB0SEEN0002,\n")
    assert command("values", "upload", "asin", str(file), *ADA).stdout == "2 values taken\n"
    shown: dict[str, Any] = json.loads(command("values", "list", "asin", "--json", *ADA).stdout)
    assert shown == {
        "items": [{"value": "B0SEEN0001", "label": "Tent"}, {"value": "B0SEEN0002", "label": None}],
        "total": 2,
    }
    assert "1 of 1" in command("values", "list", "asin", "--pattern", "*2", *ADA).stdout
    file.write_text("B0\n")
    wrong = command("values", "upload", "asin", str(file), *ADA)
    assert (wrong.exit_code, "line 1: 'B0' is no ASIN" in wrong.stderr) == (2, True)
    assert command("values", "forget", "asin", *ADA).exit_code == 0
    assert json.loads(command("values", "list", "asin", "--json", *ADA).stdout)["total"] == 0


def test_a_refresh_prints_what_it_asks(command: Command, cast: Cast) -> None:
    command("template", "sync")
    asked = command("values", "refresh", *ADA).stdout.split()
    assert len(asked) == 3
    again = command("values", "refresh", *ADA)
    assert (again.stdout, "being asked already" in again.stderr) == ("", True)
    refused = command("values", "refresh", "--user", "cleo@example.test", "--instance", "amcnorthwind01")
    assert refused.exit_code == 2
