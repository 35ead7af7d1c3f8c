"""The rows that ``bench.console`` asks over; some reports have far more runs than others."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from bench.ground import add_instances
from reportbuilder import clock
from reportbuilder.accounts import grants, users
from reportbuilder.accounts.models import User
from reportbuilder.amc.models import AmcInstance
from reportbuilder.catalog.models import QueryTemplate
from reportbuilder.database import db, transaction
from reportbuilder.reports.models import ReportDefinition, ReportFavorite
from reportbuilder.schedules.models import ReportSchedule

INSTANCES, OWNERS, TEMPLATES, FAVORITES, GOING = 40, 25, 30, 200, 200
WORDS = ("Weekly", "Reach", "Spend", "Overlap", "Funnel", "Store", "Brand", "Path", "Trend", "Basket")
SQL = "SELECT campaign, SUM(impressions) FROM dsp_impressions GROUP BY campaign -- " + "x" * 900

# in the order of time, as they come about; three quarters of all runs belong to four in ten reports
EXECUTIONS = """
INSERT INTO report_executions (
    id, created_at, updated_at, execution_id, tag, report_id, template_id, template_version, instance_id,
    user_id, triggered_by, is_rerun, state, error_class, error_message, parameters_snapshot, sql_text,
    time_window_start, time_window_end, time_zone, attempts, submitted_at, started_at, completed_at,
    row_count, size_bytes)
SELECT gen_random_uuid(), at, at + took, 'exec_' || n, 'rb-exec_' || n, r.id, r.template_id, 1, r.instance_id,
    r.owner_id, 'schedule', false, ending, CASE ending WHEN 'failed' THEN 'permanent' END,
    CASE ending WHEN 'failed' THEN 'Column campaign_idd is not in dsp_impressions; see the query' END,
    '{}', :sql, at - interval '28 days', at - interval '14 days', 'UTC', 1, at, at,
    at + took, 1000, 100000
FROM (
    SELECT n, CAST(:now AS timestamptz) - interval '400 days' * (1 - n / CAST(:executions AS float)) AS at,
        interval '1 second' * (60 + 600 * random()) AS took,
        floor(power(random(), 3) * :ran) AS place,
        CASE WHEN n % 10 = 0 THEN 'failed' WHEN n % 33 = 0 THEN 'cancelled' ELSE 'completed' END AS ending
    FROM generate_series(1, :executions) AS n
) AS run
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM report_definitions) AS r USING (place)
"""
LATEST = """
UPDATE report_definitions AS r
SET last_execution_id = run.id, last_execution_at = run.created_at, execution_count = run.count
FROM (
    SELECT DISTINCT ON (report_id) report_id, id, created_at, count(*) OVER (PARTITION BY report_id) AS count
    FROM report_executions ORDER BY report_id, created_at DESC
) AS run WHERE run.report_id = r.id
"""
MOVING = """
UPDATE report_executions
SET state = CASE WHEN random() < 0.5 THEN 'pending' ELSE 'running' END, completed_at = NULL
WHERE id IN (SELECT last_execution_id FROM report_definitions ORDER BY random() LIMIT :going)
"""


def fill(reports: int, executions: int, password: str) -> None:
    """Make so many of each; Ben sees all of it by grants, and has marked some."""
    add_instances([f"amcload{number:03}" for number in range(INSTANCES)])
    with transaction() as session:
        rows = _reports(session, reports, password)
        session.execute(insert(ReportDefinition), rows)
        session.execute(insert(ReportSchedule), list(_schedules(rows)))
        session.execute(insert(ReportFavorite), list(_favorites(session, rows)))
    with transaction() as session:
        asked = {"sql": SQL, "now": clock.now(), "executions": executions, "ran": reports * 0.98}
        session.execute(text(EXECUTIONS), asked)
        session.execute(text(LATEST))
        session.execute(text(MOVING), {"going": GOING})
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _reports(session: Session, count: int, password: str) -> list[dict[str, Any]]:
    ben = session.scalars(select(User)).one()
    users.set_password(ben, password)
    instances = session.scalars(select(AmcInstance.id)).all()
    for instance_id in instances:
        grants.grant(session, ben.id, instance_id, "run")
    owners = [ben.id, *_add(session, _owners())]
    templates, dice = _add(session, _templates()), Random(5)
    rows = [_report(number, dice.choice(owners), dice.choice(templates), dice) for number in range(count)]
    for number, row in enumerate(rows):
        row["instance_id"] = instances[number % len(instances)]
    session.flush()
    return rows


def _add(session: Session, made: list[Any]) -> list[UUID]:
    session.add_all(made)
    session.flush()
    return [row.id for row in made]


def _owners() -> list[User]:
    return [User(email=f"analyst{number}@example.test", name=f"Analyst {number}") for number in range(OWNERS)]


def _templates() -> list[QueryTemplate]:
    return [
        QueryTemplate(
            template_id=f"tpl_load{number:04}",
            name=f"{WORDS[number % 10]} by {WORDS[number // 10].lower()}",
            category="bench",
            sql_template=SQL,
            is_public=True,
        )
        for number in range(TEMPLATES)
    ]


def _report(number: int, owner_id: UUID, template_id: UUID, dice: Random) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "report_id": f"rpt_{number:020}",
        "name": f"{dice.choice(WORDS)} {dice.choice(WORDS).lower()} {number}",
        "description": "What came of the campaigns of " + dice.choice(WORDS),
        "template_id": template_id,
        "owner_id": owner_id,
        "parameters": {"asins": [f"B{dice.randrange(10**9):09}" for _ in range(40)]},
        "frequency": ("once", "daily", "weekly", "weekly", "monthly")[number % 5],
        "timezone": "America/New_York",
    }


def _favorites(session: Session, rows: list[dict[str, Any]]) -> Any:
    ben = session.scalars(select(User).where(User.name == "Ben")).one()
    return ({"user_id": ben.id, "report_id": row["id"]} for row in rows[:: max(1, len(rows) // FAVORITES)])


def _schedules(rows: list[dict[str, Any]]) -> Any:
    for number, row in enumerate(rows):
        if row["frequency"] == "once":
            continue
        yield {
            "id": uuid4(),
            "schedule_id": f"sch_{number:020}",
            "report_id": row["id"],
            "schedule_type": row["frequency"],
            "timezone": row["timezone"],
            "recurrence": _recurrence(row["frequency"]),
            "is_paused": number % 17 == 0,
            "paused_by": "ben@example.test",
            "paused_reason": "the campaign rests",
            "next_run_at": clock.now() + timedelta(minutes=7 * (number % 4000)),
        }


def _recurrence(frequency: str) -> dict[str, Any]:
    more: dict[str, dict[str, Any]] = {"weekly": {"weekdays": ["monday"]}, "monthly": {"day": 1}}
    usual = {"type": frequency, "time": "03:00", "timezone": "America/New_York"}
    return usual | more.get(frequency, {})
