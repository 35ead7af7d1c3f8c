"""Waits for a backfill in sight: a live table on a terminal, lines elsewhere; Ctrl-C asks what to do."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from reportbuilder import clock
from reportbuilder.backfills import changing, overview
from reportbuilder.backfills.forecasting import Forecast
from reportbuilder.backfills.models import ReportDataWeek
from reportbuilder.backfills.states import ENDS, tally, tell
from reportbuilder.cli.rooms import principal_of
from reportbuilder.cli.showing import plain
from reportbuilder.database import reading, transaction
from reportbuilder.errors import Conflict, NotPermitted
from reportbuilder.settings import Settings

GLANCE_EVERY: Final = 0.5  # seconds
FORECAST_EVERY: Final = 5.0  # seconds; it takes a hundred simulations
FAILURES_SHOWN: Final = 5
# One sign and one style a segment, in the order in which the legend tells them.
SIGNS: Final[dict[str, tuple[str, str]]] = {
    "waiting": ("·", "dim"),
    "running": (">", "cyan"),
    "collecting": ("~", "blue"),
    "completed": ("#", "green"),
    "present": ("=", "green dim"),
    "failed": ("x", "red"),
    "refused": ("!", "red"),
    "cancelled": ("-", "yellow"),
    "skipped": ("s", "yellow"),
}


@dataclass(frozen=True)
class Sight:
    """How a backfill stands."""

    backfill_id: str
    status: str
    segments: Sequence[ReportDataWeek]
    forecast: Forecast | None
    concurrency: int | None
    note: str

    @property
    def count(self) -> Counter[str]:
        """Its segments by state."""
        return tally(segment.status for segment in self.segments)

    @property
    def words(self) -> str:
        """How it stands, in one sentence."""
        note = f" ({plain(self.note)})" if self.note else ""
        return f"{self.status}{note}: {tell(self.count)}"

    @property
    def until(self) -> str:
        """When it may be finished, in words."""
        if self.forecast is None:
            return ""
        earliest, latest = self.forecast.earliest, self.forecast.latest
        return (
            f"expected finish {self.forecast.expected:%Y-%m-%d %H:%M:%S} UTC "
            f"(between {earliest:%H:%M:%S} and {latest:%H:%M:%S})"
        )


class Display(Protocol):
    """Where one sees how a backfill stands."""

    def show(self, now: Sight) -> None:
        """Show it, as often as one likes."""


class Lines:
    """A line for each change, for logs and pipes."""

    def __init__(self, console: Console, began: float) -> None:
        self._console, self._last, self._began = console, "", began

    def show(self, now: Sight) -> None:
        """Print what is new."""
        if now.words != self._last:
            spent = clock.monotonic() - self._began
            line = f"{spent:6.1f} s  {now.words}" + (f" {now.until}." if now.until else "")
            self._console.print(line, soft_wrap=True)
            self._last = now.words


class Picture:
    """A table that is drawn anew in its place."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, now: Sight) -> None:
        """Draw it."""
        self._live.update(draw(now), refresh=True)


def draw(now: Sight) -> Group:
    """Return the picture: how far it is, a sign for each segment, counts, failures, expected finish."""
    count = now.count
    done = sum(1 for segment in now.segments if segment.status not in {"waiting", "running", "collecting"})
    title = Text(f"{now.backfill_id} {now.words}", style="bold")
    bar = ProgressBar(total=max(1, len(now.segments)), completed=done, width=60)
    parts: list[RenderableType] = [title, bar, _signs(now.segments), _legend(count)]
    parts.extend(Text(line, style="red") for line in _failures(now.segments))
    at_once = "as the instance allows" if now.concurrency is None else f"{now.concurrency} at once"
    parts.append(Text(f"{at_once}; {now.until}" if now.until else at_once, style="dim"))
    return Group(*parts)


def _signs(segments: Sequence[ReportDataWeek]) -> Text:
    """Return one sign for each segment, the oldest first, so that the picture is a calendar."""
    signs = Text()
    for segment in sorted(segments, key=lambda one: one.week_start_date):
        sign, style = SIGNS[segment.status]
        signs.append(sign, style=style)
    return signs


def _legend(count: Counter[str]) -> Table:
    table = Table.grid(padding=(0, 2))
    shown = [state for state in SIGNS if count[state]]
    for _ in shown:
        table.add_column(no_wrap=True)
    table.add_row(
        *(Text(f"{SIGNS[state][0]} {state} {count[state]}", style=SIGNS[state][1]) for state in shown)
    )
    return table


def _failures(segments: Sequence[ReportDataWeek]) -> Iterator[str]:
    failed = [segment for segment in segments if segment.status in {"failed", "refused"}]
    for segment in failed[:FAILURES_SHOWN]:
        yield f"{segment.week_start_date}: {plain(segment.reason)}"
    if len(failed) > FAILURES_SHOWN:
        yield f"and {len(failed) - FAILURES_SHOWN} more"


@contextmanager
def display(console: Console, began: float) -> Iterator[Display]:
    """Give the display that suits the console; ``began`` is when the clock was started."""
    if not console.is_terminal:
        yield Lines(console, began)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield Picture(live)


class Watcher:
    """Looks at a backfill again and again; its end is foreseen anew every few seconds."""

    def __init__(self, backfill_id: str, settings: Settings) -> None:
        self._id, self._settings = backfill_id, settings
        self._forecast: Forecast | None = None
        self._foreseen_at = -FORECAST_EVERY

    def look(self) -> Sight:
        """Read how it stands."""
        with reading() as session:
            row = overview.find(session, self._id)
            segments = overview.segments_of(session, row)
            at = clock.monotonic()
            if row.status != "running":
                self._forecast = None
            elif at - self._foreseen_at >= FORECAST_EVERY:
                self._forecast = overview.foresee(session, row, segments, self._settings)
                self._foreseen_at = at
        return Sight(self._id, row.status, segments, self._forecast, row.concurrency, row.paused_reason or "")


def watch(
    backfill_id: str,
    settings: Settings,
    console: Console,
    *,
    began: float | None = None,
    each: Callable[[], None] = lambda: None,
) -> Sight:
    """Wait in sight until a backfill has ended; ``each`` is called at each glance."""
    watcher = Watcher(backfill_id, settings)
    with display(console, clock.monotonic() if began is None else began) as shown:
        while True:
            now = watcher.look()
            shown.show(now)
            if now.status in ENDS:
                return now
            each()
            time.sleep(GLANCE_EVERY)


def follow(
    backfill_id: str,
    settings: Settings,
    console: Console,
    *,
    by: str,
    each: Callable[[], None] = lambda: None,
) -> Sight | None:
    """Wait until a backfill has ended; None if the person left it.

    Ctrl-C on a terminal asks whether ``by`` wants it cancelled, paused or left; elsewhere it goes on.
    """
    while True:
        try:
            return watch(backfill_id, settings, console, each=each)
        except KeyboardInterrupt:
            wish = _ask(backfill_id) if console.is_terminal else "leave"
            if wish != "leave":
                _do(backfill_id, wish, by, settings.instance_slots)
            if wish != "cancel":
                _say_how_to_go_on(backfill_id)
                return None


def _ask(backfill_id: str) -> str:
    try:
        click.echo(err=True)
        answer: str = click.prompt(
            f"Cancel {backfill_id}, pause it, or leave it running?",
            type=click.Choice(["cancel", "pause", "leave"]),
            default="leave",
            err=True,
        )
    except click.Abort:
        return "leave"
    return answer


def _do(backfill_id: str, wish: str, by: str, default_slots: int) -> None:
    try:
        with transaction() as session:
            _, principal = principal_of(session, by)
            row = overview.find_allowed(session, principal, backfill_id, "backfill:change")
            if wish == "pause":
                changing.pause(session, row, None)
            else:
                changing.cancel(session, row, by, default_slots)
    except (Conflict, NotPermitted) as refusal:  # it may have ended in the meantime
        click.echo(refusal.message, err=True)


def _say_how_to_go_on(backfill_id: str) -> None:
    click.echo(
        f"See it with `reportbuilder backfill show {backfill_id}` or `… wait {backfill_id}`; "
        f"`… pause`, `… resume` and `… cancel {backfill_id}` change it.",
        err=True,
    )
