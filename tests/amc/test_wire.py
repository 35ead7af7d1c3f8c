"""What goes to AMC has exactly its formats; what comes back is read as it is, and never guessed."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportbuilder.amc import wire
from reportbuilder.amc.wire import AmcExecution, AmcStatus, TimeWindow, Unreadable

ZONES = ("UTC", "America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe")
TAG = "rb-3f0c9f4e-1"
WINDOW = TimeWindow(datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 3, 15, 7, tzinfo=UTC), ZONES[1])
CREATED = {
    "createTime": "2026-03-04T12:00:05Z",
    "lastUpdatedTime": "2026-03-04T12:00:07.812Z",
    "status": "PENDING",
    "timeWindowStart": "2026-03-01T08:00:00Z",
    "timeWindowStartOriginal": "2026-03-01T00:00:00",
    "timeWindowEndOriginal": "2026-03-15T00:00:00",
    "timeWindowTimeZoneOriginal": "America/Los_Angeles",
    "workflowExecutionId": "2f1d8a52-0000-4000-8000-000000000001",
    "workflowId": TAG,
}

tags = st.from_regex(wire.TAG_PATTERN, fullmatch=True)
instants = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def test_failure_08_the_body_has_an_explicit_window_in_wall_time_with_its_zone_beside_and_no_z() -> None:
    assert wire.submission("SELECT 1", TAG, WINDOW) == {
        "workflow": {"sqlQuery": f"/* {TAG} */ SELECT 1", "workflowId": TAG},
        "timeWindowType": "EXPLICIT",
        "timeWindowStart": "2026-03-01T00:00:00",
        "timeWindowEnd": "2026-03-15T00:00:00",  # the clocks went forward in between
        "timeWindowTimeZone": "America/Los_Angeles",
    }


def test_input_parameters_are_declared_in_the_workflow() -> None:
    declared = {"name": "brand", "dataType": "STRING", "columnType": "DIMENSION", "defaultValue": "x"}
    body = wire.submission("SELECT 1", TAG, WINDOW, [declared])
    assert body["workflow"]["inputParameters"] == [declared]
    assert "parameterValues" not in body


@given(instants, st.sampled_from(ZONES))
def test_wall_times_name_the_same_instant_in_their_zone(instant: datetime, zone: str) -> None:
    text = wire.wall_time(instant, zone)
    assert len(text) == 19
    assert not set(text) & set("Z+.")
    local = datetime.fromisoformat(text)
    folds = (local.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    assert instant.replace(microsecond=0) in folds


@given(instants, st.sampled_from(["Z", "", "+00:00"]), st.booleans())
def test_times_of_answers_are_read_with_and_without_z_and_milliseconds(
    instant: datetime, ending: str, milliseconds: bool
) -> None:
    instant = instant.replace(microsecond=812000 if milliseconds else 0)
    text = instant.replace(tzinfo=None).isoformat(timespec="milliseconds" if milliseconds else "seconds")
    assert wire.read_time(text + ending) == instant


@pytest.mark.parametrize("text", [None, "", "N/A", 17, "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_none(text: object) -> None:
    assert wire.read_time(text) is None


def test_windows_are_aware_and_go_forward() -> None:
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    with pytest.raises(ValueError, match="aware"):
        TimeWindow(noon.replace(tzinfo=None), noon)
    for end in (noon, noon - timedelta(days=1)):
        with pytest.raises(ValueError, match="not after its start"):
            TimeWindow(noon, end)
    with pytest.raises(ValueError, match="no zone"):
        wire.wall_time(noon.replace(tzinfo=None))


@given(tags, st.text(max_size=200))
def test_a_tag_is_found_again_in_the_workflow_id_and_in_the_sql(tag: str, sql: str) -> None:
    tagged = wire.with_tag(sql, tag)
    assert tagged.endswith(sql)
    assert tagged.split("\n")[1:] == sql.split("\n")[1:], "line numbers in AMC's messages stay true"
    assert wire.tag_of(AmcExecution("x", AmcStatus.PENDING, workflow_id=tag)) == tag
    transient = AmcExecution("x", AmcStatus.PENDING, workflow_id="transient_17", sql=f"\n {tagged}")
    assert wire.tag_of(transient) == tag


@pytest.mark.parametrize(
    "sql", [None, "", "SELECT 1 /* rb-late */", "-- rb-line\nSELECT 1", "/* note */ SELECT 1"]
)
def test_executions_of_others_have_no_tag(sql: str | None) -> None:
    for workflow_id in (None, "analytics-17", "transient_17", "rb", "rb- 1"):
        assert wire.tag_of(AmcExecution("x", AmcStatus.PENDING, workflow_id=workflow_id, sql=sql)) is None


@pytest.mark.parametrize("tag", ["", "x", "rb-", "rb-a b", "rb-*/ DROP", "rb-" + "x" * 121, "rb-a\n"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="is no tag"):
        wire.with_tag("SELECT 1", tag)


@pytest.mark.parametrize("wrap", [lambda flat: flat, lambda flat: {"workflowExecution": flat}])
def test_executions_are_read_flat_and_wrapped(wrap: Any) -> None:
    execution = wire.read_execution(wrap(CREATED))
    assert execution == AmcExecution(
        id="2f1d8a52-0000-4000-8000-000000000001",
        status=AmcStatus.PENDING,
        raw_status="PENDING",
        created_at=datetime(2026, 3, 4, 12, 0, 5, tzinfo=UTC),
        updated_at=datetime(2026, 3, 4, 12, 0, 7, 812000, tzinfo=UTC),
        workflow_id=TAG,
        window_start="2026-03-01T00:00:00",
        window_end="2026-03-15T00:00:00",
        zone="America/Los_Angeles",
    )


def test_output_columns_keep_precision_and_scale() -> None:
    columns = [
        {"name": "campaign", "columnType": "DIMENSION", "dataType": "STRING"},
        {"name": "sales", "columnType": "METRIC", "dataType": "DECIMAL", "precision": 38, "scale": 4},
        {"columnType": "METRIC"},
        "odd",
    ]
    read = wire.read_execution(CREATED | {"outputColumns": columns}).output_columns
    assert [(column.name, column.data_type, column.precision, column.scale) for column in read] == [
        ("campaign", "STRING", None, None),
        ("sales", "DECIMAL", 38, 4),
    ]


@pytest.mark.parametrize("place", [{"sqlQuery": "SELECT 1"}, {"workflow": {"sqlQuery": "SELECT 1"}}])
def test_the_sql_is_found_beside_and_inside_the_workflow(place: dict[str, Any]) -> None:
    assert wire.read_execution(CREATED | place).sql == "SELECT 1"


@pytest.mark.parametrize(
    ("word", "status", "is_active", "is_final"),
    [
        ("PENDING", AmcStatus.PENDING, True, False),
        ("RUNNING", AmcStatus.RUNNING, True, False),
        ("PUBLISHING", AmcStatus.PUBLISHING, True, False),
        ("SUCCEEDED", AmcStatus.SUCCEEDED, False, True),
        ("FAILED", AmcStatus.FAILED, False, True),
        ("REJECTED", AmcStatus.REJECTED, False, True),
        ("CANCELLED", AmcStatus.CANCELLED, False, True),
        ("cancelled", AmcStatus.CANCELLED, False, True),
        ("UNKNOWN", AmcStatus.UNKNOWN, False, False),
        ("HIBERNATING", AmcStatus.UNKNOWN, False, False),
        (None, AmcStatus.UNKNOWN, False, False),
        (7, AmcStatus.UNKNOWN, False, False),
    ],
)
def test_failure_06_each_status_is_active_final_or_visibly_unknown(
    word: object, status: AmcStatus, is_active: bool, is_final: bool
) -> None:
    execution = wire.read_execution(CREATED | {"status": word})
    assert (execution.status, execution.status.is_active, execution.status.is_final) == (
        status,
        is_active,
        is_final,
    )
    if status is AmcStatus.UNKNOWN:
        assert "not known here" in (execution.problem or "")
        assert str(word or "none at all") in (execution.problem or "") or word == 7


@pytest.mark.parametrize("name", ["statusReason", "message", "details", "messageSubject"])
def test_failure_07_the_reason_is_read_wherever_amc_puts_it(name: str) -> None:
    execution = wire.read_execution(CREATED | {"status": "REJECTED", name: "Unsupported operation ||"})
    assert execution.status_reason == execution.problem == "Unsupported operation ||"


def test_the_status_reason_comes_before_the_others_and_blanks_do_not_count() -> None:
    said = {"status": "FAILED", "messageSubject": "c", "details": "b", "message": "a", "statusReason": "  "}
    assert wire.read_execution(CREATED | said).problem == "a"
    assert wire.read_execution(CREATED | said | {"statusReason": "first"}).problem == "first"
    assert wire.read_execution(CREATED | {"status": "FAILED"}).problem == "AMC gave no reason (FAILED)"
    assert wire.read_execution(CREATED | {"status": "SUCCEEDED", "message": "fine"}).problem is None


@pytest.mark.parametrize("answer", [None, [], "x", {}, {"workflowExecution": []}, {"workflowExecutionId": 7}])
def test_what_is_no_execution_is_unreadable(answer: object) -> None:
    with pytest.raises(Unreadable):
        wire.read_execution(answer)


def test_a_page_keeps_all_executions_and_its_token() -> None:
    answer = {"executions": [CREATED, {"workflowExecution": CREATED}], "nextToken": "more"}
    page = wire.read_page(answer)
    assert (len(page.executions), page.next_token) == (2, "more")
    assert wire.read_page({"executions": [], "nextToken": ""}).next_token is None
    assert wire.read_page({"executions": []}).next_token is None


@pytest.mark.parametrize("answer", [None, {}, {"executions": {}}, {"executions": [CREATED, {}]}])
def test_a_page_of_which_anything_is_unreadable_is_unreadable(answer: object) -> None:
    with pytest.raises(Unreadable):
        wire.read_page(answer)


def test_links_are_texts_or_objects_and_all_are_kept() -> None:
    links = wire.read_links(
        {"downloadUrls": ["https://a", {"url": "https://b"}], "metadataDownloadUrls": ["m"]}
    )
    assert (links.files, links.metadata) == (("https://a", "https://b"), ("m",))
    assert "https" not in repr(links)


@pytest.mark.parametrize(
    "answer", [{}, {"downloadUrls": None}, {"downloadUrls": [7]}, {"downloadUrls": [""]}]
)
def test_links_that_are_none_are_unreadable(answer: object) -> None:
    with pytest.raises(Unreadable):
        wire.read_links(answer)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from([*CREATED, "outputColumns", "workflow", "sqlQuery", "statusReason"]), json_values
    )
)
def test_any_answer_at_all_is_read_or_unreadable(odd: dict[str, Any]) -> None:
    for answer in (odd, {**CREATED, **odd}, {"executions": [odd]}, {"downloadUrls": odd}):
        for read in (wire.read_execution, wire.read_page, wire.read_links):
            with suppress(Unreadable):
                read(answer)
