"""Processes that serve no pages know all tables, though they import few rooms."""

import subprocess
import sys

PROGRAM = """
import sys
from actors import composition
assert "reportbuilder.models" in sys.modules
from reportbuilder.models import metadata
metadata().sorted_tables  # names the table that a foreign key points at and nobody has imported
print(*({"admin", "reportbuilder.api", "reportbuilder.schema"} & set(sys.modules)))
"""


def test_a_worker_knows_all_tables_and_imports_no_pages() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [], "")
