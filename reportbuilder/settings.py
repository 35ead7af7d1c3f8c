"""Every environment variable, read once into a frozen typed object; nothing else touches ``os.environ``."""

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from reportbuilder.errors import Invalid

DATA = Path("instance")


@dataclass(frozen=True)
class Settings:
    """What a deployment can choose. Each field is read from the upper-cased name with prefix ``RB_``.

    The names that platforms set (``DATABASE_URL``, ``REDIS_URL``, ``PORT``, ``SECRET_KEY``) are read too.
    """

    # Where things live
    database_url: str = f"sqlite:///{(DATA / 'reportbuilder.sqlite').absolute()}"
    redis_url: str = "redis://127.0.0.1:6379/0"
    results_url: str = (DATA / "results").absolute().as_uri()
    scratch_dir: Path = field(default_factory=(DATA / "scratch").absolute)
    port: int = 8000
    public_url: str = ""
    trusted_proxies: int = 0  # how many proxies in front say the caller's address and scheme

    # Secrets; never shown
    secret_key: str = field(default="", repr=False)
    vault_keys: tuple[str, ...] = field(default=(), repr=False)  # newest first; the first seals, all open
    amc_client_id: str = ""
    amc_client_secret: str = field(default="", repr=False)
    smtp_url: str = field(default="", repr=False)  # Apprise's: mailtos://user:password@host:587

    # AMC; the two URLs replace the region's own hosts (for the sandbox)
    amc_api_url: str = ""
    amc_token_url: str = ""
    amc_connect_timeout: float = 5.0  # seconds
    amc_read_timeout: float = 20.0  # seconds; shorter than submit_lease, or a slow answer is looked for
    amc_calls_per_second: int = 20  # an instance; what AMC allows is not published, and its 429 is obeyed

    # Executions
    instance_slots: int = 10
    account_slots: int = 200  # at once over all instances of an account; 0: any number
    submit_lease: float = 30.0  # seconds until an intent without an answer is looked for
    list_lag: float = 20.0  # seconds AMC may take to list what it accepted
    not_found_grace: float = 600.0  # seconds in which "does not exist" means "not yet"
    collect_lease: float = 30.0  # seconds without a sign of life until a collection is taken over
    look_min: float = 1.0  # seconds between looks at an instance with a young execution
    look_known: float = 0.1  # the same where runs are known to end as soon as that
    look_lease: float = 30.0  # seconds after which a look that has not ended is taken for dead
    cancel_again: float = 20.0  # seconds after which a cancel that no look has confirmed is sent again
    look_max: float = 30.0  # seconds between looks at one with old ones only
    sweep_every: float = 5.0  # seconds
    submit_attempts: int = 8  # with growing pauses: some four minutes without AMC
    collect_attempts: int = 8  # some two
    fire_every: float = 2.0  # seconds between two looks for schedules that are due
    overdue_minutes: float = 60.0  # until a run of a schedule that has not got to AMC is told to be late
    settle_days: int = 14
    values_refresh_hours: float = 24.0  # age at which an instance's value lists are fetched again; 0: never

    # Notifications
    mail_from: str = ""  # a name and an address; without it, what smtp_url says
    slack_url: str = ""  # in place of https://hooks.slack.com/services, for a relay of your own
    webhook_hosts: tuple[str, ...] = ()  # private hosts that webhooks may reach, by plain http too
    notifications_per_hour: int = 20  # a user and channel; more are gathered into one digest; 0: no cap
    notification_attempts: int = 8  # with growing pauses: some four hours
    notification_lease: float = 120.0  # seconds until a message of which nothing is heard is sent again
    notification_timeout: float = 10.0  # seconds for each step of sending
    notifications_kept_days: int = 120

    # Limits
    instance_daily_runs: int = 0  # a day (UTC) on an instance that says no other number; 0: any number
    max_list_items: int = 1000
    max_sql_bytes: int = 100_000
    executions_per_minute: int = 10  # a user
    reports_per_hour: int = 20  # a user
    exports_per_hour: int = 10  # a user
    backfills_per_day: int = 5  # an instance, over all users

    # Processes
    web_threads: int = 8
    worker_processes: int = 2
    worker_threads: int = 8
    log_level: str = "INFO"
    log_format: str = "json"  # or "text"
    crash_at: str = ""  # tests only: the named crash point at which this process kills itself


_PLAIN_NAMES = {
    "DATABASE_URL": "database_url",
    "REDIS_URL": "redis_url",
    "PORT": "port",
    "SECRET_KEY": "secret_key",
}


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment.

    :raises Invalid: naming the variable whose value does not fit, without repeating the value of a secret.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = f"RB_{item.name.upper()}"
        plain = next(
            (key for key, target in _PLAIN_NAMES.items() if target == item.name and key in source), name
        )
        raw = source.get(name, source.get(plain))
        if raw is not None:
            values[item.name] = _parse(name, raw, item.type, secret=not item.repr)
    return Settings(**values)


def _parse(name: str, raw: str, kind: Any, *, secret: bool) -> Any:
    if get_args(kind):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    try:
        return kind(raw)
    except ValueError:
        shown = "its value" if secret else repr(raw)
        raise Invalid.field(
            name, f"{shown} is not {_ARTICLES.get(kind, 'valid')}; correct it or unset it"
        ) from None


_ARTICLES = {int: "a whole number", float: "a number"}


def as_environment(settings: Settings) -> dict[str, str]:
    """Return the variables that make a child process read these same settings."""
    return {
        f"RB_{item.name.upper()}": ",".join(value) if isinstance(value, tuple) else str(value)
        for item in fields(Settings)
        if (value := getattr(settings, item.name)) != _default(item)
    }


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the whole environment of a child that is to read these settings and no others."""
    ours = {f"RB_{item.name.upper()}" for item in fields(Settings)} | set(_PLAIN_NAMES)
    rest = {name: value for name, value in os.environ.items() if name not in ours}
    return rest | as_environment(settings)


def _default(item: Any) -> Any:
    return item.default_factory() if item.default_factory is not MISSING else item.default
