"""The pure rules: words, wants, targets, and when digests are due."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reportbuilder.errors import Invalid
from reportbuilder.notifications.digests import next_digest
from reportbuilder.notifications.facts import Facts
from reportbuilder.notifications.kinds import KINDS, PACES, TEST, USUAL
from reportbuilder.notifications.mail import Mail, compose
from reportbuilder.notifications.payloads import payload_of, payload_of_digest
from reportbuilder.notifications.rules import OWNERS, WANTS_MOST, Want, read_wants, told_as
from reportbuilder.notifications.targets import mask, read_target
from reportbuilder.notifications.wording import SHOWN_MOST, Reader, headline_of, one_line, write, write_digest

ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
ZONES = sorted(available_timezones())
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """Facts of any kind, with anything in every text."""
    return Facts(
        kind=draw(st.sampled_from([*KINDS, TEST])),
        happened_at=draw(INSTANTS).isoformat(),
        report_id=draw(st.sampled_from(["", "rpt_1"])),
        report_name=draw(ANYTHING),
        instance_id=draw(ANYTHING),
        instance_name=draw(ANYTHING),
        execution_id=draw(st.sampled_from(["", "exec_1"])),
        schedule_id=draw(ANYTHING),
        due_at=draw(ANYTHING),
        reason=draw(ANYTHING),
        status=draw(ANYTHING),
        error_class=draw(st.sampled_from(["", "permanent", "transient", "internal", "result"])),
        counts=draw(st.dictionaries(ANYTHING, st.integers(0, 400), max_size=3)),
        rows=draw(st.none() | st.integers(0)),
    )


@given(facts(), st.sampled_from(ZONES))
def test_whatever_is_told_nothing_in_it_acts(told: Facts, zone: str) -> None:
    reader = Reader(zone, "https://reports.example.test/")
    message = write(told, reader)
    assert message.subject.isprintable()
    assert len(message.subject) <= 160
    assert all(line.isprintable() for line in message.text.split("\n"))
    tags = message.html.replace("<!doctype html>", "").split("<")[1:]
    known = ("html>", "body>", "p>", "table>", "tr>", "td>", 'td style="padding-right:1em">', "a href=", "/")
    assert all(tag.startswith(known) for tag in tags)
    mail = compose(Mail("ben@example.test", "ntf_1.0", message), "reports@example.test")
    assert set(mail.keys()) >= {"Subject", "From", "To", "Message-ID", "Date"}
    assert mail.as_bytes().count(b"\nBcc:") == 0
    assert json.dumps(payload_of("k", told, message, reader.public_url))


@given(facts())
def test_facts_survive_being_stored(told: Facts) -> None:
    assert Facts.from_json(json.loads(json.dumps(told.to_json()))) == told
    assert Facts.from_json(told.to_json() | {"of_a_later_version": 1}) == told


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_says_what_happened_and_where(kind: str) -> None:
    told = Facts(
        kind, "2026-03-04T12:00:00+00:00", "rpt_1", "Spring", "amc1", "Northwind", reason="AMC's words"
    )
    message = write(told, Reader("Europe/Vienna", "https://reports.example.test"))
    assert message.subject == headline_of(told)
    assert message.subject.endswith(": Spring")
    for words in ("AMC's words", "Northwind (amc1)", "2026-03-04 13:00 (Europe/Vienna)", "?report=rpt_1"):
        assert words in message.text
    assert "report-builder" not in write(told, Reader()).text, "a link to nowhere"


@pytest.mark.parametrize("kind", [kind for kind in USUAL if kind != "run_recovered"])
def test_of_what_went_wrong_the_way_out_is_told(kind: str) -> None:
    assert "What to do: " in write(Facts(kind, "2026-03-04T12:00:00+00:00", status="failed"), Reader()).text


def test_a_fault_of_ours_sends_nobody_to_amc() -> None:
    told = Facts("run_failed", "2026-03-04T12:00:00+00:00", error_class="internal")
    assert "The fault is ours" in write(told, Reader()).text


@given(st.integers(1, 3 * SHOWN_MOST), st.booleans())
def test_a_digest_says_how_many_there_are(count: int, is_over_cap: bool) -> None:
    items = [Facts("run_failed", "2026-03-04T12:00:00+00:00", "rpt_1", f"R{n}") for n in range(count)]
    message = write_digest(items, count, is_over_cap, Reader())
    assert message.subject == f"{count} notices of your reports"
    assert message.text.count("Failed: R") == min(count, SHOWN_MOST)
    assert (f"{count - SHOWN_MOST} more" in message.text) == (count > SHOWN_MOST)
    assert ("over the cap" in message.text) == is_over_cap
    payload = payload_of_digest("k", items, count, message, "")
    assert (payload["count"], len(payload["items"])) == (count, min(count, SHOWN_MOST))


@given(ANYTHING, st.integers(1, 50))
def test_one_line_is_one_line(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert line.isprintable()
    assert one_line(line, most) == line


# ---------------------------------------------------------------- digests


@given(INSTANTS, st.sampled_from(ZONES))
def test_an_hourly_digest_comes_at_a_full_hour_within_one(after: datetime, zone: str) -> None:
    due = next_digest("hourly", after, zone)
    assert timedelta(0) < due - after <= timedelta(hours=1)
    before = due.astimezone(ZoneInfo(zone)).utcoffset() == after.astimezone(ZoneInfo(zone)).utcoffset()
    assume(before)  # while clocks are put forward or back the hour is the one that was expected
    assert due.astimezone(ZoneInfo(zone)).minute == 0


@given(INSTANTS, st.sampled_from(ZONES))
def test_a_daily_digest_comes_each_morning_once(after: datetime, zone: str) -> None:
    due = next_digest("daily", after, zone)
    assert timedelta(0) < due - after < timedelta(hours=50)
    local = due.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (8, 0)
    assert next_digest("daily", due - timedelta(seconds=1), zone) == due
    assert next_digest("daily", due, zone) > due


# ---------------------------------------------------------------- wants


@given(st.lists(st.sampled_from(sorted(KINDS)), min_size=1), st.sampled_from(sorted(PACES)))
def test_wants_have_one_spelling(kinds: list[str], pace: str) -> None:
    data = {"channel_id": "email", "kinds": kinds, "pace": pace}
    (want,) = read_wants([data])
    assert want.kinds == tuple(kind for kind in KINDS if kind in kinds)
    assert read_wants([want.to_json()]) == (want,)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ([{"channel_id": "email", "kinds": ["burned"]}], "wants.0.kinds"),
        ([{"channel_id": "email", "kinds": []}], "wants.0.kinds"),
        ([{"channel_id": "email", "kinds": ["run_failed"], "pace": "weekly"}], "wants.0.pace"),
        ([{"channel_id": "email", "kinds": ["run_failed"]}] * 2, "wants.1.kinds"),
        ([{"channel_id": "email", "kinds": ["run_failed"]}] * (WANTS_MOST + 1), "wants"),
    ],
)
def test_wrong_wants_are_named(data: list[dict[str, Any]], field: str) -> None:
    with pytest.raises(Invalid) as wrong:
        read_wants(data)
    assert list(wrong.value.details) == [field]


def test_an_owner_is_told_of_all_but_completions() -> None:
    (usual,) = OWNERS
    assert [kind for kind in KINDS if told_as(usual, kind) is None] == ["run_completed"]


@given(st.sampled_from(sorted(KINDS)), st.sets(st.sampled_from(sorted(KINDS))))
def test_nobody_is_told_what_was_not_asked_for(kind: str, kinds: set[str]) -> None:
    as_what = told_as(Want("email", tuple(kinds)), kind)
    assert as_what is None or as_what in kinds


# ---------------------------------------------------------------- targets


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=60))
def test_a_mask_shows_no_path_and_no_query(path: str) -> None:
    assume(len(path) > 3)
    target = f"https://example.test/{path}"
    assert mask("webhook", target) == "https://example.test/…"


@given(ANYTHING, st.sampled_from(["email", "slack", "webhook"]))
def test_any_text_is_read_or_refused_without_being_repeated(text: str, kind: str) -> None:
    try:
        read = read_target(kind, text)
    except Invalid as error:
        refused = error
    else:
        assert read_target(kind, read) == read
        return
    assert list(refused.details) == ["target"]
    assert len(text.strip()) < 8 or text.strip() not in refused.message
