"""Where a backfill stands with packing: unproven, proven by its first pack, or ended."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from reportbuilder import clock, logs
from reportbuilder.backfills.models import ReportDataCollection, ReportDataWeek
from reportbuilder.backfills.states import IN_FLIGHT, Tally

log = logs.get_logger(__name__)

UNDECIDED = frozenset({"waiting", *IN_FLIGHT})


def packing_of(backfill: ReportDataCollection) -> dict[str, Any]:
    """Return ``state`` (unproven, proven or ended), ``pack`` and ``probe`` of the check, or nothing."""
    return backfill.configuration.get("packing") or {}


def is_unproven(backfill: ReportDataCollection) -> bool:
    """Say whether the first pack has not been compared with its single run yet."""
    return packing_of(backfill).get("state") == "unproven"


def probe_of(session: Session, backfill: ReportDataCollection) -> ReportDataWeek:
    """Return the segment of the first pack that also runs alone."""
    segments = session.scalars(
        select(ReportDataWeek)
        .where(ReportDataWeek.collection_id == backfill.id, ReportDataWeek.pack.is_(None))
        .execution_options(populate_existing=True)
    )
    day = packing_of(backfill)["probe"]
    return next(segment for segment in segments if segment.week_start_date.isoformat() == day)


def find_trouble(session: Session, backfill: ReportDataCollection) -> str | None:
    """Say why the first pack cannot be checked; empty while one has to wait, None if it can be now."""
    probe = probe_of(session, backfill).status
    mine = ReportDataWeek.collection_id == backfill.id, ReportDataWeek.pack == packing_of(backfill)["pack"]
    together = set(session.scalars(select(ReportDataWeek.status).where(*mine)))
    if not together:
        return "what had not come of the first run of several is asked for anew"
    if not together & UNDECIDED:
        return f"the first run of several {' and '.join(sorted(together))}"
    if probe in UNDECIDED or together & {"waiting", "running"}:
        return ""
    return None if probe == "completed" else f"the single run to check the first one against is {probe}"


def prove(backfill: ReportDataCollection) -> None:
    """Write down that the parts of the first pack are what its single run gave."""
    _set(backfill, "proven", "")


def end_packing(
    session: Session, backfill: ReportDataCollection, reason: str, came: str | None, count: Tally
) -> None:
    """Let all that has not been asked for run alone, and say why.

    :param came: the text id of the packed run whose rows cannot be trusted; its segments wait anew.
    :param count: of the segments by state, which is brought up to date.
    """
    _set(backfill, "ended", f"Segments no longer share runs: {reason}. Each runs by itself now.")
    mine = (ReportDataWeek.collection_id == backfill.id, ReportDataWeek.pack.is_not(None))
    now = clock.now()
    # as a failure and its retry at once: the rows that came are not those of single runs
    arrived = session.scalars(
        select(ReportDataWeek.id).where(
            *mine, ReportDataWeek.status == "collecting", ReportDataWeek.execution_id == came
        )
    ).all()
    for condition, values in (
        (
            ReportDataWeek.id.in_(arrived),
            {"status": "waiting", "execution_id": None, "pack": None, "reason": None},
        ),
        (ReportDataWeek.status == "waiting", {"pack": None}),
    ):
        session.execute(
            update(ReportDataWeek)
            .where(*mine, condition)
            .values(**values, updated_at=now)
            .execution_options(synchronize_session=False)
        )
    count["collecting"] -= len(arrived)
    count["waiting"] += len(arrived)


def _set(backfill: ReportDataCollection, state: str, remark: str) -> None:
    before = backfill.configuration
    remarks = [*before.get("remarks", []), *([remark] if remark else [])]
    packing = {**packing_of(backfill), "state": state}
    backfill.configuration = {**before, "packing": packing, "remarks": remarks}
    log.info("packing", backfill_id=backfill.collection_id, state=state, remark=remark)
