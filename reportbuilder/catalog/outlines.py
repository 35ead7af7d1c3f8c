"""The outline of a query: which clause each token is in, and which selects give the output."""

from functools import cached_property

from reportbuilder.parameters.tokens import OPENERS, Kinds, Layout

# what may stand before the bracket around an output select: a UNION, another bracket, the end of WITH
_BEFORE_OUTPUT = (None, Kinds.UNION, Kinds.ALL, Kinds.DISTINCT, Kinds.L_PAREN, Kinds.R_PAREN)
_CLAUSES = frozenset(("WITH", "SELECT", "FROM", "WHERE", "HAVING", "WINDOW"))


class Outline:
    """A query cut into tokens, and what lies around each of them; brackets are known by their index."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.tokens = layout.tokens

    @cached_property
    def clause(self) -> list[str]:
        """For each token the last clause word before it in the same bracket; empty if there is none."""
        latest: dict[int, str] = {}
        found = []
        for index, opener in enumerate(self.layout.opener):
            found.append(latest.get(opener, ""))
            word = self.layout.word(index)
            if word in _CLAUSES:
                latest[opener] = word
        return found

    @cached_property
    def gives_output(self) -> dict[int, bool]:
        """For each opening bracket (-1: outside of all) whether a select straight in it gives output rows."""
        found = {-1: True}
        for index, opener in enumerate(self.layout.opener):
            if self.layout.kind(index) in OPENERS:
                found[index] = found[opener] and self.layout.kind(index - 1) in _BEFORE_OUTPUT
        return found

    def is_in_window(self, index: int) -> bool:
        """Say whether a token stands in ``OVER (…)`` or in ``WINDOW name AS (…)``."""
        opener = self.layout.opener[index]
        if opener < 0:
            return False
        before = self.layout.kind(opener - 1)
        return before is Kinds.OVER or (before is Kinds.ALIAS and self.clause[opener] == "WINDOW")
