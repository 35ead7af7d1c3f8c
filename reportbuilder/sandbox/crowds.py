"""How rows carry the users behind them: hidden columns, and DuckDB's SQL to gather and to count them."""

from dataclasses import dataclass, replace
from enum import Enum

MANY = "18446744073709551615::UBIGINT"  # stands in a list for "as many users as any row needs"
USERS = "user_id"


class Form(Enum):
    """What the hidden columns of a path hold; all are NULL in rows that the path did not lead to."""

    USER = ("UBIGINT",)  # the hash of one user, 0 for a NULL user
    PAIR = ("UBIGINT", "UBIGINT")  # least hash but 0, greatest hash: enough to tell two users
    LIST = ("UBIGINT[]",)  # the hashes, or MANY in place of more than 100
    COUNT = ("BIGINT",)  # so many users, at most as many as are needed


@dataclass(frozen=True)
class Path:
    """One way from a table scan to a row; ``sql`` reads its hidden columns where it is in sight."""

    number: int
    source: str
    form: Form
    sql: tuple[str, ...]

    def within(self, alias: str) -> "Path":
        """Return it as seen through a table alias."""
        return replace(self, sql=tuple(f"{quoted(alias)}.{text}" for text in self.sql))

    @property
    def names(self) -> tuple[str, ...]:
        """Names for its hidden columns in the next query outwards."""
        return tuple(f"__u{self.number}_{place}" for place, _ in enumerate(self.form.value))

    def stored(self) -> "Path":
        """Return it as the select that puts it out gives it."""
        return replace(self, sql=tuple(quoted(name) for name in self.names))

    @property
    def absent(self) -> tuple[str, ...]:
        """SQL of its columns in rows that it did not lead to."""
        return tuple(f"CAST(NULL AS {type_})" for type_ in self.form.value)


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def scanned(number: int, source: str, alias: str) -> Path:
    """Return the path of a table scan."""
    user = f"{quoted(alias)}.{quoted(USERS)}"
    text = f"CASE WHEN {user} IS NULL THEN 0::UBIGINT ELSE hash({user}) END"
    return Path(number, source, Form.USER, (text,))


def gathered(path: Path, need: int, is_one: bool) -> Path:
    """Return the path behind an aggregation; ``is_one``: each group has one user of it."""
    if path.form is Form.USER and need > 2 and is_one:  # noqa: PLR2004 - beyond pairs
        return replace(path, sql=(f"max({path.sql[0]})",))
    if path.form is Form.USER and need > 2:  # noqa: PLR2004 - beyond pairs
        (user,) = path.sql
        users = f"list(DISTINCT {user}) FILTER (WHERE {user} IS NOT NULL)"
        return replace(path, form=Form.LIST, sql=(_capped(users),))
    if path.form is Form.LIST:
        (users,) = path.sql
        lists = f"list(DISTINCT {users}) FILTER (WHERE {users} IS NOT NULL)"
        return replace(path, sql=(_capped(f"list_distinct(flatten({lists}))"),))
    low, high = path.sql * 2 if path.form is Form.USER else path.sql
    return replace(path, form=Form.PAIR, sql=(f"min(nullif({low}, 0))", f"max({high})"))


def _capped(users: str) -> str:
    return f"CASE WHEN len({users}) > 100 OR list_contains({users}, {MANY}) THEN [{MANY}] ELSE {users} END"


def counted(path: Path, need: int, is_one: bool) -> Path:
    """Return the path behind the last aggregation, where only the number of its users is wanted."""
    if path.form is Form.USER and need > 2 and not is_one:  # noqa: PLR2004 - beyond pairs
        (user,) = path.sql
        text = f"CASE WHEN count({user}) > 0 THEN least({need}, count(DISTINCT nullif({user}, 0))) END"
        return replace(path, form=Form.COUNT, sql=(text,))
    last = gathered(path, need, is_one)
    return replace(last, form=Form.COUNT, sql=(number_of(last, need),))


def number_of(path: Path, need: int) -> str:
    """Return SQL for how many users a row has, at most ``need``; NULL where the path did not lead."""
    text = path.sql[0]
    if path.form is Form.USER:
        return f"CASE WHEN {text} IS NOT NULL THEN CAST({text} <> 0 AS BIGINT) END"
    if path.form is Form.PAIR:
        low, high = path.sql
        return f"CASE WHEN {high} = 0 THEN 0 WHEN {low} = {high} THEN 1 WHEN {high} IS NOT NULL THEN 2 END"
    if path.form is Form.LIST:
        real = f"len({text}) - CAST(list_contains({text}, 0::UBIGINT) AS BIGINT)"
        return f"CASE WHEN list_contains({text}, {MANY}) THEN {need} ELSE {real} END"
    return text
