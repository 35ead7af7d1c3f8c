"""Functions of text."""

import re

from sqlglot import exp

from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.functions.writing import Args, Rule, call, phrase, renamed, text, written

_CONVERSION = re.compile(
    r"%(?:(?P<percent>%)|(?P<flags>[-+ 0,]*)(?P<width>\d*)(?P<places>\.\d+)?(?P<kind>[a-zA-Z]))"
)
_JAVA = re.compile(r"\$(?P<group>\d)|\\(?P<sign>.)", re.DOTALL)
_TYPES = {
    "d": "BIGINT",
    "x": "BIGINT",
    "X": "BIGINT",
    "f": "DOUBLE",
    "e": "DOUBLE",
    "E": "DOUBLE",
    "g": "DOUBLE",
}


def _place(args: Args) -> exp.Expr:
    """CHARINDEX and LOCATE: what is sought comes first; a third argument says where to begin."""
    sought, whole, *start = args
    if not start:
        return call("strpos", whole, sought)
    return phrase(
        "CASE WHEN strpos(substring(w, n), s) = 0 THEN 0 ELSE strpos(substring(w, n), s) + n - 1 END",
        w=whole,
        s=sought,
        n=phrase("CASE WHEN n < 1 THEN 1 ELSE n END", n=start[0]),
    )


def regexp_replace(whole: exp.Expr, pattern: exp.Expr, replacement: exp.Expr) -> exp.Expr:
    """Return REGEXP_REPLACE, which replaces every match."""
    if isinstance(replacement, exp.Literal):
        replacement = text(_JAVA.sub(_to_re2, replacement.name))
    return call("regexp_replace", whole, pattern, replacement, text("g"))


def _to_re2(piece: re.Match[str]) -> str:
    """Return what RE2 writes for a group ($1), or for a sign after Java's backslash."""
    if piece["group"]:
        return f"\\{piece['group']}"
    return "\\\\" if piece["sign"] == "\\" else piece["sign"]


def _format(args: Args) -> exp.Expr:
    """FORMAT fills ``%s``, ``%d``, ``%,d``, ``%.2f``, ``%e``, ``%x`` and ``%%``, as Java does."""
    first, *values = args
    if not isinstance(first, exp.Literal) or not first.is_string:
        raise RefusedError("FORMAT takes its format as a string literal.")
    parts, place, pattern = [], 0, first.name
    for match in _CONVERSION.finditer(pattern):
        parts.append(text(pattern[place : match.start()]))
        place = match.end()
        if match["percent"]:
            parts.append(text("%"))
        else:
            if not values:
                raise RefusedError(f"Format specifier '{match[0]}' has no argument")
            parts.append(_converted(match, values.pop(0)))
    rest = pattern[place:]
    if "%" in rest or values:
        raise RefusedError(f"'{pattern}' does not fit the arguments of FORMAT")
    return call("concat", *parts, text(rest))


def _converted(match: re.Match[str], value: exp.Expr) -> exp.Expr:
    kind, flags = match["kind"], match["flags"]
    if kind in ("s", "S"):
        shown = phrase("coalesce(CAST(v AS VARCHAR), 'null')", v=value)
        if match["places"]:
            shown = call("left", shown, exp.Literal.number(match["places"][1:]))
        if match["width"]:
            shown = call("printf", text(f"%{flags}{match['width']}s"), shown)
        return call("upper", shown) if kind == "S" else shown
    if kind not in _TYPES:
        raise RefusedError(f"Unknown format conversion '{match[0]}'")
    number = exp.cast(value, _TYPES[kind])
    if "," in flags:
        places = match["places"] or (".6" if kind == "f" else "")
        style = "{:," + (places + "f" if kind == "f" else "") + "}"
        grouped = phrase("coalesce(f, 'null')", f=call("format", text(style), number))
        sides = "-" if "-" in flags else ""
        return call("printf", text(f"%{sides}{match['width']}s"), grouped) if match["width"] else grouped
    style = f"%{flags}{match['width']}{match['places'] or ''}{kind}"
    return phrase("coalesce(f, 'null')", f=call("printf", text(style), number))


def _str_to_map(args: Args) -> exp.Expr:
    """Return a map of pairs; a pair without a value has NULL, of two with one key the last counts."""
    whole, between, inside = [*args, *(text(","), text(":"))[len(args) - 1 :]]
    return phrase(
        """map_from_entries(list_filter(list_transform(string_split(w, b), lambda e: {
            'k': string_split(e, i)[1],
            'v': CASE WHEN contains(e, i) THEN substring(e, strpos(e, i) + length(i)) END
        }), lambda p, place: NOT list_contains(
            list_transform(string_split(w, b)[place + 1 :], lambda e: string_split(e, i)[1]), p.k
        )))""",
        w=whole,
        b=between,
        i=inside,
    )


def _at_least(least: int, number: exp.Expr) -> exp.Expr:
    """Return a place or a length, which DuckDB counts from the end where it is negative."""
    if isinstance(number, exp.Literal) and not number.is_string and int(float(number.name)) >= least:
        return number
    return phrase(f"CASE WHEN n < {least} THEN {least} ELSE n END", n=number)


def substring(whole: exp.Expr, start: exp.Expr, length: exp.Expr | None) -> exp.Expr:
    """Return SUBSTRING, whose places before the first are empty."""
    from_ = _at_least(1, start)
    if length is None:
        return call("substring", whole, from_)
    if from_ is not start:
        length = phrase("CASE WHEN n < 1 THEN n + m - 1 ELSE m END", n=start, m=length)
    return call("substring", whole, from_, _at_least(0, length))


RULES: dict[str, Rule] = {
    "LEFT": lambda args: call("left", args[0], _at_least(0, args[1])),
    "RIGHT": lambda args: call("right", args[0], _at_least(0, args[1])),
    "CHARINDEX": _place,
    "LOCATE": _place,
    "INSTR": renamed("strpos"),
    "STRPOS": renamed("strpos"),
    "FORMAT": _format,
    "REGEXP_SUBSTR": written("CASE WHEN regexp_matches(s, p) THEN regexp_extract(s, p) END", "s", "p"),
    "REGEXP_SPLIT": renamed("string_split_regex"),
    "STR_TO_MAP": _str_to_map,
}
