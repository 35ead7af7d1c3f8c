"""Which functions a query calls, word by word, and whether AMC has them with so many arguments."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot.tokenizer_core import Token, TokenType

from reportbuilder.sandbox.dialect import RefusedError, between
from reportbuilder.sandbox.vocabulary import FUNCTIONS, SYNTAX

_OPEN = (TokenType.L_PAREN, TokenType.L_BRACKET)
_CLOSE = (TokenType.R_PAREN, TokenType.R_BRACKET)
_ATOMS = {TokenType.STRING: "<CHARACTER>", TokenType.NUMBER: "<NUMERIC>"}


@dataclass(frozen=True)
class Call:
    """A name before a bracket, what stands in it, and its closing bracket."""

    word: Token
    arguments: tuple[tuple[Token, ...], ...]
    end: Token

    @property
    def name(self) -> str:
        """The function's name in capitals."""
        return self.word.text.upper()

    @property
    def signature(self) -> str:
        """How AMC names a function that it does not know."""
        kinds = (
            _ATOMS.get(one[0].token_type, "<ANY>") if len(one) == 1 else "<ANY>" for one in self.arguments
        )
        return f"{self.name}({', '.join(kinds)})"


def refuse_calls(words: list[Token]) -> None:
    """Refuse functions that AMC does not document.

    :raises RefusedError: for an unknown function, or a wrong number of arguments.
    """
    for call in calls(words):
        quoted = call.word.token_type is TokenType.IDENTIFIER
        function = FUNCTIONS.get(call.name)
        if quoted or (function is None and call.name not in SYNTAX):
            text = f"No match found for function signature {call.signature}"
            raise RefusedError(between(call.word, call.end) + text)
        if function is not None and not function.least <= len(call.arguments) <= function.most:
            text = f"Invalid number of arguments to function '{call.name}'. Was expecting {function.wanted}"
            raise RefusedError(between(call.word, call.end) + text)


def calls(words: list[Token]) -> Iterator[Call]:
    """Yield every name that stands before a bracket, in order."""
    for place, word in enumerate(words[:-1]):
        if words[place + 1].token_type is TokenType.L_PAREN and _may_name(word):
            arguments, end = _arguments(words, place + 2)
            if not _names_a_table(words, place, end):
                yield Call(word, arguments, words[end])


def _may_name(word: Token) -> bool:
    if word.token_type in (TokenType.STRING, TokenType.NUMBER):
        return False
    if word.token_type is not TokenType.IDENTIFIER and len(word.text.split()) > 1:
        return False  # GROUP BY, PARTITION BY, SIMILAR TO
    return word.text[:1].isalpha() or word.text[:1] == "_"


def _names_a_table(words: list[Token], place: int, end: int) -> bool:
    """Say whether the bracket holds the columns of a table that is named here."""
    before = words[place - 1] if place else None
    if before is not None and before.token_type in (TokenType.ALIAS, TokenType.R_PAREN):
        return words[place].text.upper() not in SYNTAX
    following = [word.token_type for word in words[end + 1 : end + 3]]
    return following == [TokenType.ALIAS, TokenType.L_PAREN]


def _arguments(words: list[Token], place: int) -> tuple[tuple[tuple[Token, ...], ...], int]:
    """Return the words of each argument, and the place of the closing bracket."""
    found: list[list[Token]] = [[]]
    depth = 1
    for at, word in enumerate(words[place:], place):
        depth += (word.token_type in _OPEN) - (word.token_type in _CLOSE)
        if depth == 0:
            return tuple(tuple(one) for one in found if one), at
        if depth == 1 and word.token_type is TokenType.COMMA:
            found.append([])
        else:
            found[-1].append(word)
    return tuple(tuple(one) for one in found if one), len(words) - 1
