"""Judges query templates by what AMC accepts, and by what its tables hold."""

from reportbuilder.catalog.lint.findings import ERROR, INFO, WARNING, Finding, Rule
from reportbuilder.catalog.lint.linting import lint
from reportbuilder.catalog.lint.rules import DOUBTS, RULES

__all__ = ["DOUBTS", "ERROR", "INFO", "RULES", "WARNING", "Finding", "Rule", "lint"]
