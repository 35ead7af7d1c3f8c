"""Hidden columns in select lists: put out, filled up in a UNION, and kept out of stars."""

import re

from sqlglot import exp

from reportbuilder.sandbox.crowds import Path
from reportbuilder.sandbox.dialect import RefusedError, span

_OURS = re.compile(r"__[a-z]+\d*(_\d+)?")


def refuse_ours(tree: exp.Expr) -> None:
    """Refuse names such as those of hidden columns: a query that writes them would tell its own users.

    :raises RefusedError: for the first such name.
    """
    for name in tree.find_all(exp.Identifier):
        if _OURS.fullmatch(name.name.lower()):
            raise RefusedError(f"{span(name)}Names such as '{name.name}' are reserved in this sandbox.")


def pad(tree: exp.Expr, paths: tuple[Path, ...], behind: int) -> None:
    """Give every select of a UNION the columns of paths that it does not have, before its last ``behind``."""
    if isinstance(tree, exp.SetOperation):
        pad(tree.this, paths, behind)
        pad(tree.expression, paths, behind)
    elif isinstance(tree, exp.Subquery):
        pad(tree.this, paths, behind)
    elif isinstance(tree, exp.Select):
        items = [
            exp.alias_(exp.Var(this=text), name, quoted=True)
            for path in paths
            for name, text in zip(path.names, path.absent, strict=True)
        ]
        end = len(tree.expressions) - behind
        tree.set("expressions", [*tree.expressions[:end], *items, *tree.expressions[end:]])
    elif paths:
        raise unfollowed(tree)


def append(tree: exp.Select, path: Path) -> None:
    """Put a path's hidden columns out."""
    for name, text in zip(path.names, path.sql, strict=True):
        tree.append("expressions", exp.alias_(exp.Var(this=text), name, quoted=True))


def names_of(paths: tuple[Path, ...]) -> list[exp.Expr]:
    """Return the names of hidden columns, for a star to leave out."""
    return [exp.to_identifier(name, quoted=True) for path in paths for name in path.names]


def alias_of(name: str) -> exp.TableAlias:
    """Return an alias of our own."""
    return exp.TableAlias(this=exp.to_identifier(name, quoted=True))


def unfollowed(node: exp.Expr) -> RefusedError:
    """Return the refusal of a shape that users cannot be followed through."""
    return RefusedError(
        f"{span(node)}This sandbox cannot apply aggregation thresholds to a {type(node).__name__} here; "
        "write it as a WITH query or a join."
    )
