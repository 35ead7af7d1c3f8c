"""Rows that cannot be written where they were asked for."""

from pathlib import Path

import pytest

from reportbuilder.cli.rows import _write_file
from reportbuilder.errors import Invalid


def test_a_folder_that_is_not_there_is_told_by_the_option(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"--csv: cannot write .*No such file") as refusal:
        _write_file(tmp_path / "rows.parquet", tmp_path / "nowhere" / "rows.csv")
    assert list(refusal.value.details) == ["--csv"]
