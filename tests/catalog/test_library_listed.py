"""The documentation lists every shipped template with its question."""

from pathlib import Path

from reportbuilder.catalog.library import read_library

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"


def test_the_page_on_templates_lists_them_all() -> None:
    lines = set(PAGE.read_text(encoding="utf-8").splitlines())
    for shipped in read_library():
        line = f"| `{shipped.key}` | {shipped.draft.report_config['about']['question']} |"
        assert line in lines, f"write into docs/templates.md, under its shipped ones: {line}"
