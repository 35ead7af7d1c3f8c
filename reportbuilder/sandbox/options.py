"""What a sandbox is like: its world, fixed at the start, and its faults, which may change while it runs."""

from dataclasses import dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

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
    error_status: int = field(default=0, metadata={"help": "500, 503 or 504; 0: any of them"})
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

    def changed(self, changes: dict[str, Any]) -> "Faults":
        """Return faults with ``changes`` made.

        :raises ValueError: naming a fault that does not exist or a value of a wrong type.
        """
        known = {item.name: item for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"there is no fault {name!r}; known are {', '.join(sorted(known))}")
            kind = type(known[name].default)
            choices = get_args(known[name].type)
            if choices and value not in choices:
                raise ValueError(f"{name}: {value!r} is not one of {', '.join(choices)}")
            if name == "only" and not set(filter(None, str(value).split(","))) <= KINDS:
                raise ValueError(f"only: {value!r} is not a list of {', '.join(sorted(KINDS))}")
            if not isinstance(value, {bool: bool, str: str}.get(kind, int | kind)):
                text = f"{name}: {value!r} is not of type {kind.__name__}"
                raise ValueError(text)  # noqa: TRY004 - one error for every wrong value
        return replace(self, **changes)


@dataclass(frozen=True)
class Options:
    """The world of one sandbox; the same seed, size and end give the same data."""

    seed: int = field(default=7, metadata={"help": "makes the data"})
    users: int = field(default=40_000, metadata={"help": "how many people see advertisements"})
    days: int = field(default=400, metadata={"help": "how many days of data"})
    end: date | None = field(default=None, metadata={"help": "the day before which data end; default: today"})
    instances: int = field(default=0, metadata={"help": "so many further instances, amcload001 and so on"})
    slots: int = field(default=10, metadata={"help": "how many runs an instance has at once"})
    data_dir: Path | None = field(
        default=None, metadata={"help": "folder that keeps generated data for the next start"}
    )
    control: bool = field(default=False, metadata={"help": "serve /_sandbox/faults and /_sandbox/state"})
    query_threads: int = field(default=2, metadata={"help": "how many queries are computed at once"})
    query_seconds: float = field(
        default=120.0, metadata={"help": "seconds after which a computation is stopped and FAILED"}
    )
    faults: Faults = field(default_factory=Faults)
