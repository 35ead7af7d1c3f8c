"""A template as a syntax tree, with a limit to the work that hostile text can ask for."""

import re
from dataclasses import dataclass
from typing import Any, Final

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.parser import Parser

from reportbuilder.catalog.lint.findings import Span
from reportbuilder.parameters.tokens import CLOSERS, OPENERS, Layout

_CLASS: Final = re.compile(r"( for)? \(?<class.*", re.DOTALL)  # sqlglot's names for its own parts
MOST_TOKENS: Final = 12_000
DEEPEST: Final = 24  # brackets in brackets; queries that people write have up to ten
MOST_STEPS: Final = 3  # by token: some texts make the parser try and return without end


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why there is no tree: the parser's words with their place, or nothing but that it would be too much."""

    text: str
    at: Span | None = None


class _TooMuch(Exception):
    """The parser has taken more steps than any honest query needs."""


class _Parser(Parser):
    """Counts its steps, and keeps the place of its complaint."""

    def __init__(self, most_steps: int) -> None:
        super().__init__()
        self.steps_left = most_steps
        self.complaint: Complaint | None = None

    def _advance(self, times: int = 1) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise _TooMuch
        super()._advance(times)

    def raise_error(self, message: str, token: Any = None) -> None:
        at = token or self._curr or self._prev
        place = (at.start, at.end + 1) if at else (0, 0)
        self.complaint = Complaint(_CLASS.sub("", message).rstrip("."), place)
        super().raise_error(message, at) if at else super().raise_error(message)


def parse(sql: str) -> exp.Query | Complaint | None:
    """Return the tree of the first statement, the complaint about it, or None if it is no query."""
    layout = Layout(sql)
    if len(layout.tokens) > MOST_TOKENS:
        return Complaint(f"it has more than {MOST_TOKENS:,} words and signs")
    if _depth(layout) > DEEPEST:
        return Complaint(f"its brackets are nested more than {DEEPEST} deep")
    parser = _Parser(max(2_000, MOST_STEPS * len(layout.tokens)))
    try:
        trees = parser.parse(layout.tokens, sql)
    except _TooMuch:
        return Complaint("it is ambiguous in too many ways")
    except RecursionError:
        return Complaint("it is nested too deep")
    except SqlglotError as error:
        return parser.complaint or Complaint(str(error))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        return Complaint(f"the parser gives up ({type(error).__name__})")  # its own faults, on odd text
    tree = next((tree for tree in trees if tree is not None), None)
    while isinstance(tree, exp.Subquery) and not tree.alias and isinstance(tree.this, exp.Query):
        tree = tree.this if not tree.args.get("with_") else None
    return tree if isinstance(tree, exp.Select | exp.SetOperation) else None


def _depth(layout: Layout) -> int:
    depth = deepest = 0
    for token in layout.tokens:
        depth += (token.token_type in OPENERS) - (token.token_type in CLOSERS)
        deepest = max(deepest, depth)
    return deepest
