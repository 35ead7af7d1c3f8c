"""Functions of any value: choices, hashes, bytes, JSON and structs."""

from sqlglot import exp

from reportbuilder.sandbox.dialect import RefusedError
from reportbuilder.sandbox.functions.writing import Args, Rule, phrase, written

_TO_BYTES = {"hex": "unhex(x)", "base64": "from_base64(x)", "utf-8": "encode(x)"}
_FROM_BYTES = {"hex": "lower(hex(x))", "base64": "to_base64(x)", "utf-8": "decode(x)"}


def _bytes(name: str, ways: dict[str, str]) -> Rule:
    def rule(args: Args) -> exp.Expr:
        way = args[1].name.lower() if isinstance(args[1], exp.Literal) else ""
        if way not in ways:
            raise RefusedError(f"{name} takes 'hex', 'base64' or 'utf-8' as its format.")
        return phrase(ways[way], x=args[0])

    return rule


def _named_row(args: Args) -> exp.Expr:
    labels = args[::2]
    if len(args) % 2 or not all(isinstance(label, exp.Literal) and label.is_string for label in labels):
        raise RefusedError("NAMED_ROW takes pairs of a literal label and a value.")
    pairs = zip(labels, args[1::2], strict=True)
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(label.name, quoted=True), expression=value)
            for label, value in pairs
        ]
    )


def _hash64(args: Args) -> exp.Expr:
    hashed = exp.Anonymous(this="hash", expressions=args)
    missing = exp.or_(*(exp.Is(this=arg.copy(), expression=exp.Null()) for arg in args))
    number = phrase("CAST(h >> 1 AS BIGINT)", h=hashed)
    return exp.Case(ifs=[exp.If(this=missing, true=exp.Null())], default=number)


RULES: dict[str, Rule] = {
    "CONTAINED_IN": lambda args: exp.In(this=args[0], expressions=args[1:]),
    "HASH64": _hash64,
    "FROM_VARBINARY": _bytes("FROM_VARBINARY", _FROM_BYTES),
    "TO_VARBINARY": _bytes("TO_VARBINARY", _TO_BYTES),
    "JSON_EXTRACT": written("CASE WHEN json_valid(s) THEN json_extract_string(s, p) END", "s", "p"),
    "JSON_SERIALIZE": written("CAST(to_json(x) AS VARCHAR)", "x"),
    "NAMED_ROW": _named_row,
}
