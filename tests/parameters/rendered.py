"""Templates rendered on a quiet Sunday."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reportbuilder.parameters import (
    Definition,
    Rendered,
    Window,
    render,
)

NOW = datetime(2025, 9, 14, 12, tzinfo=UTC)


def run(sql: str, *definitions: Definition, window: Window | None = None, **values: Any) -> Rendered:
    return render(sql, definitions, values, window=window, as_of=NOW)


def text(sql: str, kind: str = "string", rules: Mapping[str, Any] | None = None, *, x: Any) -> str:
    return run(sql, Definition("x", kind, rules=rules or {}), x=x).sql
