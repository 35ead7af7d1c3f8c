"""What a sandbox is like: its world, fixed at the start, and its faults, which may change while it runs."""

import math
import re
from dataclasses import Field, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from reportbuilder.sandbox.endings import endings

CLIENT_ID = "amzn1.application-oa2-client.sandbox"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - opens nothing but this local server
REFRESH_TOKEN = "Atzr|sandbox"  # noqa: S105 - opens nothing but this local server

# the calls that throttling and 5xx may hit
KINDS = frozenset(
    {"submit", "list", "get", "cancel", "download_urls", "accounts", "instances", "data_sources"}
)
ThrottleStyle = Literal["seconds", "date", "none", "html"]
ErrorBody = Literal["message", "html", "empty", "mix"]
LostStyle = Literal["drop", "gateway"]
RepeatStyle = Literal["page", "pages", "both"]
DownloadStyle = Literal["bytes", "denied", "error"]
_MOST = 1_000_000_000
_INSTANCES = re.compile(r"([a-z0-9-]+(,[a-z0-9-]+)*)?")

Size = Literal["small", "default", "large"]
# how many people see advertisements
SIZES: dict[Size, int] = {"small": 4_000, "default": 40_000, "large": 2_000_000}


@dataclass(frozen=True)
class Faults:
    """What goes wrong, and how fast things go; rates are between 0 and 1, times are seconds."""

    run_seconds: float = field(default=2.0, metadata={"help": "how long a query runs at least"})
    run_seconds_max: float = field(
        default=0.0, metadata={"help": "how long a query runs at most; 0: always run_seconds"}
    )
    validation_seconds: float = field(
        default=0.3, metadata={"help": "from creation until a run may start or is rejected"}
    )
    time_factor: float = field(default=1.0, metadata={"help": "multiplies the times above"})
    list_lag: float = field(default=0.0, metadata={"help": "seconds until a new run shows in list and get"})

    throttle_rate: float = field(default=0.0, metadata={"help": "share of calls answered 429"})
    throttle_next: int = field(default=0, metadata={"help": "so many next calls are answered 429"})
    throttle_style: ThrottleStyle = field(default="seconds", metadata={"help": "how Retry-After is told"})
    retry_after: int = field(default=2, metadata={"help": "seconds told in Retry-After"})

    error_rate: float = field(default=0.0, metadata={"help": "share of calls answered 5xx"})
    error_next: int = field(default=0, metadata={"help": "so many next calls are answered 5xx"})
    error_status: int = field(default=0, metadata={"help": "500, 502, 503 or 504; 0: any of them"})
    error_body: ErrorBody = field(default="mix", metadata={"help": "body of a 5xx"})
    only: str = field(
        default="", metadata={"help": "throttling and 5xx hit only these calls, e.g. submit,list"}
    )

    lost_rate: float = field(
        default=0.0, metadata={"help": "share of submissions that are accepted while their answer is lost"}
    )
    lost_next: int = field(
        default=0, metadata={"help": "so many next submissions are accepted while their answer is lost"}
    )
    lost_style: LostStyle = field(default="drop", metadata={"help": "connection dropped, or a gateway's 504"})

    failure_rate: float = field(default=0.0, metadata={"help": "share of runs that end as FAILED"})
    failure_next: int = field(default=0, metadata={"help": "so many next submissions end as FAILED"})
    sync_refusal: bool = field(
        default=False, metadata={"help": "bad SQL is a 400 at once instead of a later REJECTED"}
    )

    token_life: int = field(default=3600, metadata={"help": "expires_in of an access token"})
    token_dies_after: float = field(
        default=0.0, metadata={"help": "seconds after which a token is refused in truth; 0: token_life"}
    )
    token_error_next: int = field(default=0, metadata={"help": "so many next token calls are answered 503"})
    revoked: bool = field(default=False, metadata={"help": "the refresh token is refused as invalid_grant"})

    rows_per_file: int = field(
        default=0, metadata={"help": "rows of one result file, at most five files; 0: one file"}
    )
    url_life: float = field(default=600.0, metadata={"help": "seconds for which a download URL is good"})
    cut_next: int = field(default=0, metadata={"help": "so many next downloads break off half way"})
    bytes_per_second: int = field(default=0, metadata={"help": "speed of downloads; 0: as fast as it goes"})

    run_seconds_median: float = field(
        default=0.0,
        metadata={"help": "median of log-normal run times between run_seconds and run_seconds_max; 0: even"},
    )
    run_seconds_spread: float = field(
        default=1.0,
        metadata={"help": "sigma of the log-normal: at 1, one run in twenty takes over 5 times the median"},
    )
    publishing_seconds: float = field(
        default=0.0, metadata={"help": "how long a run is PUBLISHING between RUNNING and SUCCEEDED"}
    )
    script: str = field(
        default="",
        metadata={"help": "how the next runs go, e.g. '30; 5 FAILED out of memory; 2 REJECTED'"},
    )
    overlap_limit: int = field(
        default=0,
        metadata={
            "help": "so many runs may read one table in overlapping windows, further ones are refused; 0: any"
        },
    )

    repeat_rate: float = field(default=0.0, metadata={"help": "share of lists that show an execution twice"})
    repeat_next: int = field(default=0, metadata={"help": "so many next lists show an execution twice"})
    repeat_style: RepeatStyle = field(
        default="both", metadata={"help": "twice in a page, or on this page and the next"}
    )
    stale_rate: float = field(
        default=0.0, metadata={"help": "share of lists and gets that tell a state older than one told before"}
    )
    stale_next: int = field(
        default=0, metadata={"help": "so many next lists and gets tell a state older than one told before"}
    )

    latency: float = field(default=0.0, metadata={"help": "real seconds before each answer, at least"})
    latency_max: float = field(
        default=0.0, metadata={"help": "real seconds before each answer, at most; 0: always latency"}
    )
    token_refused_next: int = field(
        default=0, metadata={"help": "so many next calls find their token expired, whatever its age"}
    )
    terms_open: bool = field(
        default=False, metadata={"help": "AMC's terms are not accepted: 403 on every call on an instance"}
    )
    denied: str = field(
        default="", metadata={"help": "instances on which every call is 403, e.g. amcnorthwind02; all: any"}
    )

    broken_rate: float = field(default=0.0, metadata={"help": "share of downloads that go wrong"})
    broken_next: int = field(default=0, metadata={"help": "so many next downloads go wrong"})
    broken_style: DownloadStyle = field(
        default="error", metadata={"help": "how: wrong bytes, or 403 or 503 as the store's XML"}
    )

    def __post_init__(self) -> None:
        for item in fields(self):
            _check(item, getattr(self, item.name))

    def changed(self, changes: dict[str, Any]) -> "Faults":
        """Return faults with ``changes`` made.

        :raises ValueError: naming a fault that does not exist or a value that cannot be.
        """
        known = {item.name for item in fields(self)}
        for name in changes:
            if name not in known:
                raise ValueError(f"there is no fault {name!r}; known are {', '.join(sorted(known))}")
        return replace(self, **changes)


def _check(item: "Field[Any]", value: object) -> None:
    """Raise a ValueError that names the fault if its value cannot be."""
    name, kind, choices = item.name, type(item.default), get_args(item.type)
    if choices and value not in choices:
        raise ValueError(f"{name}: {value!r} is not one of {', '.join(choices)}")
    if not isinstance(value, int | float if kind is float else kind) or (
        isinstance(value, bool) and kind is not bool
    ):
        text = f"{name}: {value!r} is not of type {kind.__name__}"
        raise ValueError(text)
    if isinstance(value, int | float):
        _check_number(name, value)
    elif name == "only" and not set(filter(None, str(value).split(","))) <= KINDS:
        raise ValueError(f"only: {value!r} is not a list of {', '.join(sorted(KINDS))}")
    elif name == "denied" and not _INSTANCES.fullmatch(str(value)):
        raise ValueError(f"denied: {value!r} is not a list of instances with commas between them, or all")
    elif name == "script":
        endings(str(value))


def _check_number(name: str, value: float) -> None:
    if not math.isfinite(value):
        raise ValueError(f"{name}: {value!r} is not a finite number")
    if name.endswith("_rate") and not 0 <= value <= 1:
        raise ValueError(f"{name}: {value!r} is not between 0 and 1")
    if name == "error_status" and value not in (0, 500, 502, 503, 504):
        raise ValueError(f"error_status: {value!r} is not 500, 502, 503, 504 or 0")
    if value > _MOST:
        raise ValueError(f"{name}: {value!r} is more than {_MOST}")
    if value < -_MOST:
        raise ValueError(f"{name}: {value!r} is less than -{_MOST}")
    if value < 0 and name != "url_life":  # a link may be made that has expired already
        raise ValueError(f"{name}: {value!r} is less than 0")


@dataclass(frozen=True)
class Options:
    """The world of one sandbox; the same seed, size and end give the same data."""

    seed: int = field(default=7, metadata={"help": "makes the data"})
    size: Size = field(
        default="default",
        metadata={"help": "how many impressions: 100 thousand, 1 million, or 50 million"},
    )
    users: int = field(
        default=0, metadata={"help": "how many people see advertisements, 25 times each; 0: by size"}
    )
    days: int = field(default=400, metadata={"help": "how many days of data"})
    end: date | None = field(default=None, metadata={"help": "the day before which data end; default: today"})
    instances: int = field(default=0, metadata={"help": "so many further instances, amcload001 and so on"})
    slots: int = field(default=10, metadata={"help": "how many runs an instance has at once"})
    account_slots: int = field(
        default=200, metadata={"help": "how many runs all instances together have at once"}
    )
    look_back_months: int = field(
        default=13, metadata={"help": "rows older than so many months are absent, without an error"}
    )
    speed: float = field(
        default=1.0,
        metadata={
            "help": "sandbox seconds in a real one: drives creation and run times, validation, list lag, "
            "tokens, links and --result-life; latency, download speed, Retry-After and "
            "--query-seconds stay real"
        },
    )
    remember: int = field(
        default=100_000, metadata={"help": "how many executions are remembered; the oldest ended ones go"}
    )
    result_life: float = field(
        default=604_800.0,
        metadata={"help": "seconds from the end of a run for which its files are kept; 0: for ever"},
    )
    data_dir: Path | None = field(
        default=None, metadata={"help": "folder that keeps generated data for the next start"}
    )
    control: bool = field(
        default=False, metadata={"help": "serve /_sandbox/faults and /_sandbox/state, and a form"}
    )
    query_threads: int = field(default=2, metadata={"help": "how many queries are computed at once"})
    query_seconds: float = field(
        default=120.0, metadata={"help": "seconds after which a computation is stopped and FAILED"}
    )
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ValueError(f"size: {self.size!r} is not one of {', '.join(SIZES)}")
        if self.users == 0:
            object.__setattr__(self, "users", SIZES[self.size])
        for name in ("users", "days", "slots", "account_slots", "look_back_months", "query_threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)!r} is less than 1")
        for name in ("speed", "query_seconds"):
            if not 0 < getattr(self, name) <= _MOST:
                raise ValueError(f"{name}: {getattr(self, name)!r} is not between 0 and {_MOST}")
        for name in ("instances", "remember", "result_life"):
            if not 0 <= getattr(self, name) <= _MOST:
                raise ValueError(f"{name}: {getattr(self, name)!r} is not between 0 and {_MOST}")
