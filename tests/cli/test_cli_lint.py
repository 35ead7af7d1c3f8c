"""``template lint``: files, names and standard input, for people and for programs."""

import json
from pathlib import Path

import pytest

from tests.cast import Cast
from tests.cli.conftest import Command

GOOD = "SELECT campaign, COUNT(*) AS n FROM dsp_clicks GROUP BY campaign"
BAD = "SELECT campaign,\tCOUNT(*) AS n\nFROM dsp_clicks GROUP BY campain"
TOML = """name = "Mine"
description = "x"
category = "x"
report_type = "x"
question = "?"
tags = []
tables = ["dsp_clicks"]
typical_minutes = 1
columns = []
report_config = {}
sql = \'\'\'
SELECT campaign, COUNT(*) AS n
FROM dsp_clicks
WHERE sit = {{site}}
GROUP BY campaign
\'\'\'

[[parameters]]
name = "site"
type = "string"
title = "Site"
required = true
"""


def test_a_good_file_is_left_alone(command: Command, tmp_path: Path) -> None:
    (tmp_path / "good.sql").write_text(GOOD)
    done = command("template", "lint", str(tmp_path / "good.sql"))
    assert done.exit_code == 0
    assert "nothing to say against it" in done.stdout


def test_the_line_of_a_fault_is_shown_with_a_mark_under_it(command: Command) -> None:
    done = command("template", "lint", "-", given=BAD)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    place = lines.index("    FROM dsp_clicks GROUP BY campain")
    assert lines[place - 1].startswith("standard input:2:26: error unknown-column: ")
    assert lines[place + 1] == "                             ^~~~~~~"
    assert lines[-1] == "standard input: 2 errors"


def test_warnings_leave_the_exit_code_alone(command: Command) -> None:
    done = command("template", "lint", "-", given="SELECT SUM(spend) AS s FROM sponsored_ads_traffic")
    assert (done.exit_code, "1 warning" in done.stdout) == (0, True)


def test_a_template_file_is_judged_with_its_parameters_and_by_its_own_lines(
    command: Command, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TOML)
    done = command("template", "lint", str(path))
    assert done.exit_code == 1
    assert (
        f"{path}:14:7: error unknown-column: dsp_clicks has no column sit; did you mean site?" in done.stdout
    )
    path.write_text(TOML.replace("sit =", "site ="))
    assert command("template", "lint", str(path)).exit_code == 0
    path.write_text(TOML.replace("sit =", "site =").replace('name = "site"', 'name = "place"'))
    done = command("template", "lint", str(path))
    assert {"undeclared-placeholder", "unused-parameter"} <= set(done.stdout.replace(":", "").split())


@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: {"templates": [{"publication": one}]}])
def test_json_is_judged(command: Command, tmp_path: Path, wrap: object) -> None:
    assert callable(wrap)
    rows = [{"parameter_name": "x", "parameter_type": "nothing"}]
    publication = {"name": "Mine", "sql_template": GOOD, "parameter_definitions": rows}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(wrap(publication)))
    done = command("template", "lint", str(path), "--json")
    assert done.exit_code == 1
    (judged,) = json.loads(done.stdout)
    assert judged["source"] == f"{path} (Mine)"
    assert not judged["publishable"]
    (finding,) = judged["findings"]
    assert finding["field"] == "parameter_definitions.0.parameter_type"
    assert finding["line"] is None


def test_several_at_once_also_by_name(command: Command, tmp_path: Path, cast: Cast) -> None:
    (tmp_path / "bad.sql").write_text(BAD)
    assert command("template", "sync").exit_code == 0
    done = command(
        "template", "lint", "weekly_roas", str(tmp_path / "bad.sql"), "--json", "--user", "ada@example.test"
    )
    assert done.exit_code == 1
    first, second = json.loads(done.stdout)
    assert (first["source"], first["publishable"], second["publishable"]) == ("weekly_roas", True, False)
    assert (second["findings"][0]["line"], second["findings"][0]["end_column"]) == (1, 16)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.toml", b"name = "),
        ("mine.toml", b'name = "x"'),
        ("mine.toml", b'sql = 7\nparameters = 5'),
        ("mine.json", b"{"),
        ("mine.json", b"[1]"),
        ("mine.json", b'{"name": "x"}'),
        ("mine.json", b'{"sql_template": 5}'),
        ("mine.sql", b"\xff\xfe"),
        ("none.sql", None),
    ],
)  # fmt: skip
def test_what_is_no_template_is_told(
    command: Command, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    done = command("template", "lint", str(tmp_path / name))
    assert done.exit_code == 2
    assert name in done.stderr
