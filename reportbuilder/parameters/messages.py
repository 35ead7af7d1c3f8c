"""How a message shows a value and suggests a name, whatever their size."""

import json
from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 60  # characters
_BASIC = 0xFFFF


def show(value: object) -> str:
    """Return the value as JSON, cut after 60 characters; signs that cannot be seen are shown by number."""
    if isinstance(value, str | list | tuple):
        value = value[:100]
    elif isinstance(value, dict):
        value = dict(list(value.items())[:10])
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):  # an int of thousands of digits, a list in a list in…
        return "the value"
    return shorten("".join(map(_visible, text)))


def _visible(sign: str) -> str:
    """Return a sign as one can see it: control signs, lone surrogates and the like as ``\\u200b``."""
    if sign.isprintable():
        return sign
    return f"\\u{ord(sign):04x}" if ord(sign) <= _BASIC else f"\\U{ord(sign):08x}"


def shorten(text: str, most: int = _SHOWN) -> str:
    """Return the text, cut after so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def fill(words: str, value: object, **places: object) -> str:
    """Put the value into the words of a message, at ``{value}``, and others at the places of their names."""
    for name, content in places.items():
        words = words.replace(f"{{{name}}}", str(content))
    return words.replace("{value}", show(value))


def suggest(word: str, names: Iterable[str], otherwise: str = "") -> str:
    """Return ``did you mean a or b?`` for the nearest names, or else what is said otherwise."""
    near = get_close_matches(word[:_SHOWN], list(names), n=3)
    return f"did you mean {' or '.join(near)}?" if near else otherwise
