"""Regular expressions that mean the same here and in a browser, and are matched in linear time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MOST_STATES = 500
LONGEST_TEXT = 1000  # characters that a text with a pattern may have

# What ECMAScript calls white space; Python's own idea differs a little.
SPACES = (
    "\t\n\v\f\r \u00a0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
SPACE_CLASS = r"\u0009\u000a\u000b\u000c\u000d \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

Ranges = tuple[tuple[str, str], ...]
_CLASSES: dict[str, tuple[Ranges, str]] = {
    "d": ((("0", "9"),), "0-9"),
    "w": ((("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")), "0-9A-Z_a-z"),
    "s": (tuple((space, space) for space in SPACES), SPACE_CLASS),
}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_LINE_ENDS: Ranges = (("\n", "\n"), ("\r", "\r"), ("\u2028", "\u2028"), ("\u2029", "\u2029"))


class BadPattern(ValueError):
    """A pattern that is refused; the message says where and why."""


@dataclass(frozen=True, slots=True)
class _Chars:
    """One character inside (or, negated, outside) some ranges."""

    ranges: Ranges
    negated: bool = False

    def __contains__(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) != self.negated


@dataclass(slots=True)
class _State:
    """A state of the automaton: takes a character and goes to ``next``, or only splits."""

    chars: _Chars | None
    next: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Node:
    """A piece of a pattern: its portable spelling, and what it is made of."""

    text: str
    kind: str  # chars, sequence, choice, repeat
    parts: tuple["_Node", ...] = ()
    chars: _Chars | None = None
    least: int = 1
    most: int | None = 1


class Pattern:
    """A pattern that must match the whole text.

    Allowed are literals, ``.``, classes, ``\\d \\w \\s`` and their opposites (ASCII digits and letters, the
    white space of ECMAScript), groups, ``|`` and quantifiers, as Python and ECMAScript share them. Refused
    are back-references, look-around, flags, ``\\b`` and the like. ``portable`` is the same pattern spelled
    so that it is valid, and means the same, with ECMAScript's ``u`` flag.

    :raises BadPattern: when the source is not of that kind, or too large.
    """

    def __init__(self, source: str) -> None:
        tree = _Parser(source).parse()
        self.source = source
        self.portable = f"^(?:{tree.text})$"
        self._states: list[_State] = []
        self._built = 0
        final = self._add(None)
        self._first = self._build(tree, final)
        self._final = final
        self._closures: dict[int, frozenset[int]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    def __repr__(self) -> str:
        return f"Pattern({self.source!r})"

    def matches(self, text: str) -> bool:
        """Say whether the whole text fits; the time grows with its length, whatever the pattern."""
        active = self._closure([self._first])
        known: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        for char in text:
            step = (active, char)
            if step not in known:
                known[step] = self._closure(self._targets(active, char))
            active = known[step]
            if not active:
                return False
        return self._final in active

    def _targets(self, active: frozenset[int], char: str) -> Iterator[int]:
        for state in (self._states[number] for number in active):
            if state.chars is not None and char in state.chars:
                yield from state.next

    def _closure(self, numbers: Iterable[int]) -> frozenset[int]:
        return frozenset().union(*(self._reach(number) for number in set(numbers)))

    def _reach(self, number: int) -> frozenset[int]:
        """Return the states that can be reached without a character."""
        if number not in self._closures:
            seen, stack = {number}, [number]
            while stack:
                state = self._states[stack.pop()]
                fresh = [] if state.chars is not None else [to for to in state.next if to not in seen]
                seen.update(fresh)
                stack.extend(fresh)
            self._closures[number] = frozenset(seen)
        return self._closures[number]

    def _add(self, chars: _Chars | None, *following: int) -> int:
        if len(self._states) >= MOST_STATES:
            raise BadPattern(
                f"the pattern is too large; keep counts such as {{1,50}} below {MOST_STATES} in all"
            )
        self._states.append(_State(chars, list(following)))
        return len(self._states) - 1

    def _build(self, node: _Node, following: int) -> int:
        """Add the states of a node, and return the one to enter it by."""
        self._built += 1
        if self._built > 10 * MOST_STATES:
            raise BadPattern("the pattern is too large; use smaller counts")
        if node.kind == "chars":
            return self._add(node.chars, following)
        if node.kind == "choice":
            return self._add(None, *(self._build(part, following) for part in node.parts))
        if node.kind == "repeat":
            return self._build_repeat(node, following)
        for part in reversed(node.parts):
            following = self._build(part, following)
        return following

    def _build_repeat(self, node: _Node, following: int) -> int:
        (part,) = node.parts
        if node.most is None:
            loop = self._add(None, following)
            self._states[loop].next.append(self._build(part, loop))
            following = loop
        else:
            leave = following
            for _ in range(node.most - node.least):
                following = self._add(None, leave, self._build(part, following))
        for _ in range(node.least):
            following = self._build(part, following)
        return following


class _Parser:
    """Reads a pattern, piece by piece; refuses what two engines would read differently."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def parse(self) -> _Node:
        if len(self.source) > LONGEST_TEXT:
            raise BadPattern(f"the pattern has more than {LONGEST_TEXT} characters; shorten it")
        tree = self._choice(depth=0)
        if self.at < len(self.source):
            raise self._wrong("a bracket closes that was not opened; write \\) for the character")
        return tree

    def _choice(self, depth: int) -> _Node:
        if depth > 20:  # noqa: PLR2004 - deeper nesting is no pattern that a person wrote
            raise self._wrong("brackets are nested too deeply")
        branches = [self._sequence(depth)]
        while self._take("|"):
            branches.append(self._sequence(depth))
        if len(branches) == 1:
            return branches[0]
        return _Node("|".join(branch.text for branch in branches), "choice", tuple(branches))

    def _sequence(self, depth: int) -> _Node:
        parts: list[_Node] = []
        if depth == 0:
            self._take("^")  # the whole text must match anyway
        while self.at < len(self.source) and self._peek() not in "|)":
            if depth == 0 and self._peek() == "$" and self.source[self.at + 1 : self.at + 2] in ("", "|"):
                self.at += 1
                break
            parts.append(self._repeat(self._atom(depth)))
        return _Node("".join(part.text for part in parts), "sequence", tuple(parts))

    def _repeat(self, atom: _Node) -> _Node:
        found = re.compile(r"([*+?])|\{([0-9]{1,4})(,([0-9]{1,4})?)?\}").match(self.source, self.at)
        if not found:
            return atom
        self.at = found.end()
        least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(found[1], (int(found[2] or 0), None))
        if found[2]:
            most = int(found[4]) if found[4] else (None if found[3] else least)
        if most is not None and most < least:
            raise self._wrong("a count whose end is below its start can never match")
        self._take("?")  # lazy or greedy: the whole text must match, so it is all the same
        if self._peek() in ("*", "+", "?"):
            raise self._wrong("two counts follow each other; put the first into brackets")
        return _Node(atom.text + found[0], "repeat", (atom,), None, least, most)

    def _atom(self, depth: int) -> _Node:
        char = self._next()
        if char == "(":
            return self._group(depth)
        if char == "[":
            return self._class()
        if char == ".":
            return _Node(r"[^\u000a\u000d\u2028\u2029]", "chars", (), _Chars(_LINE_ENDS, negated=True))
        if char == "\\":
            return self._escape()
        if char in "^$*+?{}]":
            self.at -= 1
            raise self._wrong(f"{char!r} has no meaning here; write \\{char} for the character itself")
        return _literal(char)

    def _group(self, depth: int) -> _Node:
        if self._take("?") and not self._take(":"):
            raise self._wrong("only plain groups ( ) and (?: ) are allowed, no look-around, names or flags")
        inside = self._choice(depth + 1)
        if not self._take(")"):
            raise self._wrong("a bracket is never closed")
        return _Node(f"(?:{inside.text})", "sequence", (inside,))

    def _escape(self) -> _Node:
        char = self._next()
        if char.lower() in _CLASSES:
            ranges, text = _CLASSES[char.lower()]
            negated = char.isupper()
            return _Node(f"[{'^' if negated else ''}{text}]", "chars", (), _Chars(ranges, negated))
        return _literal(self._escaped(char))

    def _escaped(self, char: str) -> str:
        """Return the character that an escape stands for."""
        if char in _CONTROLS:
            return _CONTROLS[char]
        if digits := {"x": 2, "u": 4}.get(char):
            found = re.compile(f"[0-9A-Fa-f]{{{digits}}}").match(self.source, self.at)
            if found and not 0xD800 <= int(found[0], 16) <= 0xDFFF:  # noqa: PLR2004 - the surrogates
                self.at = found.end()
                return chr(int(found[0], 16))
        elif char.isascii() and not char.isalnum():
            return char
        raise self._wrong(f"\\{char} is not allowed; use \\d \\w \\s, \\uXXXX or an escaped punctuation mark")

    def _class(self) -> _Node:
        ranges: list[tuple[str, str]] = []
        negated, text = self._take("^"), ""
        while (char := self._next()) != "]":
            if char == "\\" and self._peek().lower() in _CLASSES:
                more, spelled = _CLASSES[self._next()] if self._peek().islower() else self._refuse_opposite()
                ranges += more
                text += spelled
                continue
            low = self._class_character(char)
            high = low
            if self._peek() == "-" and self.source[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._class_character(self._next())
            if high < low:
                raise self._wrong(f"the range {low}-{high} is empty; swap its ends")
            ranges.append((low, high))
            text += _spell_in_class(low) + (f"-{_spell_in_class(high)}" if high != low else "")
        if not ranges:
            raise self._wrong("an empty class matches nothing; write the characters between [ and ]")
        return _Node(f"[{'^' if negated else ''}{text}]", "chars", (), _Chars(tuple(ranges), negated))

    def _class_character(self, char: str) -> str:
        if char == "[":
            raise self._wrong("write \\[ for the character [ inside a class")
        return self._escaped(self._next()) if char == "\\" else char

    def _refuse_opposite(self) -> tuple[Ranges, str]:
        raise self._wrong("\\D, \\W and \\S are not allowed inside [ ]; negate the whole class instead")

    def _peek(self) -> str:
        return self.source[self.at : self.at + 1]

    def _take(self, char: str) -> bool:
        found = self._peek() == char
        self.at += found
        return found

    def _next(self) -> str:
        if self.at >= len(self.source):
            raise self._wrong("the pattern ends too early")
        self.at += 1
        return self.source[self.at - 1]

    def _wrong(self, reason: str) -> BadPattern:
        return BadPattern(f"at character {self.at + 1} of {self.source!r}: {reason}")


def _literal(char: str) -> _Node:
    text = f"\\{char}" if char in "^$\\.*+?()[]{}|/" else _spell(char)
    return _Node(text, "chars", (), _Chars(((char, char),)))


def _spell(char: str) -> str:
    return f"\\u{ord(char):04x}" if char < " " or char in SPACES[6:] else char


def _spell_in_class(char: str) -> str:
    if char in "&|~":  # doubled, these have a meaning in the classes of some engines
        return f"\\u{ord(char):04x}"
    return f"\\{char}" if char in "\\]^-[" else _spell(char)
