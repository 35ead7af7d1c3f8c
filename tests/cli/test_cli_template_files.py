"""Import, export, versions, copies and deletion of templates from the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from reportbuilder.catalog import publishing
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import reading, transaction
from tests.cast import Cast
from tests.catalog.older_expected import EXPECTED
from tests.catalog.test_older_import import FOLDER, older
from tests.catalog.test_publishing import publication
from tests.cli.conftest import Command

ADA = ("--user", "ada@example.test")
BEN = ("--user", "ben@example.test")


@pytest.fixture
def template_id(cast: Cast) -> str:
    """A public template of ada's at version 2."""
    with transaction() as session:
        made = publishing.publish(session, publication(is_public=True), session.merge(cast.ada))
        publishing.update(session, made, {"name": "All clicks"}, author_id=cast.ada.id, note="clearer")
        return made.template_id


def written(folder: Path, name: str, value: Any) -> str:
    path = folder / name
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


def number_of_templates() -> int:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(QueryTemplate)) or 0


def test_the_table_of_all_older_files(command: Command, cast: Cast) -> None:
    files = [str(path) for path in sorted(FOLDER.glob("*.json"))]
    result = command("template", "import", *files, "--dry-run", *ADA)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    for stem, expected in EXPECTED.items():
        rows = [line for line in lines if f"{stem}.json" in line]
        assert len(rows) == len(expected), stem
        for row, (outcome, *_) in zip(rows, expected, strict=True):
            assert f" {outcome} " in row
    total = sum(map(len, EXPECTED.values()))
    assert lines[-1].startswith(f"{total} templates: ")
    assert lines[-1].endswith("; nothing was changed")
    assert number_of_templates() == 0


def test_what_is_said_as_json_and_the_exit_code(command: Command, cast: Cast, tmp_path: Path) -> None:
    good = written(
        tmp_path, "good.json", older(parameters_schema={"least": {"type": "integer", "default": 1}})
    )
    result = command("template", "import", good, "--json", *ADA)
    assert result.exit_code == 0
    (outcome,) = json.loads(result.stdout)
    assert (outcome["file"], outcome["outcome"], outcome["version"]) == (good, "imported", 1)
    again = command("template", "import", good, good, "--json", *ADA)
    assert [each["outcome"] for each in json.loads(again.stdout)] == ["unchanged", "refused"]
    assert again.exit_code == 1


def test_a_file_that_cannot_be_read_stops_no_other(command: Command, cast: Cast, tmp_path: Path) -> None:
    good, bad = written(tmp_path, "good.json", older()), tmp_path / "bad.json"
    bad.write_bytes(b"[" * 100_000)
    missing, folder = str(tmp_path / "none.json"), str(tmp_path)
    result = command("template", "import", str(bad), missing, folder, good, *ADA)
    assert result.exit_code == 1
    for said in ("nested deeper than 40 levels", "No such file", "Is a directory", "3 refused"):
        assert said in result.stdout
    assert number_of_templates() == 1


def test_import_from_standard_input_and_update(command: Command, cast: Cast) -> None:
    assert command("template", "import", "-", *ADA, given=json.dumps(older())).exit_code == 0
    changed = json.dumps(older(name="Newer"))
    told = command("template", "import", "-", *ADA, given=changed)
    assert "import with --update" in told.stdout
    assert "1 updated" in command("template", "import", "-", "--update", *ADA, given=changed).stdout
    assert number_of_templates() == 1


def test_only_editors_import(command: Command, cast: Cast, tmp_path: Path) -> None:
    result = command("template", "import", written(tmp_path, "a.json", older()), *BEN)
    assert result.exit_code == 2
    assert "template:publish takes the role editor" in result.stderr


def test_a_round_trip_through_a_file(command: Command, cast: Cast, template_id: str, tmp_path: Path) -> None:
    target = str(tmp_path / "out.json")
    assert command("template", "export", "--all", "-o", target, *ADA).exit_code == 0
    assert "say --force" in command("template", "export", template_id, "-o", target, *ADA).stderr
    assert command("template", "export", "all clicks", "-o", target, "--force", *ADA).exit_code == 0
    file = json.loads(Path(target).read_text(encoding="utf-8"))
    assert [each["template_id"] for each in file["templates"]] == [template_id]
    assert json.loads(command("template", "export", template_id, *ADA).stdout) == file
    assert "1 unchanged" in command("template", "import", target, *ADA).stdout
    for arguments in ((), ("--all", template_id)):
        assert "name the templates, or say --all" in command("template", "export", *arguments, *ADA).stderr


def test_versions_are_listed_compared_and_restored(command: Command, template_id: str) -> None:
    found = json.loads(command("template", "versions", template_id, "--json", *BEN).stdout)
    assert [(each["version"], each["note"]) for each in found] == [(2, "clearer"), (1, "")]
    assert "clearer" in command("template", "versions", template_id, *BEN).stdout
    assert 'name: "Clicks" became "All clicks"' in command("template", "diff", template_id, "1", *BEN).stdout
    assert "nothing differs" in command("template", "diff", template_id, "2", "2", *BEN).stdout
    assert "has no version 9" in command("template", "diff", template_id, "9", *BEN).stderr
    assert command("template", "restore", template_id, "1", *BEN).exit_code == 2
    assert "at version 3 now" in command("template", "restore", template_id, "1", *ADA).stdout


def test_a_copy_its_original_and_deletion(command: Command, template_id: str) -> None:
    made = command("template", "fork", template_id, "--as", "Mine", *ADA)
    assert "Mine, a copy of version 2 of All clicks" in made.stdout
    command("template", "restore", template_id, "1", *ADA)
    assert "version 2; there is version 3 now" in command("template", "show", "Mine", *ADA).stdout
    assert "copies           1" in command("template", "used-by", template_id, *BEN).stdout
    assert json.loads(command("template", "used-by", template_id, "--json", *BEN).stdout)["is_unused"]
    assert command("template", "delete", "Mine", *ADA, given="n\n").exit_code == 1
    assert "is deleted" in command("template", "delete", "Mine", "--yes", *ADA).stdout
    assert command("template", "delete", template_id, "--yes", *BEN).exit_code == 2
    assert number_of_templates() == 1
