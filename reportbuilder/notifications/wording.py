"""The words of messages: a subject of one line, plain text, and the same as simple HTML."""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from reportbuilder.notifications.facts import Facts
from reportbuilder.notifications.kinds import TEST

NAME_MOST: Final = 80
REASON_MOST: Final = 600
SHOWN_MOST: Final = 50  # notices that a digest names one by one

_HEADLINES: Final[dict[str, str]] = {
    "run_completed": "Rows are here",
    "run_failed": "Failed",
    "run_recovered": "Works again",
    "schedule_paused": "Schedule paused itself",
    "run_overdue": "Should have run and did not",
    "backfill_paused": "Backfill paused itself",
    "backfill_ended": "Backfill ended",
    TEST: "Test message",
}
_HAPPENED: Final[dict[str, str]] = {
    "run_completed": "A run has brought its rows.",
    "run_failed": "A run has failed.",
    "run_recovered": "A run has brought its rows, after the one before had failed.",
    "schedule_paused": "The schedule has paused itself after failures in a row.",
    "run_overdue": "A run that was due has not happened.",
    "backfill_paused": "The backfill has paused itself, and nothing more of it is asked for.",
    "backfill_ended": "The backfill has come to its end.",
    TEST: "You have asked for this message to see whether it arrives. It has.",
}
_ADVICE: Final[dict[str, str]] = {
    "run_failed": "Read what AMC says, change the report or its template, and run it again.",
    "schedule_paused": "Mend what fails, try it with a run by hand, and resume the schedule.",
    "backfill_paused": "Have the right given back and resume it, or cancel it and start another one.",
    "run_overdue": "See with `reportbuilder doctor` whether all parts run, and run the report by hand.",
}
_OF_CLASS: Final[dict[str, str]] = {
    "transient": "Run it again: what stood in the way passes.",
    "internal": "The fault is ours: tell whoever runs the Report Builder, with the id of the execution.",
    "result": "Run it again; if it fails the same way, tell whoever runs the Report Builder.",
}
_BACKFILL: Final = "See which segments failed and why, and retry only those."


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: ``subject`` is one line without control characters."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom it is written: the zone of the clocks, and the address of the product, "" if not known."""

    zone: str = "UTC"
    public_url: str = ""


def write(facts: Facts, reader: Reader) -> Message:
    """Return the message of one notice."""
    headline = headline_of(facts)
    said = [_happened(facts), *_advice(facts)]
    pairs = list(_pairs(facts, reader))
    link = link_of(facts, reader.public_url)
    listed = "\n".join(f"{name}: {value}" for name, value in pairs)
    text = "\n\n".join([*said, listed, *([link] if link else [])])
    return Message(headline, text + "\n", _html(said, pairs, link))


def write_digest(items: Sequence[Facts], count: int, is_over_cap: bool, reader: Reader) -> Message:
    """Return one message for many notices.

    :param items: the first of them, at most SHOWN_MOST are named.
    :param count: how many there are in all.
    """
    shown = items[:SHOWN_MOST]
    said = [f"{count} things have happened to your reports."]
    if is_over_cap:
        said = [f"{count} messages were over the cap of messages an hour; here they are in one."]
    pairs = [(_when(facts.happened_at, reader.zone), headline_of(facts)) for facts in shown]
    if count > len(shown):
        pairs.append(("and", f"{count - len(shown)} more"))
    lines = "\n".join(f"{when}  {what}" for when, what in pairs)
    link = home(reader.public_url)
    text = "\n\n".join([*said, lines, *([link] if link else [])])
    return Message(f"{count} notices of your reports", text + "\n", _html(said, pairs, link))


def headline_of(facts: Facts) -> str:
    """Return the subject: what happened to which report; one line, whatever its name holds.

    >>> headline_of(Facts("run_failed", "", report_name="Spring\\r\\nBcc: eve@example.test"))
    'Failed: Spring Bcc: eve@example.test'
    """
    headline = _HEADLINES[facts.kind]
    if facts.kind == "backfill_ended" and facts.status:
        headline = f"Backfill {one_line(facts.status.replace('_', ' '), 40)}"
    return f"{headline}: {one_line(facts.report_name, NAME_MOST)}" if facts.report_name else headline


def one_line(text: str, most: int) -> str:
    """Return a text on one line, without signs that act or cannot be seen, cut after so many characters.

    >>> one_line("a\\r\\n b\\u202ec", 80)
    'a b c'
    """
    seen = "".join(sign if sign.isprintable() else " " for sign in text[: most * 4])
    words = " ".join(seen.split())
    return words if len(words) <= most else f"{words[: most - 1]}…"


def link_of(facts: Facts, public_url: str) -> str:
    """Return where to look, "" if the product's address is not known."""
    for name, known in (("execution", facts.execution_id), ("report", facts.report_id)):
        if known and public_url:
            return f"{home(public_url)}?{name}={quote(known, safe='')}"
    return home(public_url)


def home(public_url: str) -> str:
    """Return the console's address, "" if that is not known."""
    return f"{public_url.rstrip('/')}/report-builder" if public_url else ""


def _happened(facts: Facts) -> str:
    reason = one_line(facts.reason, REASON_MOST)
    return f"{_HAPPENED[facts.kind]} {reason}".strip()


def _advice(facts: Facts) -> list[str]:
    """Return what to do, if there is anything to do."""
    if facts.kind == "backfill_ended":
        failed = facts.status not in {"completed", "cancelled"}
        return [f"What to do: {_BACKFILL}"] if failed else []
    words = _ADVICE.get(facts.kind)
    if facts.kind == "run_failed":
        words = _OF_CLASS.get(facts.error_class, words)
    return [f"What to do: {words}"] if words else []


def _pairs(facts: Facts, reader: Reader) -> Iterable[tuple[str, str]]:
    if facts.report_name:
        yield "Report", one_line(facts.report_name, NAME_MOST)
    if facts.instance_id:
        yield "Instance", f"{one_line(facts.instance_name, NAME_MOST)} ({one_line(facts.instance_id, 64)})"
    if facts.first_day:
        yield "Window", f"{facts.first_day} to {facts.last_day} ({facts.zone})"
    if facts.due_at:
        yield "Due", _when(facts.due_at, reader.zone)
    if facts.rows is not None:
        yield "Rows", f"{facts.rows}"
    if facts.finality:
        yield "Figures", facts.finality
    for name, number in facts.counts.items():
        yield one_line(str(name).replace("_", " ").capitalize(), 40), f"{number}"
    for title, known in (
        ("Execution", facts.execution_id),
        ("Schedule", facts.schedule_id),
        ("Backfill", facts.backfill_id),
    ):
        if known:
            yield title, one_line(known, 64)
    yield "When", _when(facts.happened_at, reader.zone)


def _when(instant: str, zone: str) -> str:
    """Return an ISO instant by the clocks of a zone; a text that is none stays as it is."""
    try:
        at = datetime.fromisoformat(instant)
    except ValueError:
        return one_line(instant, 40)
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def _html(said: Iterable[str], pairs: Iterable[tuple[str, str]], link: str) -> str:
    paragraphs = "".join(f"<p>{html.escape(words)}</p>\n" for words in said)
    rows = "".join(
        f'<tr><td style="padding-right:1em">{html.escape(name)}</td><td>{html.escape(value)}</td></tr>\n'
        for name, value in pairs
    )
    anchor = f'<p><a href="{html.escape(link)}">{html.escape(link)}</a></p>\n' if link else ""
    return f"<!doctype html>\n<html><body>\n{paragraphs}<table>\n{rows}</table>\n{anchor}</body></html>\n"
