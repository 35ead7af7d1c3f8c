"""Whatever happens to a schedule, each due time has one verdict, the one that a simple model gives it."""

from datetime import datetime, timedelta
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from reportbuilder import clock
from reportbuilder.schedules import defining
from reportbuilder.schedules.firing import _judge_next
from tests.schedules.diary import Diary

EVERY = timedelta(minutes=7)
GRACE = timedelta(minutes=5)
MINUTES = st.integers(0, 20)
STEP = st.one_of(
    st.tuples(st.just("tick"), MINUTES),
    st.tuples(st.just("outage"), st.integers(1, 90)),
    st.tuples(st.just("die"), MINUTES),  # between the verdicts and the start
    st.tuples(st.sampled_from(["pause", "resume", "complete", "fail"]), st.just(0)),
)
POLICIES = st.fixed_dictionaries(
    {
        "missed": st.sampled_from(["skip", "once", "all"]),
        "missed_limit": st.integers(1, 3),
        "overlap": st.sampled_from(["skip", "queue", "cancel"]),
        "pause_after": st.just(0),
    }
)
RUN = {"started", "completed", "failed", "cancelled"}


class Model:
    """Due times every seven minutes of the hour, and what becomes of each."""

    def __init__(self, policies: dict[str, object], now: datetime) -> None:
        self.policies, self.judged, self.paused = policies, now, False
        self.expected: dict[datetime, str | None] = {}  # the reason to skip, None if fired

    def judge(self, now: datetime) -> None:
        """Give the verdicts up to an instant."""
        late = [due for due in self.times(now - timedelta(hours=9), now) if now - due > GRACE]
        is_one_on_time = len(late) < len(list(self.times(now - timedelta(hours=9), now)))
        made_up: list[datetime] = []
        if self.policies["missed"] == "all":
            made_up = late[-int(str(self.policies["missed_limit"])) :]
        elif self.policies["missed"] == "once" and not is_one_on_time:
            made_up = late[-1:]
        why = {"skip": "missed", "once": "made_up", "all": "over_limit"}[str(self.policies["missed"])]
        for due in self.times(self.judged, now):
            fired = due not in late or due in made_up
            self.expected[due] = "paused" if self.paused else None if fired else why
            self.judged = due

    def times(self, after: datetime, until: datetime) -> list[datetime]:
        """Return the due times later than ``after`` up to ``until``."""
        first = after.replace(minute=0, second=0, microsecond=0)
        hours = (first + timedelta(hours=n) for n in count())
        found: list[datetime] = []
        for hour in hours:
            if hour > until:
                return [due for due in found if after < due <= until]
            found += [hour + n * EVERY for n in range(9)]
        return found


@settings(max_examples=12)
@given(POLICIES, st.lists(STEP, min_size=3, max_size=9))
def test_every_due_time_has_the_one_verdict_of_a_simple_model(
    diary: Diary, policies: dict[str, object], steps: list[tuple[str, int]]
) -> None:
    schedule = diary.schedule({"type": "cron", "cron": "*/7 * * * *"}, policies=policies)
    model = Model(policies, clock.now())
    for act, minutes in [*steps, ("tick", 1)]:
        diary.advance(60.0 * minutes)
        perform(diary, schedule, model, act)
        check(diary, schedule, model)
    diary.edit(schedule, defining.remove)


def perform(diary: Diary, schedule: str, model: Model, act: str) -> None:
    if act == "tick":
        diary.tick()
        model.judge(clock.now())
    elif act == "die":
        _judge_next(None)
        model.judge(clock.now())
    elif act == "pause" and not model.paused:
        diary.edit(schedule, defining.pause, by="ben@example.test", reason="a test")
        model.judge(clock.now())
        model.paused = True
    elif act == "resume" and model.paused:
        diary.edit(schedule, defining.resume)
        model.judge(clock.now())
        model.paused, model.judged = False, clock.now()
    elif act in {"complete", "fail"}:
        going = [each for each in diary.executions(schedule) if each.state == "pending"]
        for execution in going:
            diary.end(execution, "completed" if act == "complete" else "failed")


def check(diary: Diary, schedule: str, model: Model) -> None:
    """Compare what is stored with the model, and see that runs are as the policies say."""
    firings = diary.firings(schedule)
    assert [each.due_at for each in firings] == sorted(model.expected)
    runs: dict[object, int] = {}
    for execution in diary.executions(schedule):
        runs[execution.firing_id] = runs.get(execution.firing_id, 0) + 1
    for firing in firings:
        expected = model.expected[firing.due_at]
        if expected:
            assert (firing.state, firing.reason) == ("skipped", expected)
        else:
            assert firing.reason not in {"missed", "made_up", "over_limit"}
        assert runs.pop(firing.id, 0) == (1 if firing.state in RUN else 0), firing.state
    assert runs == {}
    if model.policies["overlap"] != "cancel":
        assert [firing.state for firing in firings].count("started") <= 1
