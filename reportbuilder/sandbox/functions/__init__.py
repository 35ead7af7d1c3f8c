"""AMC's functions in DuckDB's words, a family a module; ``RULES`` holds them all by name."""

from reportbuilder.sandbox.functions import arrays, moments, numbers, texts, values
from reportbuilder.sandbox.functions.writing import Rule

RULES: dict[str, Rule] = {**texts.RULES, **numbers.RULES, **moments.RULES, **arrays.RULES, **values.RULES}

__all__ = ["RULES"]
