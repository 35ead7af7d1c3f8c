"""Questions to the tables under a sandbox: for one number, for nothing at all, or for the same rows."""

import duckdb

Story = duckdb.DuckDBPyConnection


def one(story: Story, sql: str) -> int:
    row = story.execute(sql).fetchone()
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


def none(story: Story, sql: str) -> None:
    """Make sure that this query finds nothing."""
    assert story.execute(sql).fetchall() == []


def same(story: Story, left: str, right: str) -> None:
    """Make sure that both queries find the same rows, and some."""
    assert one(story, f"SELECT COUNT(*) FROM ({left})") > 0
    none(story, f"({left}) EXCEPT ALL ({right}) LIMIT 3")
    none(story, f"({right}) EXCEPT ALL ({left}) LIMIT 3")
