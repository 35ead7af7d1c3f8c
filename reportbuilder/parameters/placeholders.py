"""Placeholders ``{{name}}``: found in a template, each with the place that decides its literal."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from reportbuilder.errors import Invalid
from reportbuilder.parameters.places import Misplaced, Place, follows_like, is_open_end, place_of
from reportbuilder.parameters.tokens import STRINGS, Kinds, Layout, locate
from reportbuilder.parameters.values import is_text

_PLACEHOLDER = re.compile(r"\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]{0,62})(?:\.(start|end))?[ \t]*\}\}")
_CONTROL = re.compile(
    r"\{\{[#/^>!&~%]|\{%|\{\{[ \t]*(?:(?:if|each|unless|with|for)[ \t][^}]*|else|end|endif|endfor)[ \t]*\}\}"
)


MOST_PLACEHOLDERS = 500


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One ``{{name}}`` or ``{{name.start}}``: where it is, and what may stand there."""

    name: str
    part: str  # "start", "end" or empty
    start: int  # offsets in the template; the end is behind the last brace
    end: int
    line: int  # from 1
    column: int  # from 1
    place: Place
    token: int  # the index of the token that it is or is in; -1 in a comment
    follows_like: bool = False
    is_open_end: bool = False


class Template:
    """A template cut into tokens, with its placeholders; stand-in words of the same length replace these."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        if not is_text(sql):
            offset = next(place for place, char in enumerate(sql) if not is_text(char))
            raise refuse_at(sql, offset, _number(sql[offset]), "no SQL text can hold it; delete it")
        matches = list(_scan(sql))
        if len(matches) > MOST_PLACEHOLDERS:
            reason = f"a template may have {MOST_PLACEHOLDERS} placeholders; pass lists as lists"
            raise refuse_at(sql, matches[MOST_PLACEHOLDERS].start(), matches[MOST_PLACEHOLDERS][0], reason)
        self.layout = Layout(_stand_in(sql, matches))
        _refuse_ambiguous(sql, self.layout)
        _refuse_gaps(sql, self.layout)
        starts = [token.start for token in self.layout.tokens]
        self.placeholders = tuple(
            self._classify(match, bisect_right(starts, match.start()) - 1) for match in matches
        )
        self._refuse_beside()

    def _classify(self, match: re.Match[str], index: int) -> Placeholder:
        start, end = match.span()
        line, column = locate(self.sql, start)
        name, part = match[1], match[2] or ""
        if index < 0 or self.layout.tokens[index].end < start:
            return Placeholder(name, part, start, end, line, column, Place.COMMENT, -1)
        try:
            place = place_of(self.layout, index, start, end)
        except Misplaced as error:
            raise refuse_at(self.sql, start, match[0], str(error)) from None
        like = place is not Place.NAME and follows_like(self.layout, index)
        open_end = place in (Place.EXPRESSION, Place.QUOTED) and is_open_end(self.layout, index, end)
        return Placeholder(name, part, start, end, line, column, place, index, like, open_end)

    def _refuse_beside(self) -> None:
        """Refuse two values with nothing between them: over a line end, SQL makes one text of two."""
        bare = [each for each in self.placeholders if each.place.is_bare]
        words = {each.token for each in bare}
        values = (*STRINGS, Kinds.NUMBER)
        for found in bare:
            beside = {self.layout.kind(found.token - 1), self.layout.kind(found.token + 1)}
            if found.token - 1 in words or beside & set(values):
                reason = "two values stand side by side; write an operator or a comma between them"
                raise refuse_at(self.sql, found.start, self.sql[found.start : found.end], reason)


def refuse_control(sql: str) -> None:
    """Refuse the control syntax of other template languages.

    :raises Invalid: with its line and column.
    """
    if control := _CONTROL.search(sql):
        reason = "control syntax is not run; write the condition in SQL, or make the parameter optional"
        raise refuse_at(sql, control.start(), control[0], reason)


def _scan(sql: str) -> Iterator[re.Match[str]]:
    at = 0
    refuse_control(sql)
    while (at := sql.find("{{", at)) >= 0:
        match = _PLACEHOLDER.match(sql, at)
        if not match:
            shown = sql[at : at + 30].split("\n", maxsplit=1)[0]
            raise refuse_at(sql, at, shown, "it is no placeholder; write {{name}} with letters, digits and _")
        yield match
        at = match.end()


def _stand_in(sql: str, matches: list[re.Match[str]]) -> str:
    """Replace each placeholder by a word of its length, so that offsets stay."""
    pieces, at = [], 0
    for match in matches:
        pieces += [sql[at : match.start()], "q" * len(match[0])]
        at = match.end()
    return "".join([*pieces, sql[at:]])


_NO_NAME = re.compile(r"[^\w$]")


def _refuse_ambiguous(sql: str, layout: Layout) -> None:
    """Refuse what SQL engines cut into tokens in different ways."""
    for index, token in enumerate(layout.tokens):
        raw = layout.raw(index)
        if raw == "/" and layout.touches(index) and layout.kind(index - 1) is Kinds.SLASH:
            raise refuse_at(sql, token.start - 1, "//", "some engines read a comment here; write -- or one /")
        if raw == "`":
            raise refuse_at(sql, token.start, raw, 'names are quoted with " in AMC; use that')
        if token.token_type is Kinds.VAR and raw.count("$") > 1:
            raise refuse_at(sql, token.start, raw, "some engines read a quote here; rename it, or use ''")
        if token.token_type is Kinds.NUMBER and raw[-1] in "eE":
            raise refuse_at(sql, token.start, raw, "the number breaks off; write its digits")
        if token.token_type is Kinds.VAR and (odd := _NO_NAME.search(raw)):
            shown = odd[0] if odd[0].isprintable() else _number(odd[0])
            reason = "no character of SQL; texts are quoted with ', names with \""
            raise refuse_at(sql, token.start + odd.start(), shown, reason)


_COMMENT = re.compile(r"--[^\r\n]*|/\*.*?\*/", re.DOTALL)
_BLANKS = " \t\r\n\f"


def _refuse_gaps(sql: str, layout: Layout) -> None:
    """Refuse, between the tokens, comments in comments, and what only looks like a space."""
    at = 0
    for start, end in (*((token.start, token.end + 1) for token in layout.tokens), (len(sql), len(sql))):
        if (gap := layout.sql[at:start]).strip(_BLANKS):
            _refuse_in_gap(sql, at, gap)
        at = end


def _refuse_in_gap(sql: str, at: int, gap: str) -> None:
    for comment in _COMMENT.finditer(gap):
        if comment[0].startswith("/*") and (nested := comment[0].find("/*", 2)) >= 0:
            reason = "some engines want two closing marks now; drop the /* inside the comment"
            raise refuse_at(sql, at + comment.start() + nested, "/*", reason)
    rest = _COMMENT.sub(lambda comment: " " * len(comment[0]), gap)
    if odd := rest.strip(_BLANKS):
        place = at + rest.index(odd[0])
        raise refuse_at(sql, place, _number(odd[0]), "AMC reads no space here; type a plain one")


def _number(char: str) -> str:
    """Return an invisible character by its number."""
    return f"U+{ord(char):04X}"


def refuse_at(sql: str, offset: int, what: str, reason: str) -> Invalid:
    """Return the error for a place in a template."""
    line, column = locate(sql, offset)
    return Invalid.field("sql_template", f"line {line}, column {column}: {what}: {reason}")


@lru_cache(maxsize=256)
def read_template(sql: str) -> Template:
    """Cut a template into tokens and find its placeholders.

    :raises Invalid: with line and column, for control syntax, broken braces, places where no value would be
        safe, and what engines read differently.
    """
    return Template(sql)


def find_placeholders(sql: str) -> tuple[Placeholder, ...]:
    """Return the placeholders of a template in their order; errors as for `read_template`."""
    return read_template(sql).placeholders
